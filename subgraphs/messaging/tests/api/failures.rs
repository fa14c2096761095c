//! When the database fails.

use serde_json::json;
use sqlx::Executor;

use crate::world::World;

#[tokio::test]
async fn a_message_that_could_not_be_committed_is_not_acknowledged() {
    let world = World::new().await;
    let (ada, grace) = (world.person("ada"), world.person("grace"));
    let id = world.conversation(&ada, &grace).await;
    world
        .admin
        .execute(
            "CREATE FUNCTION public.refuse() RETURNS trigger LANGUAGE plpgsql
             AS $$ BEGIN RAISE EXCEPTION 'the secret disk is full'; END $$;
             CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON messaging.messages
             DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.refuse();",
        )
        .await
        .unwrap();
    let answer = world
        .send(&ada, json!({ "conversationId": id, "text": "hi" }))
        .await;
    assert_eq!(answer.codes(), ["INTERNAL"]);
    assert!(
        !answer.body.to_string().contains("secret"),
        "{}",
        answer.body
    );
    assert_eq!(answer.body["data"]["sendMessage"], json!(null));

    world
        .admin
        .execute("DROP TRIGGER refuse ON messaging.messages")
        .await
        .unwrap();
    world.say(&ada, &id, "hi").await;
    assert_eq!(world.unread(&grace, &id).await, 1);
    assert_eq!(
        world
            .count("SELECT last_seq FROM messaging.conversations")
            .await,
        1
    );
}

#[tokio::test]
async fn a_database_that_is_gone_is_unavailable_and_not_ready() {
    let world = World::new().await;
    let ada = world.person("ada");
    world.pool.close().await;
    let answer = world
        .ask(&ada, "{ conversations { nodes { id } } }", json!({}))
        .await;
    assert_eq!(answer.codes(), ["SERVICE_UNAVAILABLE"]);
    let id = world.stranger().id;
    let query = "query($id: ID!) { conversation(id: $id) { id } }";
    let answer = world.ask(&ada, query, json!({ "id": id })).await;
    assert_eq!(answer.codes(), ["SERVICE_UNAVAILABLE"]);
    for (path, status) in [("/ready", 503), ("/health", 200)] {
        let request = axum::http::Request::get(path)
            .body(axum::body::Body::empty())
            .unwrap();
        assert_eq!(world.graph.send(request).await.status, status, "{path}");
    }
}
