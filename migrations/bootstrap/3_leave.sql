-- An administrator who is no superuser leaves the owner roles again, and the databases that every role may enter by
-- default are closed where that is ours to do: they hold nothing for a service.

DO $leave$
DECLARE
    context text;
    database text;
BEGIN
    IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
        FOREACH context IN ARRAY ARRAY['users', 'posts', 'messaging'] LOOP
            EXECUTE format('REVOKE %I FROM CURRENT_USER', context || '_owner');
        END LOOP;
    END IF;
    FOR database IN
        SELECT datname FROM pg_database
        WHERE datname IN ('postgres', 'template1')
            AND pg_has_role(datdba, 'USAGE')
            AND has_database_privilege('public', oid, 'CONNECT')
    LOOP
        EXECUTE format('REVOKE CONNECT, TEMPORARY ON DATABASE %I FROM PUBLIC', database);
    END LOOP;
END
$leave$;
