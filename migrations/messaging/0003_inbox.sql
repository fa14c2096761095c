-- What arrives for each person, in one order: what a live stream follows, and where it is resumed
-- (docs/adr/0012-live-messages.md). Written by a trigger, whoever writes the messages.
--
-- Locks messaging.messages against writing while the messages that are there get their places.

CREATE TABLE messaging.inboxes (
    user_id uuid NOT NULL,
    last_seq bigint NOT NULL,
    CONSTRAINT inboxes_pkey PRIMARY KEY (user_id),
    CONSTRAINT inboxes_last_seq_check CHECK (last_seq > 0)
)
WITH (fillfactor = 80);

COMMENT ON TABLE messaging.inboxes IS
    'How many messages have arrived for a person, their own included. The lock of a row orders them: whoever adds one holds it until that is committed.';

CREATE TABLE messaging.inbox_entries (
    user_id uuid NOT NULL,
    seq bigint NOT NULL,
    message_id uuid NOT NULL,
    CONSTRAINT inbox_entries_pkey PRIMARY KEY (user_id, seq),
    -- Where to go on after a message.
    CONSTRAINT inbox_entries_message_key UNIQUE (message_id, user_id),
    CONSTRAINT inbox_entries_message_id_fkey FOREIGN KEY (message_id) REFERENCES messaging.messages (id)
);

COMMENT ON COLUMN messaging.inbox_entries.seq IS
    'Position among all that arrived for the person: 1, 2, 3, … None becomes visible before one with a lower position, so whoever '
    'has read up to a position has missed nothing before it. Times and ids of messages give no such order: of two '
    'messages in two conversations, the one that was written first may be committed last.';

LOCK TABLE messaging.messages IN SHARE ROW EXCLUSIVE MODE;

INSERT INTO messaging.inbox_entries (user_id, seq, message_id)
SELECT p.user_id, row_number() OVER (PARTITION BY p.user_id ORDER BY m.created_at, m.conversation_id, m.seq), m.id
FROM messaging.messages m
JOIN messaging.participants p ON p.conversation_id = m.conversation_id;

INSERT INTO messaging.inboxes (user_id, last_seq)
SELECT user_id, max(seq) FROM messaging.inbox_entries GROUP BY user_id;

CREATE FUNCTION messaging.deliver() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    WITH next AS (
        INSERT INTO messaging.inboxes AS inbox (user_id, last_seq)
        SELECT user_id, 1 FROM messaging.participants
        WHERE conversation_id = NEW.conversation_id
        -- Everybody locks people in this order, so that nobody waits in a circle: as long as a transaction has one message.
        -- Whoever imports many in one keeps others out meanwhile (LOCK TABLE messaging.messages).
        ORDER BY user_id
        ON CONFLICT (user_id) DO UPDATE SET last_seq = inbox.last_seq + 1
        RETURNING inbox.user_id, inbox.last_seq
    )
    INSERT INTO messaging.inbox_entries (user_id, seq, message_id)
    SELECT user_id, last_seq, NEW.id FROM next;
    RETURN NULL;
END
$$;

-- Deferred to the commit: what somebody with many conversations receives waits for one another no longer than that.
CREATE CONSTRAINT TRIGGER messages_deliver AFTER INSERT ON messaging.messages
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION messaging.deliver();
