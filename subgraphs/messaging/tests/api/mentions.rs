use std::{fmt::Write, sync::atomic::Ordering};

use serde_json::{Value, json};
use testkit::Log;
use tracing::Level;

use crate::world::{Person, World, text};

const MENTIONS: &str =
    "query($first: Int, $after: String) { mentions(first: $first, after: $after) {
    nodes { id createdAt message { id text conversation { id } } }
    pageInfo { hasNextPage hasPreviousPage endCursor }
} }";

async fn mentioned_in(world: &World, person: &Person) -> Vec<String> {
    let data = world.get(person, MENTIONS, json!({})).await;
    let nodes = data["mentions"]["nodes"].as_array().unwrap();
    nodes.iter().map(|node| text(node, "/message/id")).collect()
}

async fn mentions_of(world: &World, person: &Person, conversation: &str) -> Value {
    let query = "query($id: ID!) { conversation(id: $id) { latestMessage { mentions { id } } } }";
    let data = world
        .get(person, query, json!({ "id": conversation }))
        .await;
    data["conversation"]["latestMessage"]["mentions"].clone()
}

#[tokio::test]
async fn whoever_is_mentioned_finds_the_message() {
    let world = World::new().await;
    let (ada, grace) = (world.person("ada"), world.person("Grace_H"));
    let id = world.conversation(&ada, &grace).await;
    let first = world.say(&ada, &id, "hello @grace_h and @GRACE_H").await;
    let second = world
        .say(&ada, &id, "mail grace_h@example.com, not me")
        .await;
    assert_ne!(first, second);
    assert_eq!(mentioned_in(&world, &grace).await, [first.as_str()]);
    assert_eq!(mentioned_in(&world, &ada).await, [""; 0]);

    let own = world.say(&grace, &id, "I am @grace_h").await;
    assert_eq!(
        mentioned_in(&world, &grace).await,
        [own.as_str(), first.as_str()],
        "one's own messages can be read, too"
    );
}

#[tokio::test]
async fn a_message_lists_whom_it_mentions_in_the_order_of_its_text() {
    let world = World::new().await;
    let (ada, grace, linus) = (
        world.person("ada"),
        world.person("grace"),
        world.person("linus"),
    );
    let id = world.conversation(&ada, &grace).await;
    world.say(&ada, &id, "@linus, @nobody, @grace!").await;
    let expected = json!([{ "id": linus.id }, { "id": grace.id }]);
    for person in [&ada, &grace] {
        assert_eq!(mentions_of(&world, person, &id).await, expected);
    }
}

#[tokio::test]
async fn somebody_who_may_not_read_the_message_does_not_learn_of_it() {
    let world = World::new().await;
    let (ada, grace, linus) = (
        world.person("ada"),
        world.person("grace"),
        world.person("linus"),
    );
    let id = world.conversation(&ada, &grace).await;
    world.say(&ada, &id, "do not tell @linus").await;
    assert_eq!(mentioned_in(&world, &linus).await, [""; 0]);
    assert_eq!(
        world.count("SELECT count(*) FROM messaging.mentions").await,
        0
    );

    // Not later either, when they talk to the same person.
    world.conversation(&ada, &linus).await;
    assert_eq!(mentioned_in(&world, &linus).await, [""; 0]);
}

#[tokio::test]
async fn with_the_users_service_down_a_message_goes_out_without_mentions() {
    let world = World::new().await;
    let (ada, grace) = (world.person("ada"), world.person("grace"));
    let id = world.conversation(&ada, &grace).await;
    world.directory.fail(true);
    let log = Log::record();
    world.say(&ada, &id, "hello @grace").await;
    let lines = log.lines("messaging");
    let [line] = lines.as_slice() else {
        panic!("one line expected: {lines:#?}")
    };
    assert_eq!(line.level, Level::WARN);
    assert_eq!(
        line.fields["message"],
        "somebody writes on what was last known of blocks, and mentions nobody"
    );
    assert_eq!(line.fields["handles"], "1");
    assert_eq!(mentions_of(&world, &grace, &id).await, json!([]));
    assert_eq!(world.unread(&grace, &id).await, 1);
}

#[tokio::test]
async fn the_users_service_is_asked_once_a_message_and_for_50_handles_at_most() {
    let world = World::new().await;
    let (ada, grace) = (world.person("ada"), world.person("grace"));
    let id = world.conversation(&ada, &grace).await;
    let before = world.directory.calls.load(Ordering::SeqCst);
    world.say(&ada, &id, "nobody in here").await;
    assert_eq!(world.directory.calls.load(Ordering::SeqCst), before + 1);

    let crowd = (0..80).fold(String::new(), |mut text, n| {
        write!(text, "@user{n} ").unwrap();
        text
    });
    world.say(&ada, &id, &crowd).await;
    assert_eq!(world.directory.calls.load(Ordering::SeqCst), before + 2);
    assert_eq!(world.directory.asked_handles.load(Ordering::SeqCst), 50);
}

#[tokio::test]
async fn the_first_message_asks_for_recipient_and_handles_at_once() {
    let world = World::new().await;
    let (ada, grace) = (world.person("ada"), world.person("grace"));
    let input = json!({ "recipientId": grace.id, "text": "hello @grace" });
    world.send(&ada, input).await.data();
    assert_eq!(world.directory.calls.load(Ordering::SeqCst), 1);
    assert_eq!(mentioned_in(&world, &grace).await.len(), 1);
}

#[tokio::test]
async fn mentions_are_paged_from_the_latest_on() {
    let world = World::new().await;
    let (ada, grace) = (world.person("ada"), world.person("grace"));
    let id = world.conversation(&ada, &grace).await;
    let mut said = Vec::new();
    for n in 0..5 {
        // Some at the same time.
        world.clock.advance_micros(n % 2);
        said.push(world.say(&ada, &id, "@grace").await);
    }
    said.reverse();
    let (mut seen, mut after) = (Vec::new(), Value::Null);
    for (size, has_next, has_previous) in [(2, true, false), (2, true, true), (1, false, true)] {
        let variables = json!({ "first": 2, "after": after });
        let data = world.get(&grace, MENTIONS, variables).await;
        let page = &data["mentions"];
        let nodes = page["nodes"].as_array().unwrap();
        assert_eq!(nodes.len(), size);
        assert_eq!(page["pageInfo"]["hasNextPage"], json!(has_next));
        assert_eq!(page["pageInfo"]["hasPreviousPage"], json!(has_previous));
        seen.extend(nodes.iter().map(|node| text(node, "/message/id")));
        after = page["pageInfo"]["endCursor"].clone();
    }
    assert_eq!(seen, said);
}
