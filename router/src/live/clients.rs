//! How many clients have a connection that stays open: of the process, of one user, of one address.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::sync::Notify;

use crate::rate::Sender;

/// Of one user: some devices, with some tabs each.
const OF_USER: usize = 32;
/// Of one address without a token: an office behind one.
const OF_ADDRESS: usize = 100;

/// Everybody who is connected.
#[derive(Clone)]
pub(crate) struct Clients(Arc<Inner>);

struct Inner {
    most: usize,
    total: AtomicUsize,
    senders: Mutex<HashMap<Sender, usize>>,
    left: Notify,
}

/// The place of one client, until it is dropped.
pub(crate) struct Seat {
    clients: Arc<Inner>,
    sender: Option<Sender>,
}

impl Clients {
    pub(crate) fn new(most: usize) -> Self {
        Self(Arc::new(Inner {
            most,
            total: AtomicUsize::new(0),
            senders: Mutex::default(),
            left: Notify::new(),
        }))
    }

    /// A place, if there is one left.
    pub(crate) fn enter(&self) -> Option<Seat> {
        let taken = self.0.total.fetch_add(1, Ordering::AcqRel);
        // Gives it back when it is one too many.
        let seat = Seat {
            clients: self.0.clone(),
            sender: None,
        };
        (taken < self.0.most).then_some(seat)
    }

    /// Waits until everybody has left.
    pub(crate) async fn gone(&self) {
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

impl Seat {
    /// Says whose place it is: whether they may have another one.
    pub(crate) fn is_granted_to(&mut self, sender: Sender) -> bool {
        let most = match sender {
            Sender::User(_) => OF_USER,
            Sender::Address(_) => OF_ADDRESS,
        };
        let mut senders = self.clients.senders();
        let taken = senders.entry(sender).or_default();
        if *taken >= most {
            return false;
        }
        *taken += 1;
        drop(senders);
        self.sender = Some(sender);
        true
    }
}

impl Drop for Seat {
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
    fn a_place_that_is_left_can_be_taken_again() {
        let clients = Clients::new(1);
        let first = clients.enter();
        assert!(first.is_some());
        assert!(clients.enter().is_none(), "there is only one");
        drop(first);
        assert!(clients.enter().is_some());
    }

    #[test]
    fn one_user_may_not_have_them_all() {
        let clients = Clients::new(usize::MAX);
        let user = |number| Sender::User(Uuid::from_u128(number));
        let mut seats: Vec<Seat> = (0..=OF_USER).filter_map(|_| clients.enter()).collect();
        let (last, others) = seats.split_last_mut().unwrap();
        assert!(others.iter_mut().all(|seat| seat.is_granted_to(user(1))));
        assert!(!last.is_granted_to(user(1)));
        assert!(last.is_granted_to(user(2)), "another one may");
        drop(seats);
        assert!(clients.0.senders().is_empty(), "nothing is kept of them");
    }

    #[tokio::test]
    async fn the_last_one_to_leave_ends_the_wait() {
        let clients = Clients::new(2);
        clients.gone().await;
        let seats = (clients.enter(), clients.enter());
        let gone = tokio::spawn({
            let clients = clients.clone();
            async move { clients.gone().await }
        });
        drop(seats);
        gone.await.unwrap();
    }
}
