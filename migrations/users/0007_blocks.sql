-- Who wants nothing to do with whom. Read by every follow, by autocomplete, by a person's list of whom they block, by
-- viewerIsBlocking, and by /internal/users/lookup before every message. A row is written by the transaction that removes
-- the follows between the two, with both accounts locked in the order of their ids as users.follows asks for it: no follow
-- stands between two of whom one blocks the other. Nothing counts these rows, so that they go with an account.

CREATE TABLE users.blocks (
    blocker_id uuid NOT NULL,
    blocked_id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT blocks_pkey PRIMARY KEY (blocker_id, blocked_id),
    CONSTRAINT blocks_blocker_id_fkey FOREIGN KEY (blocker_id) REFERENCES users.users (id) ON DELETE CASCADE,
    CONSTRAINT blocks_blocked_id_fkey FOREIGN KEY (blocked_id) REFERENCES users.users (id) ON DELETE CASCADE,
    CONSTRAINT blocks_not_self_check CHECK (blocker_id <> blocked_id)
);

-- The list by keyset, newest first.
CREATE INDEX blocks_list_idx ON users.blocks (blocker_id, created_at DESC, blocked_id DESC);
-- Who blocks somebody: deleting an account, and the other direction of every look-up where it is the cheaper one.
CREATE INDEX blocks_blocked_id_idx ON users.blocks (blocked_id, blocker_id);

-- The roles that access tokens may name: everybody is a user, some are moderators too. Changed by an operator alone, with
-- `users grant-role` and `users revoke-role`. It locks users.users for the moment of the change and reads no row: until now
-- nothing wrote another value than the default.
ALTER TABLE users.users
    ADD CONSTRAINT users_roles_check CHECK (roles @> '{user}' AND roles <@ '{user,moderator}') NOT VALID;
