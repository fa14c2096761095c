//! Word that somebody types.

use serde_json::{Value, json};
use testkit::Answer;

use super::{Process, talking};
use crate::world::{Person, World};

const TABLES: [&str; 4] = [
    "messaging.conversations",
    "messaging.participants",
    "messaging.messages",
    "messaging.inbox_entries",
];

async fn indicate(world: &World, person: &Person, conversation: &str) -> Answer {
    let query = "mutation($input: IndicateTypingInput!) {
        indicateTyping(input: $input) { conversationId userErrors { code } }
    }";
    let input = json!({ "conversationId": conversation });
    world.ask(person, query, json!({ "input": input })).await
}

#[tokio::test]
async fn the_other_participant_is_told_and_nothing_is_stored() {
    let (world, process, talk) = talking(Process::start).await;
    let (ada, grace) = (&talk.ada, &talk.grace);
    let mut relay = process.relay().await;
    let here = [("conversationId", talk.conversation.as_str())];
    relay.opened(1, ada, "typing", &here).await;
    relay.opened(2, grace, "typing", &here).await;
    let before = testkit::dump(&world.admin, &TABLES, &[]).await;
    let data = indicate(&world, ada, &talk.conversation).await.data();
    let expected = json!({ "conversationId": talk.conversation, "userErrors": [] });
    assert_eq!(data["indicateTyping"], expected);
    assert_eq!(relay.batch().await.0, [ada.id.to_string()]);
    // Had Ada been told of herself, it would have come first.
    indicate(&world, grace, &talk.conversation).await.data();
    assert_eq!(relay.batch().await.0, [grace.id.to_string()]);
    assert_eq!(testkit::dump(&world.admin, &TABLES, &[]).await, before);
}

#[tokio::test]
async fn typing_in_another_conversation_is_not_heard_here() {
    let (world, process, talk) = talking(Process::start).await;
    let linus = world.person("linus");
    let others = world.conversation(&linus, &talk.grace).await;
    let mut relay = process.relay().await;
    let here = [("conversationId", talk.conversation.as_str())];
    relay.opened(1, &talk.grace, "typing", &here).await;
    indicate(&world, &linus, &others).await.data();
    indicate(&world, &talk.ada, &talk.conversation).await.data();
    assert_eq!(relay.batch().await.0, [talk.ada.id.to_string()]);
}

#[tokio::test]
async fn only_participants_who_may_write_type() {
    let (world, _process, talk) = talking(Process::start).await;
    let linus = world.person("linus");
    let stranger = indicate(&world, &linus, &talk.conversation).await;
    assert_eq!(stranger.codes(), ["NOT_A_PARTICIPANT"]);
    let nowhere = indicate(&world, &linus, "x").await;
    let codes: Vec<Value> = nowhere.data()["indicateTyping"]["userErrors"]
        .as_array()
        .unwrap()
        .clone();
    assert_eq!(codes, [json!({ "code": "CONVERSATION_NOT_FOUND" })]);
    world.directory.block(&talk.grace, &talk.ada);
    let blocked = indicate(&world, &talk.ada, &talk.conversation).await;
    assert_eq!(blocked.codes(), ["FORBIDDEN"]);
}
