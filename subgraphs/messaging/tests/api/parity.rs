//! Every use case through both APIs: the same rows, the same codes.

use async_trait::async_trait;
use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use serde_json::{Value, json};
use testkit::{Outcome, Played, dump};

use crate::world::{Person, World};

const MESSAGE: &str = "id conversation { id } sender { id } text createdAt mentions { id }";
const NOTHING: &str = "018f4e9e-0000-7000-8000-000000000000";

/// What one can do with conversations. `None` is nobody in particular.
#[async_trait]
trait Api {
    async fn start(&self, who: Option<&Person>, recipient: &str) -> Outcome;
    async fn send(&self, who: Option<&Person>, to: &str, text: &str, key: Option<&str>) -> Outcome;
    async fn inbox(&self, who: Option<&Person>, page: Page<'_>) -> Outcome;
    async fn messages(&self, who: Option<&Person>, of: &str, page: Page<'_>) -> Outcome;
    async fn mark_read(&self, who: Option<&Person>, of: &str, message: &str) -> Outcome;
    async fn mentions(&self, who: Option<&Person>, page: Page<'_>) -> Outcome;
}

#[derive(Clone, Copy)]
struct Page<'a> {
    size: i32,
    after: Option<&'a str>,
}

const PAGE: Page<'_> = Page {
    size: 2,
    after: None,
};

struct Graph<'a>(&'a World);

impl Graph<'_> {
    async fn ask(
        &self,
        who: Option<&Person>,
        query: &str,
        variables: Value,
    ) -> Result<Value, String> {
        let answer = self
            .0
            .graph
            .ask(who.map(Person::token), query, variables)
            .await;
        match answer.codes().first() {
            Some(code) => Err((*code).to_owned()),
            None => Ok(answer.data()),
        }
    }

    async fn mutate(
        &self,
        who: Option<&Person>,
        name: &str,
        input: Value,
        selection: &str,
    ) -> Outcome {
        let mut kind = name.to_owned();
        kind[..1].make_ascii_uppercase();
        let query = format!(
            "mutation($input: {kind}Input!) {{ {name}(input: $input) {{ {selection} userErrors {{ code }} }} }}"
        );
        let data = self.ask(who, &query, json!({ "input": input })).await?;
        match data[name]["userErrors"][0]["code"].as_str() {
            Some(code) => Err(code.to_owned()),
            None => Ok(data[name].clone()),
        }
    }

    fn message(message: &Value) -> Value {
        if message.is_null() {
            return Value::Null;
        }
        let mentions = message["mentions"].as_array().unwrap().iter();
        json!({
            "id": message["id"], "conversation_id": message["conversation"]["id"],
            "sender_id": message["sender"]["id"], "text": message["text"], "created_at": message["createdAt"],
            "mentions": mentions.map(|user| user["id"].clone()).collect::<Vec<_>>(),
        })
    }

    fn page(connection: &Value, show: impl Fn(&Value) -> Value) -> Value {
        let info = &connection["pageInfo"];
        let nodes = connection["nodes"].as_array().unwrap();
        let next = info["hasNextPage"]
            .as_bool()
            .unwrap()
            .then(|| info["endCursor"].clone());
        json!({ "items": nodes.iter().map(show).collect::<Vec<_>>(), "next": next })
    }
}

