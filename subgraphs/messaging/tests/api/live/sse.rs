//! Messages as server-sent events.

use reqwest::{Client, RequestBuilder, Response};
use serde_json::Value;
use uuid::Uuid;

use super::{Process, talking};
use crate::world::Person;

/// A stream that is being read.
struct Events {
    response: Response,
    read: String,
}

impl Events {
    async fn open(request: RequestBuilder) -> Self {
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        let kind = response.headers()["content-type"].to_str().unwrap();
        assert_eq!(kind, "text/event-stream");
        Self {
            response,
            read: String::new(),
        }
    }

    /// Name, id and data of the next event; `None` at the end.
    async fn next(&mut self) -> Option<(String, String, Value)> {
        loop {
            if let Some((event, rest)) = self.read.split_once("\n\n") {
                let field = |name: &str| {
                    let mut lines = event.lines();
                    lines
                        .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
                        .unwrap_or_default()
                        .to_owned()
                };
                let found = (field("event"), field("id"), field("data"));
                self.read = rest.into();
                if found.0.is_empty() {
                    continue;
                }
                return Some((found.0, found.1, serde_json::from_str(&found.2).unwrap()));
            }
            let chunk = self.response.chunk().await.unwrap()?;
            self.read.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }
}

fn get(process: &Process, person: &Person, query: &str) -> RequestBuilder {
    let client = Client::builder().no_proxy().build().unwrap();
    let url = process.url(&format!("/messages/stream{query}"));
    client.get(url).bearer_auth(person.token())
}

#[tokio::test]
async fn messages_come_with_their_ids_and_go_on_after_the_last() {
    let (world, process, talk) = talking(Process::start).await;
    let first = world.say(&talk.ada, &talk.conversation, "one").await;
    let mut events = Events::open(get(&process, &talk.grace, "")).await;
    let second = world.say(&talk.ada, &talk.conversation, "two").await;
    let (name, id, data) = events.next().await.unwrap();
    assert_eq!((name.as_str(), &id), ("message", &second));
    assert_eq!(data["text"], "two");
    assert_eq!(data["sender_id"], talk.ada.id.to_string());
    drop(events);
    let third = world.say(&talk.ada, &talk.conversation, "three").await;
    let again = get(&process, &talk.grace, "?after=x").header("Last-Event-ID", &second);
    let mut events = Events::open(again).await;
    assert_eq!(events.next().await.unwrap().1, third);
    let query = format!("?after={first}&conversation_id={}", talk.conversation);
    let mut events = Events::open(get(&process, &talk.grace, &query)).await;
    for id in [second, third] {
        assert_eq!(events.next().await.unwrap().1, id);
    }
}

#[tokio::test]
async fn the_last_event_says_why_the_stream_ends() {
    let (world, process, talk) = talking(Process::start).await;
    let mut events = Events::open(get(&process, &talk.grace, "")).await;
    world.clock.advance_seconds(901);
    let mut ada = talk.ada.clone();
    ada.renew(&*world.clock);
    world.say(&ada, &talk.conversation, "too late").await;
    let (name, id, data) = events.next().await.unwrap();
    assert_eq!((name.as_str(), id.as_str()), ("error", ""));
    assert_eq!(data["code"], "UNAUTHENTICATED");
    assert!(events.next().await.is_none());
    let mut events = Events::open(get(&process, &ada, "")).await;
    process.stop().await;
    assert_eq!(
        events.next().await.unwrap().2["code"],
        "SERVICE_UNAVAILABLE"
    );
    assert!(events.next().await.is_none());
}

#[tokio::test]
async fn what_cannot_be_followed_is_refused_before_the_stream() {
    let (world, _process, talk) = talking(Process::start).await;
    let linus = world.person("linus");
    let conversation = format!("?conversation_id={}", talk.conversation);
    let after = format!("?after={}", Uuid::nil());
    let cases = [
        (conversation.as_str(), 403, "NOT_A_PARTICIPANT"),
        ("?conversation_id=x", 404, "CONVERSATION_NOT_FOUND"),
        (after.as_str(), 422, "VALIDATION_FAILED"),
        ("?before=x", 422, "VALIDATION_FAILED"),
    ];
    for (query, status, code) in cases {
        let path = format!("/messages/stream{query}");
        let reply = world.rest.get(Some(linus.token()), &path).await;
        assert_eq!(reply.status, status, "{query}");
        assert_eq!(reply.body["error"]["code"], code, "{query}");
    }
    let reply = world.rest.get(None, "/messages/stream").await;
    assert_eq!(reply.status, 401);
}
