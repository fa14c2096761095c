use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    http::{HeaderMap, Method, Request, StatusCode, header},
};
use serde::Serialize;
use serde_json::Value;
use tower::ServiceExt;

/// A REST client that calls a service's routes in process, and holds every answer against the service's own document: a
/// status, a content type or an error code that is not described there fails the test.
#[derive(Clone)]
pub struct Rest {
    routes: Router,
    document: Value,
}

/// What a service answered.
#[derive(Debug)]
pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub bytes: Bytes,
    /// The whole body; null when it is not JSON.
    pub body: Value,
}

impl Rest {
    /// The routes of a service, and its OpenAPI document.
    pub fn new(routes: Router, document: &impl Serialize) -> Self {
        Self {
            routes,
            document: serde_json::to_value(document).unwrap(),
        }
    }

    /// Sends a request without a body, with a bearer token or anonymously.
    pub async fn call(&self, token: Option<&str>, method: Method, path: &str) -> Reply {
        let request = request(token, method, path);
        self.send(request.body(Body::empty()).unwrap()).await
    }

    pub async fn get(&self, token: Option<&str>, path: &str) -> Reply {
        self.call(token, Method::GET, path).await
    }

    /// Sends a request with a JSON body.
    pub async fn send_json(
        &self,
        token: Option<&str>,
        method: Method,
        path: &str,
        body: &Value,
    ) -> Reply {
        let request = request(token, method, path).header(header::CONTENT_TYPE, "application/json");
        self.send(request.body(Body::from(body.to_string())).unwrap())
            .await
    }

    pub async fn post(&self, token: Option<&str>, path: &str, body: &Value) -> Reply {
        self.send_json(token, Method::POST, path, body).await
    }

    /// Sends any request.
    pub async fn send(&self, request: Request<Body>) -> Reply {
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let response = self.routes.clone().oneshot(request).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        let reply = Reply {
            status,
            headers,
            body: serde_json::from_slice(&bytes).unwrap_or(Value::Null),
            bytes,
        };
        if let Some(operation) = self.operation(&method, &path) {
            reply.is_described_by(operation, &format!("{method} {path}"));
        }
        reply
    }

    /// What the document says of a request; `None` for what is no route.
    fn operation(&self, method: &Method, path: &str) -> Option<&Value> {
        let paths = self.document["paths"].as_object().unwrap();
        // A fixed segment goes before a parameter.
        let mut found: Vec<_> = paths
            .iter()
            .filter(|(template, _)| matches(template, path))
            .collect();
        found.sort_by_key(|(template, _)| template.matches('{').count());
        let item = found.first()?.1;
        item.get(method.as_str().to_ascii_lowercase())
    }
}

fn request(token: Option<&str>, method: Method, path: &str) -> axum::http::request::Builder {
    let request = Request::builder().method(method).uri(path);
    match token {
        Some(token) => request.header(header::AUTHORIZATION, format!("Bearer {token}")),
        None => request,
    }
}

fn matches(template: &str, path: &str) -> bool {
    let (template, path): (Vec<_>, Vec<_>) =
        (template.split('/').collect(), path.split('/').collect());
    template.len() == path.len()
        && template
            .iter()
            .zip(&path)
            .all(|(expected, segment)| expected.starts_with('{') || expected == segment)
}

impl Reply {
    fn is_described_by(&self, operation: &Value, what: &str) {
        let described = &operation["responses"][self.status.as_str()];
        assert!(
            described.is_object(),
            "{what}: {} is not described: {}",
            self.status,
            self.body
        );
        let content = described["content"].as_object();
        let media_type = self
            .headers
            .get(header::CONTENT_TYPE)
            .map(|value| value.to_str().unwrap());
        match media_type {
            Some(media_type) => assert!(
                content.is_some_and(|content| content.contains_key(media_type)),
                "{what}: {media_type} is not described"
            ),
            None => assert!(
                content.is_none() && self.bytes.is_empty(),
                "{what}: content is described, and there is none"
            ),
        }
        if self.status.is_client_error() || self.status.is_server_error() {
            let description = described["description"].as_str().unwrap();
            assert!(
                description.contains(&format!("`{}`", self.code())),
                "{what}: {} is not among the codes of {}: {description}",
                self.code(),
                self.status
            );
            let error = &self.body["error"];
            assert!(error["message"].is_string(), "{what}: {}", self.body);
            let trace_id = self.headers.get("x-trace-id").unwrap().to_str().unwrap();
            assert_eq!(error["trace_id"], trace_id, "{what}");
            assert_eq!(
                error["details"].is_array(),
                self.status == StatusCode::UNPROCESSABLE_ENTITY,
                "{what}: details are for 422"
            );
        }
    }

    /// The body of an answer with this status.
    pub fn expect(self, status: StatusCode) -> Value {
        assert_eq!(self.status, status, "{}", self.body);
        self.body
    }

    /// The body of an answer with status 200.
    pub fn ok(self) -> Value {
        self.expect(StatusCode::OK)
    }

    /// The code of an error; empty when it is none.
    pub fn code(&self) -> &str {
        self.body["error"]["code"].as_str().unwrap_or_default()
    }

    /// Status and code of an error.
    pub fn refusal(&self) -> (u16, &str) {
        (self.status.as_u16(), self.code())
    }

    /// Field and code of each detail of an error.
    pub fn details(&self) -> Vec<(&str, &str)> {
        let details = self.body["error"]["details"].as_array();
        details
            .into_iter()
            .flatten()
            .map(|detail| {
                (
                    detail["field"].as_str().unwrap(),
                    detail["code"].as_str().unwrap(),
                )
            })
            .collect()
    }
}
