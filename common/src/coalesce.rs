//! Many questions in one call.
//!
//! Whoever asks while a call is under way shares the next one. The more ask at once, the more share a call, and the fewer
//! calls a question costs; whoever is alone waits for nobody.
//!
//! An answer always comes from a call that started after the question was asked, so that what was true before the
//! question is never answered with what was true before that.

use std::{
    collections::{HashMap, VecDeque},
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures_util::future::BoxFuture;
use tokio::{
    sync::{
        Notify,
        oneshot::{self, Sender, error::RecvError},
    },
    time::{Instant, sleep_until},
};

use crate::{error::Fault, trace};

/// What calls may be.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The most keys of one call.
    pub keys: usize,
    /// The most calls under way.
    pub calls: usize,
    /// A call that is older than this is not waited for: the next one is made beside it.
    pub patience: Duration,
}

/// Why a question has no answer.
#[derive(Debug)]
pub enum NoAnswer<E> {
    /// The call failed, for all who shared it.
    Failed(Arc<E>),
    /// The call ended without saying anything about this key.
    Lost,
}

/// Asks for many keys in one call. All clones share their calls.
pub struct Coalescer<K, V, E>(Arc<Shared<K, V, E>>);

impl<K, V, E> Clone for Coalescer<K, V, E> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K, V, E> Coalescer<K, V, E>
where
    K: Clone + Eq + Hash + Send + 'static,
    V: Clone + Send + 'static,
    E: Send + Sync + 'static,
{
    /// `call` answers keys, each of which is there once, with a value for each in the same order.
    pub fn new<F, R>(limits: Limits, call: F) -> Self
    where
        F: Fn(Vec<K>) -> R + Send + Sync + 'static,
        R: Future<Output = Result<Vec<V>, E>> + Send + 'static,
    {
        Self(Arc::new(Shared {
            limits,
            call: Box::new(move |keys| Box::pin(call(keys))),
            changed: Notify::new(),
            state: Mutex::new(State {
                waiting: VecDeque::new(),
                batches: 0,
                under_way: 0,
                last_start: Instant::now(),
            }),
        }))
    }

    /// The value of a key, from a call that has not started yet. The call belongs to the trace of who asked first of those
    /// that share it, and once it has started goes on when they are gone.
    pub async fn ask(&self, key: K) -> Result<V, NoAnswer<E>> {
        let values = self.ask_all([key]).await?;
        values.into_iter().next().ok_or(NoAnswer::Lost)
    }

    /// As [`Coalescer::ask`], for several keys: their values in the same order. They are of one call, unless it would have
    /// more keys than a call may have.
    pub async fn ask_all(&self, keys: impl IntoIterator<Item = K>) -> Result<Vec<V>, NoAnswer<E>> {
        let (mut answers, mut batches) = (Vec::new(), Vec::new());
        {
            let mut state = self.0.state();
            for key in keys {
                let (reply, answer) = oneshot::channel();
                batches.extend(state.join(key, reply, self.0.limits.keys));
                answers.push(answer);
            }
        }
        for batch in batches {
            trace::spawn(Place::of(&self.0, batch).serve());
        }
        let mut values = Vec::with_capacity(answers.len());
        for answer in answers {
            values.push(read(answer.await)?);
        }
        Ok(values)
    }
}

fn read<V, E>(answer: Result<Result<V, Arc<E>>, RecvError>) -> Result<V, NoAnswer<E>> {
    match answer {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(NoAnswer::Failed(error)),
        Err(_dropped) => Err(NoAnswer::Lost),
    }
}

impl From<NoAnswer<Fault>> for Fault {
    fn from(reason: NoAnswer<Fault>) -> Self {
        match reason {
            NoAnswer::Failed(fault) => Self::shared(fault),
            NoAnswer::Lost => Self::internal("a question that was shared with others was lost"),
        }
    }
}

type Reply<V, E> = Sender<Result<V, Arc<E>>>;
type Askers<K, V, E> = HashMap<K, Vec<Reply<V, E>>>;
type MakeCall<K, V, E> = dyn Fn(Vec<K>) -> BoxFuture<'static, Result<Vec<V>, E>> + Send + Sync;

struct Shared<K, V, E> {
    limits: Limits,
    call: Box<MakeCall<K, V, E>>,
    /// A call has started or ended.
    changed: Notify,
    state: Mutex<State<K, V, E>>,
}

