-- The check of the migration before this one, for the rows from before it too. In a migration of its own: reading the
-- table keeps nobody out, which the change of the constraint did for its moment.

ALTER TABLE users.users VALIDATE CONSTRAINT users_avatar_url_check;
