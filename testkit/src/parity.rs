use std::fmt::Write;

use serde_json::{Value, json};

use crate::{Graph, Reply};

/// What a use case did: what it answers, in one shape for both APIs, or the code of its refusal.
pub type Outcome = Result<Value, String>;

/// The outcomes of a story that was played through one API.
#[derive(Debug, Default, PartialEq)]
pub struct Played(Vec<(String, Outcome)>);

impl Played {
    pub fn note(&mut self, use_case: &str, outcome: Outcome) {
        self.0.push((use_case.to_owned(), outcome));
    }

    /// Adds a part of a story under a heading of its own.
    pub fn append(&mut self, heading: &str, part: Self) {
        let noted = part.0.into_iter();
        self.0
            .extend(noted.map(|(use_case, outcome)| (format!("{heading}: {use_case}"), outcome)));
    }

    /// Fails at the first use case that the other API answered in another way; prints the table if there is none.
    pub fn assert_same(&self, other: &Self, [name, other_name]: [&str; 2]) {
        let mut table = format!("| use case | {name} and {other_name} |\n| --- | --- |\n");
        for ((use_case, outcome), (other_case, other_outcome)) in self.0.iter().zip(&other.0) {
            assert_eq!(use_case, other_case);
            assert_eq!(
                outcome, other_outcome,
                "{use_case}: {name}, then {other_name}"
            );
            let answered = match outcome {
                Ok(_) => "done",
                Err(code) => code,
            };
            writeln!(table, "| {use_case} | {answered} |").unwrap();
        }
        assert_eq!(self.0.len(), other.0.len());
        println!("{table}");
    }
}

impl Graph {
    /// The data of an operation, or the code of its first error.
    pub async fn outcome(&self, token: Option<&str>, query: &str, variables: Value) -> Outcome {
        let answer = self.ask(token, query, variables).await;
        match answer.codes().first() {
            Some(code) => Err((*code).to_owned()),
            None => Ok(answer.data()),
        }
    }

    /// The payload of a mutation with an input, or the code of its refusal, wherever in the answer it is.
    pub async fn mutation(
        &self,
        token: Option<&str>,
        name: &str,
        input: Value,
        selection: &str,
    ) -> Outcome {
        let mut kind = name.to_owned();
        kind[..1].make_ascii_uppercase();
        let query = format!(
            "mutation($input: {kind}Input!) {{ {name}(input: $input) {{ {selection} userErrors {{ code }} }} }}"
        );
        let variables = json!({ "input": input });
        let payload = self.outcome(token, &query, variables).await?[name].take();
        match payload["userErrors"][0]["code"].as_str() {
            Some(code) => Err(code.to_owned()),
            None => Ok(payload),
        }
    }
}

impl Reply {
    /// The body of an answer, or the code of its error.
    pub fn outcome(self) -> Outcome {
        if self.status.is_client_error() || self.status.is_server_error() {
            return Err(self.code().to_owned());
        }
        Ok(self.body)
    }
}

/// A connection in the shape that a page of either API has here.
pub fn page_of(connection: &Value, show: impl Fn(&Value) -> Value) -> Value {
    let info = &connection["pageInfo"];
    let nodes = connection["nodes"].as_array().unwrap();
    let has_next = info["hasNextPage"].as_bool().unwrap();
    let next = has_next.then(|| info["endCursor"].clone());
    json!({ "items": nodes.iter().map(show).collect::<Vec<_>>(), "next": next })
}
