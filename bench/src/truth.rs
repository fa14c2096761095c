//! What PostgreSQL says by itself, asked as superuser: who the viewers are, whom they follow, what a page has to hold.

use common::page::{CursorKind, Keyset};
use sqlx::{Connection, Executor, PgConnection, Row};
use uuid::Uuid;

use crate::{
    database::Database,
    dataset::UNTIL,
    failure::{Failure, Result},
};

/// Exact for any data: the newest posts of each followee, merged. None of the plans that are measured.
const PAGE: &str = include_str!("../sql/truth.sql");
/// Whatever a run wrote is newer than the data set.
const TIDY: &str = "DELETE FROM posts.posts WHERE created_at > $1";

/// A connection of the superuser.
pub struct Truth(PgConnection);

impl Truth {
    pub async fn connect(database: &Database) -> Result<Self> {
        Ok(Self(PgConnection::connect(database.admin_url()).await?))
    }

    /// The ids of a viewer's page, after a cursor.
    pub async fn page(&mut self, viewer: Uuid, after: Option<&str>) -> Result<Vec<Uuid>> {
        let place = after.map(place).transpose()?;
        self.ids(PAGE, viewer, place).await
    }

    /// Whom somebody follows.
    pub async fn followees(&mut self, viewer: Uuid) -> Result<Vec<Uuid>> {
        const FOLLOWEES: &str = "SELECT followee_id FROM users.follows WHERE follower_id = $1 \
             AND $2::timestamptz IS NULL AND $3::uuid IS NULL ORDER BY followee_id";
        self.ids(FOLLOWEES, viewer, None).await
    }

    /// Who wrote the posts.
    pub async fn authors(&mut self, posts: &[Uuid]) -> Result<Vec<Uuid>> {
        const AUTHORS: &str = "SELECT DISTINCT author_id FROM posts.posts WHERE id = ANY ($1)";
        #[expect(clippy::disallowed_methods, reason = "no part of the product")]
        let query = sqlx::query_scalar(AUTHORS).bind(posts);
        Ok(query.fetch_all(&mut self.0).await?)
    }

    /// The text of one value, such as `SHOW server_version`.
    pub async fn text(&mut self, statement: &'static str) -> Result<String> {
        Ok(self.0.fetch_one(statement).await?.try_get(0)?)
    }

    /// Removes what runs have written, so that the data set is what it was.
    pub async fn tidy(&mut self) -> Result<u64> {
        let until = common::Timestamp::from_micros(UNTIL);
        #[expect(clippy::disallowed_methods, reason = "no part of the product")]
        let query = sqlx::query(TIDY).bind(until);
        let removed = query.execute(&mut self.0).await?.rows_affected();
        if removed > 0 {
            self.0.execute("VACUUM (ANALYZE) posts.posts").await?;
        }
        Ok(removed)
    }

    #[expect(clippy::disallowed_methods, reason = "no part of the product")]
    async fn ids(
        &mut self,
        statement: &'static str,
        viewer: Uuid,
        place: Option<Keyset>,
    ) -> Result<Vec<Uuid>> {
        Ok(sqlx::query_scalar(statement)
            .bind(viewer)
            .bind(place.map(|place| place.at))
            .bind(place.map(|place| place.id))
            .fetch_all(&mut self.0)
            .await?)
    }
}

/// The place that a cursor of the timeline means.
pub fn place(cursor: &str) -> Result<Keyset> {
    Keyset::from_cursor(CursorKind(b't'), cursor)
        .ok_or_else(|| Failure::new(format!("{cursor} is no cursor of a timeline")))
}
