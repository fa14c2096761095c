-- Posts, their likes, and what the timeline needs to read them newest first. Written and read by the posts service only.
-- A user is an id here: who that is, only the users context knows.

CREATE TABLE posts.posts (
    -- UUIDv7, made by the application.
    id uuid CONSTRAINT posts_pkey PRIMARY KEY,
    author_id uuid NOT NULL,
    -- Unicode scalar values, as the application counts them; it trims before.
    text text NOT NULL CONSTRAINT posts_text_length_check CHECK (char_length(text) BETWEEN 1 AND 280),
    -- The number of rows in posts.likes, kept by the transaction that changes them.
    like_count integer NOT NULL DEFAULT 0 CONSTRAINT posts_like_count_check CHECK (like_count >= 0),
    created_at timestamptz NOT NULL,
    edited_at timestamptz
)
-- Room in each page for the next version of a row: a like then changes the row in place (a HOT update) and no index.
WITH (fillfactor = 90);

-- An author's posts from any place of the list: profiles, and the timeline's walk through each followee.
CREATE INDEX posts_author_id_created_at_idx ON posts.posts (author_id, created_at DESC, id DESC);

-- Everybody's posts from any place of the list: the timeline's walk through recent posts.
-- NULLS LAST changes nothing for columns that are never null, and everything for the planner: an index answers only an
-- ORDER BY that is written the same way. Otherwise it would, where few people write much, look for the posts of one author
-- among the posts of everybody, and read all of them for somebody who never wrote.
CREATE INDEX posts_created_at_idx ON posts.posts (created_at DESC NULLS LAST, id DESC NULLS LAST);

-- Who likes a post. Lives and dies with the post, and needs no row of another author.
CREATE TABLE posts.likes (
    post_id uuid NOT NULL CONSTRAINT likes_post_id_fkey REFERENCES posts.posts (id) ON DELETE CASCADE,
    user_id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT likes_pkey PRIMARY KEY (post_id, user_id)
);
