//! What the REST API adds of its own: shapes, participants, statuses, pages by number.

use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use serde_json::{Value, json};
use testkit::{Log, Reply};
use tracing::Level;

use crate::world::{Person, World};

async fn start(world: &World, person: &Person, other: &Person) -> Reply {
    let body = json!({ "recipient_id": other.id });
    world
        .rest
        .post(Some(person.token()), "/conversations", &body)
        .await
}

async fn say(world: &World, person: &Person, conversation: &str, text: &str) -> Value {
    world.clock.advance_micros(1_000);
    let path = format!("/conversations/{conversation}/messages");
    let body = json!({ "text": text });
    let reply = world.rest.post(Some(person.token()), &path, &body).await;
    reply.expect(StatusCode::CREATED)
}

async fn get(world: &World, person: &Person, path: &str) -> Value {
    world.rest.get(Some(person.token()), path).await.ok()
}

fn summary(person: &Person, username: &str) -> Value {
    json!({ "id": person.id, "username": username, "display_name": null, "avatar_url": null })
}

#[tokio::test]
async fn a_conversation_is_new_once_and_shows_its_participants() {
    let world = World::new().await;
    let [ada, grace] = ["ada", "grace"].map(|name| world.person(name));
    let new = start(&world, &ada, &grace)
        .await
        .expect(StatusCode::CREATED);
    let expected = json!({
        "conversation_id": new["conversation_id"],
        "participants": [summary(&ada, "ada"), summary(&grace, "grace")],
        "participant_ids": [ada.id, grace.id],
    });
    assert_eq!(new, expected);
    assert_eq!(
        start(&world, &grace, &ada).await.ok(),
        expected,
        "200 and the same from then on"
    );
}

#[tokio::test]
async fn the_inbox_shows_the_other_and_the_latest_message() {
    let world = World::new().await;
    let [ada, grace] = ["ada", "grace"].map(|name| world.person(name));
    let id = world.conversation(&ada, &grace).await;
    let inbox = get(&world, &grace, "/conversations").await;
    assert_eq!(inbox["items"][0]["latest_message"], json!(null));
    let message = say(&world, &ada, &id, "Hello @grace").await;
    let expected = json!({
        "id": message["id"], "conversation_id": id, "sender_id": ada.id, "text": "Hello @grace",
        "created_at": "2026-01-01T00:00:00.001000Z", "mentions": [grace.id],
    });
    assert_eq!(message, expected);
    let inbox = get(&world, &grace, "/conversations").await;
    let expected = json!({
        "items": [{
            "id": id, "other_participant": summary(&ada, "ada"), "other_participant_id": ada.id,
            "latest_message": message, "unread_count": 1, "updated_at": message["created_at"],
        }],
        "page": 1, "page_size": 20, "has_next": false, "next_cursor": null,
    });
    assert_eq!(inbox, expected);
    let mentions = get(&world, &grace, "/messages/mentions").await;
    let mention = &mentions["items"][0];
    assert_eq!(
        (&mention["message"], &mention["created_at"]),
        (&message, &message["created_at"])
    );
    let path = format!("/conversations/{id}/read");
    let body = json!({ "message_id": message["id"] });
    let reply = world.rest.post(Some(grace.token()), &path, &body).await;
    assert_eq!(reply.status, StatusCode::NO_CONTENT);
    assert_eq!(
        get(&world, &grace, "/conversations").await["items"][0]["unread_count"],
        json!(0)
    );
}

#[tokio::test]
async fn a_page_asks_for_all_its_participants_and_messages_at_once() {
    for size in [1, 20, 100] {
        let world = World::new().await;
        let ada = world.person("ada");
        for n in 0..size {
            let other = world.person(&format!("other_{n}"));
            let id = world.conversation(&other, &ada).await;
            say(&world, &other, &id, "Hello @ada").await;
        }
        for (path, calls) in [("/conversations", 1), ("/messages/mentions", 0)] {
            let before = world
                .directory
                .calls
                .load(std::sync::atomic::Ordering::SeqCst);
            let log = Log::record();
            let page = get(&world, &ada, &format!("{path}?page_size={size}")).await;
            assert_eq!(page["items"].as_array().unwrap().len(), size);
            assert_eq!(log.take_statements().len(), 2, "{path} of {size}");
            let asked = world
                .directory
                .calls
                .load(std::sync::atomic::Ordering::SeqCst)
                - before;
            assert_eq!(asked, calls, "{path} of {size}");
        }
    }
}

