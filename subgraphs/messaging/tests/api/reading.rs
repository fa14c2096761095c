use std::sync::Arc;

use futures_util::future::{join, join_all};
use serde_json::json;
use sqlx::{AssertSqlSafe, Executor};

use crate::world::{World, refused, user_errors};

#[tokio::test]
async fn only_messages_of_the_other_count_as_unread() {
    let world = World::new().await;
    let (ada, grace) = (world.person("ada"), world.person("grace"));
    let id = world.conversation(&ada, &grace).await;
    let mut said = Vec::new();
    for (n, sender) in [&ada, &ada, &grace, &ada, &grace].into_iter().enumerate() {
        said.push(world.say(sender, &id, &format!("message {n}")).await);
    }
    assert_eq!(world.unread(&grace, &id).await, 3);
    assert_eq!(world.unread(&ada, &id).await, 2);

    // Up to a message of one's own is as good as up to one of the other.
    for (mark, left) in [(&said[0], 2), (&said[2], 1), (&said[3], 0), (&said[4], 0)] {
        let data = world.mark_read(&grace, &id, mark).await.data();
        assert_eq!(
            data["markConversationRead"],
            json!({ "conversation": { "unreadCount": left }, "userErrors": [] })
        );
    }
    assert_eq!(
        world.unread(&ada, &id).await,
        2,
        "what Grace read, Ada did not"
    );
}

#[tokio::test]
async fn the_mark_moves_forward_only() {
    let world = World::new().await;
    let (ada, grace) = (world.person("ada"), world.person("grace"));
    let id = world.conversation(&ada, &grace).await;
    let mut said = Vec::new();
    for _ in 0..4 {
        said.push(world.say(&ada, &id, "hi").await);
    }
    for mark in [&said[2], &said[2], &said[0], &said[1]] {
        let data = world.mark_read(&grace, &id, mark).await.data();
        assert_eq!(
            data["markConversationRead"]["conversation"]["unreadCount"],
            json!(1)
        );
    }
}

#[tokio::test]
async fn reading_does_not_move_the_conversation_in_the_inbox() {
    let world = World::new().await;
    let (ada, grace) = (world.person("ada"), world.person("grace"));
    let id = world.conversation(&ada, &grace).await;
    let message = world.say(&ada, &id, "hi").await;
    let query = "{ conversations { nodes { updatedAt } } }";
    let before = world.get(&grace, query, json!({})).await;
    world.clock.advance_seconds(60);
    world.mark_read(&grace, &id, &message).await.data();
    assert_eq!(world.get(&grace, query, json!({})).await, before);
}

#[tokio::test]
async fn only_a_message_of_the_conversation_can_be_marked() {
    let world = World::new().await;
    let (ada, grace, linus) = (
        world.person("ada"),
        world.person("grace"),
        world.person("linus"),
    );
    let id = world.conversation(&ada, &grace).await;
    let other = world.conversation(&ada, &linus).await;
    world.say(&grace, &id, "hi").await;
    let elsewhere = world.say(&linus, &other, "hi").await;
    for message in [elsewhere, world.stranger().id.to_string(), "x".to_owned()] {
        assert_eq!(
            user_errors(
                world.mark_read(&ada, &id, &message).await,
                "markConversationRead"
            ),
            refused("VALIDATION_FAILED", "messageId")
        );
    }
    let nowhere = world.stranger().id.to_string();
    assert_eq!(
        user_errors(
            world.mark_read(&ada, &nowhere, &nowhere).await,
            "markConversationRead"
        ),
        refused("CONVERSATION_NOT_FOUND", "conversationId")
    );
    assert_eq!(world.unread(&ada, &id).await, 1);
}

/// Unread counts that differ from what the messages and the marks say.
const WRONG_COUNTS: &str = "SELECT count(*) FROM messaging.participants p WHERE unread_count <> (
    SELECT count(*) FROM messaging.messages m
    WHERE m.conversation_id = p.conversation_id AND m.sender_id <> p.user_id AND m.seq > p.last_read_seq
)";

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn unread_counts_are_exact_when_both_send_and_read_at_once() {
    let world = World::new().await;
    let (ada, grace) = (world.person("ada"), world.person("grace"));
    let id = world.conversation(&ada, &grace).await;
    // Each of the two sends and, as soon as a message is there, somebody marks it as read.
    let talk = |sender, reader, count: usize| {
        let (world, id) = (&world, &id);
        join_all((0..count).map(move |_| async move {
            let message = world.say(sender, id, "hi").await;
            world.mark_read(reader, id, &message).await.data();
        }))
    };
    let noise = |sender, count: usize| {
        let (world, id) = (&world, &id);
        join_all((0..count).map(move |_| world.say(sender, id, "noise")))
    };
    join(
        join(talk(&ada, &grace, 25), talk(&grace, &ada, 25)),
        join(noise(&ada, 25), noise(&grace, 25)),
    )
    .await;
    assert_eq!(
        world.count("SELECT count(*) FROM messaging.messages").await,
        100
    );
    assert_eq!(world.count(WRONG_COUNTS).await, 0);

    let last = world.say(&ada, &id, "last").await;
    for person in [&ada, &grace] {
        world.mark_read(person, &id, &last).await.data();
        assert_eq!(world.unread(person, &id).await, 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_is_being_committed_while_its_reader_marks_an_earlier_one_is_counted() {
    let world = Arc::new(World::new().await);
    let (ada, grace) = (world.person("ada"), world.person("grace"));
    let id = world.conversation(&ada, &grace).await;
    let first = world.say(&ada, &id, "first").await;

    // A send that has done everything but commit.
    let mut sending = world.admin.begin().await.unwrap();
    let send = format!(
        "INSERT INTO messaging.messages (id, conversation_id, seq, sender_id, text, created_at)
             VALUES ('{id}', '{id}', 2, '{}', 'second', '2026-01-01');
         UPDATE messaging.participants SET unread_count = unread_count + (user_id <> '{0}')::integer;",
        ada.id
    );
    sending.execute(AssertSqlSafe(send)).await.unwrap();
    let marking = tokio::spawn({
        let (world, grace, id) = (world.clone(), grace.clone(), id.clone());
        async move { world.mark_read(&grace, &id, &first).await.data() }
    });
    let waiting = "SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while world.count(waiting).await == 0 {
        assert!(!marking.is_finished(), "it does not wait for the message");
    }
    sending.commit().await.unwrap();
    let marked = marking.await.unwrap();
    assert_eq!(
        marked["markConversationRead"]["conversation"]["unreadCount"],
        json!(1)
    );
    assert_eq!(world.count(WRONG_COUNTS).await, 0);
}
