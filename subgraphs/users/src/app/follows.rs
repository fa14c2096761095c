//! Who follows whom.

use std::collections::{HashMap, HashSet};

use common::{
    audit,
    page::{CursorKind, Keyset, Page, Window},
};
use sqlx::PgConnection;

use super::{App, AppError, Result, access};
use crate::{
    db,
    domain::{Follow, User, UserId},
};

/// The most lists whose versions can be asked for at once.
pub const MAX_VERSIONS: usize = 500;

/// The two lists of a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Relation {
    /// Who follows them.
    Followers,
    /// Whom they follow.
    Followees,
}

impl Relation {
    /// Tells cursors of the two lists apart.
    pub fn cursor_kind(self) -> CursorKind {
        CursorKind(match self {
            Self::Followers => b'r',
            Self::Followees => b'e',
        })
    }
}

/// One person of a list, and where in it they are.
#[derive(Clone, Debug)]
pub struct Listing {
    pub place: Keyset,
    pub user: User,
}

/// The answer to a conditional request for somebody's followees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FolloweeIds {
    /// The version the asker has is still the present one.
    Unchanged,
    Changed {
        version: i64,
        ids: Vec<UserId>,
    },
}

/// That the viewer follows somebody.
#[derive(Clone, Debug)]
pub struct Followed {
    /// Whom the viewer follows.
    pub user: User,
    /// Whether the viewer follows them since now, and not since before.
    pub is_new: bool,
}

impl App {
    /// Makes the viewer follow somebody, and returns them. Following again changes nothing.
    pub async fn follow(&self, viewer: UserId, whom: &str) -> Result<Followed> {
        let whom = UserId::parse(whom).ok_or(AppError::UserNotFound)?;
        let follow = Follow {
            follower: viewer,
            followee: whom,
        };
        let mut tx = self.pool.begin().await?;
        lock(&mut tx, viewer, whom).await?;
        let apart = db::blocks::between(&mut tx, viewer, whom).await?;
        access::follow(viewer, whom, apart).inspect_err(|error| {
            if matches!(error, AppError::KeptApart) {
                audit::Event::new("follow_user", &viewer, &whom).denied("FORBIDDEN");
            }
        })?;
        let is_new = db::follows::insert(&mut tx, follow, self.clock.now()).await?;
        if is_new {
            db::follows::count(&mut tx, follow, 1).await?;
        }
        let user = db::users::by_id(&mut tx, whom).await?;
        tx.commit().await?;
        let user = user.ok_or(AppError::UserNotFound)?;
        Ok(Followed { user, is_new })
    }

    /// Makes the viewer follow somebody no longer, and returns them. Doing so again changes nothing.
    pub async fn unfollow(&self, viewer: UserId, whom: &str) -> Result<User> {
        let whom = UserId::parse(whom).ok_or(AppError::UserNotFound)?;
        let follow = Follow {
            follower: viewer,
            followee: whom,
        };
        let mut tx = self.pool.begin().await?;
        lock(&mut tx, viewer, whom).await?;
        if db::follows::delete(&mut tx, follow).await? {
            db::follows::count(&mut tx, follow, -1).await?;
        }
        let user = db::users::by_id(&mut tx, whom).await?;
        tx.commit().await?;
        user.ok_or(AppError::UserNotFound)
    }

    /// Those of these that there are.
    pub async fn follows_among(&self, follows: &[Follow]) -> Result<HashSet<Follow>> {
        let mut conn = self.pool.acquire().await?;
        Ok(db::follows::among(&mut conn, follows).await?)
    }

    /// The same page of the lists of several people, newest first, in one query.
    pub async fn related(
        &self,
        relation: Relation,
        of: &[UserId],
        window: Window,
    ) -> Result<HashMap<UserId, Page<Listing>>> {
        let mut conn = self.pool.acquire().await?;
        let rows = match relation {
            Relation::Followers => db::follows::followers(&mut conn, of, window).await?,
            Relation::Followees => db::follows::followees(&mut conn, of, window).await?,
        };
        let mut lists: HashMap<UserId, Vec<Listing>> =
            of.iter().map(|id| (*id, Vec::new())).collect();
        for row in rows {
            let listing = Listing {
                place: row.place,
                user: row.user,
            };
            lists.entry(row.list_of).or_default().push(listing);
        }
        Ok(lists
            .into_iter()
            .map(|(id, rows)| (id, Page::of(rows, window)))
            .collect())
    }

    /// A page of one of the lists of a person who has to exist.
    pub async fn listed(
        &self,
        relation: Relation,
        of: &str,
        window: Window,
    ) -> Result<Page<Listing>> {
        let of = UserId::parse(of).ok_or(AppError::UserNotFound)?;
        let exists = {
            let mut conn = self.pool.acquire().await?;
            db::users::by_id(&mut conn, of).await?.is_some()
        };
        if !exists {
            return Err(AppError::UserNotFound);
        }
        let mut lists = self.related(relation, &[of], window).await?;
        Ok(lists.remove(&of).unwrap_or_else(Page::empty))
    }

    /// Whom the viewer follows, unless that is still what it was at `known`, which one look-up by primary key tells.
    pub async fn followee_ids(&self, viewer: UserId, known: &[i64]) -> Result<FolloweeIds> {
        let mut conn = self.pool.acquire().await?;
        if !known.is_empty() {
            let version = db::follows::followees_version(&mut conn, viewer).await?;
            if version.is_some_and(|version| known.contains(&version)) {
                return Ok(FolloweeIds::Unchanged);
            }
        }
        let (version, ids) = db::follows::followee_ids(&mut conn, viewer)
            .await?
            .ok_or(AppError::ViewerGone)?;
        Ok(FolloweeIds::Changed { version, ids })
    }

    /// The present versions of whom these people follow, in their order; `None` for who does not exist.
    pub async fn followees_versions(&self, ids: &[UserId]) -> Result<Vec<Option<i64>>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut conn = self.pool.acquire().await?;
        let versions = db::follows::followees_versions(&mut conn, ids).await?;
        Ok(ids.iter().map(|id| versions.get(id).copied()).collect())
    }
}

/// Locks both accounts: their counts are about to change, and whether one of the two blocks the other.
pub(super) async fn lock(conn: &mut PgConnection, viewer: UserId, whom: UserId) -> Result<()> {
    let accounts = db::users::lock(conn, &[viewer, whom]).await?;
    if !accounts.contains(&viewer) {
        return Err(AppError::ViewerGone);
    }
    if !accounts.contains(&whom) {
        return Err(AppError::UserNotFound);
    }
    Ok(())
}