#[tokio::test]
async fn without_the_directory_nobody_has_a_name_and_messages_go_out_all_the_same() {
    let world = World::new().await;
    let [ada, grace] = ["ada", "grace"].map(|name| world.person(name));
    let id = world.conversation(&ada, &grace).await;
    world.directory.fail(true);
    let message = say(&world, &ada, &id, "Hello @grace").await;
    assert_eq!(message["mentions"], json!([]));
    let log = Log::record();
    let trace_id = "0af7651916cd43dd8448eb211c80319c";
    let request = Request::get("/conversations")
        .header(header::AUTHORIZATION, format!("Bearer {}", grace.token()))
        .header("traceparent", format!("00-{trace_id}-b7ad6b7169203331-01"));
    let inbox = world
        .rest
        .send(request.body(Body::empty()).unwrap())
        .await
        .ok();
    let entry = &inbox["items"][0];
    assert_eq!(entry["other_participant"], json!(null));
    assert_eq!(entry["other_participant_id"], json!(ada.id));
    assert_eq!(entry["latest_message"], message);
    let mut warnings = log.lines("messaging::app");
    warnings.retain(|line| line.level == Level::WARN);
    assert_eq!(warnings.len(), 1, "one a request");
    assert_eq!(
        warnings[0].fields["message"],
        "conversations are answered without their participants"
    );
    assert_eq!(warnings[0].fields["trace_id"], trace_id);
    let found = start(&world, &ada, &grace).await.ok();
    assert_eq!(found["participants"], json!([null, null]));
    assert_eq!(found["participant_ids"], json!([ada.id, grace.id]));
    let linus = world.person("linus");
    assert_eq!(
        start(&world, &ada, &linus).await.refusal(),
        (503, "SERVICE_UNAVAILABLE")
    );
}

#[tokio::test]
async fn counted_pages_cut_messages_where_cursors_do() {
    let world = World::new().await;
    let [ada, grace] = ["ada", "grace"].map(|name| world.person(name));
    let id = world.conversation(&ada, &grace).await;
    let mut sent = Vec::new();
    for n in 0..5 {
        sent.push(say(&world, &ada, &id, &format!("@grace {n}")).await["id"].clone());
    }
    let lists = [
        (format!("/conversations/{id}/messages"), "/id", sent.clone()),
        (
            "/messages/mentions".to_owned(),
            "/message/id",
            sent.into_iter().rev().collect(),
        ),
    ];
    for (path, pointer, expected) in lists {
        let ids = |page: &Value| -> Vec<Value> {
            let items = page["items"].as_array().unwrap();
            items
                .iter()
                .map(|item| item.pointer(pointer).unwrap().clone())
                .collect()
        };
        let mut cursor = String::new();
        for (number, expected) in expected.chunks(2).enumerate() {
            let counted = format!("{path}?page={}&page_size=2", number + 1);
            let counted = get(&world, &grace, &counted).await;
            let continued = get(&world, &grace, &format!("{path}?page_size=2{cursor}")).await;
            assert_eq!(ids(&counted), expected, "{path}");
            assert_eq!(ids(&continued), expected, "{path}");
            assert_eq!(counted["next_cursor"], continued["next_cursor"]);
            let next = counted["next_cursor"].as_str();
            assert_eq!(next.is_some(), expected.len() == 2);
            cursor = format!("&cursor={}", next.unwrap_or_default());
        }
        let beyond = get(&world, &grace, &format!("{path}?page=5000&page_size=2")).await;
        assert_eq!(ids(&beyond), Vec::<Value>::new());
    }
}

