//! From what was missed to what happens now: nothing lost, nothing twice, in order.

use common::relay::{MAX_BATCH, Reply, Request};
use serde_json::json;
use sqlx::{Connection, Executor};

use super::{Process, talking};

#[tokio::test]
async fn what_was_missed_comes_first_and_then_what_happens() {
    let (world, process, talk) = talking(Process::start).await;
    let mut sent = Vec::new();
    for number in 0..40 {
        let text = format!("{number}");
        sent.push(world.say(&talk.ada, &talk.conversation, &text).await);
    }
    let mut relay = process.relay().await;
    let after = [("after", sent[4].as_str())];
    relay
        .opened(1, &talk.grace, "messageReceived", &after)
        .await;
    assert_eq!(relay.events(35).await, sent[5..]);
    let next = world.say(&talk.ada, &talk.conversation, "live").await;
    assert_eq!(relay.events(1).await, [next]);
    let in_one = [
        ("conversationId", talk.conversation.as_str()),
        ("after", sent[38].as_str()),
    ];
    relay
        .opened(2, &talk.grace, "messageReceived", &in_one)
        .await;
    assert_eq!(relay.events(2).await[0], sent[39]);
}

#[tokio::test]
async fn there_is_no_seam_however_many_write_while_a_stream_opens() {
    let (world, process, talk) = talking(Process::start).await;
    let first = world.say(&talk.ada, &talk.conversation, "first").await;
    let mut relay = process.relay().await;
    let writing = async {
        let texts: Vec<_> = (0..60).map(|number| format!("{number}")).collect();
        let sending = texts
            .iter()
            .map(|text| world.say(&talk.ada, &talk.conversation, text));
        futures_util::future::join_all(sending).await
    };
    let reading = async {
        let after = [("after", first.as_str())];
        relay
            .open(1, &talk.grace, "messageReceived", &after, None)
            .await;
        assert!(matches!(relay.reply().await, Reply::Opened { .. }));
        relay.events(60).await
    };
    let (mut written, read) = tokio::join!(writing, reading);
    let query =
        "query($id: ID!) { conversation(id: $id) { messages(first: 100) { nodes { id } } } }";
    let data = world
        .get(&talk.grace, query, json!({ "id": talk.conversation }))
        .await;
    let nodes = data["conversation"]["messages"]["nodes"]
        .as_array()
        .unwrap();
    let stored: Vec<_> = nodes
        .iter()
        .skip(1)
        .map(|node| node["id"].as_str().unwrap())
        .collect();
    assert_eq!(read, stored, "in the order of the conversation");
    written.sort();
    let mut read = read;
    read.sort();
    assert_eq!(read, written, "each once");
}

#[tokio::test]
async fn a_stream_goes_on_from_a_position_at_another_process() {
    let (world, process, talk) = talking(Process::start).await;
    let mut relay = process.relay().await;
    let begin = relay.opened(1, &talk.grace, "messageReceived", &[]).await;
    process.stop().await;
    relay.ended().await;
    let missed = world.say(&talk.ada, &talk.conversation, "meanwhile").await;
    let other = Process::start(&world).await;
    let mut relay = other.relay().await;
    relay
        .open(1, &talk.grace, "messageReceived", &[], Some(&begin))
        .await;
    assert!(matches!(relay.reply().await, Reply::Opened { .. }));
    let (events, position) = relay.batch().await;
    assert_eq!(events, [missed]);
    relay
        .open(2, &talk.grace, "messageReceived", &[], Some(&position))
        .await;
    assert!(matches!(relay.reply().await, Reply::Opened { .. }));
}

/// Ids and times of messages are made before they are committed, so they give no order across conversations.
#[tokio::test]
async fn a_message_that_is_committed_late_is_not_behind_the_stream() {
    let (world, process, talk) = talking(Process::start).await;
    let linus = world.person("linus");
    let others = world.conversation(&linus, &talk.grace).await;
    let mut relay = process.relay().await;
    relay.opened(1, &talk.grace, "messageReceived", &[]).await;
    let late = world.clock_id();
    let mut connection = world.admin.acquire().await.unwrap();
    let mut transaction = connection.begin().await.unwrap();
    let insert = format!(
        "INSERT INTO messaging.messages (id, conversation_id, seq, sender_id, text, created_at)
         VALUES ('{late}', '{}', 1, '{}', 'late', '2026-01-01T00:00:00Z')",
        talk.conversation, talk.ada.id
    );
    transaction
        .execute(sqlx::AssertSqlSafe(insert))
        .await
        .unwrap();
    let early = world.say(&linus, &others, "early").await;
    assert!(late.to_string() < early, "the late one has the lower id");
    assert_eq!(relay.events(1).await, [early.as_str()]);
    transaction.commit().await.unwrap();
    // Nobody told the process of this one: it looks by itself every few seconds.
    assert_eq!(relay.events(1).await, [late.to_string()]);
    let after = [("after", early.as_str())];
    relay
        .opened(2, &talk.grace, "messageReceived", &after)
        .await;
    assert_eq!(relay.events(1).await, [late.to_string()]);
}

#[tokio::test]
async fn the_next_batch_waits_until_it_is_asked_for() {
    let (world, process, talk) = talking(Process::start).await;
    let first = world.say(&talk.ada, &talk.conversation, "first").await;
    for number in 0..MAX_BATCH + 5 {
        world
            .say(&talk.ada, &talk.conversation, &format!("{number}"))
            .await;
    }
    let mut relay = process.relay().await;
    let after = [("after", first.as_str())];
    relay
        .opened(1, &talk.grace, "messageReceived", &after)
        .await;
    let Reply::Batch { events, .. } = relay.reply().await else {
        panic!("no batch");
    };
    assert_eq!(events.len(), MAX_BATCH);
    // Were there another batch already, it would come before what is asked for now.
    relay.opened(2, &talk.grace, "mentionReceived", &[]).await;
    relay.say(Request::More { id: 1 }).await;
    assert_eq!(relay.events(5).await.len(), 5);
}
