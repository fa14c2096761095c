-- The posts of the page: plan C, subgraphs/posts/src/db/timeline.rs (newest_of_each). Change it with the engine.
WITH newest AS MATERIALIZED (
    SELECT head.author_id, head.created_at
    FROM unnest({followees}) AS author (id)
    CROSS JOIN LATERAL (
        SELECT author_id, created_at, id
        FROM posts.posts
        WHERE author_id = author.id AND (created_at, id) < ({at}, {id})
        ORDER BY created_at DESC, id DESC
        LIMIT {depth}
    ) AS head
    ORDER BY head.created_at DESC, head.id DESC
    LIMIT 21
)
SELECT post.id, post.author_id, post.text, post.like_count, post.created_at, post.edited_at
FROM (SELECT DISTINCT author_id FROM newest) AS author
CROSS JOIN LATERAL (
    SELECT id, author_id, text, like_count, created_at, edited_at
    FROM posts.posts
    WHERE author_id = author.author_id
      AND (created_at, id) < ({at}, {id})
      AND created_at >= COALESCE((SELECT min(created_at) FROM newest HAVING count(*) = 21), '-infinity')
    ORDER BY created_at DESC, id DESC
    LIMIT 21
) AS post
ORDER BY post.created_at DESC, post.id DESC
LIMIT 21;
