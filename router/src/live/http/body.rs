//! The body of an answer that is a stream. It makes what it sends when the server asks for it, so a client that does not
//! read has nothing made for it.

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

use super::format::Format;
use crate::live::{clients::Seat, problem::Problem, subscription::Outlet};

/// How often it is looked whether a client still reads, and how long it may not: some heartbeats.
const LOOK: Duration = Duration::from_secs(15);
const STUCK: Duration = Duration::from_secs(45);

/// What a subscription hands to the body of its answer.
#[derive(Default)]
pub(super) struct Hatch {
    response: RefCell<Option<String>>,
    /// Whether the last one has gone out.
    is_out: Cell<bool>,
}

impl Outlet for Rc<Hatch> {
    async fn deliver(&self, response: String) {
        self.is_out.set(false);
        self.response.replace(Some(response));
        // The body polls the subscription whenever it is polled itself, and it is polled when there is room for more.
        poll_fn(|_cx| {
            if self.is_out.get() {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
    }
}

/// How a stream ended: with a reason, or as it should.
pub(super) type Ending = Option<Problem>;

pub(super) struct Stream {
    format: Format,
    hatch: Rc<Hatch>,
    source: Option<Pin<Box<dyn Future<Output = Ending>>>>,
    has_begun: bool,
    pause: Pin<Box<Sleep>>,
    read: Rc<Cell<Instant>>,
    _seat: Option<Seat>,
}

impl Stream {
    pub(super) fn new(
        format: Format,
        hatch: Rc<Hatch>,
        source: impl Future<Output = Ending> + 'static,
        seat: Option<Seat>,
    ) -> Self {
        Self {
            format,
            hatch,
            source: Some(Box::pin(source)),
            has_begun: false,
            pause: Box::pin(sleep(format.pause())),
            read: Rc::new(Cell::new(Instant::now())),
            _seat: seat,
        }
    }

    /// Ends the connection if its client stops reading: the server waits for it as long as it likes.
    pub(super) fn watch(&self, io: IoRef) {
        let read: Weak<Cell<Instant>> = Rc::downgrade(&self.read);
        tokio::task::spawn_local(async move {
            while let Some(at) = read.upgrade().map(|read| read.get()) {
                if at.elapsed() > STUCK {
                    tracing::debug!("a stream is cut off: its client does not read");
                    io.terminate();
                    return;
                }
                sleep(LOOK).await;
            }
        });
    }

    fn send(&mut self, text: String) -> Poll<Option<Result<Bytes, Rc<dyn Error>>>> {
        let next = Instant::now() + self.format.pause();
        self.pause.as_mut().reset(next);
        Poll::Ready(Some(Ok(Bytes::from(text))))
    }
}

impl MessageBody for Stream {
    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next_chunk(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Rc<dyn Error>>>> {
        self.read.set(Instant::now());
        if !self.has_begun {
            self.has_begun = true;
            return self.send(self.format.begin());
        }
        let Some(source) = &mut self.source else {
            return Poll::Ready(None);
        };
        // Being asked for more means that what there was has gone out.
        if self.hatch.response.borrow().is_none() {
            self.hatch.is_out.set(true);
        }
        let ending = source.as_mut().poll(cx);
        if let Some(response) = self.hatch.response.take() {
            return self.send(self.format.next(&response));
        }
        if let Poll::Ready(ending) = ending {
            self.source = None;
            let last = match ending {
                Some(problem) => self.format.end(&problem),
                None => self.format.complete().to_owned(),
            };
            return self.send(last);
        }
        if self.pause.as_mut().poll(cx).is_ready() {
            return self.send(self.format.heartbeat());
        }
        Poll::Pending
    }
}

/// Waits until then, or for ever.
pub(super) async fn until(then: Option<Instant>) {
    match then {
        Some(then) => sleep_until(then).await,
        None => std::future::pending().await,
    }
}
