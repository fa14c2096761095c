//! Following something from a position on.

use std::{fmt, time::Duration};

use common::{auth::Viewer, error::Fault};
use tokio::{sync::broadcast, time::sleep};

use super::{hub::Watch, typing::Typing};
use crate::{
    app::{App, AppError, conversations::participates},
    db::{self, messages::Stretch},
    domain::{ConversationId, MentionId, MessageId, UserId},
};

/// How a refusal is written down.
const FOLLOW: &str = "follow_conversation";

/// Entries of an inbox that are looked through at once for mentions.
const LOOKED_THROUGH: i64 = 500;

/// What can be followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Topic {
    /// Messages in all conversations of the viewer, or in one of them.
    Messages { conversation: Option<String> },
    /// Mentions of the viewer that the viewer may read.
    Mentions,
    /// Who else types in a conversation of the viewer.
    Typing { conversation: String },
}

/// Where to begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Start {
    /// With what comes next.
    Now,
    /// With what came after the message, or the mention, of this id. Who types has no past: as `Now`.
    After(String),
    /// Where another stream on the same topic was.
    At(String),
}

/// Something that happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    Message(MessageId),
    Mention(MentionId),
    /// Somebody is typing at this moment.
    Typing(UserId),
}

impl fmt::Display for Event {
    /// The id of what it is about.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Message(id) => id.fmt(f),
            Self::Mention(id) => id.fmt(f),
            Self::Typing(id) => id.fmt(f),
        }
    }
}

/// What happens on a topic, in order, from a position on. In a conversation, messages come in the order of the
/// conversation.
pub struct LiveStream {
    app: App,
    viewer: UserId,
    /// Seconds since the epoch at which the viewer's token ends, and the stream with it.
    expires_at: i64,
    source: Source,
    position: i64,
    watch: Watch,
}

enum Source {
    Inbox,
    Mentions,
    Conversation(ConversationId),
    Typing(ConversationId, broadcast::Receiver<Typing>),
}

impl App {
    /// Follows a topic on the viewer's behalf. Everything after the stream's [`LiveStream::position`] will come.
    pub async fn follow(
        &self,
        viewer: &Viewer,
        topic: Topic,
        start: Start,
    ) -> Result<LiveStream, AppError> {
        let user = UserId::from(viewer.id);
        // Before the position is read: what arrives in between wakes the stream.
        let watch = self.live.hub.watch(user)?;
        let _turn = self.live.turns.acquire().await;
        let mut conn = self.pool.acquire().await?;
        let source = match topic {
            Topic::Mentions => Source::Mentions,
            Topic::Messages { conversation: None } => Source::Inbox,
            Topic::Messages {
                conversation: Some(id),
            } => Source::Conversation(participates(&mut conn, user, &id, FOLLOW).await?.id),
            Topic::Typing { conversation } => {
                let standing = participates(&mut conn, user, &conversation, FOLLOW).await?;
                Source::Typing(standing.id, watch.typing())
            }
        };
        let position = match start {
            Start::Now => source.end(&mut conn, user).await?,
            Start::After(id) => source.place(&mut conn, user, &id).await?,
            Start::At(position) => position
                .parse()
                .map_err(|_error| AppError::PositionUnknown)?,
        };
        if matches!(source, Source::Inbox | Source::Mentions) {
            watch.begins_at(position);
        }
        Ok(LiveStream {
            app: self.clone(),
            viewer: user,
            expires_at: viewer.expires_at,
            source,
            position,
            watch,
        })
    }
}

impl Source {
    /// The position behind all that is there.
    async fn end(&self, conn: &mut sqlx::PgConnection, user: UserId) -> sqlx::Result<i64> {
        match self {
            Self::Inbox | Self::Mentions => db::inbox::last(conn, user).await,
            Self::Conversation(id) => db::conversations::last_seq(conn, *id).await,
            Self::Typing(..) => Ok(0),
        }
    }

