//! Live streams for the router: many over one WebSocket, by the protocol of `common::relay`.

use std::{collections::HashMap, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{
        State,
        ws::{Message, WebSocket, WebSocketUpgrade},
    },
    http::{HeaderMap, HeaderValue, header},
    response::Response,
    routing::get,
};
use common::{
    auth::{Verifier, Viewer},
    error::{Error, Violation},
    relay::{self, MAX_BATCH, Open, Reply, Request},
};
use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::{
    sync::{Notify, mpsc},
    task::JoinHandle,
    time::timeout,
};

use crate::app::{
    App,
    live::{LiveStream, Start, Topic},
};

/// Replies that wait to be written. When the queue is full, the streams of the connection wait.
const MAX_PENDING_REPLIES: usize = 256;

/// How long the router may be silent before the connection and its streams are closed: it sends a ping every 15 seconds.
const IDLE_TIMEOUT: Duration = Duration::from_secs(25);

/// How long a write to the router may take before the connection is closed.
const WRITE_TIMEOUT: Duration = Duration::from_secs(30);

#[derive(Clone)]
struct Streams {
    app: App,
    verifier: Verifier,
}

pub fn routes(app: App, verifier: Verifier) -> Router {
    Router::new()
        .route(relay::PATH, get(take))
        .with_state(Streams { app, verifier })
}

async fn take(State(streams): State<Streams>, upgrade: WebSocketUpgrade) -> Response {
    upgrade.on_upgrade(move |socket| serve(streams, socket))
}

/// A stream of this connection.
struct OpenStream {
    more: Arc<Notify>,
    task: JoinHandle<()>,
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Serves a connection until it ends or the process stops; its streams end with it.
async fn serve(streams: Streams, socket: WebSocket) {
    let (mut sink, mut received) = socket.split();
    let (sender, mut replies) = mpsc::channel::<Reply>(MAX_PENDING_REPLIES);
    let mut running = HashMap::new();
    let stopping = streams.app.stopping();
    loop {
        tokio::select! {
            () = stopping.cancelled() => break,
            reply = replies.recv() => {
                let Some(reply) = reply else { break };
                if let Reply::Closed { id, .. } = &reply {
                    running.remove(id);
                }
                let Ok(text) = serde_json::to_string(&reply) else { break };
                let sent = timeout(WRITE_TIMEOUT, sink.send(Message::Text(text.into()))).await;
                if !matches!(sent, Ok(Ok(()))) {
                    return;
                }
            }
            message = timeout(IDLE_TIMEOUT, received.next()) => match message.ok().flatten() {
                Some(Ok(Message::Text(text))) => {
                    let Ok(request) = serde_json::from_str(&text) else {
                        tracing::warn!("a router sent what is no request for streams");
                        break;
                    };
                    handle_request(&streams, request, &mut running, &sender);
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                _ => break,
            },
        }
    }
    // An error means that the router is gone already.
    let _ = timeout(WRITE_TIMEOUT, sink.close()).await;
}

fn handle_request(
    streams: &Streams,
    request: Request,
    running: &mut HashMap<u64, OpenStream>,
    replies: &mpsc::Sender<Reply>,
) {
    match request {
        Request::Open(open) => {
            let more = Arc::new(Notify::new());
            let (id, streams, asked) = (open.id, streams.clone(), more.clone());
            let replies = replies.clone();
            let task = tokio::spawn(async move {
                let error = match Box::pin(streams.open(open)).await {
                    Ok(stream) => run(id, stream, &asked, &replies).await,
                    Err(error) => error,
                };
                // An error means that the connection is gone.
                let _ = replies.send(closed(id, error)).await;
            });
            running.insert(id, OpenStream { more, task });
        }
        Request::More { id } => {
            if let Some(stream) = running.get(&id) {
                stream.more.notify_one();
            }
        }
        Request::Close { id } => {
            running.remove(&id);
        }
    }
}

/// Sends a batch of events for each request for more; returns why the stream ended.
async fn run(
    id: u64,
    mut stream: LiveStream,
    more: &Notify,
    replies: &mpsc::Sender<Reply>,
) -> Error {
    let opened = Reply::Opened {
        id,
        position: stream.position(),
    };
    let mut sent = replies.send(opened).await;
    while sent.is_ok() {
        let events = match stream.next(MAX_BATCH).await {
            Ok(events) => events,
            Err(error) => return error.into(),
        };
        let batch = Reply::Batch {
            id,
            events: events.iter().map(ToString::to_string).collect(),
            position: stream.position(),
        };
        sent = replies.send(batch).await;
        more.notified().await;
    }
    Error::from(common::error::Fault::unavailable("the connection is gone"))
}

impl Streams {
    async fn open(&self, open: Open) -> Result<LiveStream, Error> {
        let viewer = self.viewer(&open.authorization).await?;
        let mut arguments = open.arguments;
        let mut argument = |name: &str| text(name, arguments.remove(name));
        let topic = match open.field.as_str() {
            "messageReceived" => Topic::Messages {
                conversation: argument("conversationId")?,
            },
            "mentionReceived" => Topic::Mentions,
            "typing" => Topic::Typing {
                conversation: argument("conversationId")?.unwrap_or_default(),
            },
            _ => return Err(unknown("field").into()),
        };
        let start = match (open.position, argument("after")?) {
            (Some(position), _) => Start::At(position),
            (None, Some(id)) => Start::After(id),
            (None, None) => Start::Now,
        };
        Ok(self.app.follow(&viewer, topic, start).await?)
    }

    async fn viewer(&self, authorization: &str) -> Result<Arc<Viewer>, Error> {
        let mut headers = HeaderMap::new();
        // A text that cannot be a header value is not a token.
        let value = HeaderValue::from_str(authorization);
        let value = value.unwrap_or(HeaderValue::from_static("malformed"));
        headers.insert(header::AUTHORIZATION, value);
        let identity = self.verifier.identify(&headers).await?;
        Ok(identity.require()?.clone())
    }
}

/// The text of an argument; an id may be written as a number.
fn text(name: &str, value: Option<Value>) -> Result<Option<String>, Violation> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(Value::Number(number)) => Ok(Some(number.to_string())),
        Some(_) => Err(unknown(name)),
    }
}

fn unknown(name: &str) -> Violation {
    Violation::invalid_field(
        name.to_owned(),
        "MALFORMED",
        format!("`{name}` is not what this service knows by that name."),
    )
}

fn closed(id: u64, error: Error) -> Reply {
    let (code, message) = match error {
        Error::Violation(violation) => (violation.code, violation.message),
        Error::Fault(fault) => {
            tracing::debug!(%fault, "a stream ends");
            (fault.code(), fault.public_message().to_owned())
        }
    };
    Reply::Closed {
        id,
        code: code.to_owned(),
        message,
    }
}
