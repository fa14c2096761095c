//! Messages between the processes of this service: ids, and nothing that is stored.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::{sync::mpsc, time::sleep};
use uuid::Uuid;

use super::hub::{Hub, Typing};
use crate::{
    app::ports::{Bus, Received},
    domain::{ConversationId, UserId},
};

/// Limits the messages that wait to be published. Further messages are dropped: the sweep wakes streams then.
const MAX_PENDING_MESSAGES: usize = 4_096;

/// Messages in one envelope: some 130 bytes each, within the 8,000 that PostgreSQL takes.
const MAX_ENVELOPE_MESSAGES: usize = 50;

const RESUBSCRIBE_DELAY: Duration = Duration::from_secs(1);

/// An event that other processes may need to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum BusMessage {
    /// A message has arrived for a user.
    Arrived { user: Uuid },
    /// A user types to another.
    Typing {
        conversation: Uuid,
        who: Uuid,
        to: Uuid,
    },
}

/// The unit that the bus carries.
#[derive(Serialize, Deserialize)]
struct Envelope {
    from: Uuid,
    #[serde(rename = "words")]
    messages: Vec<BusMessage>,
}

/// The queue of messages to publish.
#[derive(Clone)]
pub(super) struct BusQueue(mpsc::Sender<BusMessage>);

impl BusQueue {
    pub(super) fn new() -> (Self, mpsc::Receiver<BusMessage>) {
        let (sender, messages) = mpsc::channel(MAX_PENDING_MESSAGES);
        (Self(sender), messages)
    }

    /// Queues a message, unless the queue is full.
    pub(super) fn push(&self, message: BusMessage) {
        if self.0.try_send(message).is_err() {
            tracing::debug!("a word to other processes was dropped");
        }
    }
}

/// Publishes queued messages, several in one envelope when they come faster than they can be sent.
pub(super) async fn publish(mut queue: mpsc::Receiver<BusMessage>, bus: &dyn Bus, from: Uuid) {
    let mut messages = Vec::with_capacity(MAX_ENVELOPE_MESSAGES);
    while queue.recv_many(&mut messages, MAX_ENVELOPE_MESSAGES).await > 0 {
        let messages = std::mem::take(&mut messages);
        let count = messages.len();
        let sent = match serde_json::to_string(&Envelope { from, messages }) {
            Ok(text) => bus.publish(&text).await,
            Err(error) => Err(error.into()),
        };
        if let Err(error) = sent {
            tracing::warn!(%error, words = count, "other processes were not told");
        }
    }
}

/// Receives the messages of other processes for ever.
pub(super) async fn receive(bus: &dyn Bus, own: Uuid, hub: &Hub) {
    loop {
        if let Err(error) = receive_until_error(bus, own, hub).await {
            tracing::warn!(%error, "other processes cannot be heard");
        }
        sleep(RESUBSCRIBE_DELAY).await;
    }
}

async fn receive_until_error(
    bus: &dyn Bus,
    own: Uuid,
    hub: &Hub,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let mut subscription = bus.subscribe().await?;
    loop {
        match subscription.receive().await? {
            Received::Message(text) => match serde_json::from_str::<Envelope>(&text) {
                Ok(envelope) if envelope.from == own => {}
                Ok(envelope) => envelope
                    .messages
                    .into_iter()
                    .for_each(|message| deliver(hub, message)),
                // Another version, or another sender: any role of the database can publish here.
                Err(error) => tracing::debug!(%error, "a word was not understood"),
            },
            Received::Gap => hub.mark_stale(),
        }
    }
}

fn deliver(hub: &Hub, message: BusMessage) {
    match message {
        BusMessage::Arrived { user } => hub.wake(UserId::from(user)),
        BusMessage::Typing {
            conversation,
            who,
            to,
        } => hub.typing(
            UserId::from(to),
            Typing {
                conversation: ConversationId::from(conversation),
                who: UserId::from(who),
            },
        ),
    }
}
