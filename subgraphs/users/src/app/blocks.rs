//! Who wants nothing to do with whom. A block works in both directions: while it stands, neither follows the other, finds
//! the other by the beginning of a handle, or is sent a message by the other. What is public stays public to both.

use std::collections::HashSet;

use common::{
    audit,
    page::{CursorKind, Page, Window},
};
use sqlx::PgConnection;

use super::{App, AppError, Listing, Result, access, follows};
use crate::{
    db,
    domain::{Block, Follow, User, UserId},
};

/// Tells cursors of the list of blocks apart.
pub const BLOCKS: CursorKind = CursorKind(b'b');

/// That the viewer blocks somebody.
#[derive(Clone, Debug)]
pub struct Blocked {
    /// Whom the viewer blocks.
    pub user: User,
    /// Whether the viewer blocks them since now, and not since before.
    pub is_new: bool,
}

impl App {
    /// Makes the viewer block somebody, and returns them. Neither follows the other any more. Blocking again changes
    /// nothing.
    pub async fn block(&self, viewer: UserId, whom: &str) -> Result<Blocked> {
        let whom = UserId::parse(whom).ok_or(AppError::UserNotFound)?;
        access::block(viewer, whom)?;
        let block = Block {
            blocker: viewer,
            blocked: whom,
        };
        let mut tx = self.pool.begin().await?;
        // Whoever wants to follow holds these locks as well, and looks for a block while it does.
        follows::lock(&mut tx, viewer, whom).await?;
        let is_new = db::blocks::insert(&mut tx, block, self.clock.now()).await?;
        if is_new {
            part(&mut tx, viewer, whom).await?;
        }
        let user = db::users::by_id(&mut tx, whom).await?;
        tx.commit().await?;
        if is_new {
            audit::Event::new("block_user", &viewer, &whom).done();
        }
        let user = user.ok_or(AppError::UserNotFound)?;
        Ok(Blocked { user, is_new })
    }

    /// Makes the viewer block somebody no longer, and returns them. The follows that the block removed stay removed. Doing
    /// so again changes nothing.
    pub async fn unblock(&self, viewer: UserId, whom: &str) -> Result<User> {
        let whom = UserId::parse(whom).ok_or(AppError::UserNotFound)?;
        let block = Block {
            blocker: viewer,
            blocked: whom,
        };
        let mut tx = self.pool.begin().await?;
        follows::lock(&mut tx, viewer, whom).await?;
        let was_blocked = db::blocks::delete(&mut tx, block).await?;
        let user = db::users::by_id(&mut tx, whom).await?;
        tx.commit().await?;
        if was_blocked {
            audit::Event::new("unblock_user", &viewer, &whom).done();
        }
        user.ok_or(AppError::UserNotFound)
    }

    /// Those of these that there are.
    pub async fn blocks_among(&self, blocks: &[Block]) -> Result<HashSet<Block>> {
        let mut conn = self.pool.acquire().await?;
        Ok(db::blocks::among(&mut conn, blocks).await?)
    }

    /// Whether one of the two blocks the other.
    pub async fn are_apart(&self, one: UserId, other: UserId) -> Result<bool> {
        let mut conn = self.pool.acquire().await?;
        Ok(db::blocks::between(&mut conn, one, other).await?)
    }

    /// A page of the people whom the viewer blocks, newest first. Nobody else sees this list.
    pub async fn blocked(&self, viewer: UserId, window: Window) -> Result<Page<Listing>> {
        let mut conn = self.pool.acquire().await?;
        let rows = db::blocks::list(&mut conn, viewer, window).await?;
        let rows = rows.into_iter().map(|row| Listing {
            place: row.place,
            user: row.user,
        });
        Ok(Page::of(rows.collect(), window))
    }

    /// How many people the viewer blocks.
    pub async fn blocked_count(&self, viewer: UserId) -> Result<i32> {
        let mut conn = self.pool.acquire().await?;
        let count = db::blocks::count(&mut conn, viewer).await?;
        i32::try_from(count).map_err(AppError::internal)
    }
}

/// Ends the follows of the two, in both directions. Both accounts are locked.
async fn part(conn: &mut PgConnection, one: UserId, other: UserId) -> Result<()> {
    for (follower, followee) in [(one, other), (other, one)] {
        let follow = Follow { follower, followee };
        if db::follows::delete(conn, follow).await? {
            db::follows::count(conn, follow, -1).await?;
        }
    }
    Ok(())
}
