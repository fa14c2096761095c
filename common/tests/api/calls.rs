//! Calls for many keys that a test answers when it likes.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use common::{
    coalesce::{Coalescer, Limits},
    trace::current_id,
};
use tokio::{
    sync::{mpsc, oneshot},
    task::yield_now,
    time::timeout,
};

/// How long a call is waited for that starts at once.
const PATIENCE: Duration = Duration::from_secs(20);

type Answer = Result<Vec<u64>, &'static str>;

/// A call under way.
pub struct Call {
    pub keys: BTreeSet<u64>,
    /// In the order in which the answer has to be.
    pub in_order: Vec<u64>,
    pub trace_id: String,
    pub answer: oneshot::Sender<Answer>,
}

impl Call {
    /// Answers each key with what this makes of it.
    pub fn answer(self, value: impl Fn(u64) -> u64) {
        let values = self.in_order.into_iter().map(value).collect();
        self.answer.send(Ok(values)).unwrap();
    }
}

/// Calls as they start.
pub struct Calls {
    started: mpsc::UnboundedReceiver<Call>,
    /// How many have started.
    pub count: Arc<AtomicUsize>,
}

impl Calls {
    pub async fn next(&mut self) -> Call {
        let call = timeout(PATIENCE, self.started.recv()).await;
        call.unwrap().unwrap()
    }

    /// Whatever could start now without anything else happening has started after this.
    pub async fn none_start(&mut self) {
        for _ in 0..100 {
            yield_now().await;
        }
        assert!(self.started.try_recv().is_err());
    }
}

pub fn coalescer(limits: Limits) -> (Coalescer<u64, u64, &'static str>, Calls) {
    let (sender, started) = mpsc::unbounded_channel();
    let count = Arc::new(AtomicUsize::new(0));
    let counted = count.clone();
    let coalescer = Coalescer::new(limits, move |keys: Vec<u64>| {
        counted.fetch_add(1, Ordering::SeqCst);
        let (answer, answered) = oneshot::channel();
        let call = Call {
            keys: keys.iter().copied().collect(),
            in_order: keys,
            trace_id: current_id(),
            answer,
        };
        sender.send(call).unwrap();
        async move { answered.await.unwrap() }
    });
    (coalescer, Calls { started, count })
}
