-- Closes what PostgreSQL opens to every role by default: schema public of this database, and the databases `postgres` and
-- `template1` if the administrator owns them. No service needs them.

REVOKE ALL ON SCHEMA public FROM PUBLIC;

DO $databases$
DECLARE
    database text;
BEGIN
    FOR database IN
        SELECT datname FROM pg_database
        WHERE datname IN ('postgres', 'template1')
            AND pg_has_role(datdba, 'USAGE')
            AND has_database_privilege('public', oid, 'CONNECT')
    LOOP
        EXECUTE format('REVOKE CONNECT, TEMPORARY ON DATABASE %I FROM PUBLIC', database);
    END LOOP;
END
$databases$;
