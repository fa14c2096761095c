//! Streams a request body from the client to a service.
//!
//! The server's payload is bound to its worker thread, while the HTTP client's body may move between threads. So the task that
//! awaits the response copies chunks from one to the other.

use std::{
    cell::RefCell,
    future::poll_fn,
    io, mem,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, ready},
    time::Duration,
};

use hive_router::ntex::{
    http::{Payload, RequestHead},
    io::IoRef,
    util::{Bytes, Stream},
};
use http::header;
use tokio::{
    sync::mpsc,
    time::{Instant, timeout, timeout_at},
};

/// Time limit of a whole body, in multiples of the time-out of one chunk. By default it is two minutes, enough for a picture
/// over a slow connection; without a limit a client could send one byte now and then forever.
const MAX_CHUNK_TIMEOUTS: u32 = 8;

/// Buffered chunks of up to 32 KiB: one being sent, and the next.
const BUFFERED_CHUNKS: usize = 2;

/// Length of a request body according to its headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Length {
    /// No body.
    None,
    Known(u64),
    /// Chunked.
    Unknown,
}

impl Length {
    pub(super) fn of(request: &RequestHead) -> Self {
        // After such a request the server treats the rest of the connection as the other protocol.
        let is_websocket = |value: &[u8]| value.trim_ascii().eq_ignore_ascii_case(b"websocket");
        if request
            .headers()
            .get_all(header::UPGRADE)
            .any(|value| is_websocket(value.as_bytes()))
        {
            return Self::None;
        }
        if request.headers().contains_key(header::TRANSFER_ENCODING) {
            return Self::Unknown;
        }
        let length = request.headers().get(header::CONTENT_LENGTH);
        match length.and_then(|length| length.to_str().ok()?.trim().parse().ok()) {
            Some(length) => Self::Known(length),
            None => Self::None,
        }
    }

    pub(super) fn is_above(self, limit: u64) -> bool {
        matches!(self, Self::Known(length) if length > limit)
    }
}

/// Why a body was not transferred completely.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum UploadEnd {
    /// The body exceeds its size limit.
    TooLarge,
    /// The client disconnected.
    Disconnected,
    /// The client stopped sending.
    TimedOut,
    /// The service stopped reading.
    Refused,
}

/// A body in transfer. It progresses only while it is polled.
pub(super) struct Upload {
    payload: Rc<RefCell<Payload>>,
    transfer: Option<TransferFuture>,
}

type TransferFuture = Pin<Box<dyn Future<Output = Result<(), UploadEnd>>>>;

impl Upload {
    /// No body; already complete.
    pub(super) fn none() -> Self {
        Self {
            payload: Rc::default(),
            transfer: None,
        }
    }

    /// Starts a transfer. `chunk_timeout` bounds how long either side may make the other wait.
    pub(super) fn start(
        payload: Payload,
        io: Option<IoRef>,
        limit: u64,
        chunk_timeout: Duration,
    ) -> (reqwest::Body, Self) {
        let (sender, receiver) = mpsc::channel(BUFFERED_CHUNKS);
        let payload = Rc::new(RefCell::new(payload));
        let transfer = Transfer {
            payload: payload.clone(),
            io,
            sender,
            limit,
            chunk_timeout,
        };
        let body = reqwest::Body::wrap_stream(Chunks {
            receiver,
            is_complete: false,
        });
        let transfer = Some(Box::pin(transfer.run()) as TransferFuture);
        (body, Self { payload, transfer })
    }

    /// Waits for the end of the transfer: the body is complete, or the service does not want the rest.
    pub(super) async fn ended(&mut self) -> Result<(), UploadEnd> {
        poll_fn(|cx| self.poll_ended(cx)).await
    }

    pub(super) fn poll_ended(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), UploadEnd>> {
        let Some(transfer) = &mut self.transfer else {
            return Poll::Ready(Ok(()));
        };
        let outcome = ready!(transfer.as_mut().poll(cx));
        self.transfer = None;
        Poll::Ready(outcome)
    }

    /// Whether the transfer has ended.
    pub(super) fn is_over(&self) -> bool {
        self.transfer.is_none()
    }

    /// The unread rest of the body.
    pub(super) fn into_unread(self) -> Payload {
        self.payload.take()
    }
}

struct Transfer {
    payload: Rc<RefCell<Payload>>,
    io: Option<IoRef>,
    sender: mpsc::Sender<Chunk>,
    limit: u64,
    chunk_timeout: Duration,
}

impl Transfer {
    async fn run(self) -> Result<(), UploadEnd> {
        let deadline = Instant::now() + self.chunk_timeout * MAX_CHUNK_TIMEOUTS;
        let mut transferred: u64 = 0;
        loop {
            let until = deadline.min(Instant::now() + self.chunk_timeout);
            let read = tokio::select! {
                read = timeout_at(until, self.read()) => read.map_err(|_elapsed| UploadEnd::TimedOut)?,
                // The service has stopped reading.
                () = self.sender.closed() => return Ok(()),
            };
            let Some(chunk) = read? else {
                mem::take(&mut *self.payload.borrow_mut());
                self.send(Chunk::Last).await?;
                return Ok(());
            };
            transferred = transferred.saturating_add(chunk.len() as u64);
            if transferred > self.limit {
                return Err(UploadEnd::TooLarge);
            }
            if !self.send(Chunk::Data(chunk.to_vec())).await? {
                return Ok(());
            }
        }
    }

    /// The next chunk, or `None` at the end.
    async fn read(&self) -> Result<Option<Bytes>, UploadEnd> {
        let read = poll_fn(|cx| self.payload.borrow_mut().poll_recv(cx)).await;
        let read = read.transpose().map_err(|_error| UploadEnd::Disconnected)?;
        // A lost connection looks like the end of the body if no read was pending.
        if read.is_none() && self.io.as_ref().is_some_and(IoRef::is_closed) {
            return Err(UploadEnd::Disconnected);
        }
        Ok(read)
    }

    /// Returns whether the service still reads.
    async fn send(&self, chunk: Chunk) -> Result<bool, UploadEnd> {
        let sent = timeout(self.chunk_timeout, self.sender.send(chunk)).await;
        sent.map(|sent| sent.is_ok())
            .map_err(|_elapsed| UploadEnd::Refused)
    }
}

enum Chunk {
    Data(Vec<u8>),
    Last,
}

/// The chunks as a stream for the HTTP client. A stream that ends without [`Chunk::Last`] fails, because a service must never
/// take a truncated body for a complete one.
struct Chunks {
    receiver: mpsc::Receiver<Chunk>,
    is_complete: bool,
}

impl Stream for Chunks {
    type Item = Result<Vec<u8>, io::Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.is_complete {
            return Poll::Ready(None);
        }
        match ready!(self.receiver.poll_recv(cx)) {
            Some(Chunk::Data(data)) => Poll::Ready(Some(Ok(data))),
            Some(Chunk::Last) => {
                self.is_complete = true;
                Poll::Ready(None)
            }
            None => Poll::Ready(Some(Err(io::ErrorKind::UnexpectedEof.into()))),
        }
    }
}

#[cfg(test)]
mod tests;
