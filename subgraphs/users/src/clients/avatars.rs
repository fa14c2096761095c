//! Where avatars are kept.

use async_trait::async_trait;
use bytes::Bytes;
use common::objects::{Location, Objects, ObjectsError};

use crate::{
    app::ports::{AvatarStore, StoreError},
    domain::AvatarName,
};

#[async_trait]
impl AvatarStore for Objects {
    async fn put(&self, name: &AvatarName, picture: Bytes) -> Result<(), StoreError> {
        Objects::put(self, &location(name), picture)
            .await
            .map_err(failed)
    }

    async fn get(&self, name: &AvatarName) -> Result<Option<Bytes>, StoreError> {
        Objects::get(self, &location(name)).await.map_err(failed)
    }

    async fn delete(&self, name: &AvatarName) -> Result<(), StoreError> {
        Objects::delete(self, &location(name)).await.map_err(failed)
    }
}

fn location(name: &AvatarName) -> Location {
    Location::from(name.to_string())
}

#[expect(clippy::needless_pass_by_value, reason = "it is what map_err takes")]
fn failed(error: ObjectsError) -> StoreError {
    StoreError(error.to_string())
}