#[tokio::test]
async fn counted_pages_cut_the_inbox_where_cursors_do() {
    let world = World::new().await;
    let ada = world.person("ada");
    for n in 0..5 {
        let other = world.person(&format!("other_{n}"));
        world.clock.advance_micros(1_000);
        world.conversation(&other, &ada).await;
    }
    let first = get(&world, &ada, "/conversations?page_size=2").await;
    let second = get(&world, &ada, "/conversations?page=2&page_size=2").await;
    let third = get(&world, &ada, "/conversations?page=3&page_size=2").await;
    let cursor = first["next_cursor"].as_str().unwrap();
    let continued = get(
        &world,
        &ada,
        &format!("/conversations?page_size=2&cursor={cursor}"),
    )
    .await;
    assert_eq!(second["items"], continued["items"]);
    assert_eq!(third["items"].as_array().unwrap().len(), 1);
    assert_eq!(
        (&third["has_next"], &third["next_cursor"]),
        (&json!(false), &json!(null))
    );
}

#[tokio::test]
async fn a_cursor_of_another_conversation_is_refused() {
    let world = World::new().await;
    let [ada, grace, linus] = ["ada", "grace", "linus"].map(|name| world.person(name));
    let (one, other) = (
        world.conversation(&ada, &grace).await,
        world.conversation(&ada, &linus).await,
    );
    for n in 0..2 {
        say(&world, &ada, &one, &format!("{n}")).await;
    }
    let page = get(
        &world,
        &ada,
        &format!("/conversations/{one}/messages?page_size=1"),
    )
    .await;
    let cursor = page["next_cursor"].as_str().unwrap();
    let path = format!("/conversations/{other}/messages?cursor={cursor}");
    let reply = world.rest.get(Some(ada.token()), &path).await;
    assert_eq!(reply.refusal(), (422, "VALIDATION_FAILED"));
    assert_eq!(reply.details(), [("cursor", "INVALID_CURSOR")]);
}

#[tokio::test]
async fn nobody_sees_anything_and_strangers_are_told_so() {
    let world = World::new().await;
    let [ada, grace, linus] = ["ada", "grace", "linus"].map(|name| world.person(name));
    let id = world.conversation(&ada, &grace).await;
    let message = say(&world, &ada, &id, "x").await;
    let messages = format!("/conversations/{id}/messages");
    for path in ["/conversations", &messages, "/messages/mentions"] {
        assert_eq!(
            world.rest.get(None, path).await.refusal(),
            (401, "UNAUTHENTICATED"),
            "{path}"
        );
    }
    let token = Some(linus.token());
    assert_eq!(
        world.rest.get(token, &messages).await.refusal(),
        (403, "NOT_A_PARTICIPANT")
    );
    let body = json!({ "text": "x" });
    let reply = world.rest.post(token, &messages, &body).await;
    assert_eq!(reply.refusal(), (403, "NOT_A_PARTICIPANT"));
    let body = json!({ "message_id": message["id"] });
    let reply = world
        .rest
        .post(token, &format!("/conversations/{id}/read"), &body)
        .await;
    assert_eq!(reply.refusal(), (403, "NOT_A_PARTICIPANT"));
}

#[tokio::test]
async fn a_key_that_is_no_text_is_refused_before_anything_is_sent() {
    let world = World::new().await;
    let [ada, grace] = ["ada", "grace"].map(|name| world.person(name));
    let id = world.conversation(&ada, &grace).await;
    let request = Request::builder()
        .method(Method::POST)
        .uri(format!("/conversations/{id}/messages"))
        .header(header::AUTHORIZATION, format!("Bearer {}", ada.token()))
        .header(header::CONTENT_TYPE, "application/json")
        .header("idempotency-key", &b"\xff"[..]);
    let reply = world
        .rest
        .send(request.body(Body::from(r#"{"text":"x"}"#)).unwrap())
        .await;
    assert_eq!(reply.refusal(), (422, "VALIDATION_FAILED"));
    assert_eq!(reply.details(), [("Idempotency-Key", "MALFORMED")]);
    assert_eq!(
        world.count("SELECT count(*) FROM messaging.messages").await,
        0
    );
}

#[tokio::test]
async fn the_document_is_served_as_the_code_gives_it() {
    let world = World::new().await;
    let served = world.rest.get(None, "/openapi.json").await.ok();
    assert_eq!(
        served,
        serde_json::to_value(messaging::rest::openapi()).unwrap()
    );
}
