//! The timeline in one statement.

use axum::{
    extract::{Query, State},
    response::Response,
};
use common::{
    Timestamp,
    error::{Error, Fault, Violation},
    page::{CursorKind, Keyset},
    respond::json,
    rest::SignedIn,
};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use uuid::Uuid;

/// Joined with the author. `NULLS LAST` as the index has it: PostgreSQL may walk the posts of everybody, or collect those of
/// each followee, as its planner sees fit. All of its settings are PostgreSQL's defaults.
const FIRST: &str = include_str!("../../sql/opponent_first.sql");
const AFTER: &str = include_str!("../../sql/opponent_after.sql");

const PAGE: usize = 20;
/// The same cursors as the posts service's, so that one finds the same place with both.
const KIND: CursorKind = CursorKind(b't');

#[derive(Deserialize)]
pub(super) struct Paging {
    after: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Connection {
    nodes: Vec<Post>,
    page_info: PageInfo,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PageInfo {
    end_cursor: Option<String>,
    has_next_page: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Post {
    id: Uuid,
    text: String,
    like_count: i32,
    created_at: Timestamp,
    author: Author,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Author {
    id: Uuid,
    username: String,
    display_name: Option<String>,
    avatar_url: Option<String>,
}

type Row = (
    Uuid,
    String,
    i32,
    Timestamp,
    Uuid,
    String,
    Option<String>,
    Option<String>,
);

impl From<Row> for Post {
    fn from(
        (id, text, like_count, created_at, author, username, display_name, avatar_url): Row,
    ) -> Self {
        Self {
            id,
            text,
            like_count,
            created_at,
            author: Author {
                id: author,
                username,
                display_name,
                avatar_url,
            },
        }
    }
}

/// `GET /feed?after=CURSOR`
pub(super) async fn read(
    State(pool): State<PgPool>,
    SignedIn(viewer): SignedIn,
    Query(paging): Query<Paging>,
) -> Result<Response, Error> {
    let after = paging
        .after
        .map(|cursor| {
            Keyset::from_cursor(KIND, &cursor).ok_or_else(|| {
                Violation::invalid_field("after", "INVALID_CURSOR", "`after` is no cursor.")
            })
        })
        .transpose()?;
    let mut rows = rows(&pool, viewer.id, after)
        .await
        .map_err(Fault::internal)?;
    let has_next_page = rows.len() > PAGE;
    rows.truncate(PAGE);
    let nodes: Vec<Post> = rows.into_iter().map(Post::from).collect();
    let end_cursor = nodes.last().map(|post| {
        let place = Keyset {
            at: post.created_at,
            id: post.id,
        };
        place.to_cursor(KIND)
    });
    let page_info = PageInfo {
        end_cursor,
        has_next_page,
    };
    Ok(json(StatusCode::OK, &Connection { nodes, page_info }))
}

#[expect(
    clippy::disallowed_methods,
    reason = "the opponent's statements are no part of the product, whose checks would ask who may read two schemas"
)]
async fn rows(pool: &PgPool, viewer: Uuid, after: Option<Keyset>) -> sqlx::Result<Vec<Row>> {
    let query = match after {
        None => sqlx::query_as(FIRST).bind(viewer),
        Some(place) => sqlx::query_as(AFTER)
            .bind(viewer)
            .bind(place.at)
            .bind(place.id),
    };
    query.fetch_all(pool).await
}
