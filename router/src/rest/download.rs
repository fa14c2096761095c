//! The body of an answer, on its way from a service to the client.

use std::{
    error::Error,
    io, mem,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::body::Bytes as ServiceBytes;
use hive_router::ntex::{
    http::{
        ConnectionType, Response, ResponseHead, StatusCode,
        body::{Body, BodySize, MessageBody},
    },
    io::IoRef,
    util::{Bytes, Stream},
    web::{DefaultError, WebRequest},
};
use http::{Version, header};
use tokio::time::{Sleep, sleep};

use crate::linger::Leftover;

use super::{
    failure::chain,
    headers,
    log::Line,
    upload::{End, Upload},
};

/// How long a stream of events may be silent: services send a comment every 15 seconds.
const SILENCE: Duration = Duration::from_secs(45);

/// An answer under way.
pub(super) struct Download {
    pieces: Pin<Box<dyn Stream<Item = reqwest::Result<ServiceBytes>>>>,
    /// What a service may not have had of the request when it answered.
    upload: Upload,
    /// What it does not want of it.
    leftover: Option<Leftover>,
    patience: Duration,
    /// Runs while the service lets us wait; not while the client does.
    waiting: Option<Pin<Box<Sleep>>>,
    io: Option<IoRef>,
    line: Line,
}

impl Download {
    pub(super) fn start(
        answer: reqwest::Response,
        upload: Upload,
        request: &WebRequest<DefaultError>,
        patience: Duration,
        line: Line,
    ) -> Response {
        let status = answer.status();
        let mut headers = headers::for_client(answer.headers());
        let length = headers::announced_length(answer.headers()).map(Into::into);
        let has_length = length.is_some();
        if let Some(length) = length {
            headers.insert(header::CONTENT_LENGTH, length);
        }
        let patience = if is_of_events(&answer) {
            patience.max(SILENCE)
        } else {
            patience
        };
        let is_empty = matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
        let body = if is_empty {
            Body::None
        } else {
            Body::from_message(Self {
                pieces: Box::pin(answer.bytes_stream()),
                upload,
                leftover: None,
                patience,
                waiting: None,
                io: request.io().cloned(),
                line,
            })
        };
        let mut response = Response::with_body(status, body);
        *response.headers_mut() = headers;
        frame(response.head_mut(), request, has_length);
        response
    }

    /// Waits until the service has had all it can ask for, and long enough after that.
    fn poll_patience(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if !self.upload.is_over() {
            return Poll::Pending;
        }
        let waiting = self
            .waiting
            .get_or_insert_with(|| Box::pin(sleep(self.patience)));
        waiting.as_mut().poll(cx)
    }

    /// Cuts the connection, so that nobody takes what there is of the answer for all of it. To an error the server would
    /// react with another answer, in the middle of this one, which may just fill up its length.
    fn cut(&self) -> Poll<Option<Result<Bytes, Rc<dyn Error>>>> {
        if let Some(io) = &self.io {
            io.terminate();
        }
        Poll::Ready(Some(Err(Rc::new(io::Error::from(
            io::ErrorKind::UnexpectedEof,
        )))))
    }
}

fn is_of_events(answer: &reqwest::Response) -> bool {
    let kind = answer.headers().get(header::CONTENT_TYPE);
    kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"))
}

/// Says how the end of the body is found.
fn frame(head: &mut ResponseHead, request: &WebRequest<DefaultError>, has_length: bool) {
    // With a length among the headers: the body as it is.
    head.no_chunking(has_length);
    // Chunks did not exist before 1.1. After the offer of another protocol the server announces them and sends none.
    let has_chunks = request.version() >= Version::HTTP_11 && !request.head().upgrade();
    if !has_length && !has_chunks {
        head.no_chunking(true);
        head.set_connection_type(ConnectionType::Close);
    }
}

impl MessageBody for Download {
    /// The length is among the headers. The engine's compression would take it from there: it would also compress what is
    /// compressed, hold back what is to be streamed, and leave the entity tag of the one body on the other.
    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next_chunk(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Rc<dyn Error>>>> {
        if let Some(leftover) = &mut self.leftover {
            return leftover.poll_gone(cx).map(|()| None);
        }
        // A request that did not arrive has no answer. A service that takes no more of it has only been quick.
        if let Poll::Ready(Err(End::TooLarge | End::Early | End::Late)) = self.upload.poll_ended(cx)
        {
            return self.cut();
        }
        loop {
            match self.pieces.as_mut().poll_next(cx) {
                Poll::Ready(Some(Ok(piece))) => {
                    self.waiting = None;
                    // An empty piece would be the last.
                    if !piece.is_empty() {
                        return Poll::Ready(Some(Ok(Bytes::copy_from_slice(&piece))));
                    }
                }
                Poll::Ready(None) => {
                    let upload = mem::replace(&mut self.upload, Upload::none());
                    let leftover = Leftover::new(upload.into_leftover());
                    let leftover = self.leftover.insert(leftover);
                    return leftover.poll_gone(cx).map(|()| None);
                }
                Poll::Ready(Some(Err(error))) => {
                    self.line.warn(&chain(error));
                    return self.cut();
                }
                Poll::Pending => {
                    ready!(self.poll_patience(cx));
                    self.line.warn("its answer stopped");
                    return self.cut();
                }
            }
        }
    }
}
