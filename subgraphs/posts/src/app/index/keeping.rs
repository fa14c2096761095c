//! The index is read when the service starts, kept up, and read again whenever it was dropped.

use std::{collections::VecDeque, time::Duration};

use common::{error::Fault, shutdown::Shutdown};
use futures_util::TryStreamExt;
use sqlx::Connection;
use tokio::{
    task::coop::consume_budget,
    time::{Instant, sleep},
};

use super::{KEEP_SECONDS, Lists};
use crate::{
    app::App,
    db,
    domain::{Moment, UserId},
};

/// How often changes are taken over when nobody reads a timeline.
const INTERVAL: Duration = Duration::from_secs(1);
/// Before the whole index is read again, and the longest when that fails again and again.
const PAUSE: Duration = Duration::from_secs(30);
const LONGEST_PAUSE: Duration = Duration::from_hours(1);
/// How often old changes are deleted.
const CLEANING: Duration = Duration::from_mins(1);
/// Changes that are taken over at once, while readers wait. With more it is quicker to read all posts again.
const MOST_CHANGES: i64 = 5_000;
/// Rows a statement deletes.
const BATCH: i64 = 10_000;

impl App {
    /// Keeps the index of the timeline, until told to stop.
    pub async fn keep_index(self, shutdown: Shutdown) {
        if self.index.is_none() {
            return;
        }
        let mut pause = PAUSE;
        while !shutdown.is_cancelled() {
            tokio::select! {
                () = shutdown.cancelled() => return,
                result = self.load_index() => match result {
                    Ok(()) => {
                        pause = PAUSE;
                        self.keep_up(&shutdown).await;
                    }
                    Err(error) => {
                        tracing::warn!(%error, "the index of the timeline could not be read");
                        pause = (pause * 2).min(LONGEST_PAUSE);
                    }
                },
            }
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = sleep(pause) => {}
            }
        }
    }

    /// Reads the whole index as of one moment. Does nothing if the service keeps none.
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
        let moment = db::changes::present(&mut tx).await?;
        let mut lists = Lists::new(index.max_bytes);
        {
            let mut rows = std::pin::pin!(db::changes::all_places(&mut tx));
            let mut of: Option<(UserId, Vec<_>)> = None;
            while let Some((author, place)) = rows.try_next().await? {
                // Most rows are there already: without this, whoever waits for the same thread would wait for all of them.
                consume_budget().await;
                match &mut of {
                    Some((current, places)) if *current == author => places.push(place),
                    _ => {
                        if let Some((author, places)) = of.replace((author, vec![place])) {
                            lists.put(author, &places).map_err(Fault::internal)?;
                        }
                    }
                }
            }
            if let Some((author, places)) = of {
                lists.put(author, &places).map_err(Fault::internal)?;
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
        index.start(lists, moment);
        Ok(())
    }

    /// Takes changes over as long as there is an index.
    async fn keep_up(&self, shutdown: &Shutdown) {
        loop {
            match self.refresh_index().await {
                Ok(true) => {}
                Ok(false) => return,
                // The index stays as it is: whoever uses it asks the database first.
                Err(error) => tracing::debug!(%error, "the index of the timeline is behind"),
            }
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = sleep(INTERVAL) => {}
            }
        }
    }

    /// Takes over what has changed. Whether there still is an index.
    pub async fn refresh_index(&self) -> Result<bool, Fault> {
        let Some((index, moment)) = self
            .index
            .as_ref()
            .and_then(|index| Some((index, index.moment()?)))
        else {
            return Ok(false);
        };
        let mut conn = self.pool.acquire().await?;
        let (_no_posts, changes) =
            db::changes::with_posts(&mut conn, &[], &moment, MOST_CHANGES).await?;
        if !changes.is_complete {
            index.forget("too much has changed");
        }
        Ok(index.take(&changes))
    }

    /// Deletes changes that no index can ask for any more, until told to stop.
    pub async fn clean_changes(self, shutdown: Shutdown) {
        let mut moments = VecDeque::new();
        while !shutdown.is_cancelled() {
            if let Err(error) = self.delete_changes(&mut moments).await {
                tracing::warn!(%error, "old changes of posts could not be deleted");
            }
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = sleep(CLEANING) => {}
            }
        }
    }

    /// Notes the present moment, and deletes the changes of transactions that had ended at a moment noted long ago: whoever
    /// has asked since has seen them. How many.
    pub async fn delete_changes(&self, moments: &mut VecDeque<Moment>) -> Result<u64, Fault> {
        let mut conn = self.pool.acquire().await?;
        let now = db::changes::present(&mut conn).await?;
        moments.retain(|moment| moment.is_of_same_server(&now));
        let is_old = |moment: &Moment| now.seconds_since(moment) >= KEEP_SECONDS;
        let mut before = 0;
        while let Some(old) = moments.pop_front_if(|moment| is_old(moment)) {
            before = old.snapshot.first_not_ended();
        }
        moments.push_back(now);
        let mut deleted = 0;
        loop {
            let some = db::changes::delete(&mut conn, before, BATCH).await?;
            if some == 0 {
                return Ok(deleted);
            }
            deleted += some;
        }
    }
}
