use migrations::{Context, check_schema, migrate, required_version, status};

use crate::support::{connect, run, texts};

async fn bootstrapped() -> testkit::TestDatabase {
    let database = testkit::empty_database().await;
    migrations::bootstrap(&database.admin_url(), &testkit::passwords())
        .await
        .unwrap();
    database
}

#[tokio::test]
async fn two_migrates_at_once_apply_everything_once() {
    let database = bootstrapped().await;
    let url = database.migrator_url();
    let (one, two, three) = tokio::join!(migrate(&url), migrate(&url), migrate(&url));
    for outcome in [one, two, three] {
        outcome.unwrap();
    }
    for found in status(&url).await.unwrap() {
        assert_eq!(found.applied, Some(found.known), "{}", found.context);
    }
}

#[tokio::test]
async fn each_context_records_its_migrations_in_its_own_schema() {
    let database = testkit::database().await;
    let mut admin = connect(&database.admin_url()).await;
    let tables = texts(
        &mut admin,
        "SELECT concat_ws(' ', schemaname, tableowner) FROM pg_tables WHERE tablename = '_sqlx_migrations' ORDER BY 1",
    )
    .await;
    let mut expected =
        Context::ALL.map(|context| format!("{context} {}", migrations::owner_role(context)));
    expected.sort();
    assert_eq!(tables, expected);
}

#[tokio::test]
async fn a_service_refuses_a_database_with_no_migrations_and_names_the_command() {
    let database = bootstrapped().await;
    for context in Context::ALL {
        let needed = required_version(context);
        assert!(needed > 0);
        let mut service = connect(&database.url(context)).await;
        let refusal = check_schema(&mut service, context).await.unwrap_err();
        assert_eq!(
            refusal.to_string(),
            format!(
                "schema `{context}` has no migrations applied, this program needs version {needed}: \
                 run `migrate` with MIGRATION_DATABASE_URL set to the URL of role migrator"
            )
        );
    }
}

#[tokio::test]
async fn a_service_refuses_a_schema_that_lacks_its_last_migration_and_takes_a_newer_one() {
    let database = testkit::database().await;
    let mut admin = connect(&database.admin_url()).await;
    for context in Context::ALL {
        let needed = required_version(context);
        let service = database.pool(context);
        check_schema(&service, context).await.unwrap();

        // As if only older migrations had been applied: one, of the version before.
        run(
            &mut admin,
            &format!(
                "DELETE FROM {context}._sqlx_migrations WHERE version <> {needed};
                 UPDATE {context}._sqlx_migrations SET version = version - 1"
            ),
        )
        .await;
        let refusal = check_schema(&service, context).await.unwrap_err();
        let text = refusal.to_string();
        assert!(
            text.contains(&format!(
                "is at version {}, this program needs version {needed}: run `migrate`",
                needed - 1
            )),
            "{text}"
        );

        run(
            &mut admin,
            &format!("UPDATE {context}._sqlx_migrations SET version = {needed} + 1"),
        )
        .await;
        check_schema(&service, context).await.unwrap();
    }
}

#[tokio::test]
async fn an_older_program_leaves_a_newer_schema_alone() {
    let database = testkit::database().await;
    let mut admin = connect(&database.admin_url()).await;
    run(
        &mut admin,
        "INSERT INTO posts._sqlx_migrations VALUES (9000, 'of the future', now(), true, 'x', 1)",
    )
    .await;
    migrate(&database.migrator_url()).await.unwrap();
    let found = status(&database.migrator_url()).await.unwrap();
    assert!(found.iter().any(|context| context.applied == Some(9000)));
}

#[tokio::test]
async fn a_migration_that_was_changed_after_it_was_applied_is_named() {
    let database = testkit::database().await;
    let mut admin = connect(&database.admin_url()).await;
    run(
        &mut admin,
        "UPDATE posts._sqlx_migrations SET checksum = 'other' WHERE version = 1",
    )
    .await;
    let text = migrate(&database.migrator_url())
        .await
        .unwrap_err()
        .to_string();
    assert!(
        text.starts_with("migration 1 of posts is not the one"),
        "{text}"
    );
}

#[tokio::test]
async fn a_role_that_is_not_the_migrator_is_told_which_one_to_use() {
    let database = testkit::database().await;
    let text = migrate(&database.url(Context::Users))
        .await
        .unwrap_err()
        .to_string();
    assert!(text.contains("cannot act as users_owner"), "{text}");
    assert!(
        text.contains("MIGRATION_DATABASE_URL must be the URL of role migrator"),
        "{text}"
    );
}
