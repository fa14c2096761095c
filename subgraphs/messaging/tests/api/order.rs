//! The order of the messages of a conversation, for those who send and those who read at once.

use futures_util::future::join_all;
use serde_json::{Value, json};
use sqlx::{Executor, Row};

use crate::world::{Person, World, text};

const PAGE: &str = "query($id: ID!, $after: String) { conversation(id: $id) {
    messages(first: 7, after: $after) { nodes { id createdAt } pageInfo { endCursor hasNextPage } }
} }";

/// Reads on from a cursor to the present end; returns the ids seen and the new cursor.
async fn read_on(
    world: &World,
    person: &Person,
    id: &str,
    mut cursor: Value,
) -> (Vec<String>, Value) {
    let mut seen = Vec::new();
    loop {
        let variables = json!({ "id": id, "after": cursor });
        let data = world.get(person, PAGE, variables).await;
        let page = &data["conversation"]["messages"];
        let nodes = page["nodes"].as_array().unwrap();
        seen.extend(nodes.iter().map(|node| text(node, "/id")));
        if !nodes.is_empty() {
            cursor = page["pageInfo"]["endCursor"].clone();
        }
        if page["pageInfo"]["hasNextPage"] == json!(false) {
            return (seen, cursor);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_reader_who_pages_on_while_both_send_misses_nothing() {
    let world = World::new().await;
    let (ada, grace) = (world.person("ada"), world.person("grace"));
    let id = world.conversation(&ada, &grace).await;
    let sending = join_all((0..120).map(|n| {
        let sender = if n % 3 == 0 { &grace } else { &ada };
        let input = json!({ "conversationId": id, "text": format!("message {n}") });
        let (graph, token) = (world.graph.clone(), sender.token().to_owned());
        tokio::spawn(async move {
            let query = "mutation($input: SendMessageInput!) { sendMessage(input: $input) { message { id } } }";
            graph.ask(Some(&token), query, json!({ "input": input })).await.data()
        })
    }));
    tokio::pin!(sending);
    let (mut seen, mut cursor) = (Vec::new(), Value::Null);
    let sent = loop {
        tokio::select! {
            biased;
            sent = &mut sending => break sent,
            (more, next) = read_on(&world, &grace, &id, cursor.clone()) => {
                seen.extend(more);
                cursor = next;
            }
        }
    };
    let (rest, _) = read_on(&world, &grace, &id, cursor).await;
    seen.extend(rest);

    let (all, _) = read_on(&world, &ada, &id, Value::Null).await;
    assert_eq!(seen, all, "the reader saw every message once and in order");
    let mut sent: Vec<_> = sent
        .into_iter()
        .map(|data| text(&data.unwrap(), "/sendMessage/message/id"))
        .collect();
    let mut sorted = all.clone();
    sent.sort();
    sorted.sort();
    assert_eq!(sorted, sent);
    let gaps = "SELECT count(*) FROM (
        SELECT seq - row_number() OVER (ORDER BY seq) AS gap FROM messaging.messages
    ) positions WHERE gap <> 0";
    assert_eq!(world.count(gaps).await, 0);
}

#[tokio::test]
async fn a_clock_that_goes_back_does_not_reorder_a_conversation() {
    let world = World::new().await;
    let (ada, grace) = (world.person("ada"), world.person("grace"));
    let id = world.conversation(&ada, &grace).await;
    let mut said = Vec::new();
    for step in [60_000_000, -90_000_000, 1, -1, 10_000_000, 60_000_000] {
        world.clock.advance_micros(step);
        said.push(world.say(&ada, &id, "tick").await);
    }
    let data = world.get(&grace, PAGE, json!({ "id": id })).await;
    let nodes = data["conversation"]["messages"]["nodes"]
        .as_array()
        .unwrap();
    let ids: Vec<_> = nodes.iter().map(|node| text(node, "/id")).collect();
    assert_eq!(ids, said);
    let times: Vec<_> = nodes.iter().map(|node| text(node, "/createdAt")).collect();
    assert!(times.is_sorted(), "{times:?}");
    assert_eq!(times[1], times[0]);
}

#[tokio::test]
async fn inbox_order_is_the_same_in_both_copies_of_the_time() {
    let world = World::new().await;
    let (ada, grace) = (world.person("ada"), world.person("grace"));
    let id = world.conversation(&ada, &grace).await;
    for _ in 0..3 {
        world.clock.advance_seconds(1);
        world.say(&ada, &id, "tick").await;
    }
    let row = world
        .admin
        .fetch_one(
            "SELECT count(*) FROM messaging.participants p JOIN messaging.conversations c ON c.id = p.conversation_id
             JOIN messaging.messages m ON m.id = c.last_message_id AND m.seq = c.last_seq
             WHERE p.updated_at = c.updated_at AND m.created_at = c.updated_at",
        )
        .await
        .unwrap();
    assert_eq!(row.get::<i64, _>(0), 2);
}
