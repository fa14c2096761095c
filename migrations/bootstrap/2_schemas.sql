-- The schemas of this database and what each service may do in its own.

REVOKE ALL ON SCHEMA public FROM PUBLIC;

DO $schemas$
DECLARE
    context text;
    owner text;
    service text;
BEGIN
    FOREACH context IN ARRAY ARRAY['users', 'posts', 'messaging'] LOOP
        owner := context || '_owner';
        service := context || '_svc';
        IF NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = context) THEN
            EXECUTE format('CREATE SCHEMA %I AUTHORIZATION %I', context, owner);
        END IF;
        EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', context, service);

        -- Everybody may run new functions unless this is taken away for the owner as a whole: IN SCHEMA cannot take
        -- away what the global default gives (PostgreSQL manual, ALTER DEFAULT PRIVILEGES).
        EXECUTE format('ALTER DEFAULT PRIVILEGES FOR ROLE %I REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC', owner);
        EXECUTE format(
            'ALTER DEFAULT PRIVILEGES FOR ROLE %I IN SCHEMA %I GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO %I',
            owner, context, service);
        EXECUTE format(
            'ALTER DEFAULT PRIVILEGES FOR ROLE %I IN SCHEMA %I GRANT USAGE, SELECT ON SEQUENCES TO %I',
            owner, context, service);
        EXECUTE format(
            'ALTER DEFAULT PRIVILEGES FOR ROLE %I IN SCHEMA %I GRANT EXECUTE ON FUNCTIONS TO %I',
            owner, context, service);
    END LOOP;
END
$schemas$;
