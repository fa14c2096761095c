//! The subgraph on its own: `graphql-transport-ws`.

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio_tungstenite::{
    connect_async,
    tungstenite::{Message, client::IntoClientRequest, http::Request},
};

use super::{Process, Socket, connect, talking, text};
use crate::world::Person;

fn request(process: &Process) -> Request<()> {
    let url = format!("ws://{}/graphql", process.address);
    let mut request = url.into_client_request().unwrap();
    let protocol = "graphql-transport-ws".parse().unwrap();
    request
        .headers_mut()
        .insert("sec-websocket-protocol", protocol);
    request
}

async fn say(socket: &mut Socket, message: Value) {
    socket
        .send(Message::text(message.to_string()))
        .await
        .unwrap();
}

async fn heard(socket: &mut Socket) -> Value {
    serde_json::from_str(&text(socket).await.unwrap()).unwrap()
}

async fn connected(process: &Process, person: &Person) -> Socket {
    let mut socket = connect(request(process)).await;
    let authorization = format!("Bearer {}", person.token());
    let init = json!({ "type": "connection_init", "payload": { "Authorization": authorization } });
    say(&mut socket, init).await;
    assert_eq!(heard(&mut socket).await["type"], "connection_ack");
    socket
}

fn subscribe(query: &str, variables: &Value) -> Value {
    json!({ "type": "subscribe", "id": "1", "payload": { "query": query, "variables": variables } })
}

const RECEIVED: &str = "subscription($after: ID) {
    messageReceived(after: $after) { id text sender { id } conversation { unreadCount } }
}";

#[tokio::test]
async fn messages_come_as_they_are_sent_and_are_read_anew_each() {
    let (world, process, talk) = talking(Process::start).await;
    let first = world.say(&talk.ada, &talk.conversation, "one").await;
    let second = world.say(&talk.ada, &talk.conversation, "two").await;
    let mut socket = connected(&process, &talk.grace).await;
    say(&mut socket, subscribe(RECEIVED, &json!({ "after": first }))).await;
    let next = heard(&mut socket).await;
    let message = &next["payload"]["data"]["messageReceived"];
    assert_eq!(message["id"], json!(second));
    assert_eq!(message["sender"]["id"], json!(talk.ada.id));
    assert_eq!(message["conversation"]["unreadCount"], json!(2));
    world.say(&talk.ada, &talk.conversation, "three").await;
    let next = heard(&mut socket).await;
    let message = &next["payload"]["data"]["messageReceived"];
    assert_eq!(message["text"], json!("three"));
    assert_eq!(message["conversation"]["unreadCount"], json!(3));
}

#[tokio::test]
async fn mentions_and_typing_come_too() {
    let (world, process, talk) = talking(Process::start).await;
    let mut socket = connected(&process, &talk.grace).await;
    let mentioned = "subscription { mentionReceived { message { text } } }";
    say(&mut socket, subscribe(mentioned, &json!({}))).await;
    let mut other = connected(&process, &talk.grace).await;
    let typing = "subscription($id: ID!) { typing(conversationId: $id) { id isOnline } }";
    let id = json!({ "id": talk.conversation });
    say(&mut other, subscribe(typing, &id)).await;
    // Subscribing is not answered: what comes shows that it is done.
    let indicate = "mutation($id: ID!) { indicateTyping(input: { conversationId: $id }) { userErrors { code } } }";
    let next = {
        let heard = heard(&mut other);
        tokio::pin!(heard);
        loop {
            tokio::select! {
                biased;
                next = &mut heard => break next,
                _ = world.get(&talk.ada, indicate, id.clone()) => {}
            }
        }
    };
    let who = json!({ "id": talk.ada.id, "isOnline": false });
    assert_eq!(next["payload"]["data"]["typing"], who);
    world
        .say(&talk.ada, &talk.conversation, "Hello @grace")
        .await;
    let next = heard(&mut socket).await;
    let text = json!({ "message": { "text": "Hello @grace" } });
    assert_eq!(next["payload"]["data"]["mentionReceived"], text);
}

#[tokio::test]
async fn what_may_not_be_followed_is_an_error_with_its_code() {
    let (world, process, talk) = talking(Process::start).await;
    let linus = world.person("linus");
    let mut socket = connected(&process, &linus).await;
    let query = "subscription($id: ID) { messageReceived(conversationId: $id) { id } }";
    let id = json!({ "id": talk.conversation });
    say(&mut socket, subscribe(query, &id)).await;
    let next = heard(&mut socket).await;
    let code = &next["payload"]["errors"][0]["extensions"]["code"];
    assert_eq!(code, "NOT_A_PARTICIPANT", "{next}");
}

#[tokio::test]
async fn a_socket_that_outlives_its_token_runs_nothing() {
    let (world, process, talk) = talking(Process::start).await;
    let mut socket = connected(&process, &talk.grace).await;
    world.clock.advance_seconds(901);
    say(
        &mut socket,
        subscribe("{ conversations { nodes { id } } }", &json!({})),
    )
    .await;
    let next = heard(&mut socket).await;
    let code = &next["payload"]["errors"][0]["extensions"]["code"];
    assert_eq!(code, "UNAUTHENTICATED", "{next}");
}

#[tokio::test]
async fn a_bad_token_and_another_protocol_are_refused() {
    let (_world, process, _talk) = talking(Process::start).await;
    let mut socket = connect(request(&process)).await;
    let init = json!({ "type": "connection_init", "payload": { "authorization": "Bearer x" } });
    say(&mut socket, init).await;
    let closed = socket.next().await.unwrap().unwrap();
    assert!(matches!(closed, Message::Close(Some(_))), "{closed:?}");
    let plain = format!("ws://{}/graphql", process.address);
    assert!(connect_async(plain).await.is_err());
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let got = client.get(process.url("/graphql")).send().await.unwrap();
    assert_eq!(got.status(), 400);
}
