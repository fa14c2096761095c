//! What a client may ask for in one request.

use std::time::Duration;

use common::config::{ConfigError, Env, malformed};

/// Limits on requests, each with a variable of its own.
///
/// | variable | default | bounds | answer past it |
/// | --- | --- | --- | --- |
/// | `GRAPHQL_MAX_DEPTH` | 15 | nesting of fields; fragments add nothing of their own | `MAX_DEPTH_EXCEEDED` |
/// | `GRAPHQL_MAX_ALIASES` | 50 | aliases, a fragment's as often as it is spread | `MAX_ALIASES_EXCEEDED` |
/// | `GRAPHQL_MAX_DIRECTIVES` | 50 | directives, likewise | `MAX_DIRECTIVES_EXCEEDED` |
/// | `GRAPHQL_MAX_TOKENS` | 2000 | tokens of the document | `TOKEN_LIMIT_EXCEEDED` |
/// | `GRAPHQL_MAX_FIELDS` | 1500 | selections once all fragments are expanded | 400 `OPERATION_TOO_LARGE` |
/// | `GRAPHQL_MAX_BODY_BYTES` | 65536 | the request body | 413 `PAYLOAD_TOO_LARGE` |
/// | `REQUEST_TIMEOUT_SECONDS` | 15 | a whole request to the graph; each wait for a service or a client in the REST API | 504 `SERVICE_UNAVAILABLE` |
/// | `SUBGRAPH_TIMEOUT_SECONDS` | 5 | one request to a subgraph | `SERVICE_UNAVAILABLE` on its fields |
///
/// Where no status is given it is 200 for `accept: application/json` and 400 for
/// `accept: application/graphql-response+json`, as the GraphQL over HTTP specification wants for errors of a document.
/// A request to the REST API may have 1 MiB of body, a picture 3 MiB (`rest::route`), and past it gets 413
/// `PAYLOAD_TOO_LARGE`; a client that stops sending its body gets 400 `BAD_REQUEST`.
///
/// There are no batches: a body that is an array is `BAD_REQUEST`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    pub depth: usize,
    pub aliases: usize,
    pub directives: usize,
    pub tokens: usize,
    /// Below the 2,000 of the subgraphs, which also count the keys and type names that the planner adds.
    pub fields: usize,
    pub body_bytes: usize,
    pub request_timeout: Duration,
    /// Below `request_timeout`: a subgraph that hangs costs its own fields and not the whole answer.
    pub subgraph_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            depth: 15,
            aliases: 50,
            directives: 50,
            tokens: 2_000,
            fields: 1_500,
            body_bytes: 64 * 1024,
            request_timeout: Duration::from_secs(15),
            subgraph_timeout: Duration::from_secs(5),
        }
    }
}

const POSITIVE: &str = "a whole number above 0";

impl Limits {
    pub(crate) fn from_env(env: &Env) -> Result<Self, ConfigError> {
        let default = Self::default();
        let limits = Self {
            depth: positive(env, "GRAPHQL_MAX_DEPTH", default.depth)?,
            aliases: positive(env, "GRAPHQL_MAX_ALIASES", default.aliases)?,
            directives: positive(env, "GRAPHQL_MAX_DIRECTIVES", default.directives)?,
            tokens: positive(env, "GRAPHQL_MAX_TOKENS", default.tokens)?,
            fields: positive(env, "GRAPHQL_MAX_FIELDS", default.fields)?,
            body_bytes: positive(env, "GRAPHQL_MAX_BODY_BYTES", default.body_bytes)?,
            request_timeout: seconds(env, "REQUEST_TIMEOUT_SECONDS", default.request_timeout)?,
            subgraph_timeout: seconds(env, "SUBGRAPH_TIMEOUT_SECONDS", default.subgraph_timeout)?,
        };
        if limits.subgraph_timeout >= limits.request_timeout {
            return Err(malformed(
                "SUBGRAPH_TIMEOUT_SECONDS",
                "fewer seconds than REQUEST_TIMEOUT_SECONDS",
                "one subgraph could use up the time of the whole request",
            ));
        }
        Ok(limits)
    }
}

fn positive(env: &Env, name: &'static str, default: usize) -> Result<usize, ConfigError> {
    match env.parsed(name, POSITIVE)? {
        None => Ok(default),
        Some(0) => Err(malformed(name, POSITIVE, "0 would refuse everything")),
        Some(value) => Ok(value),
    }
}

fn seconds(env: &Env, name: &'static str, default: Duration) -> Result<Duration, ConfigError> {
    // The engine keeps its time-outs in seconds of 16 bits.
    const EXPECTS: &str = "a whole number of seconds from 1 to 3600";
    match env.parsed::<u16>(name, EXPECTS)? {
        None => Ok(default),
        Some(seconds @ 1..=3600) => Ok(Duration::from_secs(seconds.into())),
        Some(_) => Err(malformed(name, EXPECTS, "out of range")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_limit_has_its_variable() {
        let env = Env::of([
            ("GRAPHQL_MAX_DEPTH", "1"),
            ("GRAPHQL_MAX_ALIASES", "2"),
            ("GRAPHQL_MAX_DIRECTIVES", "3"),
            ("GRAPHQL_MAX_TOKENS", "4"),
            ("GRAPHQL_MAX_FIELDS", "5"),
            ("GRAPHQL_MAX_BODY_BYTES", "6"),
            ("REQUEST_TIMEOUT_SECONDS", "8"),
            ("SUBGRAPH_TIMEOUT_SECONDS", "7"),
        ]);
        let expected = Limits {
            depth: 1,
            aliases: 2,
            directives: 3,
            tokens: 4,
            fields: 5,
            body_bytes: 6,
            request_timeout: Duration::from_secs(8),
            subgraph_timeout: Duration::from_secs(7),
        };
        assert_eq!(Limits::from_env(&env).unwrap(), expected);
    }

    #[test]
    fn a_limit_that_is_no_limit_is_refused() {
        for value in ["0", "-1", "many", "1.5"] {
            let error = Limits::from_env(&Env::of([("GRAPHQL_MAX_DEPTH", value)])).unwrap_err();
            assert!(
                error.to_string().starts_with("GRAPHQL_MAX_DEPTH"),
                "{error}"
            );
        }
        assert!(Limits::from_env(&Env::of([("REQUEST_TIMEOUT_SECONDS", "3601")])).is_err());
    }

    #[test]
    fn a_subgraph_may_not_use_up_the_time_of_the_request() {
        let env = Env::of([("SUBGRAPH_TIMEOUT_SECONDS", "15")]);
        let error = Limits::from_env(&env).unwrap_err().to_string();
        assert!(
            error.contains("fewer seconds than REQUEST_TIMEOUT_SECONDS"),
            "{error}"
        );
    }
}
