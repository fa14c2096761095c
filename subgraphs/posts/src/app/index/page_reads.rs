//! The statement that reads a page, shared by concurrent requests: it reads the changes once for all of them.

use std::{collections::HashMap, sync::Arc, time::Duration};

use common::{
    coalesce::{Coalescer, Limits},
    error::Fault,
};
use sqlx::PgPool;
use tokio::time::timeout;
use uuid::Uuid;

use crate::{
    db,
    domain::{Changes, Post, ReadPoint},
};

/// Limits the changes that are read with pages. With more, the index is too far behind and the database finds the page.
pub const MAX_CHANGES_PER_READ: i64 = 1_000;

const READ_LIMITS: Limits = Limits {
    // Each key reads at most a hundred posts: together some milliseconds.
    keys: 64,
    calls: 4,
    patience: Duration::from_millis(20),
};

/// Bounds the wait for a connection and the statement. Requests give up earlier; this frees the slot for the next ones.
const READ_TIMEOUT: Duration = Duration::from_secs(4);

/// The posts and the changes that one page needs.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PageRead {
    pub ids: Vec<Uuid>,
    pub since: ReadPoint,
}

/// The posts, in no order, and the changes.
type Answer = (Vec<Post>, Arc<Changes>);
pub type PageReads = Coalescer<PageRead, Answer, Fault>;

pub fn coalescer(pool: PgPool) -> PageReads {
    Coalescer::new(READ_LIMITS, move |page_reads| {
        let pool = pool.clone();
        async move {
            let page_read = timeout(READ_TIMEOUT, read(&pool, page_reads));
            let elapsed = "the posts of pages were not read in time";
            page_read
                .await
                .map_err(|_elapsed| Fault::unavailable(elapsed))?
        }
    })
}

async fn read(pool: &PgPool, page_reads: Vec<PageRead>) -> Result<Vec<Answer>, Fault> {
    // Changes since an earlier read point include the changes since a later one.
    let earliest = page_reads
        .iter()
        .map(|page_read| &page_read.since)
        .reduce(|one, other| if other.includes(one) { one } else { other });
    let Some(since) = earliest.cloned() else {
        return Ok(Vec::new());
    };
    let mut ids: Vec<Uuid> = page_reads
        .iter()
        .flat_map(|page_read| &page_read.ids)
        .copied()
        .collect();
    ids.sort_unstable();
    ids.dedup();
    let mut conn = pool.acquire().await?;
    let (posts, changes) =
        db::changes::with_posts(&mut conn, &ids, &since, MAX_CHANGES_PER_READ).await?;
    let posts: HashMap<Uuid, Post> = posts
        .into_iter()
        .map(|post| (post.id.as_uuid(), post))
        .collect();
    let changes = Arc::new(changes);
    let answer = |page_read: PageRead| {
        let of_page = page_read
            .ids
            .iter()
            .filter_map(|id| posts.get(id).cloned())
            .collect();
        (of_page, changes.clone())
    };
    Ok(page_reads.into_iter().map(answer).collect())
}
