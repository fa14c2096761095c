//! Live streams: messages and mentions as they arrive, typing indicators, presence.
//!
//! A [`LiveStream`] reads the database from a position on and waits at the end until it is woken. Messages between processes
//! (`bus`) only wake streams: they carry ids and may be lost, and a periodic query (`sweep`) makes up for lost ones. So a
//! stream neither misses nor repeats an event, whatever happens to the bus.

mod bus;
mod hub;
mod loading;
mod postgres;
mod presence;
mod stream;
mod sweep;
mod typing;

use std::sync::Arc;

use common::{clock::SharedClock, shutdown::Shutdown};
use sqlx::PgPool;
use tokio::sync::Semaphore;

use super::ports::Bus;
use crate::domain::UserId;
use bus::{BusMessage, BusQueue};
use hub::Hub;

pub use hub::MAX_STREAMS;
pub use postgres::PostgresBus;
pub use stream::{Event, LiveStream, Start, Topic};

/// The live part of the service; cheap to clone.
#[derive(Clone)]
pub struct Live {
    hub: Hub,
    bus: BusQueue,
    /// Bounds concurrent reads, so that thousands of streams that wake at once leave database connections for requests.
    read_permits: Arc<Semaphore>,
    stopping: Shutdown,
}

/// Streams that read at the same time.
const MAX_CONCURRENT_READS: usize = 4;

impl Live {
    /// The live part, and a future that wakes streams in this process and publishes to others. It runs until `stopping`,
    /// which also ends every stream, and completes when nothing of this process is left in the database. Events of this
    /// process wake its streams without it, too.
    pub fn new(
        pool: &PgPool,
        clock: &SharedClock,
        bus: Arc<dyn Bus>,
        stopping: Shutdown,
    ) -> (Self, impl Future<Output = ()> + use<>) {
        // A restarted process gets a new id, because it has lost its streams.
        let instance = clock.new_id();
        let hub = Hub::default();
        let (queue, messages) = BusQueue::new();
        let live = Self {
            hub: hub.clone(),
            bus: queue,
            read_permits: Arc::new(Semaphore::new(MAX_CONCURRENT_READS)),
            stopping: stopping.clone(),
        };
        let pool = pool.clone();
        let running = async move {
            let waking = async {
                tokio::join!(
                    bus::publish(messages, &*bus, instance),
                    bus::receive(&*bus, instance, &hub),
                    sweep::run(&pool, &hub),
                )
            };
            tokio::join!(
                stopping.run_until_cancelled(waking),
                presence::maintain(&pool, instance, &hub, &stopping),
            );
        };
        (live, running)
    }

    pub(super) fn stopping(&self) -> Shutdown {
        self.stopping.clone()
    }

    /// Wakes the streams of the recipients of a committed message.
    pub(super) fn notify_arrival(&self, people: [UserId; 2]) {
        for user in people {
            self.hub.wake(user);
            self.bus.push(BusMessage::Arrived {
                user: user.as_uuid(),
            });
        }
    }
}
