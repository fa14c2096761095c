//! Several processes of the service: word goes over a bus, and is not needed.

use std::{
    process::{Child, Command, Stdio},
    sync::Arc,
};

use async_trait::async_trait;
use messaging::{
    app::ports::{Bus, BusError, BusSubscription, Received},
    clients::NatsBus,
};

use super::{Process, Talk, talking};
use crate::world::World;

/// Ada's messages go to one process; Grace watches at another one.
async fn from_one_to_the_other(world: &mut World, one: &Process, other: &Process, talk: &Talk) {
    let mut relay = other.relay().await;
    let here = [("conversationId", talk.conversation.as_str())];
    relay.opened(1, &talk.grace, "typing", &here).await;
    relay.opened(2, &talk.grace, "messageReceived", &[]).await;
    world.service.graph = one.graph.clone();
    // Typing is nowhere but on the bus. Whoever begins to listen has no way to know when it does: it is said until it is
    // heard.
    let typing = "mutation($input: IndicateTypingInput!) { indicateTyping(input: $input) { userErrors { code } } }";
    let input = serde_json::json!({ "input": { "conversationId": talk.conversation } });
    let typist = {
        let heard = relay.batch();
        tokio::pin!(heard);
        loop {
            tokio::select! {
                biased;
                batch = &mut heard => break batch.0,
                _ = world.get(&talk.ada, typing, input.clone()) => {}
            }
        }
    };
    assert_eq!(typist, [talk.ada.id.to_string()]);
    let message = world.say(&talk.ada, &talk.conversation, "Hello").await;
    loop {
        // More of the typing may have been under way.
        let (events, _) = relay.batch().await;
        if events != [talk.ada.id.to_string()] {
            assert_eq!(events, [message]);
            return;
        }
    }
}

#[tokio::test]
async fn word_goes_over_the_database() {
    let (mut world, one, talk) = talking(Process::start).await;
    let other = Process::start(&world).await;
    from_one_to_the_other(&mut world, &one, &other, &talk).await;
}

#[tokio::test]
async fn word_goes_over_nats() {
    let (server, url) = Nats::start().await;
    let bus = async || Arc::new(NatsBus::connect(vec![url.parse().unwrap()]).await.unwrap());
    let (mut world, one, talk) =
        talking(async |world: &World| Process::on_bus(world, bus().await).await).await;
    let other = Process::on_bus(&world, bus().await).await;
    from_one_to_the_other(&mut world, &one, &other, &talk).await;
    // Without it, word of messages is lost, and the messages are not.
    drop(server);
    let mut relay = other.relay().await;
    relay.opened(1, &talk.grace, "messageReceived", &[]).await;
    let message = world.say(&talk.ada, &talk.conversation, "still").await;
    assert_eq!(relay.events(1).await, [message]);
}

#[tokio::test]
async fn messages_arrive_when_the_bus_loses_everything() {
    let (mut world, one, talk) =
        talking(async |world: &World| Process::on_bus(world, Arc::new(Lossy)).await).await;
    let other = Process::on_bus(&world, Arc::new(Lossy)).await;
    let mut relay = other.relay().await;
    relay.opened(1, &talk.grace, "messageReceived", &[]).await;
    world.service.graph = one.graph.clone();
    for text in ["one", "two"] {
        let message = world.say(&talk.ada, &talk.conversation, text).await;
        assert_eq!(relay.events(1).await, [message]);
    }
}

/// A bus that loses everything.
struct Lossy;

#[async_trait]
impl Bus for Lossy {
    async fn publish(&self, _text: &str) -> Result<(), BusError> {
        Ok(())
    }

    async fn subscribe(&self) -> Result<Box<dyn BusSubscription>, BusError> {
        Ok(Box::new(Deaf))
    }
}

struct Deaf;

#[async_trait]
impl BusSubscription for Deaf {
    async fn receive(&mut self) -> Result<Received, BusError> {
        std::future::pending().await
    }
}

/// A NATS server of the test's own.
struct Nats(Child);

impl Nats {
    async fn start() -> (Self, String) {
        // A port that was free a moment ago.
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let child = Command::new("nats-server")
            .args(["-a", "127.0.0.1", "-p", &port.to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| {
                panic!("nats-server cannot be started ({error}): apt-get install nats-server")
            });
        while tokio::net::TcpStream::connect(("127.0.0.1", port))
            .await
            .is_err()
        {
            tokio::task::yield_now().await;
        }
        (Self(child), format!("nats://127.0.0.1:{port}"))
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}
