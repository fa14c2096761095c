//! One client: subscribed through the router, by graphql-transport-ws, and again whenever the connection ends.

use std::{sync::Arc, time::Duration};

use futures_util::{SinkExt, StreamExt};
use http::HeaderValue;
use serde::Deserialize;
use serde_json::json;
use tokio::{
    net::TcpStream,
    sync::OwnedSemaphorePermit,
    time::{sleep, timeout},
};
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{
        Message, client::IntoClientRequest, protocol::WebSocketConfig, protocol::frame::CloseFrame,
    },
};

use super::{board::From, people::READY, world::World};
use crate::failure::{Failure, Result};

const SUBSCRIPTION: &str = "subscription Live($after: ID) { messageReceived(after: $after) { id text sender { username } } }";
const PROTOCOL: HeaderValue = HeaderValue::from_static("graphql-transport-ws");

/// Of each direction of a connection. The 128 KiB that they are by default would be gigabytes.
const BUFFER: usize = 2 * 1024;

/// For the handshake and its answers.
const PATIENCE: Duration = Duration::from_secs(30);
/// The router pings more often.
const SILENCE: Duration = Duration::from_secs(45);
/// Before a client connects again: at random up to this, and up to twice as long each time that fails.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(8);

type Socket = WebSocketStream<TcpStream>;

pub struct Client {
    pub number: usize,
    pub token: String,
    /// The id of the last message that it has.
    pub last: String,
    pub world: Arc<World>,
}

/// A message of the protocol.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Said {
    ConnectionAck,
    Next { payload: Response },
    Error { payload: Vec<Problem> },
    Complete,
    Ping,
    Pong,
}

#[derive(Deserialize)]
struct Response {
    data: Option<Data>,
    #[serde(default)]
    errors: Vec<Problem>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Data {
    message_received: Option<Event>,
}

#[derive(Deserialize)]
struct Event {
    id: String,
    text: String,
    sender: Option<Sender>,
}

#[derive(Deserialize)]
struct Sender {
    username: String,
}

#[derive(Deserialize)]
struct Problem {
    message: String,
    extensions: Option<Extensions>,
}

#[derive(Deserialize)]
struct Extensions {
    code: Option<String>,
}

impl Client {
    /// Follows for ever. The permit is that of connecting for the first time.
    pub async fn run(mut self, permit: OwnedSemaphorePermit) {
        let (mut pause, mut permit) = (FIRST_PAUSE, Some(permit));
        loop {
            let (mut socket, ended);
            match self.connect().await {
                Ok(open) => {
                    socket = open;
                    pause = FIRST_PAUSE;
                    drop(permit.take());
                    ended = self.follow(&mut socket).await;
                    drop(socket);
                }
                Err(failure) => ended = format!("not connected: {failure}"),
            }
            self.world.incident(ended);
            sleep(pause.mul_f64(rand::random_range(0.2..1.0))).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    async fn connect(&self) -> Result<Socket> {
        let connecting = async {
            let stream = TcpStream::connect(self.world.router).await?;
            stream.set_nodelay(true)?;
            let mut request =
                format!("ws://{}/graphql", self.world.router).into_client_request()?;
            let headers = request.headers_mut();
            headers.insert("sec-websocket-protocol", PROTOCOL);
            let config = WebSocketConfig::default()
                .read_buffer_size(BUFFER)
                .write_buffer_size(BUFFER);
            let opened = client_async_with_config(request, stream, Some(config)).await;
            let (mut socket, _answer) = opened?;
            let authorization = format!("Bearer {}", self.token);
            let init =
                json!({ "type": "connection_init", "payload": { "Authorization": authorization } });
            say(&mut socket, &init).await?;
            match hear(&mut socket).await {
                Ok(Said::ConnectionAck) => {}
                Ok(_) => return Err(Failure::new("no acknowledgement")),
                Err(ended) => return Err(Failure::new(ended)),
            }
            let payload = json!({ "query": SUBSCRIPTION, "variables": { "after": self.last } });
            let subscribe = json!({ "type": "subscribe", "id": "1", "payload": payload });
            say(&mut socket, &subscribe).await?;
            Ok(socket)
        };
        match timeout(PATIENCE, connecting).await {
            Ok(outcome) => outcome,
            Err(_elapsed) => Err(Failure::new("too slow")),
        }
    }

    /// Takes events until the connection ends; why it did.
    async fn follow(&mut self, socket: &mut Socket) -> String {
        let world = self.world.clone();
        let _subscribed = world.subscribe();
        world.board.reconnected(self.number);
        loop {
            match hear(socket).await {
                Ok(Said::Next { payload }) => self.take(payload),
                Ok(Said::Error { payload }) => return format!("error {}", code(&payload)),
                Ok(Said::Complete) => return "completed".to_owned(),
                Ok(Said::Ping) => {
                    if let Err(failure) = say(socket, &json!({ "type": "pong" })).await {
                        return failure.to_string();
                    }
                }
                Ok(Said::Pong | Said::ConnectionAck) => {}
                Err(ended) => return ended,
            }
        }
    }

    fn take(&mut self, response: Response) {
        let board = &self.world.board;
        let Some(event) = response.data.and_then(|data| data.message_received) else {
            board.wrong(format!("an event with {}", code(&response.errors)));
            return;
        };
        self.last = event.id;
        if event.text == READY {
            self.world.is_ready();
            return;
        }
        let from = match event.sender {
            Some(sender) => From::Person(sender.username),
            None if response.errors.is_empty() => From::Nobody,
            None => From::Unknown,
        };
        board.receive(self.number, &event.text, &from);
    }
}

async fn say(socket: &mut Socket, message: &serde_json::Value) -> Result<()> {
    Ok(socket.send(Message::text(message.to_string())).await?)
}

/// The next message, or why there is none.
async fn hear(socket: &mut Socket) -> std::result::Result<Said, String> {
    loop {
        // Whatever comes, a ping too, shows that the other side is there.
        let Ok(message) = timeout(SILENCE, socket.next()).await else {
            return Err("nothing came any more".to_owned());
        };
        match message {
            Some(Ok(Message::Text(text))) => {
                return serde_json::from_str(&text).map_err(|error| format!("{text}: {error}"));
            }
            Some(Ok(Message::Close(frame))) => return Err(closed(frame)),
            Some(Ok(_)) => {}
            Some(Err(error)) => return Err(error.to_string()),
            None => return Err("ended".to_owned()),
        }
    }
}

fn closed(frame: Option<CloseFrame>) -> String {
    let Some(frame) = frame else {
        return "closed".to_owned();
    };
    format!("closed {} {}", u16::from(frame.code), frame.reason)
}

fn code(problems: &[Problem]) -> String {
    let Some(problem) = problems.first() else {
        return "no data".to_owned();
    };
    let code = problem.extensions.as_ref().and_then(|e| e.code.as_deref());
    code.unwrap_or(&problem.message).to_owned()
}
