-- Roles, schema and grants of one context. `bootstrap` replaces CONTEXT by its name, for each context of the list.
--
--   CONTEXT_owner  NOLOGIN: owns the schema and everything in it.
--   CONTEXT_svc    LOGIN: the running service; it reads and writes rows of its own schema and cannot change the schema.

DO $context$
DECLARE
    is_superuser boolean := (SELECT rolsuper FROM pg_roles WHERE rolname = current_user);
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'CONTEXT_owner') THEN
        CREATE ROLE CONTEXT_owner NOLOGIN;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'CONTEXT_svc') THEN
        CREATE ROLE CONTEXT_svc LOGIN NOINHERIT;
    END IF;
    ALTER ROLE CONTEXT_owner NOLOGIN NOINHERIT;
    ALTER ROLE CONTEXT_svc LOGIN NOINHERIT;
    -- The pool of a service sets shorter limits; these hold where it does not.
    ALTER ROLE CONTEXT_svc SET statement_timeout = '30s';
    ALTER ROLE CONTEXT_svc SET idle_in_transaction_session_timeout = '60s';
    GRANT CONTEXT_owner TO migrator;

    IF NOT is_superuser THEN
        -- Only a member of the owner may create what the owner owns. The end of this block revokes the membership.
        GRANT CONTEXT_owner TO CURRENT_USER;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = 'CONTEXT') THEN
        CREATE SCHEMA CONTEXT AUTHORIZATION CONTEXT_owner;
    END IF;
    GRANT USAGE ON SCHEMA CONTEXT TO CONTEXT_svc;
    -- PUBLIC may execute new functions unless the owner's global default says otherwise: IN SCHEMA cannot revoke what
    -- the global default grants (PostgreSQL manual, ALTER DEFAULT PRIVILEGES).
    ALTER DEFAULT PRIVILEGES FOR ROLE CONTEXT_owner REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
    ALTER DEFAULT PRIVILEGES FOR ROLE CONTEXT_owner IN SCHEMA CONTEXT
        GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO CONTEXT_svc;
    ALTER DEFAULT PRIVILEGES FOR ROLE CONTEXT_owner IN SCHEMA CONTEXT
        GRANT USAGE, SELECT ON SEQUENCES TO CONTEXT_svc;
    ALTER DEFAULT PRIVILEGES FOR ROLE CONTEXT_owner IN SCHEMA CONTEXT
        GRANT EXECUTE ON FUNCTIONS TO CONTEXT_svc;
    IF NOT is_superuser THEN
        REVOKE CONTEXT_owner FROM CURRENT_USER;
    END IF;
END
$context$;
