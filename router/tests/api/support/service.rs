//! A service behind the router: answers GraphQL, writes down what it was asked, and can be told to misbehave.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{any, get, post},
};
use common::relay::PATH;
use futures_util::future::BoxFuture;
use serde_json::Value;
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use super::feed::{self, Feed};

/// Answers one GraphQL request.
pub type Answerer = Arc<dyn Fn(HeaderMap, Value) -> BoxFuture<'static, Value> + Send + Sync>;

/// A request as the service saw it.
#[derive(Clone, Debug)]
pub struct Seen {
    pub headers: HeaderMap,
    pub body: Value,
}

impl Seen {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

type Hook = Arc<dyn Fn() -> BoxFuture<'static, ()> + Send + Sync>;

#[derive(Default)]
struct Behaviour {
    seen: Vec<Seen>,
    before: Option<Hook>,
    instead: Option<(StatusCode, &'static str, &'static str)>,
    unready: bool,
}

#[derive(Clone)]
pub(super) struct Shared {
    answer: Answerer,
    pub(super) feed: Feed,
    behaviour: Arc<Mutex<Behaviour>>,
}

pub struct Service {
    address: SocketAddr,
    shared: Shared,
    running: Option<(CancellationToken, JoinHandle<()>)>,
}

impl Service {
    pub async fn start(answer: Answerer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut service = Self {
            address: listener.local_addr().unwrap(),
            shared: Shared {
                answer,
                feed: Feed::default(),
                behaviour: Arc::default(),
            },
            running: None,
        };
        service.serve(listener);
        service
    }

    fn serve(&mut self, listener: TcpListener) {
        let routes = Router::new()
            .route("/graphql", post(answer))
            .route("/ready", get(ready))
            .route(PATH, any(feed::connect))
            .with_state(self.shared.clone());
        let stop = CancellationToken::new();
        let stopped = stop.clone().cancelled_owned();
        let server = axum::serve(listener, routes).with_graceful_shutdown(stopped);
        let task = tokio::spawn(async move { server.await.unwrap() });
        self.running = Some((stop, task));
    }

    /// Stops, with every connection.
    pub async fn stop(&mut self) {
        let (stop, task) = self.running.take().unwrap();
        stop.cancel();
        task.await.unwrap();
    }

    /// Starts again at the same address.
    pub async fn restart(&mut self) {
        let listener = TcpListener::bind(self.address).await.unwrap();
        self.serve(listener);
    }

    /// Its side of the feed.
    pub fn feed(&self) -> &Feed {
        &self.shared.feed
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What it was asked so far.
    pub fn seen(&self) -> Vec<Seen> {
        self.shared.behaviour.lock().unwrap().seen.clone()
    }

    /// Runs something before every answer from now on.
    pub fn before<F>(&self, hook: impl Fn() -> F + Send + Sync + 'static)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.shared.behaviour.lock().unwrap().before = Some(Arc::new(move || Box::pin(hook())));
    }

    /// Gives this answer from now on.
    pub fn answer_instead(
        &self,
        status: StatusCode,
        content_type: &'static str,
        body: &'static str,
    ) {
        self.shared.behaviour.lock().unwrap().instead = Some((status, content_type, body));
    }

    /// Answers again as it did at first.
    pub fn answer_as_usual(&self) {
        self.shared.behaviour.lock().unwrap().instead = None;
    }

    /// Answers, but says that it is not ready.
    pub fn become_unready(&self) {
        self.shared.behaviour.lock().unwrap().unready = true;
    }
}

async fn answer(State(shared): State<Shared>, headers: HeaderMap, body: Bytes) -> Response {
    let body: Value = serde_json::from_slice(&body).unwrap();
    let (before, instead) = {
        let mut behaviour = shared.behaviour.lock().unwrap();
        behaviour.seen.push(Seen {
            headers: headers.clone(),
            body: body.clone(),
        });
        (behaviour.before.clone(), behaviour.instead)
    };
    if let Some(before) = before {
        before().await;
    }
    if let Some((status, content_type, body)) = instead {
        return (status, [(header::CONTENT_TYPE, content_type)], body).into_response();
    }
    let body = (shared.answer)(headers, body).await.to_string();
    ([(header::CONTENT_TYPE, "application/json")], body).into_response()
}

async fn ready(State(shared): State<Shared>) -> StatusCode {
    if shared.behaviour.lock().unwrap().unready {
        StatusCode::SERVICE_UNAVAILABLE
    } else {
        StatusCode::OK
    }
}
