//! What clients and senders share.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};

use super::board::Board;

/// Where they go, what they write down, and how they fare.
pub struct World {
    pub router: SocketAddr,
    /// Whoever has an even number sends to the first, the others to the second.
    pub messaging: [SocketAddr; 2],
    pub board: Board,
    /// Clients that have received their first event.
    ready: AtomicUsize,
    /// Clients that have subscribed, as far as they know, and when the last of them did.
    subscribed: AtomicUsize,
    last_subscribed: Mutex<Instant>,
    /// How often what happened to connections and requests.
    incidents: Mutex<BTreeMap<String, u64>>,
}

/// Somebody is subscribed as long as this is there.
pub struct Subscribed<'a>(&'a World);

impl World {
    pub fn new(router: SocketAddr, messaging: [SocketAddr; 2], people: usize) -> Self {
        Self {
            router,
            messaging,
            board: Board::new(people),
            ready: AtomicUsize::new(0),
            subscribed: AtomicUsize::new(0),
            last_subscribed: Mutex::new(Instant::now()),
            incidents: Mutex::default(),
        }
    }

    pub fn is_ready(&self) {
        self.ready.fetch_add(1, Ordering::Relaxed);
    }

    pub fn ready(&self) -> usize {
        self.ready.load(Ordering::Relaxed)
    }

    pub fn subscribe(&self) -> Subscribed<'_> {
        self.subscribed.fetch_add(1, Ordering::Relaxed);
        *locked(&self.last_subscribed) = Instant::now();
        Subscribed(self)
    }

    pub fn subscribed(&self) -> usize {
        self.subscribed.load(Ordering::Relaxed)
    }

    pub fn last_subscribed(&self) -> Instant {
        *locked(&self.last_subscribed)
    }

    pub fn incident(&self, what: String) {
        *locked(&self.incidents).entry(what).or_default() += 1;
    }

    /// Those since this was last asked.
    pub fn take_incidents(&self) -> BTreeMap<String, u64> {
        std::mem::take(&mut *locked(&self.incidents))
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Drop for Subscribed<'_> {
    fn drop(&mut self) {
        self.0.subscribed.fetch_sub(1, Ordering::Relaxed);
    }
}
