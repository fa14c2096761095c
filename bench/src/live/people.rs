//! Who watches and who talks: people in pairs, made in the database directly.

use common::clock::{Clock, SystemClock};
use sqlx::{Connection, Executor, PgConnection};
use uuid::Uuid;

use crate::{database::Database, failure::Result};

/// The text of the second message of each conversation, by which a client knows that it is connected: it begins after the
/// first.
pub const READY: &str = "ready";

const USERS: &str = "
    INSERT INTO users.users (id, email, username, password_hash, email_verified_at, created_at)
    SELECT id, 'live_' || n - 1 || '@example.com', 'live_' || n - 1, '!', now(), now()
    FROM unnest($1::uuid[]) WITH ORDINALITY AS person (id, n)";
const CONVERSATIONS: &str = "
    INSERT INTO messaging.conversations (id, low_user_id, high_user_id, created_at, updated_at)
    SELECT id, least(one, other), greatest(one, other), now(), now()
    FROM unnest($1::uuid[], $2::uuid[], $3::uuid[]) AS pair (id, one, other)";
const PARTICIPANTS: &str = "
    INSERT INTO messaging.participants (conversation_id, user_id, updated_at)
    SELECT id, unnest(ARRAY[low_user_id, high_user_id]), now() FROM messaging.conversations WHERE id = ANY ($1)";
const MESSAGES: &str = "
    INSERT INTO messaging.messages (id, conversation_id, seq, sender_id, text, created_at)
    SELECT id, conversation, $3, sender, $4, now()
    FROM unnest($1::uuid[], $2::uuid[], $5::uuid[]) AS message (id, conversation, sender)";
const LATEST: &str = "
    UPDATE messaging.conversations SET last_seq = 2, last_message_id = latest.id
    FROM unnest($1::uuid[], $2::uuid[]) AS latest (id, conversation)
    WHERE conversations.id = conversation";

/// Everybody, by number. The two of a pair have an even number and the next one.
pub struct People {
    pub ids: Vec<Uuid>,
    /// By pair.
    pub conversations: Vec<Uuid>,
    /// By pair: what every client has when it begins.
    pub first_messages: Vec<Uuid>,
}

/// With whom somebody talks.
pub fn partner(number: usize) -> usize {
    number ^ 1
}

pub fn username(number: usize) -> String {
    format!("live_{number}")
}

impl People {
    /// Writes so many pairs with their conversations.
    #[expect(clippy::disallowed_methods, reason = "no part of the product")]
    pub async fn make(database: &Database, pairs: usize) -> Result<Self> {
        let ids = |count| -> Vec<Uuid> { (0..count).map(|_| SystemClock.new_id()).collect() };
        let people = Self {
            ids: ids(pairs * 2),
            conversations: ids(pairs),
            first_messages: ids(pairs),
        };
        let second_messages = ids(pairs);
        let side = |of: usize| -> Vec<Uuid> {
            let side = people.ids.iter().skip(of).step_by(2);
            side.copied().collect()
        };
        let (one, other) = (side(0), side(1));
        let mut conn = PgConnection::connect(database.admin_url()).await?;
        let mut all = conn.begin().await?;
        let users = sqlx::query(USERS).bind(&people.ids);
        users.execute(&mut *all).await?;
        let conversations = sqlx::query(CONVERSATIONS).bind(&people.conversations);
        let conversations = conversations.bind(&one).bind(&other);
        conversations.execute(&mut *all).await?;
        let participants = sqlx::query(PARTICIPANTS).bind(&people.conversations);
        participants.execute(&mut *all).await?;
        for (seq, messages, text) in [
            (1_i64, &people.first_messages, "first"),
            (2, &second_messages, READY),
        ] {
            let insert = sqlx::query(MESSAGES)
                .bind(messages)
                .bind(&people.conversations)
                .bind(seq)
                .bind(text)
                .bind(&one);
            insert.execute(&mut *all).await?;
            // What each receives is in the order of these, not in that of the commit.
            all.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
                .await?;
        }
        let latest = sqlx::query(LATEST).bind(&second_messages);
        latest
            .bind(&people.conversations)
            .execute(&mut *all)
            .await?;
        all.commit().await?;
        conn.execute("VACUUM (ANALYZE)").await?;
        conn.close().await?;
        Ok(people)
    }
}
