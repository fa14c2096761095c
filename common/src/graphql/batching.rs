//! When what the fields of an operation ask for is loaded: as soon as none of them can go on without it.
//!
//! async-graphql's `DataLoader` waits a fixed time for further keys instead. A page of a hundred items takes longer than
//! that to be walked on a busy machine, and is then loaded in several pieces; a short page waits for nothing.

use std::{
    any::TypeId,
    future::poll_fn,
    pin::pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Wake, Waker},
    time::Duration,
};

use async_graphql::{
    Request, Response,
    async_trait::async_trait,
    dataloader::DataLoader,
    extensions::{Extension, ExtensionContext, ExtensionFactory, NextExecute},
};
use futures_util::future::BoxFuture;

use crate::trace;

/// Gives a request a `DataLoader`. Nothing is kept in it once it was loaded: what a mutation changes is read again.
///
/// The schema must be built with [`super::with_limits`]: otherwise nothing is ever loaded.
#[must_use]
pub fn with_loader<L: Send + Sync + 'static>(request: Request, loader: L) -> Request {
    let known = request.data.get(&TypeId::of::<Waiting>());
    let waiting = known
        .and_then(|waiting| waiting.downcast_ref::<Waiting>())
        .cloned()
        .unwrap_or_default();
    let queue = waiting.clone();
    // Its timer is due when it is first looked at, and so is never set: a batch goes out in the same step that found nothing
    // else to do, with all the keys that there were until then.
    let loader = DataLoader::new(loader, move |batch| queue.add(batch)).delay(Duration::ZERO);
    request.data(waiting).data(loader)
}

/// Batches that collect keys, of one request.
#[derive(Clone, Default)]
struct Waiting(Arc<Mutex<Vec<BoxFuture<'static, ()>>>>);

impl Waiting {
    fn add(&self, batch: BoxFuture<'static, ()>) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(batch);
    }

    fn load(&self) {
        let batches = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        for batch in batches {
            trace::spawn(batch);
        }
    }
}

/// Loads what is asked for whenever an operation waits.
pub(super) struct LoadWhenWaiting;

impl ExtensionFactory for LoadWhenWaiting {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self)
    }
}

#[async_trait]
impl Extension for LoadWhenWaiting {
    async fn execute(
        &self,
        ctx: &ExtensionContext<'_>,
        operation_name: Option<&str>,
        next: NextExecute<'_>,
    ) -> Response {
        let Some(waiting) = ctx.data_opt::<Waiting>() else {
            return next.run(ctx, operation_name).await;
        };
        let mut operation = pin!(next.run(ctx, operation_name));
        poll_fn(|context| {
            let waker = Arc::new(Observed {
                waker: context.waker().clone(),
                woken: AtomicBool::new(false),
            });
            let step = operation
                .as_mut()
                .poll(&mut Context::from_waker(&Waker::from(waker.clone())));
            // Lists and objects wake themselves to go on with their next fields; who did not waits for something else.
            if step.is_pending() && !waker.woken.load(Ordering::SeqCst) {
                waiting.load();
            }
            step
        })
        .await
    }
}

/// A waker that remembers whether it was used.
struct Observed {
    waker: Waker,
    woken: AtomicBool,
}

impl Wake for Observed {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.woken.store(true, Ordering::SeqCst);
        self.waker.wake_by_ref();
    }
}
