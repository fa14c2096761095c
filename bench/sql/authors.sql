-- Who wrote the posts of the page.
SELECT id, email, username, display_name, bio, avatar_url, roles, created_at, follower_count, followee_count
FROM users.users
WHERE id = ANY ({authors});
