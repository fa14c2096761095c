-- Conversations between two people, their messages, and who is mentioned in them.
--
-- All of it is written by the messaging service alone. Ids of people belong to the users context, so they have no foreign
-- key; ids are UUIDv7 and times are taken from the application's clock.
--
-- Runs on an empty schema: no lock matters.

CREATE TABLE messaging.conversations (
    id uuid NOT NULL,
    low_user_id uuid NOT NULL,
    high_user_id uuid NOT NULL,
    last_seq bigint NOT NULL DEFAULT 0,
    last_message_id uuid,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT conversations_pkey PRIMARY KEY (id),
    CONSTRAINT conversations_pair_key UNIQUE (low_user_id, high_user_id),
    CONSTRAINT conversations_pair_check CHECK (low_user_id < high_user_id),
    CONSTRAINT conversations_last_seq_check CHECK (last_seq >= 0),
    CONSTRAINT conversations_last_message_check CHECK ((last_seq = 0) = (last_message_id IS NULL)),
    CONSTRAINT conversations_updated_at_check CHECK (updated_at >= created_at)
)
-- Every message updates its conversation and touches no index of it: room on the page keeps that update in place.
WITH (fillfactor = 80);

COMMENT ON TABLE messaging.conversations IS
    'One row for every two people who talk. Its lock orders their messages: whoever sends holds it until the message is committed.';
COMMENT ON COLUMN messaging.conversations.low_user_id IS
    'The two are stored in the order of their ids, so that the unique constraint sees one pair whoever starts.';
COMMENT ON COLUMN messaging.conversations.last_seq IS 'Position of the latest message; 0 when there is none.';
COMMENT ON COLUMN messaging.conversations.updated_at IS 'Time of the latest message, or of the start when there is none.';

CREATE TABLE messaging.participants (
    conversation_id uuid NOT NULL,
    user_id uuid NOT NULL,
    unread_count integer NOT NULL DEFAULT 0,
    last_read_seq bigint NOT NULL DEFAULT 0,
    updated_at timestamptz NOT NULL,
    CONSTRAINT participants_pkey PRIMARY KEY (conversation_id, user_id),
    CONSTRAINT participants_conversation_id_fkey FOREIGN KEY (conversation_id) REFERENCES messaging.conversations (id),
    CONSTRAINT participants_unread_count_check CHECK (unread_count >= 0),
    CONSTRAINT participants_last_read_seq_check CHECK (last_read_seq >= 0)
);

COMMENT ON TABLE messaging.participants IS
    'Who may see a conversation, and how far they have read it. Every read of this schema goes through it.';
COMMENT ON COLUMN messaging.participants.unread_count IS
    'Messages of the other after last_read_seq, kept in the transactions that send and read.';
COMMENT ON COLUMN messaging.participants.last_read_seq IS 'Position of the latest message marked as read; it only grows.';
COMMENT ON COLUMN messaging.participants.updated_at IS
    'Copy of conversations.updated_at, so that the inbox of a person is one walk of participants_inbox_idx.';

-- The inbox: conversations of a person, latest first.
CREATE INDEX participants_inbox_idx ON messaging.participants (user_id, updated_at DESC, conversation_id DESC);

CREATE TABLE messaging.messages (
    id uuid NOT NULL,
    conversation_id uuid NOT NULL,
    seq bigint NOT NULL,
    sender_id uuid NOT NULL,
    text text NOT NULL,
    mentioned_user_ids uuid[] NOT NULL DEFAULT '{}',
    idempotency_key text,
    created_at timestamptz NOT NULL,
    CONSTRAINT messages_pkey PRIMARY KEY (id),
    -- Reading a conversation in order, and resuming after a message of it.
    CONSTRAINT messages_position_key UNIQUE (conversation_id, seq),
    CONSTRAINT messages_sender_fkey FOREIGN KEY (conversation_id, sender_id)
        REFERENCES messaging.participants (conversation_id, user_id),
    CONSTRAINT messages_seq_check CHECK (seq > 0),
    CONSTRAINT messages_text_check CHECK (char_length(text) BETWEEN 1 AND 4000),
    CONSTRAINT messages_mentioned_user_ids_check CHECK (cardinality(mentioned_user_ids) <= 50),
    CONSTRAINT messages_idempotency_key_check CHECK (char_length(idempotency_key) BETWEEN 1 AND 255)
);

COMMENT ON TABLE messaging.messages IS
    'What was said. Read by position within a conversation, and by id.';
COMMENT ON COLUMN messaging.messages.seq IS
    'Position in the conversation: 1, 2, 3, …, given out under the lock of the conversation. No message becomes visible before '
    'one with a lower position, so whoever has read up to a position has missed nothing before it.';
COMMENT ON COLUMN messaging.messages.mentioned_user_ids IS
    'The people whose handles in the text could be resolved when it was sent, in the order of the text.';
COMMENT ON COLUMN messaging.messages.created_at IS 'Never earlier than that of the message before it in the conversation.';

-- A retry finds the message that the first attempt stored. Partial: most messages carry no key.
CREATE UNIQUE INDEX messages_idempotency_key ON messaging.messages (sender_id, conversation_id, idempotency_key)
    WHERE idempotency_key IS NOT NULL;

ALTER TABLE messaging.conversations
    ADD CONSTRAINT conversations_last_message_id_fkey FOREIGN KEY (last_message_id) REFERENCES messaging.messages (id);

CREATE TABLE messaging.mentions (
    id uuid NOT NULL,
    message_id uuid NOT NULL,
    conversation_id uuid NOT NULL,
    user_id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT mentions_pkey PRIMARY KEY (id),
    CONSTRAINT mentions_message_user_key UNIQUE (message_id, user_id),
    CONSTRAINT mentions_message_id_fkey FOREIGN KEY (message_id) REFERENCES messaging.messages (id),
    CONSTRAINT mentions_participant_fkey FOREIGN KEY (conversation_id, user_id)
        REFERENCES messaging.participants (conversation_id, user_id)
);

COMMENT ON TABLE messaging.mentions IS
    'Mentions of people who may read the message, for their list of mentions. Others who are mentioned never learn of it: '
    'they are in messages.mentioned_user_ids alone, and mentions_participant_fkey keeps them out of here.';

-- The mentions of a person, latest first.
CREATE INDEX mentions_user_idx ON messaging.mentions (user_id, created_at DESC, id DESC);
