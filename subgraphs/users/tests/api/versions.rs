//! `POST /internal/followee-versions`: whether lists are still what another service knows.

use axum::{
    body::Body,
    http::{Request, header},
};
use serde_json::{Value, json};
use testkit::Answer;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::{
    internal::follow,
    world::{World, statements_of},
};

async fn ask(world: &World, body: impl Into<Body>) -> Answer {
    let request = Request::post("/internal/followee-versions")
        .header(header::CONTENT_TYPE, "application/json");
    world.graph.send(request.body(body.into()).unwrap()).await
}

async fn versions(world: &World, ids: &[Uuid]) -> Value {
    let mut answer = ask(world, json!({ "ids": ids }).to_string()).await;
    assert_eq!(answer.status.as_u16(), 200, "{}", answer.body);
    answer.body["versions"].take()
}

#[tokio::test]
async fn versions_come_in_the_order_of_the_ids_and_null_for_who_does_not_exist() {
    let world = World::new().await;
    let (ada, grace, linus) = (
        world.person("ada").await,
        world.person("grace").await,
        world.person("linus").await,
    );
    follow(&world, &ada, &grace).await;
    follow(&world, &ada, &linus).await;
    follow(&world, &grace, &ada).await;
    let nobody = Uuid::from_u128(1);
    let ids = [linus.id, nobody, ada.id, grace.id, ada.id, nobody];
    assert_eq!(
        versions(&world, &ids).await,
        json!([0, null, 2, 1, 2, null])
    );
    assert_eq!(versions(&world, &[]).await, json!([]));
    let (ids, whom) = ([ada.id], grace.id.to_string());
    world.app.unfollow(ada.id.into(), &whom).await.unwrap();
    assert_eq!(versions(&world, &ids).await, json!([3]));
    let whom = ada.id.to_string();
    world.app.block(linus.id.into(), &whom).await.unwrap();
    assert_eq!(versions(&world, &ids).await, json!([4]));
}

#[tokio::test]
async fn all_versions_are_one_statement() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let ids: Vec<_> = (0..499).map(Uuid::from_u128).chain([ada.id]).collect();
    let (answer, statements) = statements_of(versions(&world, &ids)).await;
    assert_eq!(answer[499], json!(0));
    assert_eq!(statements.len(), 1, "{statements:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_follow_that_was_answered_is_in_the_versions_that_are_asked_for_after_it() {
    let world = std::sync::Arc::new(World::new().await);
    let (ada, grace) = (world.person("ada").await, world.person("grace").await);
    let (ada, grace) = (ada.id, grace.id.to_string());
    let mut tasks = JoinSet::new();
    for _ in 0..4 {
        let (world, grace) = (world.clone(), grace.clone());
        tasks.spawn(async move {
            for _ in 0..10 {
                let before = versions(&world, &[ada]).await[0].as_i64().unwrap();
                let followed = world.app.follow(ada.into(), &grace).await.unwrap();
                let after = versions(&world, &[ada]).await[0].as_i64().unwrap();
                assert!(after > before || !followed.is_new, "{before} {after}");
                world.app.unfollow(ada.into(), &grace).await.unwrap();
            }
        });
    }
    tasks.join_all().await;
}

#[tokio::test]
async fn a_question_for_too_many_or_of_nonsense_is_told_what_is_wrong() {
    let world = World::new().await;
    let many: Vec<Uuid> = (0..501).map(Uuid::from_u128).collect();
    let answer = ask(&world, json!({ "ids": many }).to_string()).await;
    assert_eq!(answer.status.as_u16(), 422);
    let detail = &answer.body["error"]["details"][0];
    assert_eq!(
        (&detail["field"], &detail["code"]),
        (&json!("ids"), &json!("TOO_MANY"))
    );
    assert_eq!(
        versions(&world, &many[..500]).await,
        json!(vec![Value::Null; 500])
    );
    for (nonsense, status) in [
        ("", 400),
        ("{}", 422),
        ("[]", 422),
        ("{\"ids\": null}", 422),
        ("{\"ids\": [\"ada\"]}", 422),
        ("{\"ids\": [], \"more\": 1}", 422),
    ] {
        let answer = ask(&world, nonsense).await;
        assert_eq!(answer.status.as_u16(), status, "{nonsense}");
    }
}