#[async_trait]
impl Api for Graph<'_> {
    async fn start(&self, who: Option<&Person>, recipient: &str) -> Outcome {
        let input = json!({ "recipientId": recipient });
        let selection = "conversation { id participants { id } }";
        let payload = self
            .mutate(who, "startConversation", input, selection)
            .await?;
        let conversation = &payload["conversation"];
        let participants = conversation["participants"].as_array().unwrap().iter();
        Ok(json!({
            "conversation_id": conversation["id"],
            "participant_ids": participants.map(|user| user["id"].clone()).collect::<Vec<_>>(),
        }))
    }

    async fn send(&self, who: Option<&Person>, to: &str, text: &str, key: Option<&str>) -> Outcome {
        let input = json!({ "conversationId": to, "text": text, "idempotencyKey": key });
        let selection = format!("message {{ {MESSAGE} }}");
        let payload = self.mutate(who, "sendMessage", input, &selection).await?;
        Ok(Self::message(&payload["message"]))
    }

    async fn inbox(&self, who: Option<&Person>, page: Page<'_>) -> Outcome {
        let query = format!(
            "query($first: Int!, $after: String) {{ conversations(first: $first, after: $after) {{
                nodes {{ id participants {{ id }} latestMessage {{ {MESSAGE} }} unreadCount updatedAt }}
                pageInfo {{ hasNextPage endCursor }} }} }}"
        );
        let variables = json!({ "first": page.size, "after": page.after });
        let data = self.ask(who, &query, variables).await?;
        let me = who.unwrap().id.to_string();
        Ok(Self::page(&data["conversations"], |node| {
            let participants = node["participants"].as_array().unwrap();
            let other = participants.iter().find(|user| user["id"] != me).unwrap();
            json!({
                "id": node["id"], "other_participant_id": other["id"],
                "latest_message": Self::message(&node["latestMessage"]),
                "unread_count": node["unreadCount"], "updated_at": node["updatedAt"],
            })
        }))
    }

    async fn messages(&self, who: Option<&Person>, of: &str, page: Page<'_>) -> Outcome {
        let query = format!(
            "query($id: ID!, $first: Int!, $after: String) {{ conversation(id: $id) {{
                messages(first: $first, after: $after) {{ nodes {{ {MESSAGE} }} pageInfo {{ hasNextPage endCursor }} }} }} }}"
        );
        let variables = json!({ "id": of, "first": page.size, "after": page.after });
        let data = self.ask(who, &query, variables).await?;
        match &data["conversation"] {
            // Null is how the graph says both that there is none and that it is somebody else's.
            Value::Null => Err("not for the viewer".to_owned()),
            conversation => Ok(Self::page(&conversation["messages"], Self::message)),
        }
    }

    async fn mark_read(&self, who: Option<&Person>, of: &str, message: &str) -> Outcome {
        let input = json!({ "conversationId": of, "messageId": message });
        let payload = self
            .mutate(who, "markConversationRead", input, "conversation { id }")
            .await;
        payload.map(|_| Value::Null)
    }

    async fn mentions(&self, who: Option<&Person>, page: Page<'_>) -> Outcome {
        let query = format!(
            "query($first: Int!, $after: String) {{ mentions(first: $first, after: $after) {{
                nodes {{ id message {{ {MESSAGE} }} createdAt }} pageInfo {{ hasNextPage endCursor }} }} }}"
        );
        let variables = json!({ "first": page.size, "after": page.after });
        let data = self.ask(who, &query, variables).await?;
        Ok(Self::page(&data["mentions"], |node| {
            json!({
                "id": node["id"], "message": Self::message(&node["message"]), "created_at": node["createdAt"],
            })
        }))
    }
}

struct Rest<'a>(&'a World);

impl Rest<'_> {
    async fn call(
        &self,
        who: Option<&Person>,
        method: Method,
        path: &str,
        body: Option<Value>,
        key: Option<&str>,
    ) -> Outcome {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(who) = who {
            request = request.header(header::AUTHORIZATION, format!("Bearer {}", who.token()));
        }
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        let body = match body {
            Some(body) => {
                request = request.header(header::CONTENT_TYPE, "application/json");
                Body::from(body.to_string())
            }
            None => Body::empty(),
        };
        let reply = self.0.rest.send(request.body(body).unwrap()).await;
        if reply.status >= StatusCode::BAD_REQUEST {
            return Err(reply.code().to_owned());
        }
        Ok(reply.body)
    }

    async fn page(&self, who: Option<&Person>, path: &str, page: Page<'_>) -> Outcome {
        let cursor = page
            .after
            .map(|after| format!("&cursor={after}"))
            .unwrap_or_default();
        let path = format!("{path}?page_size={}{cursor}", page.size);
        let body = self.call(who, Method::GET, &path, None, None).await?;
        let mut items = body["items"].as_array().unwrap().clone();
        for item in &mut items {
            // The graph's router adds the people.
            item.as_object_mut().unwrap().remove("other_participant");
        }
        Ok(json!({ "items": items, "next": body["next_cursor"] }))
    }
}

