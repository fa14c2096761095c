use migrations::{Context, bootstrap, migrate, owner_role, service_role};

use crate::support::{connect, run, texts};

/// Everything that bootstrap sets, as text; without the role that another test makes in the same cluster, and each
/// membership once, however many have granted it.
const STATE: &str = "
    SELECT concat_ws(' ', 'role', rolname, rolcanlogin, rolinherit, rolsuper, rolcreatedb, rolcreaterole, rolconfig)
    FROM pg_roles WHERE rolname !~ '^(pg_|postgres$|administrator$)'
    UNION SELECT concat_ws(' ', 'member', roleid::regrole, member::regrole) FROM pg_auth_members
        WHERE member::regrole::text !~ '^(pg_|administrator$)'
    UNION SELECT concat_ws(' ', 'schema', nspname, nspowner::regrole, nspacl) FROM pg_namespace
        WHERE nspname !~ '^(pg_|information_schema$)'
    UNION SELECT concat_ws(' ', 'default', defaclrole::regrole, defaclnamespace::regnamespace, defaclobjtype, defaclacl)
        FROM pg_default_acl
    UNION SELECT concat_ws(' ', 'database', datacl) FROM pg_database WHERE datname = current_database()
    ORDER BY 1";

#[tokio::test]
async fn bootstrap_can_be_repeated_and_changes_nothing_then() {
    let database = testkit::empty_database().await;
    let url = database.admin_url();
    bootstrap(&url, &testkit::passwords()).await.unwrap();
    let mut admin = connect(&url).await;
    let first = texts(&mut admin, STATE).await;
    // Role `migrator`; two roles, a schema and four default privileges for each context.
    assert!(first.len() > 1 + 7 * Context::ALL.len(), "{first:#?}");

    bootstrap(&url, &testkit::passwords()).await.unwrap();
    assert_eq!(texts(&mut admin, STATE).await, first);
}

#[tokio::test]
async fn two_bootstraps_at_once_are_as_one() {
    let database = testkit::empty_database().await;
    let url = database.admin_url();
    let passwords = testkit::passwords();
    let (one, two) = tokio::join!(bootstrap(&url, &passwords), bootstrap(&url, &passwords));
    one.unwrap();
    two.unwrap();
    migrate(&database.migrator_url()).await.unwrap();
}

#[tokio::test]
async fn bootstraps_of_different_databases_at_once_all_succeed() {
    let databases = [
        testkit::empty_database().await,
        testkit::empty_database().await,
        testkit::empty_database().await,
    ];
    let passwords = testkit::passwords();
    let [one, two, three] = databases.each_ref().map(testkit::TestDatabase::admin_url);
    let (one, two, three) = tokio::join!(
        bootstrap(&one, &passwords),
        bootstrap(&two, &passwords),
        bootstrap(&three, &passwords),
    );
    for outcome in [one, two, three] {
        outcome.unwrap();
    }
}

#[tokio::test]
async fn an_administrator_needs_to_be_no_superuser() {
    let database = testkit::empty_database().await;
    let mut superuser = connect(&database.admin_url()).await;
    run(
        &mut superuser,
        &format!(
            "CREATE ROLE administrator LOGIN CREATEROLE PASSWORD 'administrator';
             ALTER DATABASE {} OWNER TO administrator",
            database.name()
        ),
    )
    .await;
    let roles =
        Context::ALL.map(|context| format!("{}, {}", owner_role(context), service_role(context)));
    // On PostgreSQL 16 and newer CREATEROLE reaches only the roles one has ADMIN OPTION on; here others made them.
    run(
        &mut superuser,
        &format!(
            "DO $$ BEGIN
                IF current_setting('server_version_num')::int >= 160000 THEN
                    GRANT migrator, {} TO administrator WITH ADMIN OPTION;
                END IF;
             END $$",
            roles.join(", ")
        ),
    )
    .await;
    let url = database
        .url_in("administrator", database.name())
        .replace(testkit::PASSWORD, "administrator");

    bootstrap(&url, &testkit::passwords()).await.unwrap();
    migrate(&database.migrator_url()).await.unwrap();
    for context in Context::ALL {
        let mut service = connect(&database.url(context)).await;
        migrations::check_schema(&mut service, context)
            .await
            .unwrap();
    }
    let left = texts(
        &mut superuser,
        "SELECT roleid::regrole::text FROM pg_auth_members
         WHERE member = 'administrator'::regrole AND NOT admin_option",
    )
    .await;
    assert_eq!(
        left,
        Vec::<String>::new(),
        "the administrator left the owners"
    );
    run(
        &mut superuser,
        &format!("ALTER DATABASE {} OWNER TO postgres; DROP OWNED BY administrator; DROP ROLE administrator", database.name()),
    )
    .await;
}

#[tokio::test]
async fn a_database_is_made_once_and_then_found() {
    let database = testkit::empty_database().await;
    let name = "with \"quotes\" and spaces";
    let admin_url = database.admin_url();
    migrations::create_database(&admin_url, name).await.unwrap();
    migrations::create_database(&admin_url, name).await.unwrap();

    let mut admin = connect(&admin_url).await;
    let found = texts(
        &mut admin,
        "SELECT datname::text FROM pg_database WHERE datname LIKE 'with%'",
    )
    .await;
    assert_eq!(found, [name]);
}
