//! The body of a request, on its way from the client to a service.
//!
//! The server's end of it belongs to the thread of its worker, the client's may be sent anywhere: whoever waits for the
//! answer passes the pieces from one to the other meanwhile.

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

/// How often a client may try our patience with one body. By default that is two minutes for all of it, which is enough
/// for a picture over a bad line; without an end somebody could send a byte now and then forever.
const TRIALS: u32 = 8;

/// Pieces of up to 32 KiB between the two ends: one being sent, and the next.
const PIECES: usize = 2;

/// How long the body of a request is, by its headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Length {
    /// There is no body.
    None,
    Known(u64),
    /// It ends when it ends.
    Unknown,
}

impl Length {
    pub(super) fn of(request: &RequestHead) -> Self {
        // The server takes what follows such a request for the other protocol, without end.
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

/// Why a body did not arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// It has more than it may have.
    TooLarge,
    /// The client broke off.
    Early,
    /// The client sends nothing more.
    Late,
    /// The service takes nothing more.
    Refused,
}

/// A body under way. It gets on only while it is waited for.
pub(super) struct Upload {
    payload: Rc<RefCell<Payload>>,
    passing: Option<Passing>,
}

type Passing = Pin<Box<dyn Future<Output = Result<(), End>>>>;

impl Upload {
    /// No body, which has always arrived.
    pub(super) fn none() -> Self {
        Self {
            payload: Rc::default(),
            passing: None,
        }
    }

    /// Starts to pass a body on. `patience` is how long either side may keep the other waiting.
    pub(super) fn start(
        payload: Payload,
        io: Option<IoRef>,
        limit: u64,
        patience: Duration,
    ) -> (reqwest::Body, Self) {
        let (sender, receiver) = mpsc::channel(PIECES);
        let payload = Rc::new(RefCell::new(payload));
        let passage = Passage {
            payload: payload.clone(),
            io,
            sender,
            limit,
            patience,
        };
        let body = reqwest::Body::wrap_stream(Pieces {
            receiver,
            is_complete: false,
        });
        let passing = Some(Box::pin(passage.pass()) as Passing);
        (body, Self { payload, passing })
    }

    /// Waits until there is nothing more to pass on: all has been, or the service does not want the rest.
    pub(super) async fn ended(&mut self) -> Result<(), End> {
        poll_fn(|cx| self.poll_ended(cx)).await
    }

    pub(super) fn poll_ended(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), End>> {
        let Some(passing) = &mut self.passing else {
            return Poll::Ready(Ok(()));
        };
        let outcome = ready!(passing.as_mut().poll(cx));
        self.passing = None;
        Poll::Ready(outcome)
    }

    /// Whether there is nothing more to pass on.
    pub(super) fn is_over(&self) -> bool {
        self.passing.is_none()
    }

    /// What has not been read of it.
    pub(super) fn into_leftover(self) -> Payload {
        self.payload.take()
    }
}

struct Passage {
    payload: Rc<RefCell<Payload>>,
    io: Option<IoRef>,
    sender: mpsc::Sender<Piece>,
    limit: u64,
    patience: Duration,
}

impl Passage {
    async fn pass(self) -> Result<(), End> {
        let last = Instant::now() + self.patience * TRIALS;
        let mut passed: u64 = 0;
        loop {
            let until = last.min(Instant::now() + self.patience);
            let read = tokio::select! {
                read = timeout_at(until, self.read()) => read.map_err(|_elapsed| End::Late)?,
                // The service has had enough.
                () = self.sender.closed() => return Ok(()),
            };
            let Some(piece) = read? else {
                mem::take(&mut *self.payload.borrow_mut());
                self.send(Piece::End).await?;
                return Ok(());
            };
            passed = passed.saturating_add(piece.len() as u64);
            if passed > self.limit {
                return Err(End::TooLarge);
            }
            if !self.send(Piece::Data(piece.to_vec())).await? {
                return Ok(());
            }
        }
    }

    /// The next piece, or nothing at the end.
    async fn read(&self) -> Result<Option<Bytes>, End> {
        let read = poll_fn(|cx| self.payload.borrow_mut().poll_recv(cx)).await;
        let read = read.transpose().map_err(|_error| End::Early)?;
        // A connection that ends looks like the body that does, if nothing was being read just then.
        if read.is_none() && self.io.as_ref().is_some_and(IoRef::is_closed) {
            return Err(End::Early);
        }
        Ok(read)
    }

    /// Whether the service still takes it.
    async fn send(&self, piece: Piece) -> Result<bool, End> {
        let sent = timeout(self.patience, self.sender.send(piece)).await;
        sent.map(|sent| sent.is_ok())
            .map_err(|_elapsed| End::Refused)
    }
}

enum Piece {
    Data(Vec<u8>),
    End,
}

/// The pieces as the HTTP client takes them. Without a last piece that says so a body is not complete: a service must
/// never take the half of one for the whole.
struct Pieces {
    receiver: mpsc::Receiver<Piece>,
    is_complete: bool,
}

impl Stream for Pieces {
    type Item = Result<Vec<u8>, io::Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.is_complete {
            return Poll::Ready(None);
        }
        match ready!(self.receiver.poll_recv(cx)) {
            Some(Piece::Data(data)) => Poll::Ready(Some(Ok(data))),
            Some(Piece::End) => {
                self.is_complete = true;
                Poll::Ready(None)
            }
            None => Poll::Ready(Some(Err(io::ErrorKind::UnexpectedEof.into()))),
        }
    }
}

#[cfg(test)]
mod tests;
