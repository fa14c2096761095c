//! The timeline with the index in memory, against its definition.

use std::collections::BTreeSet;

use common::page::{CursorKind, Window};
use posts::app::Timeline;
use rand::{Rng, SeedableRng, rngs::StdRng};
use serde_json::json;
use sqlx::{Executor, PgPool, query_scalar};
use testkit::Log;

use crate::{
    crowd::{AUTHORS, author, crowd, insert},
    explain::carry_out,
    oracle::{expected, somebody, walk},
    world::{Person, World},
};

pub const ENOUGH: usize = 16 * 1024 * 1024;

#[tokio::test]
async fn all_pages_are_those_of_the_definition() {
    let log = Log::record();
    for seed in 200..216 {
        let mut rng = StdRng::seed_from_u64(seed);
        let world = World::with_index(ENOUGH).await;
        let followees = [0, 1, 3, 20, 100, 400, 2_500, 6_000][usize::try_from(seed % 8).unwrap()];
        let posts = rng.random_range(0..1_200);
        let ada = somebody(&world, &mut rng, seed, followees, posts).await;
        world.app.load_index().await.unwrap();
        let expected = expected(&world, &ada).await;
        for page_size in [1, 2, 7, 20, rng.random_range(30..100), 100] {
            let seen = walk(&world, &ada, page_size).await;
            assert_eq!(seen, expected, "seed {seed}, page size {page_size}");
        }
    }
    let plans: BTreeSet<_> = log.take_values("plan").into_iter().collect();
    assert_eq!(plans, ["index", "none"].map(str::to_owned).into());
}

/// With memory for some posts of each author, and then for hardly more than one.
#[tokio::test]
async fn an_index_that_may_not_hold_all_posts_leads_to_the_same_pages() {
    let log = Log::record();
    for seed in 300..312 {
        let mut rng = StdRng::seed_from_u64(seed);
        let max_bytes = [14_000, 20_000][usize::try_from(seed % 2).unwrap()];
        let world = World::with_index(max_bytes).await;
        let followees = [3, 40, 400][usize::try_from(seed % 3).unwrap()];
        let posts = rng.random_range(1_200..1_600);
        let ada = somebody(&world, &mut rng, seed, followees, posts).await;
        match world.app.load_index().await {
            Ok(()) => {
                assert!(world.measured("timeline_index_bytes") <= max_bytes);
                assert!(world.measured("timeline_index_posts") < 1_000);
            }
            // All posts are of one moment: then each of them is its author's newest.
            Err(error) => assert!(error.to_string().contains("the newest of each"), "{error}"),
        }
        let expected = expected(&world, &ada).await;
        for page_size in [5, 20, 100] {
            let seen = walk(&world, &ada, page_size).await;
            assert_eq!(seen, expected, "seed {seed}, page size {page_size}");
        }
    }
    let plans: BTreeSet<_> = log.take_values("plan").into_iter().collect();
    assert!(plans.contains("index_then_merge"), "{plans:?}");
}

#[tokio::test]
async fn more_authors_than_memory_mean_no_index() {
    let world = World::with_index(10_000).await;
    let ada = world.person();
    let authors: Vec<_> = (0..500).map(author).collect();
    insert(&world.admin, &authors, &[0; 500], 0).await;
    world.social.follow(&ada, authors);
    let error = world.app.load_index().await.unwrap_err();
    assert!(error.to_string().contains("authors"), "{error}");
    assert_eq!(walk(&world, &ada, 20).await, expected(&world, &ada).await);
}

#[tokio::test]
async fn a_page_takes_one_statement_however_many_followees_and_posts_there_are() {
    let world = World::with_index(ENOUGH).await;
    let ada = world.person();
    let authors: Vec<_> = (0..3_000).map(author).collect();
    let times: Vec<_> = (0..3_000).collect();
    insert(&world.admin, &authors, &times, 0).await;
    world.app.load_index().await.unwrap();
    let log = Log::record();
    for followees in [1, 100, 3_000] {
        world.social.follow(&ada, (0..followees).map(author));
        for first in [1, 20, 100] {
            let query = "query($first: Int!) { timeline(first: $first) { nodes { id } } }";
            world.get(&ada, query, json!({ "first": first })).await;
            assert_eq!(log.take_statements().len(), 1);
        }
    }
    assert_eq!(
        world.measured("timeline_page_seconds_count{plan=\"index\"}"),
        9
    );
}

