//! Pictures of people: what they upload is stored beside the database, and their profile says where.
//!
//! Each upload gets a name of its own, and its owner's id is part of it. So a URL never changes what it shows, and
//! nobody can have another's picture deleted by pointing their own profile to it and away again.

use std::sync::Arc;

use bytes::Bytes;
use url::Url;

use super::{App, AppError, Links, Pictures, Result, pictures::Avatar, ports::AvatarStore};
use crate::{
    db,
    domain::{
        AvatarName, AvatarUpload, AvatarUrl, BadUpload, Change, ProfileChanges, StoredAvatar, User,
        UserId,
    },
};

/// Where avatars are served, under the public URL.
const PATH: &str = "api/users/avatars/";

/// What it takes to keep avatars. Cheap to clone.
#[derive(Clone)]
pub struct Avatars {
    store: Arc<dyn AvatarStore>,
    links: Links,
    pictures: Pictures,
}

impl Avatars {
    pub fn new(store: Arc<dyn AvatarStore>, links: Links) -> Self {
        Self {
            store,
            links,
            pictures: Pictures::default(),
        }
    }

    fn url(&self, name: &AvatarName) -> Result<AvatarUrl> {
        let url = self.links.url(&format!("{PATH}{name}"));
        AvatarUrl::parse(&url)
            .map_err(|_invalid| AppError::internal(format!("no avatar can be at {url}")))
    }

    /// Deletes a picture that nothing names any more. One that cannot be deleted now stays, and the log says so; the
    /// profile is right either way.
    async fn discard(&self, name: &AvatarName) {
        if let Err(error) = self.store.delete(name).await {
            tracing::warn!(%error, avatar = %name, "an avatar that is not needed could not be deleted");
        }
    }
}

impl App {
    /// Makes an upload the viewer's avatar: JPEG or PNG by its content, 2 MiB at most. The one they had is deleted.
    pub async fn set_avatar(&self, viewer: UserId, data: Bytes) -> Result<User> {
        let upload = AvatarUpload::parse(data)?;
        let avatar = self.avatars.pictures.avatar(upload).await?;
        self.spawn_uncancellable(|app| async move { app.store_avatar(viewer, avatar).await })
            .await
    }

    /// Leaves the viewer without an avatar, wherever it was.
    pub async fn remove_avatar(&self, viewer: UserId) -> Result<User> {
        let changes = ProfileChanges::of_avatar(Change::Clear);
        self.spawn_uncancellable(|app| async move { app.change_avatar(viewer, &changes).await })
            .await
    }

    /// The avatar of a name, as a URL has it; `None` when there is none, and for what is no name.
    pub async fn avatar(&self, name: &str) -> Result<Option<StoredAvatar>> {
        let Some(name) = AvatarName::parse(name) else {
            return Ok(None);
        };
        let data = self.avatars.store.get(&name).await?;
        Ok(data.map(|data| StoredAvatar {
            media_type: name.format().media_type(),
            data,
        }))
    }

    async fn store_avatar(&self, viewer: UserId, avatar: Avatar) -> Result<User> {
        let name = AvatarName::new(viewer, self.clock.new_id(), avatar.format);
        let changes = ProfileChanges::of_avatar(Change::Set(self.avatars.url(&name)?));
        let stored = match self.avatars.store.put(&name, avatar.data).await {
            Ok(()) => self.change_avatar(viewer, &changes).await,
            Err(error) => Err(error.into()),
        };
        match &stored {
            // Better a picture that nobody names than a profile that names none.
            Err(AppError::InDoubt(_)) => {
                tracing::warn!(avatar = %name, "an avatar is kept that may be nobody's");
            }
            Err(_) => self.avatars.discard(&name).await,
            Ok(_) => {}
        }
        stored
    }

    /// Changes a profile and, once that is certain, deletes the stored avatar that it named before. Two changes at once
    /// follow one another, so that the second deletes what the first has set.
    pub(super) async fn change_avatar(
        &self,
        viewer: UserId,
        changes: &ProfileChanges,
    ) -> Result<User> {
        let mut tx = self.pool.begin().await?;
        let before = db::users::lock_avatar_url(&mut tx, viewer)
            .await?
            .ok_or(AppError::ViewerGone)?;
        let user = db::users::update_profile(&mut tx, viewer, changes)
            .await?
            .ok_or(AppError::ViewerGone)?;
        tx.commit().await.map_err(AppError::InDoubt)?;
        let before = before.as_deref().and_then(stored_at);
        let now = user.avatar_url.as_deref().and_then(stored_at);
        if let Some(before) = before
            && before.owner() == viewer
            && Some(before) != now
        {
            self.avatars.discard(&before).await;
        }
        Ok(user)
    }
}

/// The stored avatar that a URL is about. Its host is not compared: `PUBLIC_URL` may have been another one when the
/// profile was written, and whose picture it is says the name.
fn stored_at(url: &str) -> Option<AvatarName> {
    let url = Url::parse(url).ok()?;
    let (before, name) = url.path().rsplit_once(PATH)?;
    before.ends_with('/').then(|| AvatarName::parse(name))?
}

impl From<BadUpload> for AppError {
    fn from(bad: BadUpload) -> Self {
        match bad {
            BadUpload::TooLarge => Self::AvatarTooLarge,
            BadUpload::UnsupportedType => Self::AvatarUnsupportedType,
        }
    }
}

#[cfg(test)]
impl Avatars {
    /// With a store that keeps nothing, for tests that upload nothing.
    pub(super) fn nowhere() -> Self {
        use super::ports::StoreError;

        struct Nowhere;

        #[async_trait::async_trait]
        impl AvatarStore for Nowhere {
            async fn put(&self, _: &AvatarName, _: Bytes) -> std::result::Result<(), StoreError> {
                Err(StoreError("no store".to_owned()))
            }

            async fn get(&self, _: &AvatarName) -> std::result::Result<Option<Bytes>, StoreError> {
                Ok(None)
            }

            async fn delete(&self, _: &AvatarName) -> std::result::Result<(), StoreError> {
                Ok(())
            }
        }

        let base = Url::parse("https://rookery.test/app").unwrap();
        Self::new(Arc::new(Nowhere), Links::under(base))
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::PictureFormat;

    #[test]
    fn the_url_of_a_stored_avatar_is_under_the_public_url_and_leads_back_to_its_name() {
        let owner = UserId::from(Uuid::from_u128(0x0A));
        let name = AvatarName::new(owner, Uuid::from_u128(0x0B), PictureFormat::Png);
        let url = Avatars::nowhere().url(&name).unwrap();
        assert_eq!(
            url.as_str(),
            format!("https://rookery.test/app/api/users/avatars/{name}")
        );
        for ours in [
            url.as_str().to_owned(),
            format!("{}?v=2#face", url.as_str()),
            format!("http://old.test/api/users/avatars/{name}"),
        ] {
            assert_eq!(stored_at(&ours), Some(name), "{ours}");
        }
        for other in [
            format!("https://rookery.test/app/api/users/avatars/{name}/"),
            format!("https://rookery.test/app/xapi/users/avatars/{name}"),
            format!("https://rookery.test/app/avatars/{name}"),
            format!("https://rookery.test/?api/users/avatars/{name}"),
            "https://example.com/ada.png".to_owned(),
        ] {
            assert_eq!(stored_at(&other), None, "{other}");
        }
    }
}
