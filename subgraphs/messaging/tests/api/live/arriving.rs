//! What a stream brings.

use std::collections::BTreeMap;

use common::relay::{Open, Request};

use super::{Process, Talk, talking};
use crate::world::text;

#[tokio::test]
async fn a_message_arrives_at_both_participants_and_at_nobody_else() {
    let (world, process, talk) = talking(Process::start).await;
    let linus = world.person("linus");
    let mut relay = process.relay().await;
    for (id, person) in [(1, &talk.ada), (2, &talk.grace), (3, &linus)] {
        relay.opened(id, person, "messageReceived", &[]).await;
    }
    let message = world.say(&talk.ada, &talk.conversation, "Hello").await;
    for _ in 0..2 {
        assert_eq!(relay.batch().await.0, [message.as_str()]);
    }
    // Were there anything for Linus, it would come before what is sent to him.
    let others = world.conversation(&talk.grace, &linus).await;
    let second = world.say(&talk.grace, &others, "Hello").await;
    for _ in 0..2 {
        assert_eq!(relay.batch().await.0, [second.as_str()]);
    }
}

#[tokio::test]
async fn a_stream_of_one_conversation_has_no_other() {
    let (world, process, talk) = talking(Process::start).await;
    let linus = world.person("linus");
    let others = world.conversation(&talk.ada, &linus).await;
    let mut relay = process.relay().await;
    let only = [("conversationId", talk.conversation.as_str())];
    relay.opened(1, &talk.ada, "messageReceived", &only).await;
    world.say(&talk.ada, &others, "elsewhere").await;
    let here = world.say(&talk.grace, &talk.conversation, "here").await;
    assert_eq!(relay.events(1).await, [here]);
}

#[tokio::test]
async fn mentions_come_with_the_messages_that_make_them() {
    let (world, process, talk) = talking(Process::start).await;
    let Talk {
        ada,
        grace,
        conversation,
    } = &talk;
    let mut relay = process.relay().await;
    relay.opened(1, grace, "mentionReceived", &[]).await;
    world.say(ada, conversation, "nobody").await;
    for words in ["@grace once", "@grace twice"] {
        world.say(ada, conversation, words).await;
    }
    let first = relay.events(2).await;
    let listed = "{ mentions { nodes { id } } }";
    let data = world.get(grace, listed, serde_json::json!({})).await;
    let nodes = data["mentions"]["nodes"].as_array().unwrap();
    let ids: Vec<_> = nodes.iter().rev().map(|node| text(node, "/id")).collect();
    assert_eq!(first, ids, "in the order of the messages");
    // Many messages without a mention lie between two that have one.
    for number in 0..40 {
        world.say(ada, conversation, &format!("{number}")).await;
    }
    world.say(ada, conversation, "@grace again").await;
    let third = relay.events(1).await;
    let after = [("after", first[0].as_str())];
    relay.opened(2, grace, "mentionReceived", &after).await;
    assert_eq!(relay.events(2).await, [first[1].clone(), third[0].clone()]);
}

#[tokio::test]
async fn what_is_not_the_viewers_cannot_be_followed() {
    let (world, process, talk) = talking(Process::start).await;
    let linus = world.person("linus");
    let message = world.say(&talk.ada, &talk.conversation, "private").await;
    let mine = world.conversation(&linus, &talk.ada).await;
    let nowhere = "01890000-0000-7000-8000-000000000000";
    let mut relay = process.relay().await;
    let cases: [(_, &[(&str, &str)], _); 9] = [
        (
            "messageReceived",
            &[("conversationId", &talk.conversation)],
            "NOT_A_PARTICIPANT",
        ),
        (
            "typing",
            &[("conversationId", &talk.conversation)],
            "NOT_A_PARTICIPANT",
        ),
        ("typing", &[], "CONVERSATION_NOT_FOUND"),
        (
            "messageReceived",
            &[("conversationId", nowhere)],
            "CONVERSATION_NOT_FOUND",
        ),
        (
            "messageReceived",
            &[("after", &message)],
            "VALIDATION_FAILED",
        ),
        ("messageReceived", &[("after", "x")], "VALIDATION_FAILED"),
        (
            "messageReceived",
            &[("conversationId", &mine), ("after", &message)],
            "VALIDATION_FAILED",
        ),
        (
            "mentionReceived",
            &[("after", &message)],
            "VALIDATION_FAILED",
        ),
        ("secretsReceived", &[], "VALIDATION_FAILED"),
    ];
    for (number, (field, arguments, code)) in (1..).zip(cases) {
        relay.open(number, &linus, field, arguments, None).await;
        assert_eq!(relay.code().await, code, "{field} {arguments:?}");
    }
    let mut nobody = world.stranger();
    nobody.forge();
    relay.open(100, &nobody, "messageReceived", &[], None).await;
    assert_eq!(relay.code().await, "UNAUTHENTICATED");
    // What the router says of a client without a token.
    let open = Open {
        id: 101,
        authorization: String::new(),
        field: "messageReceived".to_owned(),
        arguments: BTreeMap::new(),
        position: None,
    };
    relay.say(Request::Open(open)).await;
    assert_eq!(relay.code().await, "UNAUTHENTICATED");
}