#[async_trait]
impl Api for Rest<'_> {
    async fn start(&self, who: Option<&Person>, recipient: &str) -> Outcome {
        let body = json!({ "recipient_id": recipient });
        let mut started = self
            .call(who, Method::POST, "/conversations", Some(body), None)
            .await?;
        started
            .as_object_mut()
            .unwrap()
            .remove("participants")
            .unwrap();
        Ok(started)
    }

    async fn send(&self, who: Option<&Person>, to: &str, text: &str, key: Option<&str>) -> Outcome {
        let path = format!("/conversations/{to}/messages");
        self.call(who, Method::POST, &path, Some(json!({ "text": text })), key)
            .await
    }

    async fn inbox(&self, who: Option<&Person>, page: Page<'_>) -> Outcome {
        self.page(who, "/conversations", page).await
    }

    async fn messages(&self, who: Option<&Person>, of: &str, page: Page<'_>) -> Outcome {
        let outcome = self
            .page(who, &format!("/conversations/{of}/messages"), page)
            .await;
        outcome.map_err(|code| match code.as_str() {
            "CONVERSATION_NOT_FOUND" | "NOT_A_PARTICIPANT" => "not for the viewer".to_owned(),
            _ => code,
        })
    }

    async fn mark_read(&self, who: Option<&Person>, of: &str, message: &str) -> Outcome {
        let body = json!({ "message_id": message });
        let path = format!("/conversations/{of}/read");
        self.call(who, Method::POST, &path, Some(body), None).await
    }

    async fn mentions(&self, who: Option<&Person>, page: Page<'_>) -> Outcome {
        self.page(who, "/messages/mentions", page).await
    }
}

