//! Subscriptions of a subgraph on its own: `graphql-transport-ws` at its port.
//!
//! Clients of the graph never come here. The router keeps their streams and asks for references to events
//! ([`crate::relay`]).

use std::{any::TypeId, sync::Arc};

use async_graphql::{
    Data, Executor, Request, Response,
    http::{WebSocket, WebSocketProtocols, WsMessage},
};
use axum::{
    extract::{
        State,
        ws::{CloseFrame, Message, WebSocket as Socket, WebSocketUpgrade},
    },
    http::{HeaderMap, header, request::Parts},
    response::{IntoResponse, Response as HttpResponse},
};
use futures_util::{
    SinkExt, StreamExt,
    future::ready,
    stream::{BoxStream, once},
};
use serde_json::Value;

use super::handler::{GraphqlService, refusal};
use crate::{
    auth::Verifier,
    error::{Class, Violation},
};

const PROTOCOL: &str = "graphql-transport-ws";

/// The most a message of a client may have.
const MAX_MESSAGE_BYTES: usize = 64 * 1024;

/// What a connection reads and writes at once; the library takes 128 KiB each otherwise.
const BUFFER_BYTES: usize = 4 * 1024;

/// `GET /graphql`: takes a WebSocket.
pub(super) async fn take<E: Executor>(
    State(service): State<GraphqlService<E>>,
    upgrade: Result<WebSocketUpgrade, axum::extract::ws::rejection::WebSocketUpgradeRejection>,
    parts: Parts,
) -> HttpResponse {
    let is_spoken = |upgrade: &WebSocketUpgrade| upgrade.selected_protocol().is_some();
    match upgrade.map(|upgrade| upgrade.protocols([PROTOCOL])) {
        Ok(upgrade) if is_spoken(&upgrade) => upgrade
            .read_buffer_size(BUFFER_BYTES)
            .write_buffer_size(BUFFER_BYTES)
            .max_message_size(MAX_MESSAGE_BYTES)
            .on_upgrade(move |socket| serve(service, parts, socket)),
        _ => Violation::new(
            Class::BadRequest,
            "BAD_REQUEST",
            "Queries and mutations come by POST; a WebSocket must speak graphql-transport-ws.",
        )
        .into_response(),
    }
}

async fn serve<E: Executor>(service: GraphqlService<E>, parts: Parts, socket: Socket) {
    let (mut sink, received) = socket.split();
    let texts = received
        .take_while(|message| {
            ready(matches!(message, Ok(message) if !matches!(message, Message::Close(_))))
        })
        .filter_map(|message| {
            ready(match message {
                Ok(Message::Text(text)) => Some(text.as_bytes().to_vec()),
                Ok(Message::Binary(bytes)) => Some(bytes.to_vec()),
                // Pings are answered by the library.
                _ => None,
            })
        });
    let verifier = service.verifier.clone();
    let executor = Prepared {
        service,
        parts: Arc::new(parts),
    };
    let mut answers = WebSocket::new(executor, texts, WebSocketProtocols::GraphQLWS)
        .on_connection_init(|payload| identify(verifier, payload));
    while let Some(answer) = answers.next().await {
        let message = match answer {
            WsMessage::Text(text) => Message::Text(text.into()),
            WsMessage::Close(code, reason) => Message::Close(Some(CloseFrame {
                code,
                reason: reason.into(),
            })),
        };
        // An error says that the client is gone.
        if sink.send(message).await.is_err() {
            return;
        }
    }
    let _ = sink.close().await;
}

/// Who connects, from the `Authorization` in what the client says first.
async fn identify(verifier: Verifier, payload: Value) -> async_graphql::Result<Data> {
    let given = payload.as_object().and_then(|payload| {
        let mut entries = payload.iter();
        entries.find(|(name, _)| name.eq_ignore_ascii_case("authorization"))
    });
    let mut headers = HeaderMap::new();
    if let Some((_, value)) = given {
        let value = value.as_str().unwrap_or_default();
        // What cannot be in a header is no token either.
        let value = value
            .try_into()
            .unwrap_or(header::HeaderValue::from_static("malformed"));
        headers.insert(header::AUTHORIZATION, value);
    }
    verifier.identify(&headers).await?;
    let mut data = Data::default();
    data.insert(headers);
    Ok(data)
}

/// Runs operations as those that come by POST.
#[derive(Clone)]
struct Prepared<E> {
    service: GraphqlService<E>,
    parts: Arc<Parts>,
}

impl<E: Executor> Executor for Prepared<E> {
    async fn execute(&self, request: Request) -> Response {
        self.service.executor.execute(request).await
    }

    fn execute_stream(
        &self,
        request: Request,
        session: Option<Arc<Data>>,
    ) -> BoxStream<'static, Response> {
        let headers = session
            .as_ref()
            .and_then(|session| session.get(&TypeId::of::<HeaderMap>()))
            .and_then(|headers| headers.downcast_ref::<HeaderMap>())
            .cloned()
            .unwrap_or_default();
        let this = self.clone();
        let answers = async move {
            // Again for each operation: a socket outlives its token.
            match this.service.verifier.identify(&headers).await {
                Ok(identity) => {
                    let request = (this.service.prepare)(request.data(identity), &this.parts);
                    this.service.executor.execute_stream(request, None)
                }
                Err(error) => once(ready(refusal(error))).boxed(),
            }
        };
        once(answers).flatten().boxed()
    }
}
