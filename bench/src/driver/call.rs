//! Requests, made once and sent often.

use std::{
    net::SocketAddr,
    sync::{Mutex, PoisonError},
};

use bytes::Bytes;
use clap::ValueEnum;
use http::{HeaderValue, Method, Request, StatusCode, Uri, header};
use http_body_util::Full;
use serde_json::{Value, json};
use uuid::Uuid;

use super::answer::{Form, Page};
use crate::failure::Result;

const ROUTER_QUERY: &str = "query($after: String) { timeline(first: 20, after: $after) { nodes { id text likeCount createdAt author { id username displayName avatarUrl } } pageInfo { endCursor hasNextPage } } }";
const FIRST_PAGE: &str = "query { timeline(first: 20) { nodes { id text likeCount createdAt author { id username displayName avatarUrl } } pageInfo { endCursor hasNextPage } } }";
const SERVICE_QUERY: &str = "query($after: String) { timeline(first: 20, after: $after) { nodes { id text likeCount createdAt author { id } } pageInfo { endCursor hasNextPage } } }";
const CREATE: &str = "mutation($text: String!) { createPost(input: {text: $text}) { post { id } userErrors { message } } }";

/// An API that pages are read from and posts are written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Api {
    RouterGraph,
    RouterRest,
    PostsGraph,
    PostsRest,
    Opponent,
}

/// An API at an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    pub api: Api,
    pub address: SocketAddr,
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

impl Api {
    /// The process that serves it.
    pub fn process(self) -> &'static str {
        match self {
            Self::RouterGraph | Self::RouterRest => "router",
            Self::PostsGraph | Self::PostsRest => "posts",
            Self::Opponent => "opponent",
        }
    }
}

impl Target {
    /// As in results.
    pub fn name(self) -> &'static str {
        match self.api {
            Api::RouterGraph => "router graph",
            Api::RouterRest => "router REST",
            Api::PostsGraph => "posts graph",
            Api::PostsRest => "posts REST",
            Api::Opponent => "opponent",
        }
    }

    /// The page after a cursor, or the first one.
    pub fn read(self, token: &str, after: Option<&str>) -> Result<Call> {
        let (query, names) = match self.api {
            Api::RouterGraph if after.is_none() => (FIRST_PAGE, true),
            Api::RouterGraph => (ROUTER_QUERY, true),
            Api::PostsGraph => (SERVICE_QUERY, false),
            Api::RouterRest => {
                return self.get("/api/feed?page_size=20", "cursor", after, token, Form::Rest);
            }
            Api::PostsRest => {
                return self.get("/feed?page_size=20", "cursor", after, token, Form::Rest);
            }
            Api::Opponent => {
                return self.get("/feed?first=20", "after", after, token, Form::Plain);
            }
        };
        let body = match after {
            None => json!({"query": query}),
            Some(after) => json!({"query": query, "variables": {"after": after}}),
        };
        self.post("/graphql", token, &body, Form::Graph { names })
    }

    /// Writes a post; the opponent does it by a bare INSERT.
    pub fn write(self, token: &str, text: &str) -> Result<Call> {
        let path = match self.api {
            Api::RouterGraph | Api::PostsGraph => {
                let body = json!({"query": CREATE, "variables": {"text": text}});
                return self.post("/graphql", token, &body, Form::GraphCreated);
            }
            Api::RouterRest => "/api/posts",
            Api::PostsRest | Api::Opponent => "/posts",
        };
        self.post(path, token, &json!({"text": text}), Form::RestCreated)
    }

    fn post(self, path: &str, token: &str, body: &Value, form: Form) -> Result<Call> {
        Call::new(
            self.address,
            Method::POST,
            path,
            token,
            body.to_string(),
            form,
        )
    }

    fn get(
        self,
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
        Call::new(self.address, Method::GET, &path, token, String::new(), form)
    }
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
