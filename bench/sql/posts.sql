-- The posts of the page and what has changed since the moment of the index: subgraphs/posts/src/db/changes.rs (with_posts).
-- Change it with the engine.
SELECT 0, id, author_id, text, like_count, created_at, edited_at
FROM posts.posts
WHERE id = ANY ({posts})
UNION ALL
SELECT CASE WHEN is_deletion THEN 2 ELSE 1 END, post_id, author_id, text, like_count, created_at, edited_at
FROM (
    (SELECT is_deletion, post_id, author_id, created_at FROM posts.changes WHERE xid >= 4611686018427387904 LIMIT 1000)
    UNION ALL
    (SELECT is_deletion, post_id, author_id, created_at FROM posts.changes WHERE xid = ANY ('{}'::bigint[]) LIMIT 1000)
) AS change
LEFT JOIN LATERAL (
    SELECT text, like_count, edited_at FROM posts.posts WHERE id = post_id AND NOT is_deletion LIMIT 1
) AS post ON true
UNION ALL
SELECT 3, NULL, NULL, pg_current_snapshot()::text, NULL, pg_postmaster_start_time(), statement_timestamp();
