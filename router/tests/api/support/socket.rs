//! A client with a WebSocket.

use futures_util::{SinkExt, StreamExt};
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{
        Error, Message,
        client::IntoClientRequest,
        handshake::client::Request,
        http::{HeaderName, HeaderValue},
    },
};

use super::Router;

pub struct Socket(WebSocketStream<TcpStream>);

impl Socket {
    /// Connects, and says nothing.
    pub async fn connect(router: &Router) -> Self {
        Self::try_connect(router, &[]).await.unwrap()
    }

    /// Connects with these headers, or is refused with a status.
    pub async fn try_connect(
        router: &Router,
        headers: &[(&'static str, &str)],
    ) -> Result<Self, StatusCode> {
        let stream = TcpStream::connect(router.address()).await.unwrap();
        match client_async(request(router, headers), stream).await {
            Ok((socket, answer)) => {
                let protocol = answer.headers().get("sec-websocket-protocol").unwrap();
                assert_eq!(protocol, "graphql-transport-ws");
                Ok(Self(socket))
            }
            Err(Error::Http(answer)) => Err(answer.status().as_u16().try_into().unwrap()),
            Err(error) => panic!("{error}"),
        }
    }

    /// Connects as the bearer of a token.
    pub async fn of(router: &Router, token: &str) -> Self {
        let mut socket = Self::connect(router).await;
        socket
            .init(&json!({ "Authorization": format!("Bearer {token}") }))
            .await;
        assert_eq!(socket.next().await, json!({ "type": "connection_ack" }));
        socket
    }

    pub async fn init(&mut self, payload: &Value) {
        self.say(&json!({ "type": "connection_init", "payload": payload }))
            .await;
    }

    pub async fn subscribe(&mut self, id: &str, query: &str) {
        self.subscribe_with(id, &json!({ "query": query })).await;
    }

    pub async fn subscribe_with(&mut self, id: &str, payload: &Value) {
        self.say(&json!({ "type": "subscribe", "id": id, "payload": payload }))
            .await;
    }

    pub async fn complete(&mut self, id: &str) {
        self.say(&json!({ "type": "complete", "id": id })).await;
    }

    pub async fn say(&mut self, message: &Value) {
        self.send(Message::text(message.to_string())).await;
    }

    pub async fn send(&mut self, message: Message) {
        self.0.send(message).await.unwrap();
    }

    /// The next message.
    pub async fn next(&mut self) -> Value {
        loop {
            match self.0.next().await.unwrap().unwrap() {
                Message::Text(text) => return serde_json::from_str(&text).unwrap(),
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("not a message but {other:?}"),
            }
        }
    }

    /// The payload of the next message, which is an event of this operation.
    pub async fn event(&mut self, id: &str) -> Value {
        let mut message = self.next().await;
        assert_eq!(
            (&message["type"], &message["id"]),
            (&json!("next"), &json!(id)),
            "{message}"
        );
        message["payload"].take()
    }

    /// The code and message of the next message, which ends this operation with an error.
    pub async fn error(&mut self, id: &str) -> (String, String) {
        let message = self.next().await;
        assert_eq!(
            (&message["type"], &message["id"]),
            (&json!("error"), &json!(id)),
            "{message}"
        );
        let error = &message["payload"][0];
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        (text(&error["extensions"]["code"]), text(&error["message"]))
    }

    /// Says that it leaves, and waits for the end: the code that it is answered with.
    pub async fn leave(mut self) -> u16 {
        self.0.close(None).await.unwrap();
        let (code, _reason) = self.closed().await;
        assert!(self.0.next().await.is_none());
        code
    }

    /// The code and the reason that it is closed with, which is what comes next.
    pub async fn closed(&mut self) -> (u16, String) {
        loop {
            match self.0.next().await.unwrap().unwrap() {
                Message::Close(Some(frame)) => {
                    return (frame.code.into(), frame.reason.to_string());
                }
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("not closed but {other:?}"),
            }
        }
    }
}

fn request(router: &Router, more: &[(&'static str, &str)]) -> Request {
    let url = format!("ws://{}/graphql", router.address());
    let mut request = url.into_client_request().unwrap();
    let headers = request.headers_mut();
    headers.insert(
        "sec-websocket-protocol",
        HeaderValue::from_static("graphql-transport-ws"),
    );
    for (name, value) in more {
        headers.insert(
            HeaderName::from_static(name),
            HeaderValue::from_str(value).unwrap(),
        );
    }
    request
}
