//! Word between the processes of this service: ids, and nothing that is kept.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::{sync::mpsc, time::sleep};
use uuid::Uuid;

use super::{hub::Hub, typing::Typing};
use crate::{
    app::ports::{Bus, Heard},
    domain::{ConversationId, UserId},
};

/// Words that wait to be sent. What comes when so many wait is not sent: the bus does not keep up, and streams are woken
/// by the sweep.
const WAITING: usize = 4_096;

/// Words in one dispatch: some 130 bytes each, within the 8,000 that PostgreSQL takes.
const TOGETHER: usize = 50;

const PAUSE: Duration = Duration::from_secs(1);

/// Something that another process may have to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Word {
    /// Something has arrived for somebody.
    Arrived { user: Uuid },
    /// Somebody types to somebody.
    Typing {
        conversation: Uuid,
        who: Uuid,
        to: Uuid,
    },
}

/// What goes over the bus.
#[derive(Serialize, Deserialize)]
struct Dispatch {
    from: Uuid,
    words: Vec<Word>,
}

/// Where words wait to be sent.
#[derive(Clone)]
pub(super) struct Outbox(mpsc::Sender<Word>);

impl Outbox {
    pub(super) fn new() -> (Self, mpsc::Receiver<Word>) {
        let (sender, words) = mpsc::channel(WAITING);
        (Self(sender), words)
    }

    /// Has a word sent, in a moment, if that is possible.
    pub(super) fn put(&self, word: Word) {
        if self.0.try_send(word).is_err() {
            tracing::debug!("a word to other processes was dropped");
        }
    }
}

/// Sends what is put into the outbox, several words at once when they come faster than they can be sent.
pub(super) async fn send(mut waiting: mpsc::Receiver<Word>, bus: &dyn Bus, from: Uuid) {
    let mut words = Vec::with_capacity(TOGETHER);
    while waiting.recv_many(&mut words, TOGETHER).await > 0 {
        let words = std::mem::take(&mut words);
        let count = words.len();
        let sent = match serde_json::to_string(&Dispatch { from, words }) {
            Ok(text) => bus.tell(&text).await,
            Err(error) => Err(error.into()),
        };
        if let Err(error) = sent {
            tracing::warn!(%error, words = count, "other processes were not told");
        }
    }
}

/// Hears what other processes say, for ever.
pub(super) async fn listen(bus: &dyn Bus, own: Uuid, hub: &Hub) {
    loop {
        if let Err(error) = listen_once(bus, own, hub).await {
            tracing::warn!(%error, "other processes cannot be heard");
        }
        sleep(PAUSE).await;
    }
}

async fn listen_once(
    bus: &dyn Bus,
    own: Uuid,
    hub: &Hub,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let mut ear = bus.listen().await?;
    loop {
        match ear.hear().await? {
            Heard::Word(text) => match serde_json::from_str::<Dispatch>(&text) {
                Ok(dispatch) if dispatch.from == own => {}
                Ok(dispatch) => dispatch
                    .words
                    .into_iter()
                    .for_each(|word| pass_on(hub, word)),
                // Another version, or somebody else: roles of the same database can say anything here.
                Err(error) => tracing::debug!(%error, "a word was not understood"),
            },
            // What was said meanwhile was not heard.
            Heard::Gap => hub.doubt(),
        }
    }
}

fn pass_on(hub: &Hub, word: Word) {
    match word {
        Word::Arrived { user } => hub.wake(UserId::from(user)),
        Word::Typing {
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
