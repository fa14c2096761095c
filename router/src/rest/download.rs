//! Streams a response body from a service to the client.

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

use crate::request::drain_body::UnreadBody;

use super::{
    access_log::AccessLogEntry,
    headers,
    upload::{Upload, UploadEnd},
    upstream_failure::error_chain,
};

/// Time-out of a silent event stream: services send a comment every 15 seconds.
const EVENT_STREAM_TIMEOUT: Duration = Duration::from_secs(45);

/// A response in transfer.
pub(super) struct Download {
    chunks: Pin<Box<dyn Stream<Item = reqwest::Result<ServiceBytes>>>>,
    /// The rest of the request body, if the service answered early.
    upload: Upload,
    /// The part of the request body that the service does not want.
    unread: Option<UnreadBody>,
    timeout: Duration,
    /// Runs while the service sends nothing; not while the client reads slowly.
    timer: Option<Pin<Box<Sleep>>>,
    io: Option<IoRef>,
    line: AccessLogEntry,
}

impl Download {
    pub(super) fn start(
        answer: reqwest::Response,
        upload: Upload,
        request: &WebRequest<DefaultError>,
        timeout: Duration,
        line: AccessLogEntry,
    ) -> Response {
        let status = answer.status();
        let mut headers = headers::for_client(answer.headers());
        let length = headers::announced_length(answer.headers()).map(Into::into);
        let has_length = length.is_some();
        if let Some(length) = length {
            headers.insert(header::CONTENT_LENGTH, length);
        }
        let timeout = if is_event_stream(&answer) {
            timeout.max(EVENT_STREAM_TIMEOUT)
        } else {
            timeout
        };
        let is_empty = matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
        let body = if is_empty {
            Body::None
        } else {
            Body::from_message(Self {
                chunks: Box::pin(answer.bytes_stream()),
                upload,
                unread: None,
                timeout,
                timer: None,
                io: request.io().cloned(),
                line,
            })
        };
        let mut response = Response::with_body(status, body);
        *response.headers_mut() = headers;
        frame(response.head_mut(), request, has_length);
        response
    }

    /// Ready when the service has received the whole request and then sent nothing within the time-out.
    fn poll_timeout(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if !self.upload.is_over() {
            return Poll::Pending;
        }
        let timer = self
            .timer
            .get_or_insert_with(|| Box::pin(sleep(self.timeout)));
        timer.as_mut().poll(cx)
    }

    /// Terminates the connection, so that the client does not take a truncated response for a complete one. An error alone
    /// would make the server write an error response into the middle of this one, which may complete its length.
    fn cut(&self) -> Poll<Option<Result<Bytes, Rc<dyn Error>>>> {
        if let Some(io) = &self.io {
            io.terminate();
        }
        Poll::Ready(Some(Err(Rc::new(io::Error::from(
            io::ErrorKind::UnexpectedEof,
        )))))
    }
}

fn is_event_stream(answer: &reqwest::Response) -> bool {
    let kind = answer.headers().get(header::CONTENT_TYPE);
    kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"))
}

/// Chooses the framing of the body.
fn frame(head: &mut ResponseHead, request: &WebRequest<DefaultError>, has_length: bool) {
    // With `Content-Length` the body is sent as it is.
    head.no_chunking(has_length);
    // HTTP/1.0 has no chunks. For a request with `Upgrade` the server announces chunks and sends none.
    let has_chunks = request.version() >= Version::HTTP_11 && !request.head().upgrade();
    if !has_length && !has_chunks {
        head.no_chunking(true);
        head.set_connection_type(ConnectionType::Close);
    }
}

impl MessageBody for Download {
    /// A stream, with the length in the headers. For a sized body the engine's compression would replace the length, compress
    /// compressed data, buffer streams, and keep the entity tag of the uncompressed body.
    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next_chunk(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Rc<dyn Error>>>> {
        if let Some(unread) = &mut self.unread {
            return unread.poll_drained(cx).map(|()| None);
        }
        // An incomplete request has no response. A service that reads no more has answered early.
        if let Poll::Ready(Err(
            UploadEnd::TooLarge | UploadEnd::Disconnected | UploadEnd::TimedOut,
        )) = self.upload.poll_ended(cx)
        {
            return self.cut();
        }
        loop {
            match self.chunks.as_mut().poll_next(cx) {
                Poll::Ready(Some(Ok(chunk))) => {
                    self.timer = None;
                    // The server would take an empty chunk for the last.
                    if !chunk.is_empty() {
                        return Poll::Ready(Some(Ok(Bytes::copy_from_slice(&chunk))));
                    }
                }
                Poll::Ready(None) => {
                    let upload = mem::replace(&mut self.upload, Upload::none());
                    let unread = UnreadBody::new(upload.into_unread());
                    let unread = self.unread.insert(unread);
                    return unread.poll_drained(cx).map(|()| None);
                }
                Poll::Ready(Some(Err(error))) => {
                    self.line.warn(&error_chain(error));
                    return self.cut();
                }
                Poll::Pending => {
                    ready!(self.poll_timeout(cx));
                    self.line.warn("its answer stopped");
                    return self.cut();
                }
            }
        }
    }
}
