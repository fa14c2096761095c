//! NATS as the bus, for processes on several machines or on several database servers.

use async_nats::{Client, ConnectOptions, Event, ServerAddr, Subscriber};
use async_trait::async_trait;
use futures_util::StreamExt;
use tokio::sync::watch;

use crate::app::ports::{Bus, BusError, BusSubscription, Received};

const SUBJECT: &str = "rookery.messaging.live";

/// A NATS server, or several that know of one another.
pub struct NatsBus {
    client: Client,
    /// Counts connections and dropped messages.
    connections: watch::Receiver<u64>,
}

impl NatsBus {
    /// Connects in the background, and again whenever the connection breaks.
    pub async fn connect(servers: Vec<ServerAddr>) -> Result<Self, BusError> {
        let (connected, connections) = watch::channel(0);
        let client = ConnectOptions::new()
            .name("messaging")
            .retry_on_initial_connect()
            .event_callback(move |event| {
                let connected = connected.clone();
                async move {
                    match event {
                        Event::Connected | Event::SlowConsumer(_) => {
                            connected.send_modify(|count| *count += 1);
                        }
                        Event::Disconnected => tracing::warn!("NATS is gone"),
                        other => tracing::debug!(event = %other, "NATS"),
                    }
                }
            })
            .connect(servers)
            .await?;
        Ok(Self {
            client,
            connections,
        })
    }
}

#[async_trait]
impl Bus for NatsBus {
    async fn publish(&self, text: &str) -> Result<(), BusError> {
        self.client.publish(SUBJECT, text.to_owned().into()).await?;
        Ok(())
    }

    async fn subscribe(&self) -> Result<Box<dyn BusSubscription>, BusError> {
        let messages = self.client.subscribe(SUBJECT).await?;
        let mut connections = self.connections.clone();
        // The first item of a subscription is a gap.
        connections.mark_changed();
        Ok(Box::new(NatsSubscription {
            messages,
            connections,
        }))
    }
}

struct NatsSubscription {
    messages: Subscriber,
    connections: watch::Receiver<u64>,
}

#[async_trait]
impl BusSubscription for NatsSubscription {
    async fn receive(&mut self) -> Result<Received, BusError> {
        tokio::select! {
            biased;
            changed = self.connections.changed() => {
                changed?;
                Ok(Received::Gap)
            }
            message = self.messages.next() => {
                let message = message.ok_or("the subscription ended")?;
                Ok(Received::Message(String::from_utf8_lossy(&message.payload).into_owned()))
            }
        }
    }
}
