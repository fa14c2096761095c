SELECT concat_ws('; ',
    (SELECT 'like_count of ' || count(*) FROM posts.posts
     WHERE like_count <> (SELECT count(*) FROM posts.likes WHERE post_id = posts.id) HAVING count(*) > 0),
    (SELECT 'followee_count of ' || count(*) FROM users.users
     WHERE followee_count <> (SELECT count(*) FROM users.follows WHERE follower_id = users.id) HAVING count(*) > 0),
    (SELECT 'follower_count of ' || count(*) FROM users.users
     WHERE follower_count <> (SELECT count(*) FROM users.follows WHERE followee_id = users.id) HAVING count(*) > 0),
    (SELECT 'posts of nobody: ' || count(*) FROM posts.posts
     WHERE NOT EXISTS (SELECT FROM users.users WHERE users.id = author_id) HAVING count(*) > 0),
    (SELECT 'likes of nobody: ' || count(*) FROM posts.likes
     WHERE NOT EXISTS (SELECT FROM users.users WHERE users.id = user_id)
        OR NOT EXISTS (SELECT FROM posts.posts WHERE posts.id = post_id) HAVING count(*) > 0),
    (SELECT 'follows of nobody: ' || count(*) FROM users.follows
     WHERE NOT EXISTS (SELECT FROM users.users WHERE users.id = follower_id)
        OR NOT EXISTS (SELECT FROM users.users WHERE users.id = followee_id) HAVING count(*) > 0))
