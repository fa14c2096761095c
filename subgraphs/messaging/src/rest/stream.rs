//! Messages as they arrive, as server-sent events.

use std::{convert::Infallible, time::Duration};

use axum::{
    extract::State,
    http::{HeaderMap, header},
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use common::{
    error::{Error, ErrorEnvelope},
    rest::{Faults, NotSignedIn, Query, SignedIn},
};
use futures_util::stream;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::message::Message;
use crate::{
    app::{
        App,
        live::{LiveStream, Start, Topic},
    },
    domain::UserId,
};

const LAST_EVENT_ID: &str = "last-event-id";

/// The most events that one read returns.
const MAX_EVENTS_PER_READ: usize = 16;

/// Heartbeat interval.
const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(15);

/// How long a client waits before it connects again, in milliseconds.
const RETRY_DELAY: Duration = Duration::from_secs(2);

/// Where the stream begins, and what is in it.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct StreamQuery {
    /// The id of the last message that the client has: what came later is sent first. `Last-Event-ID` counts before it.
    #[param(value_type = Option<uuid::Uuid>, nullable = false)]
    after: Option<String>,
    /// Only messages of this conversation.
    #[param(value_type = Option<uuid::Uuid>, nullable = false)]
    conversation_id: Option<String>,
}

/// What clients of server-sent events send by themselves when they connect again.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "it describes what the handler reads")]
struct LastEventId {
    /// The id of the last event that the client has.
    #[param(rename = "Last-Event-ID", value_type = Option<uuid::Uuid>, nullable = false)]
    last_event_id: Option<String>,
}

/// Messages as they arrive
///
/// Server-sent events that do not end by themselves: `event: message` with a message as `data` and its id as `id`, in the
/// order of each conversation, each at least once, the caller's own messages included. Comments in between keep the
/// connection open. `event: error` with an error envelope is the last one: the access token has run out, or the service
/// stops. Connect again, with a new token if that is its code, and with `Last-Event-ID`: nothing is lost.
#[utoipa::path(
    get, path = "/messages/stream", tag = "messages", operation_id = "streamMessages", security(("bearer" = [])),
    params(StreamQuery, LastEventId),
    responses(
        (status = 200, description = "The stream.", content_type = "text/event-stream", body = String),
        (status = 403, description = "`NOT_A_PARTICIPANT`.", body = ErrorEnvelope),
        (status = 404, description = "`CONVERSATION_NOT_FOUND`.", body = ErrorEnvelope),
        (status = 422, description = "`VALIDATION_FAILED`: `after` is no message of this stream.", body = ErrorEnvelope),
        (status = 429, description = "`RATE_LIMITED`: the caller has too many streams open.", body = ErrorEnvelope),
        NotSignedIn, Faults,
    ),
)]
pub(super) async fn messages(
    State(app): State<App>,
    SignedIn(viewer): SignedIn,
    headers: HeaderMap,
    Query(query): Query<StreamQuery>,
) -> Result<Response, Error> {
    // What is no text is no id either, and the application says so.
    let last = headers
        .get(LAST_EVENT_ID)
        .map(|value| value.to_str().unwrap_or("malformed").to_owned());
    let start = last
        .filter(|id| !id.is_empty())
        .or(query.after)
        .map_or(Start::Now, Start::After);
    let topic = Topic::Messages {
        conversation: query.conversation_id,
    };
    let stream = app.follow(&viewer, topic, start).await?;
    let following = Following {
        app,
        viewer: UserId::from(viewer.id),
        stream,
    };
    let batches = stream::unfold(Some(following), |open| async move {
        let mut following = open?;
        Some(match following.next().await {
            Ok(events) => (events, Some(following)),
            Err(error) => (vec![terminal_event(error)], None),
        })
    });
    let events = futures_util::StreamExt::flat_map(batches, |events| {
        stream::iter(events.into_iter().map(Ok::<_, Infallible>))
    });
    let mut response = Sse::new(events)
        .keep_alive(KeepAlive::new().interval(KEEP_ALIVE_INTERVAL))
        .into_response();
    // Some proxies hold back what they may compress or collect.
    response
        .headers_mut()
        .insert("x-accel-buffering", header::HeaderValue::from_static("no"));
    Ok(response)
}

struct Following {
    app: App,
    viewer: UserId,
    stream: LiveStream,
}

impl Following {
    async fn next(&mut self) -> Result<Vec<Event>, Error> {
        let live_events = self.stream.next(MAX_EVENTS_PER_READ).await?;
        let messages = self
            .app
            .messages_in_order(self.viewer, &live_events)
            .await?;
        messages
            .into_iter()
            .map(|message| {
                let event = Event::default()
                    .event("message")
                    .id(message.id.to_string())
                    .retry(RETRY_DELAY);
                let message = Message::from(message);
                Ok(event
                    .json_data(message)
                    .map_err(common::error::Fault::internal)?)
            })
            .collect()
    }
}

/// The error event before the stream ends.
#[derive(Serialize, ToSchema)]
struct TerminalError {
    code: &'static str,
    message: String,
}

fn terminal_event(error: Error) -> Event {
    let terminal = match error {
        Error::Violation(violation) => TerminalError {
            code: violation.code,
            message: violation.message,
        },
        Error::Fault(fault) => TerminalError {
            code: fault.code(),
            message: fault.public_message().to_owned(),
        },
    };
    let event = Event::default().event("error");
    // Two strings always serialise.
    event.json_data(terminal).unwrap_or_default()
}
