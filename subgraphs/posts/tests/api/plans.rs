//! How PostgreSQL carries out what the service asks of it, among 100,000 posts.

use serde_json::json;
use sqlx::{Executor, Row};
use testkit::Log;
use uuid::Uuid;

use crate::{
    crowd::{AUTHORS, author, crowded},
    explain::{carry_out, steps_of},
    world::World,
};

const BY_AUTHOR: &str = "posts_author_id_created_at_idx";
const BY_TIME: &str = "posts_created_at_idx";

/// The statements behind the timeline, as the service sent them.
struct Statements {
    merge: String,
    walk_in_database: String,
    walk_in_service: String,
}

async fn statements(world: &World) -> Statements {
    let log = Log::record();
    for followees in [1, 100, 2_500] {
        let silent = world.person();
        world
            .social
            .follow(&silent, (0..followees).map(|n| author(AUTHORS + n)));
        world
            .get(&silent, "{ timeline { nodes { id } } }", json!({}))
            .await;
    }
    let plans = [
        "merge",
        "walk_in_database_then_merge",
        "walk_in_service_then_merge",
    ];
    assert_eq!(log.take_values("plan"), plans);
    let [merge, walk_in_database, again, walk_in_service, and_again]: [String; 5] =
        log.take_statements().try_into().unwrap();
    assert!(merge == again && merge == and_again);
    Statements {
        merge,
        walk_in_database,
        walk_in_service,
    }
}

/// Sets of followees of a size, by what they do.
fn followees(count: u128) -> Vec<(&'static str, Vec<Uuid>)> {
    let every = (AUTHORS / count).max(1);
    let mut sets = vec![
        ("silent", (0..count).map(|n| author(AUTHORS + n)).collect()),
        // As far as there are so many; the rest is silent.
        ("writing most", (0..count).map(author).collect()),
        (
            "writing least",
            (0..count)
                .map(|n| author((AUTHORS + count / 10).saturating_sub(n)))
                .collect(),
        ),
    ];
    if every > 1 {
        sets.push(("mixed", (0..count).map(|n| author(n * every)).collect()));
    }
    sets
}

fn array(ids: &[Uuid]) -> String {
    let ids: Vec<_> = ids.iter().map(Uuid::to_string).collect();
    format!("'{{{}}}'", ids.join(","))
}

/// Beginnings of pages: the newest post, and somewhere in the middle.
const PLACES: [&str; 2] = [
    "NULL, NULL",
    "'2025-12-01 12:00Z', '88888888-8888-8888-8888-888888888888'",
];

#[tokio::test]
async fn connections_of_the_service_plan_as_it_wants() {
    let world = World::new().await;
    for (setting, value) in [
        ("plan_cache_mode", "force_generic_plan"),
        ("enable_seqscan", "off"),
        ("enable_bitmapscan", "off"),
        ("jit", "off"),
    ] {
        let shown = world
            .pool
            .fetch_one(sqlx::AssertSqlSafe(format!("SHOW {setting}")))
            .await
            .unwrap();
        assert_eq!(shown.get::<String, _>(0), value, "{setting}");
    }
}

#[tokio::test]
async fn a_merge_reads_a_bounded_number_of_rows_of_each_followee_and_sorts_no_more() {
    let world = crowded().await;
    let statement = statements(&world).await.merge;
    for count in [1, 10, 100, 1_000, 10_000] {
        for (kind, ids) in followees(count) {
            for (limit, place) in [
                (2, PLACES[0]),
                (21, PLACES[0]),
                (21, PLACES[1]),
                (101, PLACES[1]),
            ] {
                let depth = u128::div_ceil(2 * limit, count).min(limit);
                let parameters = format!("{}, {place}, {depth}, {limit}, 0", array(&ids));
                let carried = carry_out(&world.pool, &statement, &parameters).await;
                let case =
                    format!("{count} followees {kind}, page of {limit} at {place}: {carried:#?}");
                assert_eq!(carried.indexes(), [BY_AUTHOR], "{case}");
                // The heads, and what else its authors wrote since the oldest head that can be on the page.
                let bound = u64::try_from(count * depth + 4 * limit).unwrap();
                assert!(
                    carried.rows_read() <= bound,
                    "{} rows: {case}",
                    carried.rows_read()
                );
                assert!(
                    carried.sorted() <= bound,
                    "{} sorted: {case}",
                    carried.sorted()
                );
                // A descent of the index a followee, and a page of the table a row.
                let probes = u64::try_from(count).unwrap() + bound;
                assert!(
                    carried.pages <= 5 * probes,
                    "{} pages: {case}",
                    carried.pages
                );
            }
        }
    }
}

