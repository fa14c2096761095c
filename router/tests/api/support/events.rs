//! A client with a stream over HTTP.

use reqwest::{Response, StatusCode, header::ACCEPT};
use serde_json::{Value, json};

use super::Router;

pub const EVENTS: &str = "text/event-stream";
pub const MULTIPART: &str =
    r#"multipart/mixed;boundary="graphql";subscriptionSpec="1.0", application/json"#;

/// A stream, of either kind.
pub struct Events {
    pub response: Response,
    text: String,
    is_multipart: bool,
}

impl Events {
    /// Server-sent events.
    pub async fn open(router: &Router, token: &str, query: &str) -> Self {
        Self::ask(router, token, query, EVENTS).await
    }

    /// The multipart stream of Apollo's clients.
    pub async fn open_multipart(router: &Router, token: &str, query: &str) -> Self {
        Self::ask(router, token, query, MULTIPART).await
    }

    async fn ask(router: &Router, token: &str, query: &str, accept: &str) -> Self {
        let request = router.post(query).bearer_auth(token).header(ACCEPT, accept);
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        Self {
            response,
            text: String::new(),
            is_multipart: accept == MULTIPART,
        }
    }

    /// Up to and without this text, which is what comes next.
    async fn until(&mut self, end: &str) -> String {
        loop {
            if let Some(at) = self.text.find(end) {
                let rest = self.text.split_off(at + end.len());
                let mut piece = std::mem::replace(&mut self.text, rest);
                piece.truncate(at);
                return piece;
            }
            let chunk = self.response.chunk().await.unwrap();
            let chunk = chunk.unwrap_or_else(|| panic!("ended within {:?}", self.text));
            self.text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    /// The next event: its name and its data. What only keeps the connection alive is left out.
    pub async fn next(&mut self) -> (String, Value) {
        loop {
            let (name, data) = if self.is_multipart {
                // As Apollo's client reads it.
                let part = self.until("\r\n--graphql").await;
                let body = part.split_once("\r\n\r\n").map_or("{}", |(_, body)| body);
                (String::new(), serde_json::from_str(body).unwrap())
            } else {
                let event = self.until("\n\n").await;
                let field = |name: &str| {
                    let mut lines = event.lines();
                    let found = lines.find_map(|line| line.strip_prefix(name));
                    found.map(|text| text.trim_start().to_owned())
                };
                let data = field("data:").unwrap_or_default();
                (
                    field("event:").unwrap_or_default(),
                    serde_json::from_str(&data).unwrap_or(Value::Null),
                )
            };
            if data != json!({}) && (self.is_multipart || !name.is_empty()) {
                return (name, data);
            }
        }
    }

    /// What is left of it.
    pub async fn rest(mut self) -> String {
        while let Some(chunk) = self.response.chunk().await.unwrap() {
            self.text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
        self.text
    }
}