    /// The position of what a client names.
    async fn place(
        &self,
        conn: &mut sqlx::PgConnection,
        user: UserId,
        id: &str,
    ) -> Result<i64, AppError> {
        let place = match self {
            Self::Inbox => match MessageId::parse(id) {
                Some(id) => db::inbox::place(conn, user, id).await?,
                None => None,
            },
            Self::Mentions => match MentionId::parse(id) {
                Some(id) => db::inbox::place_of_mention(conn, user, id).await?,
                None => None,
            },
            Self::Conversation(conversation) => match MessageId::parse(id) {
                Some(id) => {
                    let places = db::messages::places(conn, &[id]).await?;
                    let here = places.iter().find(|at| at.conversation == *conversation);
                    here.map(|at| at.seq)
                }
                None => None,
            },
            Self::Typing(..) => Some(0),
        };
        place.ok_or(AppError::PositionUnknown)
    }
}

impl LiveStream {
    /// Behind everything that [`LiveStream::next`] has returned: where a stream on the same topic would go on.
    pub fn position(&self) -> String {
        self.position.to_string()
    }

    /// Waits for what comes next: at least one event, and at most `limit`. An error ends the stream: the token has run
    /// out, the process stops, the database cannot be read. Dropping the future loses nothing.
    pub async fn next(&mut self, limit: usize) -> Result<Vec<Event>, AppError> {
        let stopping = self.app.live.stopping.clone();
        loop {
            let left = self.left()?;
            tokio::select! {
                biased;
                () = stopping.cancelled() => {
                    return Err(Fault::unavailable("the service stops").into());
                }
                events = self.happened(limit) => {
                    let events = events?;
                    if !events.is_empty() {
                        // The wait may have begun while the token was good.
                        self.left()?;
                        return Ok(events);
                    }
                }
                () = sleep(Duration::from_secs(left)) => {}
            }
        }
    }

    /// Seconds until the viewer's token ends; the end, if it has.
    fn left(&self) -> Result<u64, AppError> {
        let left = self.expires_at - self.app.clock.now().as_seconds();
        match u64::try_from(left) {
            Ok(left @ 1..) => Ok(left),
            _ => Err(AppError::TokenRefused),
        }
    }

    /// What came after the position, or nothing once it is worth another look.
    async fn happened(&mut self, limit: usize) -> Result<Vec<Event>, AppError> {
        if let Source::Typing(conversation, typing) = &mut self.source {
            return Ok(match typing.recv().await {
                Ok(typing) if typing.conversation == *conversation => {
                    vec![Event::Typing(typing.who)]
                }
                // Somebody in another conversation, or more than can be said.
                Ok(_) | Err(_) => Vec::new(),
            });
        }
        self.watch.look();
        let before = self.position;
        // On the heap, and only while it reads: a stream waits nearly all of the time.
        let events = Box::pin(self.read(limit)).await?;
        if events.is_empty() && self.position == before {
            self.watch.woken().await;
        }
        Ok(events)
    }

    async fn read(&mut self, limit: usize) -> Result<Vec<Event>, AppError> {
        let rows = i64::try_from(limit).unwrap_or(i64::MAX);
        let _turn = self.app.live.turns.acquire().await;
        let mut conn = self.app.pool.acquire().await?;
        let mut events = Vec::new();
        let mut position = self.position;
        match self.source {
            Source::Inbox => {
                for entry in db::inbox::after(&mut conn, self.viewer, position, rows).await? {
                    position = entry.seq;
                    events.push(Event::Message(entry.message_id));
                }
            }
            Source::Mentions => {
                let entries =
                    db::inbox::after(&mut conn, self.viewer, position, LOOKED_THROUGH).await?;
                for entry in entries {
                    position = entry.seq;
                    events.extend(entry.mention_id.map(Event::Mention));
                    if events.len() >= limit {
                        break;
                    }
                }
            }
            Source::Conversation(conversation) => {
                let stretch = Stretch {
                    conversation,
                    after: position,
                    limit: rows,
                };
                for (_, message) in
                    db::messages::stretches(&mut conn, self.viewer, &[stretch]).await?
                {
                    position = message.seq;
                    events.push(Event::Message(message.id));
                }
            }
            Source::Typing(..) => {}
        }
        // Last, and without waiting: a read that is given up has changed nothing.
        self.position = position;
        Ok(events)
    }
}
