//! Name and version of a client application, as its requests state them.

use hive_router::ntex::http::HeaderMap;
use serde_json::Value;

/// Headers with the name and version of a client, as Hive and Apollo define them.
pub(crate) const NAME: &str = "graphql-client-name";
pub(crate) const VERSION: &str = "graphql-client-version";
const APOLLO_NAME: &str = "apollographql-client-name";
const APOLLO_VERSION: &str = "apollographql-client-version";

/// Maximum length of either, because clients choose the text.
const MAX_CHARS: usize = 64;

/// Name and version of a client application; empty if it does not state them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct ClientInfo {
    pub(crate) name: String,
    pub(crate) version: String,
}

impl ClientInfo {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        Self::read(text)
    }

    /// Reads the first message of a WebSocket, because browsers cannot add headers to a handshake.
    pub(crate) fn of_payload(payload: &Value) -> Self {
        Self::read(|name| payload.get(name).and_then(Value::as_str))
    }

    /// Falls back to `other` if the client states no name.
    pub(crate) fn or(self, other: Self) -> Self {
        if self.name.is_empty() { other } else { self }
    }

    fn read<'a>(text: impl Fn(&str) -> Option<&'a str>) -> Self {
        let of = |name, apollo| kept(text(name).or_else(|| text(apollo)).unwrap_or_default());
        Self {
            name: of(NAME, APOLLO_NAME),
            version: of(VERSION, APOLLO_VERSION),
        }
    }
}

/// Keeps what is safe in logs, reports and the headers of loopback requests.
fn kept(text: &str) -> String {
    text.trim()
        .chars()
        .filter(|letter| letter.is_ascii() && !letter.is_control())
        .take(MAX_CHARS)
        .collect()
}

#[cfg(test)]
mod tests {
    use hive_router::ntex::http::header::{HeaderName, HeaderValue};
    use serde_json::json;

    use super::*;

    #[test]
    fn either_registrys_headers_are_read() {
        for (name, version) in [(NAME, VERSION), (APOLLO_NAME, APOLLO_VERSION)] {
            let mut headers = HeaderMap::new();
            headers.insert(
                HeaderName::from_static(name),
                HeaderValue::from_static(" web "),
            );
            headers.insert(
                HeaderName::from_static(version),
                HeaderValue::from_static("1.2"),
            );
            let client = ClientInfo::of(&headers);
            assert_eq!((&*client.name, &*client.version), ("web", "1.2"));
        }
        assert_eq!(ClientInfo::of(&HeaderMap::new()), ClientInfo::default());
    }

    #[test]
    fn a_socket_says_it_in_its_first_message_or_in_its_handshake() {
        let said = ClientInfo::of_payload(&json!({ NAME: "ios", VERSION: 3 }));
        assert_eq!((&*said.name, &*said.version), ("ios", ""));
        let web = ClientInfo {
            name: "web".to_owned(),
            version: "1".to_owned(),
        };
        assert_eq!(said.clone().or(web.clone()), said);
        assert_eq!(ClientInfo::of_payload(&json!(null)).or(web.clone()), web);
    }

    #[test]
    fn a_name_is_short_and_of_one_line() {
        let said = ClientInfo::of_payload(&json!({ NAME: format!("a\n{}", "b".repeat(100)) }));
        assert_eq!(said.name, format!("a{}", "b".repeat(63)));
    }
}
