//! The statement of a page, shared by all who read at once: what has changed since is read once for all of them.

use std::{collections::HashMap, sync::Arc, time::Duration};

use common::{
    coalesce::{Coalescer, Limits},
    error::Fault,
};
use sqlx::PgPool;
use uuid::Uuid;

use crate::{
    db,
    domain::{Changes, Moment, Post},
};

/// Changes that are read beside pages. The index is at most a second behind, or else the database finds the pages.
pub const MOST_CHANGES: i64 = 1_000;

const LIMITS: Limits = Limits {
    // Of a hundred posts each at most: some milliseconds.
    keys: 64,
    calls: 4,
    patience: Duration::from_millis(20),
};

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
        async move { read(&pool, readings).await }
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
        if reading.since.is_of_same_server(&since) {
            return (of_page, changes.clone());
        }
        // Of another server's moment nothing is known; whoever asks sees that these are not all changes.
        let unknown = Changes {
            is_complete: false,
            ..Changes::clone(&changes)
        };
        (of_page, Arc::new(unknown))
    };
    Ok(readings.into_iter().map(answer).collect())
}
