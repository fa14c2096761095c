//! Limits on long-lived client connections: per process, per user and per address.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::sync::Notify;

use crate::rate::Sender;

/// Limit for one user: several devices with several tabs each.
const MAX_OF_USER: usize = 32;
/// Limit for anonymous connections of one address: an office behind NAT.
const MAX_OF_ADDRESS: usize = 100;

/// Counts open connections.
#[derive(Clone)]
pub(crate) struct ConnectionLimiter(Arc<Inner>);

struct Inner {
    max: usize,
    total: AtomicUsize,
    senders: Mutex<HashMap<Sender, usize>>,
    left: Notify,
}

/// One open connection; the slot is free again when this is dropped.
pub(crate) struct ConnectionPermit {
    clients: Arc<Inner>,
    sender: Option<Sender>,
}

impl ConnectionLimiter {
    pub(crate) fn new(max: usize) -> Self {
        Self(Arc::new(Inner {
            max,
            total: AtomicUsize::new(0),
            senders: Mutex::default(),
            left: Notify::new(),
        }))
    }

    /// Takes a slot, if the process has one left.
    pub(crate) fn acquire(&self) -> Option<ConnectionPermit> {
        let taken = self.0.total.fetch_add(1, Ordering::AcqRel);
        // Beyond the limit, dropping the permit gives the slot back.
        let permit = ConnectionPermit {
            clients: self.0.clone(),
            sender: None,
        };
        (taken < self.0.max).then_some(permit)
    }

    /// Waits until no connection is open.
    pub(crate) async fn closed(&self) {
        loop {
            let left = self.0.left.notified();
            tokio::pin!(left);
            // Registered before the count is read, so that the last one cannot slip out in between.
            left.as_mut().enable();
            if self.0.total.load(Ordering::Acquire) == 0 {
                return;
            }
            left.await;
        }
    }
}

impl ConnectionPermit {
    /// Assigns the connection to a sender. Returns whether the sender is within its limit.
    pub(crate) fn assign_to(&mut self, sender: Sender) -> bool {
        let max = match sender {
            Sender::User(_) => MAX_OF_USER,
            Sender::Address(_) => MAX_OF_ADDRESS,
        };
        let mut senders = self.clients.senders();
        let taken = senders.entry(sender).or_default();
        if *taken >= max {
            return false;
        }
        *taken += 1;
        drop(senders);
        self.sender = Some(sender);
        true
    }
}

impl Drop for ConnectionPermit {
    fn drop(&mut self) {
        if let Some(sender) = self.sender {
            let mut senders = self.clients.senders();
            if let Some(taken) = senders.get_mut(&sender) {
                *taken -= 1;
                if *taken == 0 {
                    senders.remove(&sender);
                }
            }
        }
        if self.clients.total.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.clients.left.notify_waiters();
        }
    }
}

impl Inner {
    fn senders(&self) -> std::sync::MutexGuard<'_, HashMap<Sender, usize>> {
        self.senders.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn closed_connection_frees_its_slot() {
        let clients = ConnectionLimiter::new(1);
        let first = clients.acquire();
        assert!(first.is_some());
        assert!(clients.acquire().is_none(), "there is only one");
        drop(first);
        assert!(clients.acquire().is_some());
    }

    #[test]
    fn connections_of_one_user_are_limited() {
        let clients = ConnectionLimiter::new(usize::MAX);
        let user = |number| Sender::User(Uuid::from_u128(number));
        let mut permits: Vec<ConnectionPermit> = (0..=MAX_OF_USER)
            .filter_map(|_| clients.acquire())
            .collect();
        let (last, others) = permits.split_last_mut().unwrap();
        assert!(others.iter_mut().all(|permit| permit.assign_to(user(1))));
        assert!(!last.assign_to(user(1)));
        assert!(last.assign_to(user(2)), "another user may connect");
        drop(permits);
        assert!(clients.0.senders().is_empty(), "no entry is left");
    }

    #[tokio::test]
    async fn wait_ends_with_the_last_connection() {
        let clients = ConnectionLimiter::new(2);
        clients.closed().await;
        let permits = (clients.acquire(), clients.acquire());
        let closed = tokio::spawn({
            let clients = clients.clone();
            async move { clients.closed().await }
        });
        drop(permits);
        closed.await.unwrap();
    }
}
