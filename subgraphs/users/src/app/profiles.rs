//! Who people are.

use std::{collections::HashMap, time::Duration};

use common::{
    coalesce::{Coalescer, Limits},
    error::Fault,
    page::{CursorKind, Window},
};
use sqlx::PgPool;

use super::{App, AppError, Result, fields::Fields};
use crate::{
    db,
    domain::{
        AvatarUrl, Bio, Change, DisplayName, ProfileChanges, User, UserId, UserSummary, Username,
        UsernamePrefix,
    },
};

/// The most ids, and the most handles, that one look-up may name.
pub const MAX_LOOKUP: usize = 100;

/// What somebody asks to change of their profile. Blank text clears name and bio, as null does.
#[derive(Clone, Debug)]
pub struct ProfileInput {
    pub display_name: Change<String>,
    pub bio: Change<String>,
    pub avatar_url: Change<String>,
}

/// A page of the most posts there can be, of as many authors, for each of a dozen readers.
const LOOK_UPS: Limits = Limits {
    keys: 1_000,
    calls: 4,
    patience: Duration::from_millis(20),
};

/// Looks people up for all who ask at once.
pub(super) fn by_id(pool: PgPool) -> Coalescer<UserId, Option<User>, Fault> {
    Coalescer::new(LOOK_UPS, move |ids: Vec<UserId>| {
        let pool = pool.clone();
        async move {
            let mut conn = pool.acquire().await?;
            let found = db::users::by_ids(&mut conn, &ids).await?;
            let mut users: HashMap<_, _> = found.into_iter().map(|user| (user.id, user)).collect();
            // Each id is there once.
            Ok(ids.iter().map(|id| users.remove(id)).collect())
        }
    })
}

impl App {
    /// The users that exist, of any number of ids, in one query that others may share.
    pub async fn users(&self, ids: &[UserId]) -> Result<HashMap<UserId, User>> {
        let answered = self.by_id.ask_all(ids.iter().copied()).await;
        let users = answered.map_err(Fault::from)?;
        Ok(users
            .into_iter()
            .flatten()
            .map(|user| (user.id, user))
            .collect())
    }

    /// The viewer's own account.
    pub async fn own(&self, viewer: UserId) -> Result<User> {
        let mut conn = self.pool.acquire().await?;
        let user = db::users::by_id(&mut conn, viewer).await?;
        user.ok_or(AppError::ViewerGone)
    }

    /// The user that a client names.
    pub async fn user(&self, id: &str) -> Result<User> {
        let id = UserId::parse(id).ok_or(AppError::UserNotFound)?;
        let mut conn = self.pool.acquire().await?;
        let user = db::users::by_id(&mut conn, id).await?;
        user.ok_or(AppError::UserNotFound)
    }

    /// The users that have these handles, in any case, by their folded handle. What is no handle is nobody's.
    pub async fn users_by_username(&self, usernames: &[String]) -> Result<HashMap<String, User>> {
        let mut conn = self.pool.acquire().await?;
        let users = db::users::by_usernames(&mut conn, &handles(usernames)).await?;
        Ok(users
            .into_iter()
            .map(|user| (user.username.to_ascii_lowercase(), user))
            .collect())
    }

    /// Handles that begin with a prefix, in alphabetical order; nobody when no handle can begin so. Whom a block keeps apart
    /// from the viewer is left out.
    pub async fn search(
        &self,
        viewer: Option<UserId>,
        prefix: &str,
        first: i32,
    ) -> Result<Vec<User>> {
        let window = Window::of(first, None, CursorKind(0))
            .map_err(|violation| AppError::Invalid(violation.details))?;
        let Some(prefix) = UsernamePrefix::parse(prefix) else {
            return Ok(Vec::new());
        };
        let limit = window.fetch() - 1;
        let mut conn = self.pool.acquire().await?;
        Ok(db::users::with_prefix(&mut conn, &prefix, viewer, limit).await?)
    }

    /// What other contexts show of the people with these ids or handles.
    pub async fn summaries(
        &self,
        ids: &[UserId],
        usernames: &[String],
    ) -> Result<Vec<UserSummary>> {
        let mut conn = self.pool.acquire().await?;
        Ok(db::users::summaries(&mut conn, ids, &handles(usernames)).await?)
    }

    /// Changes the viewer's profile and returns it.
    pub async fn update_profile(&self, viewer: UserId, input: ProfileInput) -> Result<User> {
        let mut fields = Fields::default();
        let name = input.display_name.parse(|text| DisplayName::parse(&text));
        let name = fields.take("display_name", name);
        let bio = fields.take("bio", input.bio.parse(|text| Bio::parse(&text)));
        let avatar = input
            .avatar_url
            .parse(|text| AvatarUrl::parse(&text).map(Some));
        let avatar = fields.take("avatar_url", avatar);
        let (Some(display_name), Some(bio), Some(avatar_url)) = (name, bio, avatar) else {
            return Err(fields.refused());
        };
        let changes = ProfileChanges {
            display_name,
            bio,
            avatar_url,
        };
        if changes.avatar_url != Change::Keep {
            return self
                .spawn_uncancellable(|app| async move { app.change_avatar(viewer, &changes).await })
                .await;
        }
        let mut conn = self.pool.acquire().await?;
        db::users::update_profile(&mut conn, viewer, &changes)
            .await?
            .ok_or(AppError::ViewerGone)
    }
}

fn handles(usernames: &[String]) -> Vec<Username> {
    usernames
        .iter()
        .filter_map(|text| Username::parse(text).ok())
        .collect()
}
