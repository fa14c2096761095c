//! Responses to requests whose bodies are not read.
//!
//! If the server closes a connection while the client still sends, the client's TCP stack resets it, and a client that
//! reads only after it has sent everything never sees the response. So the rest of the body is read while the response is
//! being sent. It cannot be left for later: after the response the server parses what follows as the next request (ntex
//! 3.12, `State::ReadPayload`), which would allow request smuggling.

use std::{
    error::Error,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
    time::Duration,
};

use hive_router::ntex::{
    http::{
        ConnectionType, Payload, Response,
        body::{Body, BodySize, MessageBody, ResponseBody},
        header,
    },
    util::Bytes,
};
use tokio::time::{Sleep, sleep};

/// Limits on what is read of an unwanted body: more than a form with a picture slightly above its size limit. The
/// connection is cut at either limit.
const MAX_BYTES: usize = 8 * 1024 * 1024;
const MAX_TIME: Duration = Duration::from_secs(2);

/// The unread rest of a request body.
pub(crate) struct UnreadBody {
    payload: Payload,
    bytes_left: usize,
    deadline: Pin<Box<Sleep>>,
}

impl UnreadBody {
    pub(crate) fn new(payload: Payload) -> Self {
        Self {
            payload,
            bytes_left: MAX_BYTES,
            deadline: Box::pin(sleep(MAX_TIME)),
        }
    }

    /// Ready once the body is read or a limit is reached. The server then closes the connection.
    pub(crate) fn poll_drained(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while let Poll::Ready(read) = self.payload.poll_recv(cx) {
            let length = read.map_or(0, |read| read.map_or(0, |chunk| chunk.len()));
            self.bytes_left = self.bytes_left.saturating_sub(length);
            if length == 0 || self.bytes_left == 0 {
                self.payload = Payload::None;
                return Poll::Ready(());
            }
        }
        let expired = self.deadline.as_mut().poll(cx);
        if expired.is_ready() {
            self.payload = Payload::None;
        }
        expired
    }
}

/// Sends a response at once and drains the request body meanwhile.
pub(crate) fn respond(response: Response, payload: Payload) -> Response {
    if matches!(payload, Payload::None) {
        return response;
    }
    response.map_body(|head, body| {
        let BodySize::Sized(length) = body.size() else {
            return body;
        };
        head.headers_mut()
            .insert(header::CONTENT_LENGTH, length.into());
        head.no_chunking(true);
        head.set_connection_type(ConnectionType::Close);
        ResponseBody::Body(Body::from_message(DrainingBody {
            body,
            unread: UnreadBody::new(payload),
        }))
    })
}

struct DrainingBody {
    body: ResponseBody<Body>,
    unread: UnreadBody,
}

impl MessageBody for DrainingBody {
    /// A stream, because this body ends later than the response. `Content-Length` tells the client where the response ends.
    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next_chunk(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Rc<dyn Error>>>> {
        match self.body.poll_next_chunk(cx) {
            Poll::Ready(None) => self.unread.poll_drained(cx).map(|()| None),
            other => other,
        }
    }
}
