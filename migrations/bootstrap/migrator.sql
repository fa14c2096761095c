-- Role `migrator` changes schemas, after SET ROLE to an owner, and does nothing else. Roles belong to the whole server.
-- An administrator (superuser, or CREATEROLE and owner of the database) may run the bootstrap any number of times.

DO $migrator$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'migrator') THEN
        CREATE ROLE migrator LOGIN NOINHERIT;
    END IF;
    ALTER ROLE migrator LOGIN NOINHERIT;
    -- While a migration waits for a lock, every later query on the table queues up behind it.
    ALTER ROLE migrator SET lock_timeout = '10s';
END
$migrator$;
