//! Loads the index when the service starts, keeps it up to date, and loads it again after it was dropped.

use std::{collections::VecDeque, time::Duration};

use common::{error::Fault, shutdown::Shutdown};
use futures_util::TryStreamExt;
use sqlx::Connection;
use tokio::{
    task::coop::consume_budget,
    time::{Instant, sleep},
};

use super::{CHANGE_RETENTION_SECONDS, Lists};
use crate::{
    app::App,
    db,
    domain::{ReadPoint, UserId},
};

/// Interval between refreshes while no request refreshes the index.
const REFRESH_INTERVAL: Duration = Duration::from_secs(1);
/// Delay before the whole index is loaded again. It doubles with each failure.
const RELOAD_DELAY: Duration = Duration::from_secs(30);
const MAX_RELOAD_DELAY: Duration = Duration::from_hours(1);
/// Interval between deletions of old changes.
const CLEANUP_INTERVAL: Duration = Duration::from_mins(1);
/// Limits a refresh, which blocks readers. With more changes, loading all posts again is faster.
const MAX_CHANGES_PER_REFRESH: i64 = 5_000;
/// Rows that one statement deletes.
const CLEANUP_BATCH_SIZE: i64 = 10_000;

impl App {
    /// Loads the index and keeps it up to date until shutdown.
    pub async fn maintain_index(self, shutdown: Shutdown) {
        if self.index.is_none() {
            return;
        }
        let mut delay = RELOAD_DELAY;
        while !shutdown.is_cancelled() {
            tokio::select! {
                () = shutdown.cancelled() => return,
                result = self.load_index() => match result {
                    Ok(()) => {
                        delay = RELOAD_DELAY;
                        self.follow_changes(&shutdown).await;
                    }
                    Err(error) => {
                        tracing::warn!(%error, "the index of the timeline could not be read");
                        delay = (delay * 2).min(MAX_RELOAD_DELAY);
                    }
                },
            }
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = sleep(delay) => {}
            }
        }
    }

    /// Loads the whole index as of one read point. Does nothing if the service has no index.
    pub async fn load_index(&self) -> Result<(), Fault> {
        let Some(index) = &self.index else {
            return Ok(());
        };
        let start = Instant::now();
        let mut conn = self.pool.acquire().await?;
        let mut tx = conn
            .begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            .await?;
        db::changes::without_time_limit(&mut tx).await?;
        let read_point = db::changes::current_read_point(&mut tx).await?;
        let mut lists = Lists::new(index.max_bytes);
        {
            let mut rows = std::pin::pin!(db::changes::all_positions(&mut tx));
            let mut of: Option<(UserId, Vec<_>)> = None;
            while let Some((author, position)) = rows.try_next().await? {
                // Most rows are buffered already: without this, other tasks of the thread would wait for all of them.
                consume_budget().await;
                match &mut of {
                    Some((current, positions)) if *current == author => positions.push(position),
                    _ => {
                        if let Some((author, positions)) = of.replace((author, vec![position])) {
                            lists
                                .insert_author(author, &positions)
                                .map_err(Fault::internal)?;
                        }
                    }
                }
            }
            if let Some((author, positions)) = of {
                lists
                    .insert_author(author, &positions)
                    .map_err(Fault::internal)?;
            }
        }
        tx.rollback().await?;
        tracing::info!(
            posts = lists.posts(),
            authors = lists.authors(),
            bytes = lists.bytes(),
            millis = start.elapsed().as_millis(),
            "the index of the timeline is read"
        );
        index.start(lists, read_point);
        Ok(())
    }

    /// Refreshes the index until it is dropped.
    async fn follow_changes(&self, shutdown: &Shutdown) {
        loop {
            match self.refresh_index().await {
                Ok(true) => {}
                Ok(false) => return,
                // The index stays as it is: each use of it asks the database for changes first.
                Err(error) => tracing::debug!(%error, "the index of the timeline is behind"),
            }
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = sleep(REFRESH_INTERVAL) => {}
            }
        }
    }

    /// Applies new changes to the index. Returns whether there still is an index.
    pub async fn refresh_index(&self) -> Result<bool, Fault> {
        let Some((index, read_point)) = self
            .index
            .as_ref()
            .and_then(|index| Some((index, index.read_point()?)))
        else {
            return Ok(false);
        };
        let mut conn = self.pool.acquire().await?;
        let (_no_posts, changes) =
            db::changes::with_posts(&mut conn, &[], &read_point, MAX_CHANGES_PER_REFRESH).await?;
        if !changes.is_complete {
            index.drop_index("too much has changed");
        }
        Ok(index.apply_changes(&changes))
    }

    /// Deletes changes that no index can need any more, until shutdown.
    pub async fn clean_changes(self, shutdown: Shutdown) {
        let mut read_points = VecDeque::new();
        while !shutdown.is_cancelled() {
            if let Err(error) = self.delete_changes(&mut read_points).await {
                tracing::warn!(%error, "old changes of posts could not be deleted");
            }
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = sleep(CLEANUP_INTERVAL) => {}
            }
        }
    }

    /// Records the current read point and deletes the changes of transactions that had ended at a read point recorded long
    /// ago: every index that is young enough to be used has applied them. Returns how many changes it deleted.
    pub async fn delete_changes(
        &self,
        read_points: &mut VecDeque<ReadPoint>,
    ) -> Result<u64, Fault> {
        let mut conn = self.pool.acquire().await?;
        let now = db::changes::current_read_point(&mut conn).await?;
        read_points.retain(|read_point| read_point.is_on_same_server(&now));
        let is_old =
            |read_point: &ReadPoint| now.seconds_since(read_point) >= CHANGE_RETENTION_SECONDS;
        let mut before = 0;
        while let Some(old) = read_points.pop_front_if(|read_point| is_old(read_point)) {
            before = old.snapshot.oldest_running();
        }
        read_points.push_back(now);
        let mut deleted = 0;
        loop {
            let some = db::changes::delete(&mut conn, before, CLEANUP_BATCH_SIZE).await?;
            if some == 0 {
                return Ok(deleted);
            }
            deleted += some;
        }
    }
}
