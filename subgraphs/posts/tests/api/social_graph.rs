//! A users service that answers over HTTP what a test wants.

use std::{
    future::pending,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use common::upstream::Upstream;
use posts::clients::UsersService;
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::watch, task::JoinHandle, time::timeout};
use url::Url;
use uuid::Uuid;

/// How long a call is waited for that is about to come.
const PATIENCE: Duration = Duration::from_secs(20);

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
    /// Answers 200 with less than agreed.
    Forgetful,
    /// As agreed, and nobody has an account.
    Deserted,
}

/// What it was asked.
#[derive(Debug, PartialEq, Eq)]
pub enum Asked {
    /// For the list of the owner of a token, unless it is still this one.
    List(Option<String>),
    /// For the versions of the lists of these people, in the order of their ids.
    Versions(Vec<Uuid>),
}

#[derive(Default)]
struct Inner {
    mood: Mood,
    version: u64,
    followees: Vec<Uuid>,
    requests: Vec<(Asked, HeaderMap)>,
    /// How many calls for versions have come.
    calls: watch::Sender<usize>,
    /// So many of them may be answered.
    let_go: watch::Sender<usize>,
}

type Shared = Arc<Mutex<Inner>>;

/// A users service on a port of its own.
pub struct UsersOverHttp {
    inner: Shared,
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
        let versions = post(answer_versions);
        Self::with(Router::new().route("/internal/followee-versions", versions)).await
    }

    /// As it was before it told versions.
    pub async fn old() -> Self {
        Self::with(Router::new()).await
    }

    async fn with(routes: Router<Shared>) -> Self {
        let inner = Shared::default();
        let routes = routes
            .route("/internal/followee-ids", get(answer_list))
            .with_state(Arc::clone(&inner));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap())
            .parse()
            .unwrap();
        let server = tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        let this = Self {
            inner,
            base,
            server,
        };
        this.let_go(usize::MAX);
        this
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

    /// Calls for versions after so many are held: they know their answer, and send it when more are let go.
    pub fn let_go(&self, calls: usize) {
        self.inner.lock().unwrap().let_go.send_replace(calls);
    }

    /// Waits until so many calls for versions have come, answered or not.
    pub async fn wait_for_calls(&self, count: usize) {
        let mut calls = self.inner.lock().unwrap().calls.subscribe();
        let come = calls.wait_for(|calls| *calls >= count);
        timeout(PATIENCE, come).await.unwrap().unwrap();
    }

    /// What it was asked since the last time, each with a header.
    pub fn take_with(&self, header: &str) -> Vec<(Asked, Option<String>)> {
        let requests = std::mem::take(&mut self.inner.lock().unwrap().requests);
        let value = |headers: &HeaderMap| Some(headers.get(header)?.to_str().unwrap().to_owned());
        let requests = requests.into_iter();
        requests
            .map(|(asked, headers)| (asked, value(&headers)))
            .collect()
    }

    /// What it was asked since the last time.
    pub fn take(&self) -> Vec<Asked> {
        let requests = self.take_with("host").into_iter();
        requests.map(|(asked, _)| asked).collect()
    }
}

async fn answer_list(State(inner): State<Shared>, headers: HeaderMap) -> Response {
    let condition = headers
        .get(header::IF_NONE_MATCH)
        .map(|condition| condition.to_str().unwrap().to_owned());
    let (mood, version, followees) = {
        let mut inner = inner.lock().unwrap();
        let asked = Asked::List(condition.clone());
        inner.requests.push((asked, headers));
        (inner.mood, inner.version, inner.followees.clone())
    };
    let etag = format!("\"{version}\"");
    match mood {
        Mood::Well if condition.is_some_and(|condition| condition == etag) => {
            (StatusCode::NOT_MODIFIED, [(header::ETAG, etag)]).into_response()
        }
        Mood::Well => {
            let body = json!({ "version": version, "followee_ids": followees }).to_string();
            ([(header::ETAG, etag)], body).into_response()
        }
        Mood::Hanging => pending().await,
        Mood::Answering(status) => status.into_response(),
        Mood::Confused => ([(header::ETAG, etag)], "{\"followee_ids\": [\"ada\"]}").into_response(),
        Mood::Forgetful => ([(header::ETAG, etag)], "{}").into_response(),
        Mood::Deserted => StatusCode::UNAUTHORIZED.into_response(),
    }
}

async fn answer_versions(State(inner): State<Shared>, headers: HeaderMap, body: Bytes) -> Response {
    let mut question: Value = serde_json::from_slice(&body).unwrap();
    let ids: Vec<Uuid> = serde_json::from_value(question["ids"].take()).unwrap();
    let count = ids.len();
    let (mood, version, mut let_go, call) = {
        let mut inner = inner.lock().unwrap();
        inner.requests.push((Asked::Versions(ids), headers));
        let mut call = 0;
        inner.calls.send_modify(|calls| {
            *calls += 1;
            call = *calls;
        });
        (inner.mood, inner.version, inner.let_go.subscribe(), call)
    };
    let_go.wait_for(|let_go| call <= *let_go).await.unwrap();
    let versions = match mood {
        Mood::Well => json!(vec![version; count]),
        Mood::Hanging => pending().await,
        Mood::Answering(status) => return status.into_response(),
        Mood::Confused => json!(vec!["new"; count]),
        Mood::Forgetful => json!(vec![version; count - 1]),
        Mood::Deserted => json!(vec![Value::Null; count]),
    };
    json!({ "versions": versions }).to_string().into_response()
}
