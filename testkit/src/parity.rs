use std::fmt::Write;

use serde_json::Value;

/// What a use case did: what it answers, in one shape for both APIs, or the code of its refusal.
pub type Outcome = Result<Value, String>;

/// The outcomes of a story that was played through one API.
#[derive(Debug, Default, PartialEq)]
pub struct Played(Vec<(String, Outcome)>);

impl Played {
    pub fn note(&mut self, use_case: &str, outcome: Outcome) {
        self.0.push((use_case.to_owned(), outcome));
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
