//! Who watches in this process, and how they are woken.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use common::error::Fault;
use tokio::sync::{Notify, broadcast, watch};

use super::typing::Typing;
use crate::{app::AppError, domain::UserId};

/// How many streams one person may have open at a process: several devices with several windows each.
pub const MAX_STREAMS_OF_ONE: usize = 64;

/// How many streams a process holds: some 5 KB each.
pub const MAX_STREAMS: usize = 50_000;

/// Typing is word of the moment: a stream that has fallen behind this far goes on with the latest.
const TYPING_KEPT: usize = 16;

/// The people who watch in this process.
#[derive(Clone, Default)]
pub(super) struct Hub(Arc<State>);

#[derive(Default)]
struct State {
    watchers: Mutex<Watchers>,
    /// Somebody came or went.
    moved: Notify,
    doubt: Notify,
}

#[derive(Default)]
struct Watchers {
    people: HashMap<UserId, Person>,
    streams: usize,
    /// Who came or went since that was last asked.
    moved: HashSet<UserId>,
}

struct Person {
    streams: usize,
    wake: watch::Sender<()>,
    /// Made by the first who wants to know.
    typing: Option<broadcast::Sender<Typing>>,
    /// Up to where no stream has anything to be woken for: where the first one began, or was last woken by
    /// [`Hub::wake_behind`]. A stream that comes later reads up to the end before it waits.
    swept: i64,
}

impl Hub {
    fn watchers(&self) -> MutexGuard<'_, Watchers> {
        self.0
            .watchers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins to watch for somebody, until the watch is dropped.
    pub(super) fn watch(&self, user: UserId) -> Result<Watch, AppError> {
        let mut watchers = self.watchers();
        if watchers.streams >= MAX_STREAMS {
            return Err(Fault::unavailable("this process holds as many streams as it may").into());
        }
        let person = watchers.people.entry(user).or_insert_with(|| Person {
            streams: 0,
            wake: watch::Sender::new(()),
            typing: None,
            swept: 0,
        });
        if person.streams >= MAX_STREAMS_OF_ONE {
            return Err(AppError::TooManyStreams);
        }
        person.streams += 1;
        let (is_first, wake) = (person.streams == 1, person.wake.subscribe());
        watchers.streams += 1;
        if is_first {
            watchers.moved.insert(user);
            self.0.moved.notify_one();
        }
        Ok(Watch {
            hub: self.clone(),
            user,
            wake,
        })
    }

    fn leave(&self, user: UserId) {
        let mut watchers = self.watchers();
        let Some(person) = watchers.people.get_mut(&user) else {
            return;
        };
        person.streams -= 1;
        let is_last = person.streams == 0;
        watchers.streams -= 1;
        if is_last {
            watchers.people.remove(&user);
            watchers.moved.insert(user);
            self.0.moved.notify_one();
        }
    }

    /// Something may have arrived for somebody.
    pub(super) fn wake(&self, user: UserId) {
        if let Some(person) = self.watchers().people.get(&user) {
            person.wake.send_replace(());
        }
    }

    /// Word may have been lost: the database is to be looked at now.
    pub(super) fn doubt(&self) {
        self.0.doubt.notify_one();
    }

    /// Waits until word may have been lost.
    pub(super) async fn doubted(&self) {
        self.0.doubt.notified().await;
    }

    /// These are the positions of people's latest messages: wakes those who were last woken at an earlier one.
    pub(super) fn wake_behind(&self, latest: &[(UserId, i64)]) {
        let mut watchers = self.watchers();
        for (user, position) in latest {
            if let Some(person) = watchers.people.get_mut(user)
                && person.swept < *position
            {
                person.swept = *position;
                person.wake.send_replace(());
            }
        }
    }

    /// Somebody types to somebody.
    pub(super) fn typing(&self, to: UserId, typing: Typing) {
        if let Some(sender) = self
            .watchers()
            .people
            .get(&to)
            .and_then(|person| person.typing.as_ref())
        {
            // An error says that nobody wants to know any more.
            let _ = sender.send(typing);
        }
    }

    /// Everybody who watches.
    pub(super) fn people(&self) -> Vec<UserId> {
        self.watchers().people.keys().copied().collect()
    }

    pub(super) fn has(&self, user: UserId) -> bool {
        self.watchers().people.contains_key(&user)
    }

    /// Waits until somebody comes or goes.
    pub(super) async fn moved(&self) {
        self.0.moved.notified().await;
    }

    /// Those who came and those who went since this was last asked.
    pub(super) fn movements(&self) -> (Vec<UserId>, Vec<UserId>) {
        let mut watchers = self.watchers();
        let moved = std::mem::take(&mut watchers.moved);
        moved
            .into_iter()
            .partition(|user| watchers.people.contains_key(user))
    }

    /// These movements were not written down: they will be among the next.
    pub(super) fn keep_movements(&self, users: impl IntoIterator<Item = UserId>) {
        self.watchers().moved.extend(users);
    }
}

/// Somebody who watches.
pub(super) struct Watch {
    hub: Hub,
    user: UserId,
    wake: watch::Receiver<()>,
}

impl Watch {
    /// The stream begins at this position of the inbox. If it is the person's first, it need not be woken for what is before.
    pub(super) fn begins_at(&self, position: i64) {
        if let Some(person) = self.hub.watchers().people.get_mut(&self.user)
            && person.streams == 1
            && person.swept == 0
        {
            person.swept = position;
        }
    }

    /// From now on [`Watch::woken`] waits for what comes next.
    pub(super) fn look(&mut self) {
        self.wake.mark_unchanged();
    }

    /// Waits until something may have arrived since the last look.
    pub(super) async fn woken(&mut self) {
        if self.wake.changed().await.is_err() {
            // The sender lives as long as this does.
            std::future::pending::<()>().await;
        }
    }

    /// Who types to this person from now on.
    pub(super) fn typing(&self) -> broadcast::Receiver<Typing> {
        let mut watchers = self.hub.watchers();
        let person = watchers.people.get_mut(&self.user);
        let sender = person.map(|person| {
            person
                .typing
                .get_or_insert_with(|| broadcast::Sender::new(TYPING_KEPT))
        });
        sender.map_or_else(
            || broadcast::Sender::new(1).subscribe(),
            |sender| sender.subscribe(),
        )
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.hub.leave(self.user);
    }
}
