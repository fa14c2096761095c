//! The one place that reads the time and makes ids, so that tests can choose both.

use std::sync::Arc;

use uuid::Uuid;

use crate::Timestamp;

/// Source of time and of ids.
pub trait Clock: Send + Sync + 'static {
    /// The present.
    fn now(&self) -> Timestamp;

    /// A new UUIDv7, later than every one this clock made before within the process.
    fn new_id(&self) -> Uuid;
}

/// A clock that can be handed to every part of a service.
pub type SharedClock = Arc<dyn Clock>;

/// The operating system's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl SystemClock {
    pub fn shared() -> SharedClock {
        Arc::new(Self)
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the clock")]
impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        chrono::Utc::now().into()
    }

    fn new_id(&self) -> Uuid {
        Uuid::now_v7()
    }
}
