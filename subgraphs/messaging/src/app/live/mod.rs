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
    stopping: Shutdown,
}

impl Live {
    /// Starts what wakes streams in this process and tells the others, until `stopping`: then every stream ends, too. The
    /// second part ends when nothing of it is left in the database.
    pub fn start(
        pool: &PgPool,
        clock: &SharedClock,
        bus: Arc<dyn Bus>,
        stopping: Shutdown,
    ) -> (Self, impl Future<Output = ()> + use<>) {
        // A process is another one after a restart: what it knew of its streams is gone.
        let instance = clock.new_id();
        let hub = Hub::default();
        let outbox = Outbox::start(bus.clone(), instance, stopping.clone());
        let listening = word::listen(bus, instance, hub.clone());
        let sweeping = sweep::now_and_then(pool.clone(), hub.clone());
        tokio::spawn(stopping.clone().run_until_cancelled_owned(listening));
        tokio::spawn(stopping.clone().run_until_cancelled_owned(sweeping));
        let presence = tokio::spawn(presence::keep(
            pool.clone(),
            instance,
            hub.clone(),
            stopping.clone(),
        ));
        let ended = async move {
            // A panic there has been logged, and leaves what a lease ends anyway.
            let _ = presence.await;
        };
        let live = Self {
            hub,
            outbox,
            stopping,
        };
        (live, ended)
    }

    pub(super) fn stopping(&self) -> Shutdown {
        self.stopping.clone()
    }

    /// Something has arrived for these people, and is committed.
    pub(super) fn arrived(&self, people: [UserId; 2]) {
        for user in people {
            self.hub.wake(user);
            self.outbox.put(Word::Arrived { user: user.0 });
        }
    }
}
