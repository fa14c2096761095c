-- What a bare INSERT writes to: posts.posts without whatever hangs on it. Its columns, checks and indexes are copied from
-- the migrated table, so that they stay the same.
CREATE SCHEMA IF NOT EXISTS bench;
DROP TABLE IF EXISTS bench.posts;
CREATE TABLE bench.posts (LIKE posts.posts INCLUDING ALL) WITH (fillfactor = 90);
