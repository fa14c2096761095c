//! A bare INSERT: what a post costs at least.

use axum::{body::Bytes, extract::State, response::Response};
use common::{
    Timestamp,
    clock::SharedClock,
    error::{Error, Fault, Violation},
    respond::json,
    rest::SignedIn,
};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use sqlx::{Executor, PgPool};
use uuid::Uuid;

use super::Opponent;

const TABLE: &str = include_str!("../../sql/opponent_posts.sql");
const INSERT: &str = "INSERT INTO bench.posts (id, author_id, text, like_count, created_at) VALUES ($1, $2, $3, 0, $4)";

#[derive(Deserialize)]
struct Input {
    text: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Post {
    id: Uuid,
    text: String,
    created_at: Timestamp,
}

/// Makes the table anew.
pub(super) async fn prepare(pool: &PgPool) -> sqlx::Result<()> {
    pool.execute(TABLE).await.map(drop)
}

/// `POST /posts`
pub(super) async fn create(
    State(Opponent { pool, clock, .. }): State<Opponent>,
    SignedIn(viewer): SignedIn,
    body: Bytes,
) -> Result<Response, Error> {
    let input: Input = serde_json::from_slice(&body).map_err(|_error| {
        Violation::invalid_field("text", "MALFORMED", "the body is {\"text\": …}.")
    })?;
    let post = new(&clock, input.text);
    insert(&pool, viewer.id, &post)
        .await
        .map_err(Fault::internal)?;
    Ok(json(StatusCode::CREATED, &post))
}

fn new(clock: &SharedClock, text: String) -> Post {
    Post {
        id: clock.new_id(),
        text,
        created_at: clock.now(),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the opponent's statements are no part of the product"
)]
async fn insert(pool: &PgPool, author: Uuid, post: &Post) -> sqlx::Result<()> {
    sqlx::query(INSERT)
        .bind(post.id)
        .bind(author)
        .bind(&post.text)
        .bind(post.created_at)
        .execute(pool)
        .await
        .map(drop)
}
