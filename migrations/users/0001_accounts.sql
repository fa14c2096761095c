-- Accounts and profiles. Written by registration, profile changes and follows; read by every look-up of a person.
-- Both unique indexes carry the names the application maps to EMAIL_ALREADY_EXISTS and USERNAME_ALREADY_EXISTS.
-- Collation "C" makes lower() fold ASCII only, on every machine alike, and lets one index answer equality, prefix and order.

CREATE TABLE users.users (
    id uuid NOT NULL,
    -- As it was typed, because the part before the @ belongs to the receiving server; compared by lower().
    email text COLLATE "C" NOT NULL,
    -- As it was typed; compared by lower().
    username text COLLATE "C" NOT NULL,
    -- PHC string (Argon2id), or a bcrypt hash that an import brought and the next login replaces.
    password_hash text NOT NULL,
    -- Counts changes of the password, so that a login which checked the old one opens no session after a reset.
    password_version integer NOT NULL DEFAULT 0,
    display_name text,
    bio text,
    avatar_url text,
    roles text[] NOT NULL DEFAULT '{user}',
    email_verified_at timestamptz,
    created_at timestamptz NOT NULL,
    -- Both counts are kept by the transaction that adds or removes a row of users.follows.
    follower_count integer NOT NULL DEFAULT 0,
    followee_count integer NOT NULL DEFAULT 0,
    -- Changes with every change of whom the account follows; the ETag of /internal/followee-ids.
    followees_version bigint NOT NULL DEFAULT 0,
    CONSTRAINT users_pkey PRIMARY KEY (id),
    CONSTRAINT users_email_check CHECK (octet_length(email) <= 254),
    CONSTRAINT users_username_check CHECK (username ~ '^[A-Za-z0-9_]{3,30}$'),
    CONSTRAINT users_display_name_check CHECK (char_length(display_name) BETWEEN 1 AND 100),
    CONSTRAINT users_bio_check CHECK (char_length(bio) BETWEEN 1 AND 300),
    CONSTRAINT users_avatar_url_check CHECK (char_length(avatar_url) BETWEEN 1 AND 2048),
    CONSTRAINT users_follower_count_check CHECK (follower_count >= 0),
    CONSTRAINT users_followee_count_check CHECK (followee_count >= 0)
) WITH (fillfactor = 80); -- room for the counters' updates on the same page, which then touch no index

CREATE UNIQUE INDEX users_email_key ON users.users (lower(email));

-- Exact look-up, and autocomplete as a range of this index.
CREATE UNIQUE INDEX users_username_key ON users.users (lower(username));
