-- Failed logins of the last quarter of an hour, written and read by login and password change, so that the limit holds
-- across replicas and restarts. A row a counter: an account at an address, an account, an address. The key is the SHA-256
-- of which one it is: what people type for an address may be anything, and need not be kept.

CREATE TABLE users.login_failures (
    key bytea NOT NULL,
    -- The oldest first; never more than the limit of the counter.
    failed_at timestamptz[] NOT NULL,
    -- When nothing of it counts any more; housekeeping deletes the row after it.
    expires_at timestamptz NOT NULL,
    CONSTRAINT login_failures_pkey PRIMARY KEY (key),
    CONSTRAINT login_failures_key_check CHECK (octet_length(key) = 32)
);

-- Housekeeping.
CREATE INDEX login_failures_expires_at_idx ON users.login_failures (expires_at);
