use serde_json::{Value, json};
use testkit::Log;

use crate::world::{Person, World, text};

const INBOX: &str = "query($first: Int, $after: String) { conversations(first: $first, after: $after) {
    edges { cursor node { id } }
    nodes { id unreadCount updatedAt participants { id } latestMessage { id text sender { id } mentions { id } } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
} }";

/// Ada with a conversation with each of many, in which each wrote to her.
async fn busy(count: usize) -> (World, Person, Vec<String>) {
    let world = World::new().await;
    let ada = world.person("ada");
    let mut ids = Vec::new();
    for n in 0..count {
        let friend = world.person(&format!("friend{n}"));
        let id = world.conversation(&friend, &ada).await;
        world.say(&friend, &id, &format!("hello {n}")).await;
        ids.push(id);
    }
    (world, ada, ids)
}

#[tokio::test]
async fn the_conversation_with_the_latest_message_comes_first() {
    let world = World::new().await;
    let (ada, grace, linus) = (
        world.person("ada"),
        world.person("grace"),
        world.person("linus"),
    );
    let with_grace = world.conversation(&ada, &grace).await;
    world.clock.advance_seconds(1);
    let with_linus = world.conversation(&linus, &ada).await;
    world.clock.advance_seconds(1);
    let message = world.say(&grace, &with_grace, "hi").await;

    let data = world.get(&ada, INBOX, json!({})).await;
    let expected = json!([
        {
            "id": with_grace,
            "unreadCount": 1,
            "updatedAt": "2026-01-01T00:00:02.000000Z",
            "participants": [{ "id": ada.id }, { "id": grace.id }],
            "latestMessage": { "id": message, "text": "hi", "sender": { "id": grace.id }, "mentions": [] },
        },
        {
            "id": with_linus,
            "unreadCount": 0,
            "updatedAt": "2026-01-01T00:00:01.000000Z",
            "participants": [{ "id": ada.id }, { "id": linus.id }],
            "latestMessage": null,
        },
    ]);
    assert_eq!(data["conversations"]["nodes"], expected);
    let data = world.get(&grace, INBOX, json!({})).await;
    assert_eq!(
        data["conversations"]["nodes"].as_array().unwrap().len(),
        1,
        "Grace has one"
    );
}

#[tokio::test]
async fn pages_of_the_inbox_join_without_gap_or_overlap_even_at_equal_times() {
    let (world, ada, ids) = busy(7).await;
    let (mut seen, mut after) = (Vec::new(), Value::Null);
    loop {
        let data = world
            .get(&ada, INBOX, json!({ "first": 3, "after": after }))
            .await;
        let page = &data["conversations"];
        let edges = page["edges"].as_array().unwrap();
        assert_eq!(page["pageInfo"]["startCursor"], edges[0]["cursor"]);
        assert_eq!(page["pageInfo"]["hasPreviousPage"], json!(!after.is_null()));
        seen.extend(edges.iter().map(|edge| text(edge, "/node/id")));
        after = page["pageInfo"]["endCursor"].clone();
        if page["pageInfo"]["hasNextPage"] == json!(false) {
            break;
        }
    }
    let mut expected = ids;
    expected.reverse();
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn a_page_size_or_cursor_that_is_not_good_is_refused_with_what_would_be() {
    let world = World::new().await;
    let (ada, grace) = (world.person("ada"), world.person("grace"));
    let id = world.conversation(&ada, &grace).await;
    world.say(&ada, &id, "@grace").await;
    let lists = [
        "query($first: Int!, $after: String) { conversations(first: $first, after: $after) { pageInfo { endCursor } } }",
        "query($first: Int!, $after: String) { mentions(first: $first, after: $after) { pageInfo { endCursor } } }",
        "query($first: Int!, $after: String) { conversations { nodes {
            messages(first: $first, after: $after) { pageInfo { endCursor } }
        } } }",
    ];
    let mut cursors = Vec::new();
    for list in lists {
        for first in [-1, 0, 101, i32::MAX] {
            let answer = world.ask(&grace, list, json!({ "first": first })).await;
            assert_eq!(answer.codes(), ["VALIDATION_FAILED"], "{first}");
            assert!(answer.body.to_string().contains("from 1 to 100"));
        }
        let data = world
            .get(&grace, list, json!({ "first": 1 }))
            .await
            .to_string();
        let cursor = data
            .split("\"endCursor\":\"")
            .nth(1)
            .and_then(|rest| rest.split('"').next());
        cursors.push(cursor.unwrap().to_owned());
    }
    for (list, own) in lists.iter().zip(&cursors) {
        for cursor in cursors.iter().map(String::as_str).chain(["", "x", "AAAA"]) {
            let variables = json!({ "first": 1, "after": cursor });
            let answer = world.ask(&grace, list, variables).await;
            if cursor == own {
                answer.data();
            } else {
                assert_eq!(answer.codes(), ["VALIDATION_FAILED"], "{cursor}");
                assert!(answer.body.to_string().contains("`after`"));
            }
        }
    }
}

#[tokio::test]
async fn the_inbox_takes_the_same_statements_however_many_conversations_it_shows() {
    let (world, ada, ids) = busy(100).await;
    let with_messages = "query($first: Int) { conversations(first: $first) { nodes {
        unreadCount latestMessage { id } messages(first: 3) { nodes { id conversation { unreadCount } } }
    } } }";
    for (query, expected) in [(INBOX, 2), (with_messages, 4)] {
        for first in [1, 20, 100] {
            let log = Log::record();
            let data = world.get(&ada, query, json!({ "first": first })).await;
            let statements = log.take_statements();
            let nodes = data["conversations"]["nodes"].as_array().unwrap();
            assert_eq!(nodes.len(), first);
            assert!(nodes.iter().all(|node| node["unreadCount"] == json!(1)));
            assert_eq!(
                statements.len(),
                expected,
                "for {first} conversations: {statements:#?}"
            );
        }
    }
    assert_eq!(ids.len(), 100);
}

#[tokio::test]
async fn entities_are_read_in_one_statement_for_each_type() {
    let (world, ada, ids) = busy(20).await;
    let data = world.get(&ada, INBOX, json!({})).await;
    let messages = data["conversations"]["nodes"].as_array().unwrap().iter();
    let messages = messages.map(|node| text(node, "/latestMessage/id"));
    let references: Vec<_> = ids
        .iter()
        .map(|id| json!({ "__typename": "Conversation", "id": id }))
        .chain(messages.map(|id| json!({ "__typename": "Message", "id": id })))
        .collect();
    let query = "query($references: [_Any!]!) { _entities(representations: $references) {
        ... on Conversation { id unreadCount } ... on Message { id text }
    } }";
    let log = Log::record();
    let variables = json!({ "references": references });
    let data = world.get(&ada, query, variables).await;
    let statements = log.take_statements();
    let entities = data["_entities"].as_array().unwrap();
    let found: Vec<_> = entities.iter().map(|entity| &entity["id"]).collect();
    let asked: Vec<_> = references
        .iter()
        .map(|reference| &reference["id"])
        .collect();
    assert_eq!(found, asked, "in the order they were asked for");
    assert_eq!(statements.len(), 2, "{statements:#?}");
}