#[tokio::test]
async fn pages_counted_far_into_a_timeline_are_found_in_it_too() {
    let world = World::with_index(ENOUGH).await;
    let ada = world.person();
    let authors: Vec<_> = (0..700).map(|n| author(n % 90)).collect();
    let times: Vec<_> = (0..700).map(|n| n / 3).collect();
    insert(&world.admin, &authors, &times, 0).await;
    world.social.follow(&ada, (0..50).map(author));
    world.app.load_index().await.unwrap();
    let expected = expected(&world, &ada).await;
    for page in [1, 2, 17, 20, 30] {
        let path = format!("/feed?page={page}&page_size=20");
        let items = world.rest.get(Some(ada.token()), &path).await.ok();
        let ids: Vec<_> = items["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|post| post["id"].clone())
            .collect();
        let there = expected.iter().skip((page - 1) * 20).take(20);
        assert_eq!(json!(ids), json!(there.collect::<Vec<_>>()), "page {page}");
    }
}

/// The rows that the statement of a page reads, whatever else there is.
#[tokio::test]
async fn the_statement_of_a_page_reads_the_page_and_what_has_changed() {
    let world = World::with_index(ENOUGH).await;
    crowd(&world).await;
    let ada = world.person();
    world.social.follow(&ada, (0..AUTHORS).map(author));
    world.app.load_index().await.unwrap();
    let log = Log::record();
    world
        .get(&ada, "{ timeline { nodes { id } } }", json!({}))
        .await;
    let [statement]: [String; 1] = log.take_statements().try_into().unwrap();
    let ids: Vec<String> = some_ids(&world.admin).await;
    let next = world
        .count("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint")
        .await;
    // Three posts written since, and many before.
    let changed: Vec<_> = (0..3).map(author).collect();
    insert(&world.admin, &changed, &[1, 2, 3], 9).await;
    let parameters = format!("'{{{}}}', {next}, '{{}}', 1000", ids.join(","));
    let carried = carry_out(&world.pool, &statement, &parameters).await;
    assert_eq!(
        carried.indexes(),
        ["changes_xid_idx", "posts_pkey"],
        "{carried:#?}"
    );
    assert!(carried.rows_read() <= 21 + 3 + 3, "{carried:#?}");
    assert!(carried.pages <= 5 * 27, "{carried:#?}");
}

async fn some_ids(pool: &PgPool) -> Vec<String> {
    query_scalar!(r#"SELECT id::text AS "id!" FROM posts.posts ORDER BY id LIMIT 21"#)
        .fetch_all(pool)
        .await
        .unwrap()
}

/// Somebody takes posts away in a way that leaves no trace.
#[tokio::test]
async fn an_index_that_the_database_contradicts_is_dropped_and_the_page_is_right() {
    let world = World::with_index(ENOUGH).await;
    let [ada, bob] = world.people();
    world.social.follow(&ada, [bob.id]);
    for words in ["one", "two", "three"] {
        world.post(&bob, words).await;
    }
    world.app.load_index().await.unwrap();
    let mut conn = world.admin.acquire().await.unwrap();
    conn.execute("SET session_replication_role = replica")
        .await
        .unwrap();
    conn.execute("DELETE FROM posts.posts WHERE text = 'two'")
        .await
        .unwrap();
    conn.close().await.unwrap();
    assert_eq!(world.timeline(&ada).await, ["three", "one"]);
    assert_eq!(world.measured("timeline_index_ready"), 0);
    assert_eq!(world.timeline(&ada).await, ["three", "one"]);
    world.app.load_index().await.unwrap();
    assert_eq!(world.timeline(&ada).await, ["three", "one"]);
    assert_eq!(world.measured("timeline_index_ready"), 1);
    assert_eq!(
        world.measured("timeline_page_seconds_count{plan=\"index\"}"),
        1
    );
}

/// As while somebody changes a great many posts in one transaction.
#[tokio::test]
async fn a_page_that_is_not_confirmed_in_time_is_found_without_the_index() {
    let world = World::with_index(ENOUGH).await;
    let [ada, bob] = world.people();
    world.social.follow(&ada, [bob.id]);
    world.post(&bob, "x").await;
    world.app.load_index().await.unwrap();
    let log = Log::record();
    let mut lock = world.admin.begin().await.unwrap();
    lock.execute("LOCK TABLE posts.changes").await.unwrap();
    for _ in 0..2 {
        assert_eq!(world.timeline(&ada).await, ["x"]);
        assert_eq!(log.take_values("plan"), ["merge"]);
        assert_eq!(world.measured("timeline_index_ready"), 0);
    }
    lock.rollback().await.unwrap();
    world.app.load_index().await.unwrap();
    assert_eq!(world.timeline(&ada).await, ["x"]);
    assert_eq!(log.take_values("plan"), ["index"]);
}

#[tokio::test]
async fn a_post_keeps_its_author_and_its_place_and_the_table_its_rows() {
    let world = World::new().await;
    let bob = world.person();
    let id = world.post(&bob, "x").await;
    for statement in [
        "UPDATE posts.posts SET created_at = created_at - interval '1 day'",
        "UPDATE posts.posts SET author_id = gen_random_uuid()",
        "UPDATE posts.posts SET id = gen_random_uuid()",
        "TRUNCATE posts.posts CASCADE",
    ] {
        let error = world.admin.execute(statement).await.unwrap_err();
        let code = error
            .as_database_error()
            .unwrap()
            .code()
            .unwrap()
            .into_owned();
        assert_eq!(code, "23001", "{statement}");
    }
    world
        .admin
        .execute("UPDATE posts.posts SET created_at = created_at, text = 'y'")
        .await
        .unwrap();
    world.delete(&bob, &id).await;
    assert_eq!(
        world
            .count("SELECT count(*) FROM posts.changes WHERE is_deletion")
            .await,
        1
    );
}

/// What the application answers.
pub async fn page(
    world: &World,
    viewer: &Person,
    size: i32,
    after: Option<&str>,
) -> Vec<posts::domain::Post> {
    let window = Window::of(size, after, CursorKind(b'x')).unwrap();
    match world
        .app
        .timeline(&world.viewer(viewer), window)
        .await
        .unwrap()
    {
        Timeline::Page(page) => page.items,
        Timeline::Unavailable => panic!("the social graph is up"),
    }
}
