-- Mails to send. A row is written in the transaction that makes the mail due; the worker of any replica claims rows with
-- FOR UPDATE SKIP LOCKED. It holds no secret: the token of a mail is made when the mail is sent.

CREATE TABLE users.outbox (
    id uuid NOT NULL,
    kind text NOT NULL,
    -- The account the mail is for. Null for a mail that somebody asked for by address: whether there is an account is
    -- found out by the worker, so that the request does the same work and gives the same answer either way.
    user_id uuid,
    email text COLLATE "C" NOT NULL,
    created_at timestamptz NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    -- Moved on by every claim: the lease of the claiming worker and the back-off of a failed attempt in one.
    next_attempt_at timestamptz NOT NULL,
    last_error text,
    sent_at timestamptz,
    -- When the last attempt had failed. Nothing retries it any more.
    given_up_at timestamptz,
    CONSTRAINT outbox_pkey PRIMARY KEY (id),
    CONSTRAINT outbox_user_id_fkey FOREIGN KEY (user_id) REFERENCES users.users (id) ON DELETE CASCADE,
    CONSTRAINT outbox_kind_check CHECK (kind IN ('verify_email', 'reset_password')),
    CONSTRAINT outbox_email_check CHECK (octet_length(email) <= 254)
);

-- The worker's queue.
CREATE INDEX outbox_due_idx ON users.outbox (next_attempt_at) WHERE sent_at IS NULL AND given_up_at IS NULL;
-- Asking again while the mail is still waiting adds nothing.
CREATE UNIQUE INDEX outbox_requested_key ON users.outbox (lower(email), kind)
    WHERE user_id IS NULL AND sent_at IS NULL AND given_up_at IS NULL;
-- How many mails an address got lately.
CREATE INDEX outbox_sent_idx ON users.outbox (lower(email), kind, sent_at) WHERE sent_at IS NOT NULL;
-- Deleting an account.
CREATE INDEX outbox_user_id_idx ON users.outbox (user_id) WHERE user_id IS NOT NULL;
-- Housekeeping.
CREATE INDEX outbox_created_at_idx ON users.outbox (created_at);
