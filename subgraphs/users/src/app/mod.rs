//! What the users context can do. Every rule is here or in `domain`, once, for all interfaces.

pub mod access;
mod avatars;
mod blocks;
mod error;
mod fields;
mod follows;
mod hashing;
mod housekeeping;
mod login;
mod mails;
mod outbox;
mod password_change;
mod password_reset;
mod passwords;
mod permits;
mod pictures;
pub mod ports;
mod profiles;
mod refresh;
mod registration;
pub mod roles;
mod sessions;
mod throttle;
mod verification;

pub use avatars::Avatars;
pub use blocks::{BLOCKS, Blocked};
pub use error::{AppError, ERROR_CODES, Result};
pub use follows::{Followed, FolloweeIds, Listing, MAX_VERSIONS, Relation};
pub use housekeeping::Housekeeping;
pub use mails::Links;
pub use outbox::Outbox;
pub use passwords::{HashingCost, Passwords};
pub use pictures::Pictures;
pub use profiles::{MAX_LOOKUP, ProfileInput};
pub use registration::Registration;
pub use sessions::{ACCESS_TOKEN_SECONDS, REFRESH_TOKEN_SECONDS, Session};

use std::sync::Arc;

use common::{auth::Signer, clock::SharedClock, coalesce::Coalescer, error::Fault};
use sqlx::PgPool;
use tokio::sync::Notify;
use tracing::Instrument;

use crate::domain::{User, UserId};

/// The users context at work. Cheap to clone.
#[derive(Clone)]
pub struct App {
    pool: PgPool,
    clock: SharedClock,
    passwords: Passwords,
    avatars: Avatars,
    signer: Signer,
    require_verified_email: bool,
    mail_is_due: Arc<Notify>,
    /// All who look people up at once share a statement.
    by_id: Coalescer<UserId, Option<User>, Fault>,
}

impl App {
    pub fn new(
        pool: PgPool,
        clock: SharedClock,
        passwords: Passwords,
        avatars: Avatars,
        signer: Signer,
    ) -> Self {
        Self {
            by_id: profiles::by_id(pool.clone()),
            pool,
            clock,
            passwords,
            avatars,
            signer,
            require_verified_email: true,
            mail_is_due: Arc::new(Notify::new()),
        }
    }

    /// Whether only accounts with a verified address may sign in; they must, unless this says otherwise.
    #[must_use]
    pub fn require_verified_email(mut self, required: bool) -> Self {
        self.require_verified_email = required;
        self
    }

    /// Runs work that must finish even if the client disconnects and its request is dropped.
    async fn spawn_uncancellable<T, F>(&self, work: impl FnOnce(Self) -> F) -> Result<T>
    where
        T: Send + 'static,
        F: Future<Output = Result<T>> + Send + 'static,
    {
        let work = work(self.clone()).in_current_span();
        tokio::spawn(work).await.map_err(AppError::internal)?
    }

    pub(crate) fn pool(&self) -> &PgPool {
        &self.pool
    }
}
