-- What was last heard of the two of a conversation, for when the users service cannot be asked.
--
-- Locks messaging.conversations for the moment of the change: a constant default rewrites no row (PostgreSQL 11 and later).

ALTER TABLE messaging.conversations ADD COLUMN blocked boolean NOT NULL DEFAULT false;

COMMENT ON COLUMN messaging.conversations.blocked IS
    'Whether one of the two blocked the other when the users service was last asked. It decides about a new message only while '
    'that service cannot be asked; written when an answer differs from it.';
