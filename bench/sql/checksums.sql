SELECT concat_ws(' ',
    (SELECT md5(string_agg(md5(row::text), '' ORDER BY id)) FROM users.users AS row),
    (SELECT md5(string_agg(md5(row::text), '' ORDER BY follower_id, followee_id)) FROM users.follows AS row),
    (SELECT md5(string_agg(md5(row::text), '' ORDER BY id)) FROM posts.posts AS row),
    (SELECT md5(string_agg(md5(row::text), '' ORDER BY post_id, user_id)) FROM posts.likes AS row))
