-- Sessions: a login and the family of refresh tokens that came from it. Read and written by refresh, logout and
-- password reset. Only SHA-256 hashes of tokens are kept, so that a copy of this table opens no session.

CREATE TABLE users.sessions (
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    -- When the newest token of the family ends; housekeeping deletes the row and its tokens after it.
    expires_at timestamptz NOT NULL,
    -- Set by logout, by password reset, and when a rotated token comes back.
    revoked_at timestamptz,
    CONSTRAINT sessions_pkey PRIMARY KEY (id),
    CONSTRAINT sessions_user_id_fkey FOREIGN KEY (user_id) REFERENCES users.users (id) ON DELETE CASCADE
);

-- A password reset ends all sessions of a user.
CREATE INDEX sessions_user_id_idx ON users.sessions (user_id);
-- Housekeeping.
CREATE INDEX sessions_expires_at_idx ON users.sessions (expires_at);

CREATE TABLE users.refresh_tokens (
    token_hash bytea NOT NULL,
    session_id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    -- When it was exchanged for the next one. It stays until it expires, because its return reveals a theft.
    rotated_at timestamptz,
    CONSTRAINT refresh_tokens_pkey PRIMARY KEY (token_hash),
    CONSTRAINT refresh_tokens_session_id_fkey FOREIGN KEY (session_id) REFERENCES users.sessions (id) ON DELETE CASCADE,
    CONSTRAINT refresh_tokens_token_hash_check CHECK (octet_length(token_hash) = 32)
);

-- Deleting a session.
CREATE INDEX refresh_tokens_session_id_idx ON users.refresh_tokens (session_id);
-- Housekeeping.
CREATE INDEX refresh_tokens_expires_at_idx ON users.refresh_tokens (expires_at);

-- What a mail carries to prove that its reader owns the address: good once, for a limited time.
CREATE TABLE users.one_time_tokens (
    token_hash bytea NOT NULL,
    user_id uuid NOT NULL,
    purpose text NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    consumed_at timestamptz,
    CONSTRAINT one_time_tokens_pkey PRIMARY KEY (token_hash),
    CONSTRAINT one_time_tokens_user_id_fkey FOREIGN KEY (user_id) REFERENCES users.users (id) ON DELETE CASCADE,
    CONSTRAINT one_time_tokens_purpose_check CHECK (purpose IN ('verify_email', 'reset_password')),
    CONSTRAINT one_time_tokens_token_hash_check CHECK (octet_length(token_hash) = 32)
);

-- A password reset consumes the other reset tokens of the user.
CREATE INDEX one_time_tokens_user_id_idx ON users.one_time_tokens (user_id);
-- Housekeeping.
CREATE INDEX one_time_tokens_expires_at_idx ON users.one_time_tokens (expires_at);
