//! A service's side of the feed, which says what a test has it say.

use std::sync::{Arc, Mutex};

use axum::{
    extract::{
        State,
        ws::{Message, WebSocket, WebSocketUpgrade},
    },
    response::Response,
};
use common::relay::{Open, Reply, Request};
use tokio::sync::{
    Mutex as AsyncMutex,
    mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
};

use super::service::Shared;

/// All connections of routers to one service.
#[derive(Clone)]
pub struct Feed(Arc<Inner>);

struct Inner {
    /// To each connection so far: a reply, or that it is to be cut.
    lines: Mutex<Vec<UnboundedSender<Option<Reply>>>>,
    heard: UnboundedSender<(usize, Request)>,
    requests: AsyncMutex<UnboundedReceiver<(usize, Request)>>,
}

/// A stream that a router has asked for.
#[derive(Debug)]
pub struct Asked {
    line: usize,
    pub open: Open,
}

impl Default for Feed {
    fn default() -> Self {
        let (heard, requests) = unbounded_channel();
        Self(Arc::new(Inner {
            lines: Mutex::default(),
            heard,
            requests: AsyncMutex::new(requests),
        }))
    }
}

impl Feed {
    async fn heard(&self) -> (usize, Request) {
        self.0.requests.lock().await.recv().await.unwrap()
    }

    /// The next request, which asks for a stream.
    pub async fn asked(&self) -> Asked {
        match self.heard().await {
            (line, Request::Open(open)) => Asked { line, open },
            other => panic!("not a stream but {other:?}"),
        }
    }

    /// The next request, which asks for a stream and is granted from this position on.
    pub async fn opened(&self, position: &str) -> Asked {
        let asked = self.asked().await;
        self.grant(&asked, position);
        asked
    }

    pub fn grant(&self, stream: &Asked, position: &str) {
        let (id, position) = (stream.open.id, position.to_owned());
        self.say(stream.line, Reply::Opened { id, position });
    }

    /// Events, and the position behind them.
    pub fn batch(&self, stream: &Asked, events: &[&str], position: &str) {
        let batch = Reply::Batch {
            id: stream.open.id,
            events: events.iter().map(|&event| event.to_owned()).collect(),
            position: position.to_owned(),
        };
        self.say(stream.line, batch);
    }

    pub fn close(&self, stream: &Asked, code: &str, message: &str) {
        let closed = Reply::Closed {
            id: stream.open.id,
            code: code.to_owned(),
            message: message.to_owned(),
        };
        self.say(stream.line, closed);
    }

    /// The next request, which asks for more of this stream.
    pub async fn more(&self, stream: &Asked) {
        let id = stream.open.id;
        assert_eq!(self.heard().await.1, Request::More { id });
    }

    /// The next request, which ends this stream.
    pub async fn ended(&self, stream: &Asked) {
        let id = stream.open.id;
        assert_eq!(self.heard().await.1, Request::Close { id });
    }

    /// Whether something has been asked that no test has looked at.
    pub async fn is_asked(&self) -> bool {
        !self.0.requests.lock().await.is_empty()
    }

    /// How many connections there have been.
    pub fn connections(&self) -> usize {
        self.0.lines.lock().unwrap().len()
    }

    /// Cuts every connection.
    pub fn cut(&self) {
        for line in self.0.lines.lock().unwrap().iter() {
            // An error means that it is gone already.
            let _ = line.send(None);
        }
    }

    fn say(&self, line: usize, reply: Reply) {
        self.0.lines.lock().unwrap()[line]
            .send(Some(reply))
            .unwrap();
    }
}

pub(super) async fn connect(State(shared): State<Shared>, upgrade: WebSocketUpgrade) -> Response {
    upgrade.on_upgrade(|socket| serve(shared.feed, socket))
}

async fn serve(feed: Feed, mut socket: WebSocket) {
    let (sender, mut replies) = unbounded_channel();
    let line = {
        let mut lines = feed.0.lines.lock().unwrap();
        lines.push(sender);
        lines.len() - 1
    };
    loop {
        tokio::select! {
            reply = replies.recv() => {
                let Some(Some(reply)) = reply else { return };
                let text = serde_json::to_string(&reply).unwrap();
                if socket.send(Message::text(text)).await.is_err() {
                    return;
                }
            }
            frame = socket.recv() => match frame {
                Some(Ok(Message::Text(text))) => {
                    let request = serde_json::from_str(&text).unwrap();
                    // An error means that the test is over.
                    let _ = feed.0.heard.send((line, request));
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return,
            }
        }
    }
}
