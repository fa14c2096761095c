//! The open live streams of this process, by user, and their wake-ups.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use common::error::Fault;
use tokio::sync::{Notify, broadcast, watch};

use crate::{
    app::{AppError, MAX_STREAMS_PER_USER},
    domain::{ConversationId, UserId},
};

/// Limits the streams of a process: some 5 KB each.
pub const MAX_STREAMS: usize = 50_000;

/// Buffered typing indicators of a user. A stream that falls further behind continues with the latest.
const TYPING_BUFFER: usize = 16;

/// A user types in a conversation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Typing {
    pub conversation: ConversationId,
    pub who: UserId,
}

/// The users with open streams in this process.
#[derive(Clone, Default)]
pub(super) struct Hub(Arc<State>);

#[derive(Default)]
struct State {
    streams: Mutex<Streams>,
    presence_changed: Notify,
    stale: Notify,
}

#[derive(Default)]
struct Streams {
    by_user: HashMap<UserId, UserStreams>,
    total: usize,
    /// Users whose first stream opened or last stream closed since the last [`Hub::take_presence_changes`].
    presence_changed: HashSet<UserId>,
}

struct UserStreams {
    count: usize,
    wake: watch::Sender<()>,
    /// Created by the first stream that follows typing.
    typing: Option<broadcast::Sender<Typing>>,
    /// Arrivals up to this position need no wake-up: the start of the first stream, or the position of the last
    /// [`Hub::wake_behind`]. A later stream reads up to the end before it waits.
    swept: i64,
}

impl Hub {
    fn streams(&self) -> MutexGuard<'_, Streams> {
        self.0
            .streams
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Registers a stream of a user until the returned watch is dropped.
    pub(super) fn watch(&self, user: UserId) -> Result<Watch, AppError> {
        let mut streams = self.streams();
        if streams.total >= MAX_STREAMS {
            return Err(Fault::unavailable("this process holds as many streams as it may").into());
        }
        let person = streams.by_user.entry(user).or_insert_with(|| UserStreams {
            count: 0,
            wake: watch::Sender::new(()),
            typing: None,
            swept: 0,
        });
        if person.count >= MAX_STREAMS_PER_USER {
            return Err(AppError::TooManyStreams);
        }
        person.count += 1;
        let (is_first, wake) = (person.count == 1, person.wake.subscribe());
        streams.total += 1;
        if is_first {
            streams.presence_changed.insert(user);
            self.0.presence_changed.notify_one();
        }
        Ok(Watch {
            hub: self.clone(),
            user,
            wake,
        })
    }

    fn leave(&self, user: UserId) {
        let mut streams = self.streams();
        let Some(person) = streams.by_user.get_mut(&user) else {
            return;
        };
        person.count -= 1;
        let is_last = person.count == 0;
        streams.total -= 1;
        if is_last {
            streams.by_user.remove(&user);
            streams.presence_changed.insert(user);
            self.0.presence_changed.notify_one();
        }
    }

    /// Wakes the streams of a user, because something may have arrived.
    pub(super) fn wake(&self, user: UserId) {
        if let Some(person) = self.streams().by_user.get(&user) {
            person.wake.send_replace(());
        }
    }

    /// Requests a sweep of the database, because bus messages may have been lost.
    pub(super) fn mark_stale(&self) {
        self.0.stale.notify_one();
    }

    /// Waits until bus messages may have been lost.
    pub(super) async fn stale(&self) {
        self.0.stale.notified().await;
    }

    /// Wakes the users in `latest`, positions of latest messages, whose streams were last woken at an earlier position.
    pub(super) fn wake_behind(&self, latest: &[(UserId, i64)]) {
        let mut streams = self.streams();
        for (user, position) in latest {
            if let Some(person) = streams.by_user.get_mut(user)
                && person.swept < *position
            {
                person.swept = *position;
                person.wake.send_replace(());
            }
        }
    }

    /// Delivers a typing indicator to the streams of a user.
    pub(super) fn typing(&self, to: UserId, typing: Typing) {
        if let Some(sender) = self
            .streams()
            .by_user
            .get(&to)
            .and_then(|person| person.typing.as_ref())
        {
            // An error means that no stream follows typing any more.
            let _ = sender.send(typing);
        }
    }

    /// The users with open streams.
    pub(super) fn users(&self) -> Vec<UserId> {
        self.streams().by_user.keys().copied().collect()
    }

    pub(super) fn has(&self, user: UserId) -> bool {
        self.streams().by_user.contains_key(&user)
    }

    /// Waits until a user's first stream opens or last stream closes.
    pub(super) async fn presence_changed(&self) {
        self.0.presence_changed.notified().await;
    }

    /// The users who came online and went offline since the last call.
    pub(super) fn take_presence_changes(&self) -> (Vec<UserId>, Vec<UserId>) {
        let mut streams = self.streams();
        let presence_changed = std::mem::take(&mut streams.presence_changed);
        presence_changed
            .into_iter()
            .partition(|user| streams.by_user.contains_key(user))
    }

    /// Returns presence changes that could not be stored, so that the next call yields them again.
    pub(super) fn restore_presence_changes(&self, users: impl IntoIterator<Item = UserId>) {
        self.streams().presence_changed.extend(users);
    }
}

/// The registration of a stream.
pub(super) struct Watch {
    hub: Hub,
    user: UserId,
    wake: watch::Receiver<()>,
}

impl Watch {
    /// Sets the inbox position where the stream starts. A user's first stream needs no wake-up for earlier arrivals.
    pub(super) fn start_at(&self, position: i64) {
        if let Some(person) = self.hub.streams().by_user.get_mut(&self.user)
            && person.count == 1
            && person.swept == 0
        {
            person.swept = position;
        }
    }

    /// Makes [`Watch::changed`] wait for the next wake-up.
    pub(super) fn mark_seen(&mut self) {
        self.wake.mark_unchanged();
    }

    /// Waits until something may have arrived since the last [`Watch::mark_seen`].
    pub(super) async fn changed(&mut self) {
        if self.wake.changed().await.is_err() {
            // The sender lives as long as this watch.
            std::future::pending::<()>().await;
        }
    }

    /// Typing indicators to this user from now on.
    pub(super) fn typing(&self) -> broadcast::Receiver<Typing> {
        let mut streams = self.hub.streams();
        let person = streams.by_user.get_mut(&self.user);
        let sender = person.map(|person| {
            person
                .typing
                .get_or_insert_with(|| broadcast::Sender::new(TYPING_BUFFER))
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
