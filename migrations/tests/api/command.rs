use std::process::{Command, Output};

use migrations::Context;
use testkit::PASSWORD;

fn migrate(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_migrate"))
        .args(arguments)
        .env_clear()
        .envs(environment.iter().copied())
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[tokio::test]
async fn bootstrap_then_up_prepares_an_empty_database() {
    let database = testkit::empty_database().await;
    let admin = database.admin_url();
    let mut environment = vec![
        ("ADMIN_DATABASE_URL", admin.as_str()),
        ("MIGRATOR_DB_PASSWORD", PASSWORD),
    ];
    environment
        .extend(Context::ALL.map(|context| (context.database_password_variable(), PASSWORD)));
    let made = migrate(&["bootstrap"], &environment);
    assert!(made.status.success(), "{}", text(&made.stderr));

    let url = database.migrator_url();
    let environment = [("MIGRATION_DATABASE_URL", url.as_str())];
    let behind = migrate(&["status"], &environment);
    assert_eq!(behind.status.code(), Some(1));
    assert!(text(&behind.stdout).contains("posts: applied none, known "));
    assert!(text(&behind.stderr).contains("migrate up"));

    let applied = migrate(&[], &environment);
    assert!(applied.status.success(), "{}", text(&applied.stderr));
    assert!(migrate(&["status"], &environment).status.success());
}

#[test]
fn a_missing_or_malformed_variable_is_named_with_what_it_expects() {
    let admin = ("ADMIN_DATABASE_URL", "postgres://postgres@127.0.0.1/x");
    for (arguments, environment, parts) in [
        (
            &["up"][..],
            &[][..],
            ["MIGRATION_DATABASE_URL is not set", "URL of role migrator"],
        ),
        (
            &[],
            &[("MIGRATION_DATABASE_URL", "mysql://x")],
            [
                "MIGRATION_DATABASE_URL is not usable",
                "URL of role migrator",
            ],
        ),
        (
            &["bootstrap"],
            &[],
            ["ADMIN_DATABASE_URL is not set", "URL of an administrator"],
        ),
        (
            &["bootstrap"],
            &[admin],
            ["MIGRATOR_DB_PASSWORD is not set", "at least 8"],
        ),
        (
            &["bootstrap"],
            &[admin, ("MIGRATOR_DB_PASSWORD", "short")],
            ["MIGRATOR_DB_PASSWORD is not usable", "at least 8"],
        ),
    ] {
        let output = migrate(arguments, environment);
        let error = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{error}");
        assert_eq!(error.lines().count(), 1, "{error}");
        for part in parts {
            assert!(error.contains(part), "{error:?} lacks {part:?}");
        }
        assert!(!error.contains("short\""), "no value of a secret is shown");
    }
}

#[test]
fn a_server_that_is_not_there_is_one_line() {
    let output = migrate(
        &["up"],
        &[(
            "MIGRATION_DATABASE_URL",
            "postgres://migrator:password@127.0.0.1:1/rookery",
        )],
    );
    assert_eq!(output.status.code(), Some(1));
    let error = text(&output.stderr);
    assert!(
        error.starts_with("migrate: cannot connect to the database"),
        "{error}"
    );
    assert_eq!(error.lines().count(), 1);
    assert!(!error.contains("password@"));
}
