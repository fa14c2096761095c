use std::thread;
use std::time::{Duration, Instant};

/// Calls `poll` every `interval` until it returns a value, or returns `None` after `timeout`.
#[expect(
    clippy::disallowed_methods,
    reason = "this crate blocks by contract, and the operating system does not notify us of the changes we wait for"
)]
pub(crate) fn until<T>(
    timeout: Duration,
    interval: Duration,
    mut poll: impl FnMut() -> Option<T>,
) -> Option<T> {
    let deadline = Instant::now() + timeout;
    loop {
        if let Some(found) = poll() {
            return Some(found);
        }
        if Instant::now() >= deadline {
            return None;
        }
        thread::sleep(interval);
    }
}
