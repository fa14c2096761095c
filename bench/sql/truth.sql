SELECT post.id
FROM users.follows
CROSS JOIN LATERAL (
    SELECT id, created_at
    FROM posts.posts
    WHERE author_id = follows.followee_id
      AND (created_at, id) < (COALESCE($2::timestamptz, 'infinity'), COALESCE($3::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
    ORDER BY created_at DESC, id DESC
    LIMIT 20
) AS post
WHERE follows.follower_id = $1
ORDER BY post.created_at DESC, post.id DESC
LIMIT 20