impl<K, V, E> Shared<K, V, E> {
    fn state(&self) -> MutexGuard<'_, State<K, V, E>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct State<K, V, E> {
    /// Questions whose call has not started, by batch. The first one is next; whoever asks joins the last one.
    waiting: VecDeque<(u64, Askers<K, V, E>)>,
    /// How many batches there have been.
    batches: u64,
    under_way: usize,
    last_start: Instant,
}

/// Whether the call of a batch starts.
enum Turn<K, V, E> {
    Now(Askers<K, V, E>),
    /// Then, unless one under way ends before.
    At(Instant),
    /// Not before another one starts or ends.
    Later,
}

impl<K: Eq + Hash, V, E> State<K, V, E> {
    /// Adds a question to those that wait. The number of its batch, if it is the first one in it.
    fn join(&mut self, key: K, reply: Reply<V, E>, max_keys: usize) -> Option<u64> {
        if let Some((_, askers)) = self.waiting.back_mut()
            && (askers.len() < max_keys || askers.contains_key(&key))
        {
            askers.entry(key).or_default().push(reply);
            return None;
        }
        self.batches += 1;
        let askers = HashMap::from([(key, vec![reply])]);
        self.waiting.push_back((self.batches, askers));
        Some(self.batches)
    }

    fn turn(&mut self, batch: u64, limits: Limits) -> Turn<K, V, E> {
        let is_first = self.waiting.front().is_some_and(|next| next.0 == batch);
        if !is_first || self.under_way >= limits.calls {
            return Turn::Later;
        }
        let (now, due) = (Instant::now(), self.last_start + limits.patience);
        if self.under_way > 0 && now < due {
            return Turn::At(due);
        }
        let Some((_, mut askers)) = self.waiting.pop_front() else {
            return Turn::Later;
        };
        self.under_way += 1;
        self.last_start = now;
        // Whoever has gone needs no answer.
        askers.retain(|_, replies| {
            replies.retain(|reply| !reply.is_closed());
            !replies.is_empty()
        });
        Turn::Now(askers)
    }
}

/// The place of a batch among those that wait, then among those under way. It is given up however the task ends.
struct Place<K, V, E> {
    shared: Arc<Shared<K, V, E>>,
    batch: u64,
    is_under_way: bool,
}

impl<K, V, E> Place<K, V, E>
where
    K: Clone + Eq + Hash,
    V: Clone,
{
    fn of(shared: &Arc<Shared<K, V, E>>, batch: u64) -> Self {
        Self {
            shared: Arc::clone(shared),
            batch,
            is_under_way: false,
        }
    }

    /// Waits for its turn, makes the call, and answers.
    async fn serve(mut self) {
        let askers = self.turn().await;
        if askers.is_empty() {
            return;
        }
        let (keys, replies): (Vec<K>, Vec<_>) = askers.into_iter().unzip();
        let answer = (self.shared.call)(keys).await;
        // Before the answers, which wake those who may be the next to ask.
        drop(self);
        match answer {
            Ok(values) => {
                for (value, replies) in values.into_iter().zip(replies) {
                    answer_all(replies, &Ok(value));
                }
            }
            Err(error) => answer_all(replies.into_iter().flatten(), &Err(Arc::new(error))),
        }
    }

    async fn turn(&mut self) -> Askers<K, V, E> {
        let shared = Arc::clone(&self.shared);
        loop {
            // It knows of every change from here on, also before it is waited for.
            let changed = shared.changed.notified();
            let turn = shared.state().turn(self.batch, shared.limits);
            match turn {
                Turn::Now(askers) => {
                    self.is_under_way = true;
                    shared.changed.notify_waiters();
                    return askers;
                }
                Turn::At(due) => tokio::select! {
                    () = changed => {}
                    () = sleep_until(due) => {}
                },
                Turn::Later => changed.await,
            }
        }
    }
}

impl<K, V, E> Drop for Place<K, V, E> {
    fn drop(&mut self) {
        let mut state = self.shared.state();
        if self.is_under_way {
            state.under_way -= 1;
        } else {
            state.waiting.retain(|(batch, _)| *batch != self.batch);
        }
        drop(state);
        self.shared.changed.notify_waiters();
    }
}

fn answer_all<V: Clone, E>(
    replies: impl IntoIterator<Item = Reply<V, E>>,
    answer: &Result<V, Arc<E>>,
) {
    for reply in replies {
        // An error means that nobody waits for it any more.
        let _ = reply.send(answer.clone());
    }
}
