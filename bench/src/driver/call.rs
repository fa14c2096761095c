//! Requests, made once and sent often.

use std::{
    net::SocketAddr,
    sync::{Mutex, PoisonError},
};

use bytes::Bytes;
use http::{HeaderValue, Method, Request, StatusCode, Uri, header};
use http_body_util::Full;
use serde_json::json;
use uuid::Uuid;

use super::answer::{Form, Page};
use crate::failure::Result;

const ROUTER_QUERY: &str = "query($after: String) { timeline(first: 20, after: $after) { nodes { id text likeCount createdAt author { id username displayName avatarUrl } } pageInfo { endCursor hasNextPage } } }";
const FIRST_PAGE: &str = "query { timeline(first: 20) { nodes { id text likeCount createdAt author { id username displayName avatarUrl } } pageInfo { endCursor hasNextPage } } }";
const SERVICE_QUERY: &str = "query($after: String) { timeline(first: 20, after: $after) { nodes { id text likeCount createdAt author { id } } pageInfo { endCursor hasNextPage } } }";
const CREATE: &str = "mutation($text: String!) { createPost(input: {text: $text}) { post { id } userErrors { message } } }";

/// Whom a page is asked of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    RouterGraph(SocketAddr),
    RouterRest(SocketAddr),
    PostsGraph(SocketAddr),
    PostsRest(SocketAddr),
    Opponent(SocketAddr),
}

/// How a post is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Write {
    RouterGraph(SocketAddr),
    RouterRest(SocketAddr),
    PostsGraph(SocketAddr),
    PostsRest(SocketAddr),
    /// A bare INSERT.
    Opponent(SocketAddr),
}

/// A request and what its answer has to be.
pub struct Call {
    pub address: SocketAddr,
    method: Method,
    uri: Uri,
    host: HeaderValue,
    authorization: HeaderValue,
    body: Bytes,
    form: Form,
    /// The only right page, where nothing is written meanwhile.
    expected: Option<Vec<Uuid>>,
    /// The last right answer: one that is the same, byte for byte, is right too.
    right: Mutex<Bytes>,
}

impl Target {
    /// As in results.
    pub fn name(self) -> &'static str {
        match self {
            Self::RouterGraph(_) => "router graph",
            Self::RouterRest(_) => "router REST",
            Self::PostsGraph(_) => "posts graph",
            Self::PostsRest(_) => "posts REST",
            Self::Opponent(_) => "opponent",
        }
    }

    /// Where it listens.
    pub fn address(self) -> SocketAddr {
        match self {
            Self::RouterGraph(address)
            | Self::RouterRest(address)
            | Self::PostsGraph(address)
            | Self::PostsRest(address)
            | Self::Opponent(address) => address,
        }
    }

    /// The page after a cursor, or the first one.
    pub fn read(self, token: &str, after: Option<&str>) -> Result<Call> {
        let (address, query, names) = match self {
            Self::RouterGraph(address) if after.is_none() => (address, FIRST_PAGE, true),
            Self::RouterGraph(address) => (address, ROUTER_QUERY, true),
            Self::PostsGraph(address) => (address, SERVICE_QUERY, false),
            Self::RouterRest(address) => {
                let path = "/api/feed?page_size=20";
                return get(address, path, "cursor", after, token, Form::Rest);
            }
            Self::PostsRest(address) => {
                let path = "/feed?page_size=20";
                return get(address, path, "cursor", after, token, Form::Rest);
            }
            Self::Opponent(address) => {
                let path = "/feed?first=20";
                return get(address, path, "after", after, token, Form::Plain);
            }
        };
        let body = match after {
            None => json!({"query": query}),
            Some(after) => json!({"query": query, "variables": {"after": after}}),
        };
        Call::new(
            address,
            Method::POST,
            "/graphql",
            token,
            body.to_string(),
            Form::Graph { names },
        )
    }
}

impl Write {
    /// As in results.
    pub fn name(self) -> &'static str {
        match self {
            Self::RouterGraph(_) => "router graph",
            Self::RouterRest(_) => "router REST",
            Self::PostsGraph(_) => "posts graph",
            Self::PostsRest(_) => "posts REST",
            Self::Opponent(_) => "bare INSERT",
        }
    }

    /// Writes a post.
    pub fn post(self, token: &str, text: &str) -> Result<Call> {
        let (address, path, form) = match self {
            Self::RouterGraph(address) | Self::PostsGraph(address) => {
                (address, "/graphql", Form::GraphCreated)
            }
            Self::RouterRest(address) => (address, "/api/posts", Form::RestCreated),
            Self::PostsRest(address) | Self::Opponent(address) => {
                (address, "/posts", Form::RestCreated)
            }
        };
        let body = match form {
            Form::GraphCreated => json!({"query": CREATE, "variables": {"text": text}}),
            _ => json!({"text": text}),
        };
        Call::new(address, Method::POST, path, token, body.to_string(), form)
    }
}

fn get(
    address: SocketAddr,
    path: &str,
    parameter: &str,
    after: Option<&str>,
    token: &str,
    form: Form,
) -> Result<Call> {
    // Cursors are base64url: nothing in them needs escaping.
    let path = after.map_or_else(
        || path.to_owned(),
        |after| format!("{path}&{parameter}={after}"),
    );
    Call::new(address, Method::GET, &path, token, String::new(), form)
}

impl Call {
    fn new(
        address: SocketAddr,
        method: Method,
        path: &str,
        token: &str,
        body: String,
        form: Form,
    ) -> Result<Self> {
        Ok(Self {
            address,
            method,
            uri: path.parse()?,
            host: HeaderValue::from_str(&address.to_string())?,
            authorization: HeaderValue::from_str(&format!("Bearer {token}"))?,
            body: body.into(),
            form,
            expected: None,
            right: Mutex::default(),
        })
    }

    /// The same, with the only page that is right.
    #[must_use]
    pub fn expecting(mut self, ids: Vec<Uuid>) -> Self {
        self.expected = Some(ids);
        self
    }

    /// The request, to be sent once.
    pub(super) fn request(&self) -> Request<Full<Bytes>> {
        let mut request = Request::new(Full::new(self.body.clone()));
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = self.uri.clone();
        let headers = request.headers_mut();
        headers.insert(header::HOST, self.host.clone());
        headers.insert(header::AUTHORIZATION, self.authorization.clone());
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        if !self.body.is_empty() {
            headers.insert(
                header::CONTENT_TYPE,
                HeaderValue::from_static("application/json"),
            );
        }
        request
    }

    /// Whether an answer is right.
    pub(super) fn check(
        &self,
        status: StatusCode,
        body: &Bytes,
    ) -> std::result::Result<(), String> {
        let mut right = self.right.lock().unwrap_or_else(PoisonError::into_inner);
        if status == StatusCode::OK && !right.is_empty() && *right == body {
            return Ok(());
        }
        let page = self.read(status, body)?;
        if let Some(expected) = &self.expected
            && *expected != page.ids
        {
            return Err(format!(
                "another page than PostgreSQL says: {:?} in place of {expected:?}",
                page.ids
            ));
        }
        if status == StatusCode::OK {
            *right = body.clone();
        }
        Ok(())
    }

    /// The page that an answer holds.
    pub(super) fn read(
        &self,
        status: StatusCode,
        body: &Bytes,
    ) -> std::result::Result<Page, String> {
        self.form.read(status, body)
    }
}
