//! A live stream of one topic from a position on.

use std::{fmt, time::Duration};

use common::{auth::Viewer, error::Fault};
use tokio::{sync::broadcast, time::sleep};

use super::hub::{Typing, Watch};
use crate::{
    app::{App, AppError, conversations::participates},
    db::{self, messages::SeqRange},
    domain::{ConversationId, MentionId, MessageId, UserId},
};

/// The name of the audit event of a refusal.
const FOLLOW: &str = "follow_conversation";

/// Inbox entries that one read scans for mentions.
const MENTION_SCAN_ROWS: i64 = 500;

/// The topic of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Topic {
    /// Messages in all conversations of the viewer, or in one of them.
    Messages { conversation: Option<String> },
    /// Mentions of the viewer that the viewer may read.
    Mentions,
    /// Typing of the other participant in a conversation of the viewer.
    Typing { conversation: String },
}

/// The start of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Start {
    /// After the latest event.
    Now,
    /// After the message or mention with this id. Typing has no history: as `Now`.
    After(String),
    /// At the position of an earlier stream of the same topic.
    At(String),
}

/// A live event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    Message(MessageId),
    Mention(MentionId),
    /// A user is typing now.
    Typing(UserId),
}

impl fmt::Display for Event {
    /// The id of the message, mention or user.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Message(id) => id.fmt(f),
            Self::Mention(id) => id.fmt(f),
            Self::Typing(id) => id.fmt(f),
        }
    }
}

/// The events of a topic, in order, from a position on. Messages of a conversation come in its order.
pub struct LiveStream {
    app: App,
    viewer: UserId,
    /// When the viewer's token expires and the stream ends, in seconds since the epoch.
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
    /// Opens a stream of a topic for the viewer. It delivers every event after its [`LiveStream::position`].
    pub async fn follow(
        &self,
        viewer: &Viewer,
        topic: Topic,
        start: Start,
    ) -> Result<LiveStream, AppError> {
        let user = UserId::from(viewer.id);
        // Registered before the position is read, so that an arrival in between wakes the stream.
        let watch = self.live.hub.watch(user)?;
        let _permit = self.live.read_permits.acquire().await;
        let mut conn = self.pool.acquire().await?;
        let source = match topic {
            Topic::Mentions => Source::Mentions,
            Topic::Messages { conversation: None } => Source::Inbox,
            Topic::Messages {
                conversation: Some(id),
            } => Source::Conversation(participates(&mut conn, user, &id, FOLLOW).await?.id),
            Topic::Typing { conversation } => {
                let conversation = participates(&mut conn, user, &conversation, FOLLOW).await?;
                Source::Typing(conversation.id, watch.typing())
            }
        };
        let position = match start {
            Start::Now => source.end(&mut conn, user).await?,
            Start::After(id) => source.position_of(&mut conn, user, &id).await?,
            Start::At(position) => position
                .parse()
                .map_err(|_error| AppError::PositionUnknown)?,
        };
        if matches!(source, Source::Inbox | Source::Mentions) {
            watch.start_at(position);
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
    /// The position after the latest event.
    async fn end(&self, conn: &mut sqlx::PgConnection, user: UserId) -> sqlx::Result<i64> {
        match self {
            Self::Inbox | Self::Mentions => db::inbox::last_seq(conn, user).await,
            Self::Conversation(id) => db::conversations::last_seq(conn, *id).await,
            Self::Typing(..) => Ok(0),
        }
    }

    /// The position of the message or mention with this id.
    async fn position_of(
        &self,
        conn: &mut sqlx::PgConnection,
        user: UserId,
        id: &str,
    ) -> Result<i64, AppError> {
        let position = match self {
            Self::Inbox => match MessageId::parse(id) {
                Some(id) => db::inbox::position(conn, user, id).await?,
                None => None,
            },
            Self::Mentions => match MentionId::parse(id) {
                Some(id) => db::inbox::position_of_mention(conn, user, id).await?,
                None => None,
            },
            Self::Conversation(conversation) => match MessageId::parse(id) {
                Some(id) => {
                    let positions = db::messages::positions(conn, &[id]).await?;
                    let here = positions.iter().find(|at| at.conversation == *conversation);
                    here.map(|at| at.seq)
                }
                None => None,
            },
            Self::Typing(..) => Some(0),
        };
        position.ok_or(AppError::PositionUnknown)
    }
}

impl LiveStream {
    /// The position after all events that [`LiveStream::next`] has returned, where another stream can continue.
    pub fn position(&self) -> String {
        self.position.to_string()
    }

    /// Waits for at least one event and returns at most `limit`. An error ends the stream: the token has expired, the
    /// process stops, or the database cannot be read. Dropping the future loses no event.
    pub async fn next(&mut self, limit: usize) -> Result<Vec<Event>, AppError> {
        let stopping = self.app.live.stopping.clone();
        loop {
            let seconds_left = self.seconds_left()?;
            tokio::select! {
                biased;
                () = stopping.cancelled() => {
                    return Err(Fault::unavailable("the service stops").into());
                }
                events = self.next_events(limit) => {
                    let events = events?;
                    if !events.is_empty() {
                        // The token may have expired during the wait.
                        self.seconds_left()?;
                        return Ok(events);
                    }
                }
                () = sleep(Duration::from_secs(seconds_left)) => {}
            }
        }
    }

    /// Seconds until the viewer's token expires; an error if it has expired.
    fn seconds_left(&self) -> Result<u64, AppError> {
        let seconds_left = self.expires_at - self.app.clock.now().as_seconds();
        match u64::try_from(seconds_left) {
            Ok(seconds_left @ 1..) => Ok(seconds_left),
            _ => Err(AppError::TokenRefused),
        }
    }

    /// The events after the position; empty after a wake-up that needs another read.
    async fn next_events(&mut self, limit: usize) -> Result<Vec<Event>, AppError> {
        if let Source::Typing(conversation, typing) = &mut self.source {
            return Ok(match typing.recv().await {
                Ok(typing) if typing.conversation == *conversation => {
                    vec![Event::Typing(typing.who)]
                }
                // Typing in another conversation, or the stream fell behind the buffer.
                Ok(_) | Err(_) => Vec::new(),
            });
        }
        self.watch.mark_seen();
        let before = self.position;
        // Boxed, so that idle streams do not pay for the size of the read.
        let events = Box::pin(self.read(limit)).await?;
        if events.is_empty() && self.position == before {
            self.watch.changed().await;
        }
        Ok(events)
    }

    async fn read(&mut self, limit: usize) -> Result<Vec<Event>, AppError> {
        let rows = i64::try_from(limit).unwrap_or(i64::MAX);
        let _permit = self.app.live.read_permits.acquire().await;
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
                    db::inbox::after(&mut conn, self.viewer, position, MENTION_SCAN_ROWS).await?;
                for entry in entries {
                    position = entry.seq;
                    events.extend(entry.mention_id.map(Event::Mention));
                    if events.len() >= limit {
                        break;
                    }
                }
            }
            Source::Conversation(conversation) => {
                let range = SeqRange {
                    conversation,
                    after: position,
                    limit: rows,
                };
                for (_, message) in
                    db::messages::in_ranges(&mut conn, self.viewer, &[range]).await?
                {
                    position = message.seq;
                    events.push(Event::Message(message.id));
                }
            }
            Source::Typing(..) => {}
        }
        // Set last and without an await, so that a cancelled read changes nothing.
        self.position = position;
        Ok(events)
    }
}
