//! The body of a streamed response. It produces data only when the server polls it, so nothing is produced for a client that
//! does not read.

use std::{
    cell::{Cell, RefCell},
    error::Error,
    future::poll_fn,
    pin::Pin,
    rc::{Rc, Weak},
    task::{Context, Poll},
    time::Duration,
};

use hive_router::ntex::{
    http::body::{BodySize, MessageBody},
    io::IoRef,
    util::Bytes,
};
use tokio::time::{Instant, Sleep, sleep, sleep_until};

use super::format::StreamFormat;
use crate::{
    live::{connections::ConnectionPermit, subscription::EventSink},
    request::ClientError,
};

/// Interval between checks whether the client still reads, and the time-out, which is several heartbeats.
const CHECK_INTERVAL: Duration = Duration::from_secs(15);
const READ_TIMEOUT: Duration = Duration::from_secs(45);

/// Passes one response at a time from a subscription to the body.
#[derive(Default)]
pub(super) struct ResponseSlot {
    response: RefCell<Option<String>>,
    /// Whether the last response is written.
    is_written: Cell<bool>,
}

impl EventSink for Rc<ResponseSlot> {
    async fn deliver(&self, response: String) {
        self.is_written.set(false);
        self.response.replace(Some(response));
        // The server polls the body when there is room for more, and the body polls the subscription.
        poll_fn(|_cx| {
            if self.is_written.get() {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
    }
}

/// Why a stream ended: with an error, or complete.
pub(super) type Ending = Option<ClientError>;

pub(super) struct StreamBody {
    format: StreamFormat,
    slot: Rc<ResponseSlot>,
    source: Option<Pin<Box<dyn Future<Output = Ending>>>>,
    has_begun: bool,
    heartbeat: Pin<Box<Sleep>>,
    last_poll: Rc<Cell<Instant>>,
    _seat: Option<ConnectionPermit>,
}

impl StreamBody {
    pub(super) fn new(
        format: StreamFormat,
        slot: Rc<ResponseSlot>,
        source: impl Future<Output = Ending> + 'static,
        permit: Option<ConnectionPermit>,
    ) -> Self {
        Self {
            format,
            slot,
            source: Some(Box::pin(source)),
            has_begun: false,
            heartbeat: Box::pin(sleep(format.heartbeat_interval())),
            last_poll: Rc::new(Cell::new(Instant::now())),
            _seat: permit,
        }
    }

    /// Ends the connection if its client stops reading; the server itself has no such time-out.
    pub(super) fn watch(&self, io: IoRef) {
        let last_poll: Weak<Cell<Instant>> = Rc::downgrade(&self.last_poll);
        tokio::task::spawn_local(async move {
            while let Some(at) = last_poll.upgrade().map(|poll| poll.get()) {
                if at.elapsed() > READ_TIMEOUT {
                    tracing::debug!("a stream was cut off: its client does not read");
                    io.terminate();
                    return;
                }
                sleep(CHECK_INTERVAL).await;
            }
        });
    }

    fn send(&mut self, text: String) -> Poll<Option<Result<Bytes, Rc<dyn Error>>>> {
        let next = Instant::now() + self.format.heartbeat_interval();
        self.heartbeat.as_mut().reset(next);
        Poll::Ready(Some(Ok(Bytes::from(text))))
    }
}

impl MessageBody for StreamBody {
    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next_chunk(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Rc<dyn Error>>>> {
        self.last_poll.set(Instant::now());
        if !self.has_begun {
            self.has_begun = true;
            return self.send(self.format.begin());
        }
        let Some(source) = &mut self.source else {
            return Poll::Ready(None);
        };
        // A poll means that everything before is written.
        if self.slot.response.borrow().is_none() {
            self.slot.is_written.set(true);
        }
        let ending = source.as_mut().poll(cx);
        if let Some(response) = self.slot.response.take() {
            return self.send(self.format.next(&response));
        }
        if let Poll::Ready(ending) = ending {
            self.source = None;
            let last = match ending {
                Some(error) => self.format.end(&error),
                None => self.format.complete().to_owned(),
            };
            return self.send(last);
        }
        if self.heartbeat.as_mut().poll(cx).is_ready() {
            return self.send(self.format.heartbeat());
        }
        Poll::Pending
    }
}

/// Waits until a point in time, or forever.
pub(super) async fn until(then: Option<Instant>) {
    match then {
        Some(then) => sleep_until(then).await,
        None => std::future::pending().await,
    }
}
