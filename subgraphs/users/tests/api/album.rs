//! Avatars in memory, in a store that can fail and that can make uploads wait for one another.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use common::objects::Objects;
use futures_util::TryStreamExt;
use object_store::{ObjectStore, memory::InMemory};
use tokio::sync::Barrier;
use users::{
    app::ports::{AvatarStore, StoreError},
    domain::AvatarName,
};

pub struct Album {
    memory: Arc<InMemory>,
    objects: Objects,
    refuses_to_put: AtomicBool,
    refuses_to_get: AtomicBool,
    refuses_to_delete: AtomicBool,
    meeting: Mutex<Option<Arc<Barrier>>>,
}

impl Album {
    pub fn shared() -> Arc<Self> {
        let memory = Arc::new(InMemory::new());
        Arc::new(Self {
            objects: Objects::over(memory.clone()),
            memory,
            refuses_to_put: AtomicBool::new(false),
            refuses_to_get: AtomicBool::new(false),
            refuses_to_delete: AtomicBool::new(false),
            meeting: Mutex::default(),
        })
    }

    pub fn break_put(&self) {
        self.refuses_to_put.store(true, Ordering::SeqCst);
    }

    pub fn break_get(&self) {
        self.refuses_to_get.store(true, Ordering::SeqCst);
    }

    pub fn break_delete(&self) {
        self.refuses_to_delete.store(true, Ordering::SeqCst);
    }

    /// From now on whoever has stored a picture waits for a meeting of so many.
    pub fn meet(&self, number: usize) -> Arc<Barrier> {
        let meeting = Arc::new(Barrier::new(number));
        *self.meeting.lock().unwrap() = Some(meeting.clone());
        meeting
    }

    /// Returns once so many pictures are stored.
    pub async fn holds(&self, number: usize) {
        let seen = async {
            while self.names().await.len() != number {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), seen)
            .await
            .expect("there are as many as before");
    }

    /// The names of all that is stored, in their order.
    pub async fn names(&self) -> Vec<String> {
        let found: Vec<_> = self.memory.list(None).try_collect().await.unwrap();
        let mut names: Vec<_> = found
            .into_iter()
            .map(|meta| meta.location.to_string())
            .collect();
        names.sort_unstable();
        names
    }
}

fn unless(broken: &AtomicBool) -> Result<(), StoreError> {
    if broken.load(Ordering::SeqCst) {
        return Err(StoreError("503 slow down".to_owned()));
    }
    Ok(())
}

#[async_trait]
impl AvatarStore for Album {
    async fn put(&self, name: &AvatarName, picture: Bytes) -> Result<(), StoreError> {
        unless(&self.refuses_to_put)?;
        AvatarStore::put(&self.objects, name, picture).await?;
        let meeting = self.meeting.lock().unwrap().clone();
        if let Some(meeting) = meeting {
            meeting.wait().await;
        }
        Ok(())
    }

    async fn get(&self, name: &AvatarName) -> Result<Option<Bytes>, StoreError> {
        unless(&self.refuses_to_get)?;
        AvatarStore::get(&self.objects, name).await
    }

    async fn delete(&self, name: &AvatarName) -> Result<(), StoreError> {
        unless(&self.refuses_to_delete)?;
        AvatarStore::delete(&self.objects, name).await
    }
}
