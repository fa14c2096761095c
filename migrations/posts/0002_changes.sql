-- What was added to posts.posts and taken from it, and by which transaction: whoever knows all posts of one moment can ask
-- for what has changed since, and misses nothing (docs/adr/0011-timeline-index.md). Written by triggers, whoever writes the
-- posts; read by every timeline; rows of long ago are deleted by the posts service. No lock is taken on posts.posts for
-- longer than it takes to add a trigger.

CREATE TABLE posts.changes (
    -- The transaction, as pg_current_snapshot() names it. It is no order: whether a transaction has ended, and so whether
    -- its rows can be seen, a snapshot tells.
    xid bigint NOT NULL DEFAULT (pg_current_xact_id()::text::bigint),
    -- Whether the post was deleted; otherwise it was written.
    is_deletion boolean NOT NULL,
    post_id uuid NOT NULL,
    author_id uuid NOT NULL,
    -- When the post was written.
    created_at timestamptz NOT NULL
);

CREATE INDEX changes_xid_idx ON posts.changes (xid);

CREATE FUNCTION posts.note_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO posts.changes (is_deletion, post_id, author_id, created_at)
        VALUES (false, NEW.id, NEW.author_id, NEW.created_at);
    ELSE
        INSERT INTO posts.changes (is_deletion, post_id, author_id, created_at)
        VALUES (true, OLD.id, OLD.author_id, OLD.created_at);
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER posts_note_change AFTER INSERT OR DELETE ON posts.posts
    FOR EACH ROW EXECUTE FUNCTION posts.note_change();

-- A post keeps its author and its place for ever; nobody would be told of another one.
CREATE FUNCTION posts.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of posts.posts can be inserted, edited and deleted; id, author_id and created_at stay, and TRUNCATE is DELETE here'
        USING ERRCODE = 'restrict_violation';
END
$$;

CREATE TRIGGER posts_keep_place BEFORE UPDATE OF id, author_id, created_at ON posts.posts
    FOR EACH ROW WHEN ((OLD.id, OLD.author_id, OLD.created_at) IS DISTINCT FROM (NEW.id, NEW.author_id, NEW.created_at))
    EXECUTE FUNCTION posts.refuse_change();

CREATE TRIGGER posts_keep_rows BEFORE TRUNCATE ON posts.posts
    FOR EACH STATEMENT EXECUTE FUNCTION posts.refuse_change();
