//! What people can do with conversations and messages, and the rules for it. Both APIs are thin over this.

mod access;
mod contacts;
mod conversations;
mod error;
mod lists;
pub mod live;
mod mentions;
mod messages;
mod people;
pub mod ports;
mod reading;
mod sending;
mod starting;

use std::sync::Arc;

use common::{clock::SharedClock, shutdown::Shutdown};
use sqlx::PgPool;

pub use error::{AppError, ERROR_CODES, Result};
pub use lists::{
    CONVERSATIONS, MENTIONS, MESSAGES, place_of_conversation, place_of_mention, place_of_message,
};
pub use messages::MessageWindow;
pub use people::ShownConversation;
pub use reading::MarkRead;
pub use sending::SendMessage;
pub use starting::Started;

use live::Live;
use ports::UserDirectory;

/// Limits the live streams of one user at a process: several devices with several windows each.
pub const MAX_STREAMS_PER_USER: usize = 64;

/// Everything the use cases need; cheap to clone.
#[derive(Clone)]
pub struct App {
    pool: PgPool,
    clock: SharedClock,
    users: Arc<dyn UserDirectory>,
    live: Live,
}

impl App {
    pub fn new(
        pool: PgPool,
        clock: SharedClock,
        users: Arc<dyn UserDirectory>,
        live: Live,
    ) -> Self {
        Self {
            pool,
            clock,
            users,
            live,
        }
    }

    /// Says when every live stream ends because the process stops.
    pub fn stopping(&self) -> Shutdown {
        self.live.stopping()
    }

    pub(crate) fn pool(&self) -> &PgPool {
        &self.pool
    }
}
