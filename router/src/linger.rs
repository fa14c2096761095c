//! Answers to requests whose bodies nobody wants.
//!
//! A connection that is closed on what its client still sends is reset, and the client, which may read nothing before it
//! has sent everything, never gets to the answer. The rest of the body has to be read while the answer is still being
//! sent: once that is over the server takes what comes for the next request (ntex 3.12, `State::ReadPayload`), whatever a
//! client has hidden there.

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

/// What is read of such a body, and for how long: more than a form with a picture that is a little too large. Whoever
/// sends more, or sends more slowly, is cut off.
const BYTES: usize = 8 * 1024 * 1024;
const TIME: Duration = Duration::from_secs(2);

/// What is left of a body, to be read and forgotten.
pub(crate) struct Leftover {
    payload: Payload,
    left: usize,
    until: Pin<Box<Sleep>>,
}

impl Leftover {
    pub(crate) fn new(payload: Payload) -> Self {
        Self {
            payload,
            left: BYTES,
            until: Box::pin(sleep(TIME)),
        }
    }

    /// Waits until it has been read, or for long enough. The server then closes the connection.
    pub(crate) fn poll_gone(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while let Poll::Ready(read) = self.payload.poll_recv(cx) {
            let length = read.map_or(0, |read| read.map_or(0, |piece| piece.len()));
            self.left = self.left.saturating_sub(length);
            if length == 0 || self.left == 0 {
                self.payload = Payload::None;
                return Poll::Ready(());
            }
        }
        let over = self.until.as_mut().poll(cx);
        if over.is_ready() {
            self.payload = Payload::None;
        }
        over
    }
}

/// Gives an answer at once, and reads what is left of its request beside it.
pub(crate) fn answer(response: Response, payload: Payload) -> Response {
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
        ResponseBody::Body(Body::from_message(Beside {
            body,
            leftover: Leftover::new(payload),
        }))
    })
}

struct Beside {
    body: ResponseBody<Body>,
    leftover: Leftover,
}

impl MessageBody for Beside {
    /// The length is among the headers: by it the client knows the end of the answer, which is before the end of this.
    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next_chunk(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Rc<dyn Error>>>> {
        match self.body.poll_next_chunk(cx) {
            Poll::Ready(None) => self.leftover.poll_gone(cx).map(|()| None),
            other => other,
        }
    }
}
