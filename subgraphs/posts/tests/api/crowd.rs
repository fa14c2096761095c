//! Many posts, written behind the service's back.

use sqlx::{Executor, PgPool, query_scalar};
use uuid::Uuid;

use crate::world::World;

/// Number of authors in [`crowded`]. The first of them write most.
pub const AUTHORS: u128 = 2_000;

/// The author of this number, from 0. Numbers from [`AUTHORS`] on never write.
pub fn author(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

/// 100,000 posts, one a second, by 2,000 authors: author number ~ 2,000 r³. They are stored in no order, as after years of
/// edits, and the planner knows all there is to know about them.
pub async fn crowded() -> World {
    let world = World::new().await;
    crowd(&world).await;
    world
}

/// See [`crowded`].
pub async fn crowd(world: &World) {
    world
        .admin
        .execute(
            "INSERT INTO posts.posts (id, author_id, text, created_at)
             SELECT md5('post' || n)::uuid, lpad(to_hex(author), 32, '0')::uuid, repeat('word ', 4 + n % 40),
                    '2025-12-01'::timestamptz + n * interval '1 second'
             FROM (
                 SELECT n, floor(2000 * power((hashtextextended(n::text, 1) & 65535) / 65536.0, 3))::integer AS author
                 FROM generate_series(1, 100000) n
             ) AS post
             ORDER BY md5('place' || n)",
        )
        .await
        .unwrap();
    world
        .admin
        .execute("VACUUM ANALYZE posts.posts")
        .await
        .unwrap();
}

/// Posts of given authors at given times, microseconds after 2026 began. Their ids.
pub async fn insert(pool: &PgPool, authors: &[Uuid], micros: &[i64], seed: u64) -> Vec<Uuid> {
    query_scalar!(
        "INSERT INTO posts.posts (id, author_id, text, created_at)
         SELECT md5($3::text || n)::uuid, author, 'x', '2026-01-01'::timestamptz + micros * interval '1 microsecond'
         FROM unnest($1::uuid[], $2::bigint[]) WITH ORDINALITY AS post (author, micros, n)
         RETURNING id",
        authors,
        micros,
        seed.to_string(),
    )
    .fetch_all(pool)
    .await
    .unwrap()
}

/// The definition of a timeline: the posts of these authors, newest first (plan A of the specification).
pub async fn timeline_by_definition(pool: &PgPool, authors: &[Uuid]) -> Vec<Uuid> {
    query_scalar!(
        "SELECT id FROM posts.posts WHERE author_id = ANY ($1) ORDER BY created_at DESC, id DESC",
        authors,
    )
    .fetch_all(pool)
    .await
    .unwrap()
}
