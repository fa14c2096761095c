//! Who is online.

use common::relay::Request;
use serde_json::{Value, json};
use sqlx::Executor;

use super::{Process, Talk, talking};
use crate::world::{Person, World};

/// What a viewer is told of a person, by the process that the world asks.
async fn online(world: &World, viewer: &Person, person: &Person) -> Value {
    let query =
        "query($of: [_Any!]!) { _entities(representations: $of) { ... on User { isOnline } } }";
    let of = json!([{ "__typename": "User", "id": person.id }]);
    let data = world.get(viewer, query, json!({ "of": of })).await;
    data["_entities"][0]["isOnline"].clone()
}

/// Waits until it is what it should be; a test that waits for ever fails by the time limit of the run.
async fn until(world: &World, viewer: &Person, person: &Person, expected: Value) {
    while online(world, viewer, person).await != expected {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn whoever_has_a_stream_open_anywhere_is_online() {
    let (mut world, one, talk) = talking(Process::start).await;
    let other = Process::start(&world).await;
    let Talk { ada, grace, .. } = &talk;
    assert_eq!(online(&world, ada, grace).await, json!(false));
    let mut relay = one.relay().await;
    relay.opened(1, grace, "messageReceived", &[]).await;
    assert_eq!(
        online(&world, ada, grace).await,
        json!(true),
        "at once, here"
    );
    assert_eq!(online(&world, grace, grace).await, json!(true));
    world.service.graph = other.graph.clone();
    until(&world, ada, grace, json!(true)).await;
    relay.opened(2, grace, "mentionReceived", &[]).await;
    relay.say(Request::Close { id: 1 }).await;
    // The reply shows that the close before it was obeyed.
    relay.opened(3, ada, "messageReceived", &[]).await;
    until(&world, grace, ada, json!(true)).await;
    assert_eq!(online(&world, ada, grace).await, json!(true), "one is left");
    drop(relay);
    until(&world, ada, grace, json!(false)).await;
    let left = world
        .count("SELECT count(*) FROM messaging.presences")
        .await;
    assert_eq!(left, 0);
}

#[tokio::test]
async fn people_of_a_process_that_was_killed_are_gone_with_its_lease() {
    let (mut world, one, talk) = talking(Process::start).await;
    let other = Process::start(&world).await;
    let mut relay = one.relay().await;
    relay.opened(1, &talk.grace, "messageReceived", &[]).await;
    world.service.graph = other.graph.clone();
    until(&world, &talk.ada, &talk.grace, json!(true)).await;
    let lease: f64 = sqlx::Row::get(
        &world
            .admin
            .fetch_one(
                "SELECT extract(epoch FROM max(expires_at) - clock_timestamp())::float8 FROM messaging.instances",
            )
            .await
            .unwrap(),
        0,
    );
    assert!(lease < 30.0, "{lease} s");
    one.kill().await;
    // What the time does, without waiting for it.
    world
        .admin
        .execute("UPDATE messaging.instances SET expires_at = expires_at - interval '1 minute'")
        .await
        .unwrap();
    until(&world, &talk.ada, &talk.grace, json!(false)).await;
}

#[tokio::test]
async fn a_process_that_stops_takes_its_people_with_it() {
    let (world, one, talk) = talking(Process::start).await;
    let mut relay = one.relay().await;
    relay.opened(1, &talk.grace, "messageReceived", &[]).await;
    one.stop().await;
    assert_eq!(
        world
            .count("SELECT count(*) FROM messaging.presences")
            .await,
        0
    );
    assert_eq!(
        world
            .count("SELECT count(*) FROM messaging.instances")
            .await,
        0
    );
}

#[tokio::test]
async fn a_database_that_forgot_is_told_again() {
    let (mut world, one, talk) = talking(Process::start).await;
    let other = Process::start(&world).await;
    let mut relay = one.relay().await;
    relay.opened(1, &talk.grace, "messageReceived", &[]).await;
    world.service.graph = other.graph.clone();
    until(&world, &talk.ada, &talk.grace, json!(true)).await;
    // As after a crash: the tables are unlogged.
    world
        .admin
        .execute("TRUNCATE messaging.instances CASCADE")
        .await
        .unwrap();
    assert_eq!(online(&world, &talk.ada, &talk.grace).await, json!(false));
    until(&world, &talk.ada, &talk.grace, json!(true)).await;
}

#[tokio::test]
async fn only_those_who_talk_to_somebody_know() {
    let (world, process, talk) = talking(Process::start).await;
    let Talk { ada, grace, .. } = &talk;
    let linus = world.person("linus");
    let mut relay = process.relay().await;
    relay.opened(1, grace, "messageReceived", &[]).await;
    assert_eq!(online(&world, ada, grace).await, json!(true));
    assert_eq!(online(&world, &linus, grace).await, Value::Null);
    let of = json!([{ "__typename": "User", "id": grace.id }]);
    let query =
        "query($of: [_Any!]!) { _entities(representations: $of) { ... on User { isOnline } } }";
    let answer = world.graph.ask(None, query, json!({ "of": of })).await;
    assert_eq!(answer.data()["_entities"][0]["isOnline"], Value::Null);
    world.directory.block(grace, ada);
    // Heard of when one of the two writes.
    let input = json!({ "conversationId": talk.conversation, "text": "Hello" });
    assert_eq!(world.send(ada, input).await.codes(), ["FORBIDDEN"]);
    assert_eq!(online(&world, ada, grace).await, Value::Null);
}