/// Everything that people do with conversations, and everything that is refused.
async fn play(world: &World, api: &dyn Api) -> Played {
    let [ada, grace, linus] = ["ada", "grace", "linus"].map(|name| world.person(name));
    let (a, g, l) = (Some(&ada), Some(&grace), Some(&linus));
    let mut played = Played::default();
    let started = api.start(a, &grace.id.to_string()).await;
    let conversation = started.as_ref().unwrap()["conversation_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let c = conversation.as_str();
    played.note("start a conversation", started);
    played.note(
        "start it again from the other side",
        api.start(g, &ada.id.to_string()).await,
    );
    for (what, id) in [
        ("myself", ada.id.to_string().as_str()),
        ("nobody", NOTHING),
        ("no id", "x"),
    ] {
        played.note(
            &format!("start a conversation with {what}"),
            api.start(a, id).await,
        );
    }
    played.note(
        "start a conversation as nobody",
        api.start(None, &ada.id.to_string()).await,
    );
    played.note("the inbox before any message", api.inbox(a, PAGE).await);
    let mut messages = Vec::new();
    for text in ["Hello @grace, @linus and @nobody", "  again \n", "third"] {
        world.clock.advance_micros(1_000);
        let sent = api.send(a, c, text, None).await;
        messages.push(sent.as_ref().unwrap()["id"].as_str().unwrap().to_owned());
        played.note("send a message", sent);
    }
    world.clock.advance_micros(1_000);
    played.note(
        "send under a key",
        api.send(g, c, "once", Some("key-1")).await,
    );
    played.note(
        "send the same under the key again",
        api.send(g, c, "once", Some("key-1")).await,
    );
    played.note(
        "send something else under the key",
        api.send(g, c, "twice", Some("key-1")).await,
    );
    for key in ["", "a b", &"k".repeat(256)] {
        played.note(
            &format!("send under the key {key:?}"),
            api.send(g, c, "x", Some(key)).await,
        );
    }
    let long = "x".repeat(4_001);
    for (what, text) in [
        ("without text", " "),
        ("too long", long.as_str()),
        ("with a NUL", "a\0b"),
    ] {
        played.note(
            &format!("send a message {what}"),
            api.send(a, c, text, None).await,
        );
    }
    for (what, id) in [("nothing", NOTHING), ("no id", "x")] {
        played.note(&format!("send to {what}"), api.send(a, id, "x", None).await);
        played.note(
            &format!("read the messages of {what}"),
            api.messages(a, id, PAGE).await,
        );
        played.note(
            &format!("mark {what} as read"),
            api.mark_read(a, id, &messages[0]).await,
        );
        played.note(
            &format!("mark as read up to {what}"),
            api.mark_read(g, c, id).await,
        );
    }
    played.note(
        "send to a conversation of others",
        api.send(l, c, "x", None).await,
    );
    played.note("send as nobody", api.send(None, c, "x", None).await);
    played.note(
        "read the messages of others",
        api.messages(l, c, PAGE).await,
    );
    played.note("read messages as nobody", api.messages(None, c, PAGE).await);
    world.directory.fail(true);
    played.note(
        "send while nobody knows who is who",
        api.send(a, c, "Hello @grace", None).await,
    );
    played.note(
        "find a conversation meanwhile",
        api.start(a, &grace.id.to_string()).await,
    );
    played.note(
        "start a conversation meanwhile",
        api.start(a, &linus.id.to_string()).await,
    );
    played.note("the inbox meanwhile", api.inbox(a, PAGE).await);
    world.directory.fail(false);
    let page = api.messages(g, c, PAGE).await;
    let cursor = page.as_ref().unwrap()["next"].as_str().unwrap().to_owned();
    let after = |after| Page {
        size: 2,
        after: Some(after),
    };
    played.note("read messages", page);
    played.note(
        "read messages after a cursor",
        api.messages(g, c, after(&cursor)).await,
    );
    for (who, name) in [(a, "me"), (g, "the other"), (l, "somebody else")] {
        played.note(&format!("the inbox of {name}"), api.inbox(who, PAGE).await);
    }
    played.note(
        "mark the second as read",
        api.mark_read(g, c, &messages[1]).await,
    );
    played.note("the inbox after that", api.inbox(g, PAGE).await);
    played.note(
        "mark the first as read",
        api.mark_read(g, c, &messages[0]).await,
    );
    played.note("the inbox after that too", api.inbox(g, PAGE).await);
    played.note(
        "mark a conversation of others as read",
        api.mark_read(l, c, &messages[0]).await,
    );
    played.note(
        "mark as read as nobody",
        api.mark_read(None, c, &messages[0]).await,
    );
    for size in [0, 101] {
        let page = Page { size, after: None };
        played.note(&format!("an inbox of {size}"), api.inbox(a, page).await);
        played.note(&format!("{size} messages"), api.messages(a, c, page).await);
        played.note(&format!("{size} mentions"), api.mentions(a, page).await);
    }
    played.note(
        "messages after a cursor of nothing",
        api.messages(a, c, after("x")).await,
    );
    played.note(
        "the inbox after a cursor of another list",
        api.inbox(a, after(&cursor)).await,
    );
    played.note("the inbox of nobody", api.inbox(None, PAGE).await);
    for (who, name) in [
        (a, "me"),
        (g, "the other"),
        (l, "somebody who may not read it"),
    ] {
        played.note(
            &format!("mentions of {name}"),
            api.mentions(who, PAGE).await,
        );
    }
    played.note("mentions of nobody", api.mentions(None, PAGE).await);
    played
}

#[tokio::test]
async fn both_apis_do_the_same() {
    let (graph, rest) = (World::new().await, World::new().await);
    let by_graph = play(&graph, &Graph(&graph)).await;
    let by_rest = play(&rest, &Rest(&rest)).await;
    by_graph.assert_same(&by_rest, ["GraphQL", "REST"]);
    let tables = [
        "messaging.conversations",
        "messaging.participants",
        "messaging.messages",
        "messaging.mentions",
    ];
    let rows = dump(&graph.admin, &tables, &[]).await;
    assert!(
        rows.iter().all(|(_, rows)| !rows.is_empty()),
        "there is something to compare"
    );
    assert_eq!(rows, dump(&rest.admin, &tables, &[]).await);
}
