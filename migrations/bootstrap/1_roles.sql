-- Who may do what. Run by an administrator (superuser, or CREATEROLE and owner of the database), as often as one likes.
--
-- For each context three rights are kept apart:
--   <context>_owner  NOLOGIN: owns the schema and everything in it; nobody connects as it.
--   migrator         LOGIN: changes schemas, after SET ROLE to the owner, and does nothing else.
--   <context>_svc    LOGIN: the running service; reads and writes rows of its own schema, changes no schema.
-- Roles belong to the whole server; schemas and grants to this database.

DO $roles$
DECLARE
    context text;
    i_am_superuser boolean := (SELECT rolsuper FROM pg_roles WHERE rolname = current_user);
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'migrator') THEN
        CREATE ROLE migrator LOGIN NOINHERIT;
    END IF;
    ALTER ROLE migrator LOGIN NOINHERIT;
    -- A migration that waits for a lock makes everybody else queue up behind it.
    ALTER ROLE migrator SET lock_timeout = '10s';

    FOREACH context IN ARRAY ARRAY['users', 'posts', 'messaging'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = context || '_owner') THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN', context || '_owner');
        END IF;
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = context || '_svc') THEN
            EXECUTE format('CREATE ROLE %I LOGIN NOINHERIT', context || '_svc');
        END IF;
        EXECUTE format('ALTER ROLE %I NOLOGIN NOINHERIT', context || '_owner');
        EXECUTE format('ALTER ROLE %I LOGIN NOINHERIT', context || '_svc');
        -- The last line of defence; a service's pool sets shorter limits of its own.
        EXECUTE format('ALTER ROLE %I SET statement_timeout = ''30s''', context || '_svc');
        EXECUTE format('ALTER ROLE %I SET idle_in_transaction_session_timeout = ''60s''', context || '_svc');
        EXECUTE format('GRANT %I TO migrator', context || '_owner');
        IF NOT i_am_superuser THEN
            -- Only a member of the owner may make what belongs to it. 3_leave.sql takes this back.
            EXECUTE format('GRANT %I TO CURRENT_USER', context || '_owner');
        END IF;
    END LOOP;
END
$roles$;
