-- The specification's own statement, and the baseline.
SELECT id, author_id, text, like_count, created_at, edited_at
FROM posts.posts
WHERE author_id IN (SELECT followee_id FROM users.follows WHERE follower_id = {viewer})
ORDER BY created_at DESC, id DESC
LIMIT 21;
