//! The test support itself.
#![expect(
    clippy::unwrap_used,
    reason = "tests say what they expect by panicking"
)]

use axum::Router;
use axum::http::StatusCode;
use axum::routing::post;
use common::clock::Clock;
use serde_json::json;
use sqlx::{Executor, PgPool, Row};
use testkit::{Authority, Context, Graph, ManualClock, TestDatabase};
use uuid::Uuid;

async fn number(pool: &PgPool, sql: &'static str) -> i64 {
    pool.fetch_one(sql).await.unwrap().get(0)
}

async fn leave_a_mark(database: &TestDatabase) {
    database
        .admin_pool()
        .execute("CREATE TABLE posts.mark ()")
        .await
        .unwrap();
}

#[tokio::test]
async fn every_test_has_a_migrated_database_of_its_own() {
    let (one, two) = tokio::join!(testkit::database(), testkit::database());
    leave_a_mark(&one).await;
    for (database, marks) in [(&one, 1), (&two, 0)] {
        let pool = database.admin_pool();
        let found = number(
            &pool,
            "SELECT count(*) FROM pg_tables WHERE tablename = 'mark'",
        )
        .await;
        assert_eq!(found, marks, "{}", database.name());
        for context in Context::ALL {
            migrations::check_schema(&database.pool(context), context)
                .await
                .unwrap();
        }
    }
}

#[tokio::test]
async fn a_database_goes_with_its_value_whoever_is_connected() {
    let kept = testkit::database().await;
    let dropped = testkit::database().await;
    let name = dropped.name().to_owned();
    let pool = dropped.pool(Context::Users);
    let _connection = pool.acquire().await.unwrap();
    drop(dropped);
    let left: Vec<String> = kept
        .admin_pool()
        .fetch_all("SELECT datname::text FROM pg_database")
        .await
        .unwrap()
        .iter()
        .map(|row| row.get(0))
        .collect();
    assert!(left.contains(&kept.name().to_owned()));
    assert!(!left.contains(&name), "{left:?}");
}

#[tokio::test]
async fn a_token_of_the_authority_is_good_and_one_of_changed_claims_is_what_it_says() {
    let clock = ManualClock::shared();
    let verifier = testkit::tokens().verifier(clock.clone());
    let user = clock.new_id();
    let good = testkit::tokens().token_at(user, clock.as_ref());
    assert_eq!(verifier.verify(&good).await.unwrap().sub, user);

    let mut claims = Authority::claims(user, clock.as_ref());
    claims.aud = "elsewhere".to_owned();
    let foreign = testkit::tokens().sign(&claims);
    assert!(verifier.verify(&foreign).await.is_err());

    clock.advance_seconds(900);
    let refusal = verifier.verify(&good).await.unwrap_err();
    assert_eq!(refusal.to_string(), "expired");
}

#[test]
fn the_clock_stands_still_and_its_ids_ascend() {
    let clock = ManualClock::shared();
    assert_eq!(clock.now(), clock.now());
    let (first, second) = (clock.new_id(), clock.new_id());
    clock.advance_micros(1000);
    let third = clock.new_id();
    assert!(first < second && second < third);
    assert_eq!(third.get_version_num(), 7);
    assert_ne!(first, Uuid::nil());
}

#[tokio::test]
async fn the_client_shows_status_data_and_error_codes() {
    let routes = Router::new().route(
        "/graphql",
        post(|body: String| async move {
            let refused = body.contains("refuse");
            let answer = if refused {
                json!({ "errors": [{ "message": "no", "extensions": { "code": "FORBIDDEN" } }] })
            } else {
                json!({ "data": { "answer": 42 } })
            };
            ([("content-type", "application/json")], answer.to_string())
        }),
    );
    let graph = Graph::new(routes);
    let answer = graph.ask(None, "{ refuse }", json!({})).await;
    assert_eq!(
        (answer.status, answer.codes()),
        (StatusCode::OK, vec!["FORBIDDEN"])
    );
    let data = graph
        .ask(Some("token"), "{ answer }", json!({}))
        .await
        .data();
    assert_eq!(data, json!({ "answer": 42 }));
}
