use std::thread;
use std::time::{Duration, Instant};

/// Looks every `pause` until `look` finds something; `None` once `patience` is over.
#[expect(
    clippy::disallowed_methods,
    reason = "this crate blocks by contract, and nothing here tells us of the end of another's process or file"
)]
pub(crate) fn until<T>(
    patience: Duration,
    pause: Duration,
    mut look: impl FnMut() -> Option<T>,
) -> Option<T> {
    let deadline = Instant::now() + patience;
    loop {
        if let Some(found) = look() {
            return Some(found);
        }
        if Instant::now() >= deadline {
            return None;
        }
        thread::sleep(pause);
    }
}
