use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Request, StatusCode, header},
};
use serde_json::{Value, json};
use tower::ServiceExt;

/// A GraphQL client that calls a service's routes in process.
#[derive(Clone)]
pub struct Graph(Router);

/// What a service answered.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    /// The whole body; null when it is not JSON.
    pub body: Value,
}

impl Graph {
    pub fn new(routes: Router) -> Self {
        Self(routes)
    }

    /// Sends an operation, with a bearer token or anonymously.
    pub async fn ask(&self, token: Option<&str>, query: &str, variables: Value) -> Answer {
        let body = json!({ "query": query, "variables": variables }).to_string();
        let mut request =
            Request::post("/graphql").header(header::CONTENT_TYPE, "application/json");
        if let Some(token) = token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        self.send(request.body(Body::from(body)).unwrap()).await
    }

    /// Sends any request.
    pub async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.0.clone().oneshot(request).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        Answer {
            status,
            headers,
            body: serde_json::from_slice(&body).unwrap_or(Value::Null),
        }
    }
}

impl Answer {
    /// The data of an answer that has no errors.
    pub fn data(self) -> Value {
        assert!(
            self.status == StatusCode::OK && self.body.get("errors").is_none(),
            "expected data, got {}: {}",
            self.status,
            self.body
        );
        self.body.get("data").cloned().unwrap_or_default()
    }

    /// The codes of the top-level errors.
    pub fn codes(&self) -> Vec<&str> {
        let errors = self.body.get("errors").and_then(Value::as_array);
        errors
            .into_iter()
            .flatten()
            .map(|error| {
                let code = error.pointer("/extensions/code").and_then(Value::as_str);
                code.unwrap_or("(no code)")
            })
            .collect()
    }
}
