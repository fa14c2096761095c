-- Two things about sessions: what their owner needs to recognize them by, and which tokens of a family are new.
--
-- Every exchange of a refresh token begins a generation. Requests that race with one token each get a token of the next
-- generation; using one of these uses up the others. `docs/adr/0003-rs256-tokens.md` has the rule.
--
-- Locks both tables: columns with constant defaults rewrite nothing, and the index is built within the lock, from as many
-- sessions as were opened in 30 days. Tokens from before are of generation 1
-- and their sessions have exchanged none; `rotated_at` still tells those of them that were exchanged.

ALTER TABLE users.sessions
    -- Of the request that signed in, for the owner's eyes.
    ADD COLUMN user_agent text,
    ADD COLUMN address text,
    -- The newest generation of which a token was exchanged, and when that was; 0 is none.
    ADD COLUMN exchanged_generation integer NOT NULL DEFAULT 0,
    ADD COLUMN exchanged_at timestamptz,
    ADD CONSTRAINT sessions_user_agent_check CHECK (char_length(user_agent) <= 500),
    ADD CONSTRAINT sessions_address_check CHECK (char_length(address) <= 45);

ALTER TABLE users.refresh_tokens
    ADD COLUMN generation integer NOT NULL DEFAULT 1;

-- The sessions of a user that are good: their list, ending them, and at every login the hundred that may stay. Without it
-- each of these would read all that ended in the last 30 days.
CREATE INDEX sessions_live_idx ON users.sessions (user_id) WHERE revoked_at IS NULL;
