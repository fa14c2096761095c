//! When the database fails.

use serde_json::json;
use sqlx::Executor;

use crate::world::{World, user_errors};

#[tokio::test]
async fn a_database_that_is_gone_is_unavailable_and_not_ready() {
    let world = World::new().await;
    let [ada, grace] = world.people();
    world.social.follow(&ada, [grace.id]);
    let post = world.post(&ada, "x").await;
    world.pool.close().await;
    let answer = world
        .ask(&ada, "{ timeline { nodes { id } } }", json!({}))
        .await;
    assert_eq!(answer.codes(), ["SERVICE_UNAVAILABLE"]);
    let query = "query($id: ID!) { post(id: $id) { id } }";
    let answer = world.ask(&ada, query, json!({ "id": post })).await;
    assert_eq!(answer.codes(), ["SERVICE_UNAVAILABLE"]);
    for (mutation, input) in [
        ("createPost", json!({ "text": "x" })),
        ("likePost", json!({ "postId": post })),
    ] {
        let answer = world.mutate(&ada, mutation, input, "").await;
        assert_eq!(answer.codes(), ["SERVICE_UNAVAILABLE"], "{mutation}");
    }
    // What needs no database is answered all the same.
    let answer = world
        .mutate(&ada, "createPost", json!({ "text": "" }), "")
        .await;
    assert_eq!(user_errors(answer, "createPost")[0].0, "POST_TEXT_REQUIRED");
    for (path, status) in [("/ready", 503), ("/health", 200)] {
        let request = axum::http::Request::get(path)
            .body(axum::body::Body::empty())
            .unwrap();
        assert_eq!(world.graph.send(request).await.status, status, "{path}");
    }
}

#[tokio::test]
async fn a_like_that_is_not_counted_is_not_kept_and_the_cause_is_not_told() {
    let world = World::new().await;
    let [ada, grace] = world.people();
    let post = world.post(&ada, "x").await;
    world
        .admin
        .execute(
            "CREATE FUNCTION public.refuse() RETURNS trigger LANGUAGE plpgsql
             AS $$ BEGIN RAISE EXCEPTION 'the secret disk is full'; END $$;
             CREATE TRIGGER refuse BEFORE UPDATE ON posts.posts
             FOR EACH ROW EXECUTE FUNCTION public.refuse();",
        )
        .await
        .unwrap();
    let answer = world
        .mutate(&grace, "likePost", json!({ "postId": post }), "post { id }")
        .await;
    assert_eq!(answer.codes(), ["INTERNAL"]);
    assert!(
        !answer.body.to_string().contains("secret"),
        "{}",
        answer.body
    );
    assert_eq!(world.count("SELECT count(*) FROM posts.likes").await, 0);

    world
        .admin
        .execute("DROP TRIGGER refuse ON posts.posts")
        .await
        .unwrap();
    assert_eq!(world.like(&grace, "likePost", &post).await, 1);
}
