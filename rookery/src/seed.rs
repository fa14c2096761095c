//! The demo: three people who follow one another, some posts, a conversation. Made through the router, as a client
//! would, so that a system that starts is a system that works; made once, so that a second start adds nothing.

use std::time::Duration;

use common::config::{ConfigError, Env, malformed};
use serde_json::{Value, json};

use crate::{database::Database, error::Error};

/// The password of every demo account.
pub const PASSWORD: &str = "correct horse battery";

/// Who can log in to the demo.
pub const EMAILS: [&str; 3] = ["ada@example.com", "grace@example.com", "linus@example.com"];

struct Person {
    email: &'static str,
    username: &'static str,
    display_name: &'static str,
    posts: &'static [&'static str],
}

const PEOPLE: [Person; 3] = [
    Person {
        email: EMAILS[0],
        username: "ada",
        display_name: "Ada Lovelace",
        posts: &[
            "The Analytical Engine weaves algebraic patterns just as the Jacquard loom weaves flowers and leaves.",
            "Bernoulli numbers, note G. It should run one day.",
        ],
    },
    Person {
        email: EMAILS[1],
        username: "grace",
        display_name: "Grace Hopper",
        posts: &[
            "Found a moth in relay 70, panel F. First actual case of a bug being found.",
            "It is easier to ask forgiveness than it is to get permission.",
        ],
    },
    Person {
        email: EMAILS[2],
        username: "linus",
        display_name: "Linus Torvalds",
        posts: &[
            "Talk is cheap. Show me the code.",
            "I am doing a (free) operating system, just a hobby.",
        ],
    },
];

const MESSAGES: [(usize, &str); 3] = [
    (1, "Hello Ada, does note G compile yet?"),
    (0, "Not yet, @grace, but the loom is warm."),
    (1, "Then I will bring the moth."),
];

/// A signed-in demo account.
struct Session {
    id: String,
    token: String,
    /// Of an earlier start.
    has_posts: bool,
}

/// The demo is written by operations that nobody has recorded.
pub fn check(env: &Env) -> Result<(), ConfigError> {
    const NAME: &str = "PERSISTED_DOCUMENTS";
    match env.optional(NAME) {
        Some("require") => Err(malformed(
            NAME,
            "--no-seed besides require",
            "a router that takes nothing but recorded operations refuses those that write the demo",
        )),
        _ => Ok(()),
    }
}

/// Makes what is missing of the demo.
pub async fn demo(router: &str, database: &Database) -> Result<(), Error> {
    let client = Client::new(router)?;
    for person in &PEOPLE {
        client.register(person).await?;
    }
    database.confirm_demo_addresses().await?;
    let mut sessions = Vec::with_capacity(PEOPLE.len());
    for person in &PEOPLE {
        sessions.push(client.sign_in(person).await?);
    }
    for session in &sessions {
        for other in sessions.iter().filter(|other| other.id != session.id) {
            client.follow(session, other).await?;
        }
    }
    // In turns, so that a timeline shows everybody.
    let rounds = PEOPLE
        .iter()
        .map(|person| person.posts.len())
        .max()
        .unwrap_or(0);
    for round in 0..rounds {
        for (person, session) in PEOPLE
            .iter()
            .zip(&sessions)
            .filter(|(_, session)| !session.has_posts)
        {
            if let Some(text) = person.posts.get(round) {
                client.post(session, text).await?;
            }
        }
    }
    if let [ada, grace, ..] = sessions.as_slice() {
        for (number, (sender, text)) in MESSAGES.iter().enumerate() {
            let (from, to) = if *sender == 0 {
                (ada, grace)
            } else {
                (grace, ada)
            };
            client.send(from, to, text, number).await?;
        }
    }
    Ok(())
}

struct Client {
    http: reqwest::Client,
    url: String,
}

