//! How many requests a page costs: as many for a hundred items as for one.

use contexts::Context;
use serde_json::{Value, json};

use crate::{
    client::{Client, INBOX, Person, TIMELINE},
    running::{Running, shared},
};

/// What the services log for each answer.
const ANSWERED: &str = "\"answered\"";

/// How often the services were asked for this operation.
pub async fn requests(
    system: &Running,
    person: &Person,
    query: &str,
    variables: &Value,
) -> (Value, usize) {
    let trace_id = new_trace_id();
    let traceparent = format!("00-{trace_id}-00f067aa0ba902b7-01");
    let headers = [
        ("authorization", person.authorization()),
        ("traceparent", traceparent),
    ];
    let headers = headers
        .each_ref()
        .map(|(name, value)| (*name, value.as_str()));
    let data = person.client.data(&headers, query, variables).await;

    // A service writes its lines in order, so behind this one there is none of the operation.
    let end = new_trace_id();
    let traceparent = format!("00-{end}-00f067aa0ba902b7-01");
    for service in Context::ALL {
        let client = Client::new(system.service_url(service));
        client
            .data(
                &[("traceparent", &traceparent)],
                "{ __typename }",
                &json!({}),
            )
            .await;
    }
    system.wait_for(&end, Context::ALL.len());
    (data, system.lines_with(&[ANSWERED, &trace_id]).len())
}

fn new_trace_id() -> String {
    format!("{:032x}", rand::random::<u128>() | 1)
}

#[tokio::test]
async fn a_timeline_asks_the_services_as_often_for_a_hundred_posts_as_for_one() {
    // One of its own: whoever else read a timeline at the same time could share a call with this one.
    let system = &Running::start(&["--no-seed"]);
    let client = Client::new(system.url("/graphql"));
    let reader = client.somebody().await;
    for _ in 0..10 {
        let author = client.somebody().await;
        reader.follow(&author).await;
        for number in 0..10 {
            author.post(&format!("post {number}")).await;
        }
    }
    // Timeline, its followees (the list, then its version), the authors of the page.
    for first in [1, 20, 100] {
        let (data, count) = requests(system, &reader, TIMELINE, &json!({ "first": first })).await;
        let nodes = data["timeline"]["nodes"].as_array().unwrap();
        assert_eq!(nodes.len(), first);
        assert!(
            nodes
                .iter()
                .all(|node| node["author"]["username"].is_string())
        );
        assert_eq!(count, 3, "for {first} posts");
    }
}

#[tokio::test]
async fn an_inbox_asks_the_services_as_often_for_a_hundred_conversations_as_for_one() {
    let system = shared();
    let client = Client::new(system.url("/graphql"));
    let reader = client.somebody().await;
    for _ in 0..100 {
        client.somebody().await.message(&reader, "hello").await;
    }
    // Conversations, their people.
    for first in [1, 20, 100] {
        let (data, count) = requests(system, &reader, INBOX, &json!({ "first": first })).await;
        let nodes = data["conversations"]["nodes"].as_array().unwrap();
        assert_eq!(nodes.len(), first);
        assert!(
            nodes
                .iter()
                .all(|node| node["latestMessage"]["sender"]["username"].is_string())
        );
        assert_eq!(count, 2, "for {first} conversations");
    }
}
