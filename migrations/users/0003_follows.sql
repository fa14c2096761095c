-- Who follows whom. The counts and the version in users.users change in the transaction that changes a row here, with
-- both accounts locked in the order of their ids. Deleting an account must therefore unfollow first: no cascade.

CREATE TABLE users.follows (
    follower_id uuid NOT NULL,
    followee_id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT follows_pkey PRIMARY KEY (follower_id, followee_id),
    CONSTRAINT follows_follower_id_fkey FOREIGN KEY (follower_id) REFERENCES users.users (id),
    CONSTRAINT follows_followee_id_fkey FOREIGN KEY (followee_id) REFERENCES users.users (id),
    CONSTRAINT follows_not_self_check CHECK (follower_id <> followee_id)
);

-- The two lists by keyset, newest first.
CREATE INDEX follows_followees_idx ON users.follows (follower_id, created_at DESC, followee_id DESC);
CREATE INDEX follows_followers_idx ON users.follows (followee_id, created_at DESC, follower_id DESC);
