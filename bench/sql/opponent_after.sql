SELECT post.id, post.text, post.like_count, post.created_at, author.id, author.username, author.display_name, author.avatar_url
FROM posts.posts AS post
JOIN users.users AS author ON author.id = post.author_id
WHERE post.author_id IN (SELECT followee_id FROM users.follows WHERE follower_id = $1)
  AND (post.created_at, post.id) < ($2, $3)
ORDER BY post.created_at DESC NULLS LAST, post.id DESC NULLS LAST
LIMIT 21