#[tokio::test]
async fn a_walk_reads_no_more_rows_than_it_may_in_the_order_of_the_index() {
    let world = crowded().await;
    let statements = statements(&world).await;
    for count in [100, 1_000, 2_000] {
        for (kind, ids) in followees(count) {
            for (rows, limit, place) in [
                (420, 21, PLACES[0]),
                (1_050, 21, PLACES[1]),
                (5_050, 101, PLACES[0]),
            ] {
                let parameters = format!("{}, {place}, {rows}, {limit}, 0", array(&ids));
                let carried =
                    carry_out(&world.pool, &statements.walk_in_database, &parameters).await;
                let case =
                    format!("{count} followees {kind}, {rows} rows at {place}: {carried:#?}");
                assert_eq!(carried.indexes(), [BY_TIME], "{case}");
                assert!(carried.rows_read() <= rows, "{case}");
                assert_eq!(carried.sorted(), 0, "{case}");
                assert!(
                    !case.contains("Join") && !case.contains("Nested Loop"),
                    "{case}"
                );
                if kind == "writing most" && count == 2_000 {
                    assert!(
                        carried.rows_read() <= 2 * limit,
                        "it stops when the page is full: {case}"
                    );
                }
            }
        }
    }
    for (rows, place) in [(210, PLACES[0]), (2_424, PLACES[1])] {
        let parameters = format!("{place}, {rows}");
        let carried = carry_out(&world.pool, &statements.walk_in_service, &parameters).await;
        assert_eq!(carried.indexes(), [BY_TIME], "{carried:#?}");
        assert!(
            carried.rows_read() <= rows && carried.sorted() == 0,
            "{carried:#?}"
        );
    }
}

/// Ten authors wrote all posts, in turns. Then the planner thinks that anybody's posts are soon found among the posts of
/// everybody, and would read all of them for somebody who never wrote.
#[tokio::test]
async fn an_author_s_posts_are_never_looked_for_among_the_posts_of_everybody() {
    let world = World::new().await;
    world
        .admin
        .execute(
            "INSERT INTO posts.posts (id, author_id, text, created_at)
             SELECT md5('post' || n)::uuid, lpad(to_hex(n % 10), 32, '0')::uuid, repeat('word ', 4 + n % 40),
                    '2025-12-01'::timestamptz + n * interval '1 second'
             FROM generate_series(1, 100000) n",
        )
        .await
        .unwrap();
    world
        .admin
        .execute("VACUUM ANALYZE posts.posts")
        .await
        .unwrap();
    let log = Log::record();
    let query = "query($of: [_Any!]!) { _entities(representations: $of) { ... on User { posts { nodes { id } } } } }";
    let of = json!([{ "__typename": "User", "id": author(0) }]);
    let ada = world.person();
    world.get(&ada, query, json!({ "of": of })).await;
    let statement = log.take_statements().remove(0);
    for id in [author(0), author(1), author(AUTHORS)] {
        let parameters = format!("{}, NULL, NULL, 21, 0", array(&[id]));
        let carried = carry_out(&world.pool, &statement, &parameters).await;
        assert_eq!(carried.indexes(), [BY_AUTHOR], "{carried:#?}");
        assert!(
            carried.rows_read() <= 21 && carried.pages <= 40,
            "{carried:#?}"
        );
    }
}

#[tokio::test]
async fn nothing_else_that_people_do_reads_a_whole_table() {
    let world = World::new().await;
    let ada = world.person();
    let log = Log::record();
    let post = world.post(&ada, "x").await;
    world.like(&ada, "likePost", &post).await;
    let query =
        "query($id: ID!) { post(id: $id) { viewerHasLiked author { posts { nodes { id } } } } }";
    world.get(&ada, query, json!({ "id": post })).await;
    let input = json!({ "postId": post, "text": "y" });
    world.mutate(&world.person(), "editPost", input, "").await;
    world.like(&ada, "unlikePost", &post).await;
    world.delete(&ada, &post).await;
    let statements = log.take_statements();
    assert_eq!(statements.len(), 9, "{statements:#?}");
    for statement in statements {
        let steps = steps_of(&world.pool, &statement).await;
        assert!(
            !steps.iter().any(|step| step == "Seq Scan"),
            "{statement}: {steps:?}"
        );
    }
}
