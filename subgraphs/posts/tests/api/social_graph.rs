//! A users service that answers over HTTP what a test wants.

use std::{
    future::pending,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use common::upstream::Upstream;
use posts::clients::UsersService;
use serde_json::json;
use tokio::{net::TcpListener, task::JoinHandle};
use url::Url;
use uuid::Uuid;

/// How the service behaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mood {
    /// As agreed.
    #[default]
    Well,
    /// Never answers.
    Hanging,
    /// Answers this status to everything.
    Answering(StatusCode),
    /// Answers 200 with something else than agreed.
    Confused,
}

#[derive(Default)]
struct Inner {
    mood: Mood,
    version: u64,
    followees: Vec<Uuid>,
    requests: Vec<HeaderMap>,
}

/// A users service on a port of its own.
pub struct UsersOverHttp {
    inner: Arc<Mutex<Inner>>,
    pub base: Url,
    server: JoinHandle<()>,
}

impl Drop for UsersOverHttp {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl UsersOverHttp {
    pub async fn start() -> Self {
        let inner = Arc::<Mutex<Inner>>::default();
        let routes = Router::new()
            .route("/internal/followee-ids", get(answer))
            .with_state(Arc::clone(&inner));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap())
            .parse()
            .unwrap();
        let server = tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        Self {
            inner,
            base,
            server,
        }
    }

    /// The port's own client.
    pub fn client(&self) -> UsersService {
        UsersService::new(self.upstream())
    }

    pub fn upstream(&self) -> Upstream {
        Upstream::new("users", self.base.clone()).unwrap()
    }

    pub fn set_mood(&self, mood: Mood) {
        self.inner.lock().unwrap().mood = mood;
    }

    /// Everybody follows one more.
    pub fn follow(&self, followee: Uuid) {
        let mut inner = self.inner.lock().unwrap();
        inner.version += 1;
        inner.followees.push(followee);
    }

    /// A block between everybody and somebody whom they follow, whoever's it is: one follow less in a list with a new version.
    /// (The users service does so: `followees_change_their_version_with_a_block_in_either_direction` among its tests.)
    pub fn block(&self, followee: Uuid) {
        let mut inner = self.inner.lock().unwrap();
        inner.version += 1;
        inner.followees.retain(|id| *id != followee);
    }

    /// A header of each request since the last time this was asked, `None` where it was absent.
    pub fn take_requests(&self, header: &str) -> Vec<Option<String>> {
        let requests = std::mem::take(&mut self.inner.lock().unwrap().requests);
        let value = |headers: &HeaderMap| Some(headers.get(header)?.to_str().unwrap().to_owned());
        requests.iter().map(value).collect()
    }
}

async fn answer(State(inner): State<Arc<Mutex<Inner>>>, headers: HeaderMap) -> Response {
    let condition = headers.get(header::IF_NONE_MATCH).cloned();
    let (mood, version, followees) = {
        let mut inner = inner.lock().unwrap();
        inner.requests.push(headers);
        (inner.mood, inner.version, inner.followees.clone())
    };
    let etag = format!("\"{version}\"");
    match mood {
        Mood::Well if condition.is_some_and(|condition| condition == etag.as_str()) => {
            (StatusCode::NOT_MODIFIED, [(header::ETAG, etag)]).into_response()
        }
        Mood::Well => {
            let body = json!({ "version": version, "followee_ids": followees }).to_string();
            ([(header::ETAG, etag)], body).into_response()
        }
        Mood::Hanging => pending().await,
        Mood::Answering(status) => status.into_response(),
        Mood::Confused => ([(header::ETAG, etag)], "{\"followee_ids\": [\"ada\"]}").into_response(),
    }
}