impl Client {
    fn new(router: &str) -> Result<Self, Error> {
        let http = reqwest::Client::builder()
            .timeout(Duration::from_secs(30))
            .no_proxy()
            .build()
            .map_err(|error| Error::Seed(error.to_string()))?;
        Ok(Self {
            http,
            url: format!("{router}/graphql"),
        })
    }

    /// The payload of one mutation; its `userErrors` are for the caller.
    async fn mutate(
        &self,
        token: Option<&str>,
        mutation: &str,
        fields: &str,
        input: Value,
    ) -> Result<Value, Error> {
        let mut type_name = mutation.to_owned();
        if let Some(first) = type_name.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        let query = format!(
            "mutation Seed($input: {type_name}Input!) {{ {mutation}(input: $input) {{ {fields} userErrors {{ code message }} }} }}"
        );
        let mut request = self
            .http
            .post(&self.url)
            .json(&json!({ "query": query, "variables": { "input": input } }));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let failed = |error: reqwest::Error| Error::Seed(format!("{mutation}: {error}"));
        let answer: Value = request
            .send()
            .await
            .map_err(failed)?
            .json()
            .await
            .map_err(failed)?;
        match answer.pointer(&format!("/data/{mutation}")) {
            Some(payload) if !payload.is_null() => Ok(payload.clone()),
            _ => Err(Error::Seed(format!("{mutation} answered {answer}"))),
        }
    }

    /// As [`Self::mutate`], where any user error is a failure.
    async fn must(
        &self,
        session: &Session,
        mutation: &str,
        fields: &str,
        input: Value,
    ) -> Result<Value, Error> {
        let payload = self
            .mutate(Some(&session.token), mutation, fields, input)
            .await?;
        match payload.pointer("/userErrors/0") {
            None => Ok(payload),
            Some(error) => Err(Error::Seed(format!("{mutation}: {error}"))),
        }
    }

    /// Makes the account; that it is there already is fine.
    async fn register(&self, person: &Person) -> Result<(), Error> {
        let Person {
            email,
            username,
            display_name,
            ..
        } = person;
        let input = json!({ "email": email, "username": username, "password": PASSWORD, "displayName": display_name });
        self.mutate(None, "register", "", input).await.map(drop)
    }

    async fn sign_in(&self, person: &Person) -> Result<Session, Error> {
        let credentials = json!({ "email": person.email, "password": PASSWORD });
        let fields = "accessToken user { id posts(first: 1) { nodes { id } } }";
        let session = self.mutate(None, "login", fields, credentials).await?;
        let text = |pointer| {
            session
                .pointer(pointer)
                .and_then(Value::as_str)
                .map(str::to_owned)
        };
        let has_posts = session.pointer("/user/posts/nodes/0").is_some();
        match (text("/user/id"), text("/accessToken")) {
            (Some(id), Some(token)) => Ok(Session {
                id,
                token,
                has_posts,
            }),
            _ => Err(Error::Seed(format!(
                "{} cannot log in: {session}",
                person.email
            ))),
        }
    }

    async fn follow(&self, session: &Session, other: &Session) -> Result<(), Error> {
        self.must(session, "followUser", "", json!({ "userId": other.id }))
            .await
            .map(drop)
    }

    async fn post(&self, session: &Session, text: &str) -> Result<(), Error> {
        self.must(session, "createPost", "", json!({ "text": text }))
            .await
            .map(drop)
    }

    /// The idempotency key makes a second start send nothing.
    async fn send(
        &self,
        from: &Session,
        to: &Session,
        text: &str,
        number: usize,
    ) -> Result<(), Error> {
        let input = json!({ "recipientId": to.id, "text": text, "idempotencyKey": format!("demo-{number}") });
        self.must(from, "sendMessage", "", input).await.map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_demo_that_could_not_be_written_is_refused_at_once() {
        let of = |mode: &str| check(&Env::of([("PERSISTED_DOCUMENTS", mode)]));
        assert!(of("accept").is_ok());
        assert!(check(&Env::default()).is_ok());
        let error = of("require").unwrap_err().to_string();
        assert!(error.contains("--no-seed"), "{error}");
    }
}
