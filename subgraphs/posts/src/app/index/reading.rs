//! The statement of a page, shared by all who read at once: what has changed since is read once for all of them.

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
    domain::{Changes, Moment, Post},
};

/// Changes that are read beside pages. With more the index is too far behind, and the database finds the pages alone.
pub const MOST_CHANGES: i64 = 1_000;

const LIMITS: Limits = Limits {
    // Of a hundred posts each at most: some milliseconds.
    keys: 64,
    calls: 4,
    patience: Duration::from_millis(20),
};

/// For getting a connection and the statement. Whoever waits does so for less long; this makes room for the next ones.
const PATIENCE: Duration = Duration::from_secs(4);

/// What one page asks for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Reading {
    pub ids: Vec<Uuid>,
    pub since: Moment,
}

/// What it is answered: its posts, in no order, and the changes.
type Answer = (Vec<Post>, Arc<Changes>);
pub type Readings = Coalescer<Reading, Answer, Fault>;

pub fn readings(pool: PgPool) -> Readings {
    Coalescer::new(LIMITS, move |readings| {
        let pool = pool.clone();
        async move {
            let reading = timeout(PATIENCE, read(&pool, readings));
            let elapsed = "the posts of pages were not read in time";
            reading
                .await
                .map_err(|_elapsed| Fault::unavailable(elapsed))?
        }
    })
}

async fn read(pool: &PgPool, readings: Vec<Reading>) -> Result<Vec<Answer>, Fault> {
    // Who asks for the changes since a later moment can do with those since an earlier one, and not the other way round.
    let earliest = readings
        .iter()
        .map(|reading| &reading.since)
        .reduce(
            |one, other| {
                if other.is_not_before(one) { one } else { other }
            },
        );
    let Some(since) = earliest.cloned() else {
        return Ok(Vec::new());
    };
    let mut ids: Vec<Uuid> = readings
        .iter()
        .flat_map(|reading| &reading.ids)
        .copied()
        .collect();
    ids.sort_unstable();
    ids.dedup();
    let mut conn = pool.acquire().await?;
    let (posts, changes) = db::changes::with_posts(&mut conn, &ids, &since, MOST_CHANGES).await?;
    let posts: HashMap<Uuid, Post> = posts
        .into_iter()
        .map(|post| (post.id.as_uuid(), post))
        .collect();
    let changes = Arc::new(changes);
    let answer = |reading: Reading| {
        let of_page = reading
            .ids
            .iter()
            .filter_map(|id| posts.get(id).cloned())
            .collect();
        (of_page, changes.clone())
    };
    Ok(readings.into_iter().map(answer).collect())
}
