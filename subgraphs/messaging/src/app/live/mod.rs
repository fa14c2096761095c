//! What happens while somebody watches: messages and mentions as they arrive, who is typing, who is online.
//!
//! A [`LiveStream`] reads the database from a position on, and waits at its end until it is woken. Waking is all that word
//! between processes does (`word`): it carries ids, may be lost, and is made good by a look at the database every few
//! seconds (`sweep`). So a stream neither misses nor repeats anything, whatever happens to the bus.

mod hub;
mod loading;
mod postgres;
mod presence;
mod stream;
mod sweep;
mod typing;
mod word;

use std::sync::Arc;

use common::{clock::SharedClock, shutdown::Shutdown};
use sqlx::PgPool;
use tokio::sync::Semaphore;

use super::ports::Bus;
use crate::domain::UserId;
use hub::Hub;
use word::{Outbox, Word};

pub use hub::{MAX_STREAMS, MAX_STREAMS_OF_ONE};
pub use postgres::PostgresBus;
pub use stream::{Event, LiveStream, Start, Topic};

/// The live part of the service; cheap to clone.
#[derive(Clone)]
pub struct Live {
    hub: Hub,
    outbox: Outbox,
    /// Whose turn it is to read: thousands of streams that wake at once leave connections for everybody else.
    turns: Arc<Semaphore>,
    stopping: Shutdown,
}

/// Streams that read at the same time.
const READING: usize = 4;

impl Live {
    /// The live part, and what wakes streams in this process and tells the others. That runs until `stopping`, when every
    /// stream ends as well, and is over when nothing of this process is left in the database. Streams are woken by what
    /// happens in this process without it, too.
    pub fn new(
        pool: &PgPool,
        clock: &SharedClock,
        bus: Arc<dyn Bus>,
        stopping: Shutdown,
    ) -> (Self, impl Future<Output = ()> + use<>) {
        // A process is another one after a restart: what it knew of its streams is gone.
        let instance = clock.new_id();
        let hub = Hub::default();
        let (outbox, words) = Outbox::new();
        let live = Self {
            hub: hub.clone(),
            outbox,
            turns: Arc::new(Semaphore::new(READING)),
            stopping: stopping.clone(),
        };
        let pool = pool.clone();
        let running = async move {
            let waking = async {
                tokio::join!(
                    word::send(words, &*bus, instance),
                    word::listen(&*bus, instance, &hub),
                    sweep::now_and_then(&pool, &hub),
                )
            };
            tokio::join!(
                stopping.run_until_cancelled(waking),
                presence::keep(&pool, instance, &hub, &stopping),
            );
        };
        (live, running)
    }

    pub(super) fn stopping(&self) -> Shutdown {
        self.stopping.clone()
    }

    /// Something has arrived for these people, and is committed.
    pub(super) fn arrived(&self, people: [UserId; 2]) {
        for user in people {
            self.hub.wake(user);
            self.outbox.put(Word::Arrived {
                user: user.as_uuid(),
            });
        }
    }
}
