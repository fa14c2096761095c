//! What an operator does to the roles of accounts.

use std::process::{Command, Output};

use common::{clock::SharedClock, config::Env};
use serde_json::json;
use testkit::{Context, Log, tokens};
use tracing::Level;
use users::{app::roles::RoleChange, change_role};

use crate::world::{PASSWORD, World, text};

async fn change(
    world: &World,
    change: RoleChange,
    username: &str,
    role: &str,
) -> Result<String, String> {
    let env = Env::of([("DATABASE_URL", world.database.url(Context::Users))]);
    let changed = change_role(&env, change, username, role).await;
    changed
        .map(|changed| changed.to_string())
        .map_err(|error| error.to_string())
}

async fn roles(world: &World, username: &str) -> Vec<String> {
    let roles = format!("SELECT roles FROM users.users WHERE username = '{username}'");
    world.value(&roles).await
}

/// The roles and the scope in an access token.
async fn named(world: &World, access_token: &str) -> (Vec<String>, String) {
    let clock: SharedClock = world.clock.clone();
    let claims = tokens().verifier(clock).verify(access_token).await.unwrap();
    (claims.roles.clone(), claims.scope.clone())
}

#[tokio::test]
async fn a_role_is_in_the_next_access_token_and_out_of_the_one_after_it_was_revoked() {
    let world = World::new().await;
    world.person("ada").await;
    let session = world.log_in("ada@example.com", PASSWORD).await;
    let before = named(&world, text(&session["accessToken"])).await;
    assert_eq!(before, (vec!["user".to_owned()], "user".to_owned()));
    let mut refresh_token = text(&session["refreshToken"]).to_owned();
    for (to, expected) in [
        (RoleChange::Grant, &["user", "moderator"][..]),
        (RoleChange::Revoke, &["user"]),
    ] {
        let said = change(&world, to, "ADA", "moderator").await.unwrap();
        assert!(said.contains("from the next access token on"), "{said}");
        let session = world.refresh(&refresh_token).await;
        text(&session["refreshToken"]).clone_into(&mut refresh_token);
        let (named, scope) = named(&world, text(&session["accessToken"])).await;
        assert_eq!(
            (named.as_slice(), scope),
            (
                expected
                    .iter()
                    .map(|role| (*role).to_owned())
                    .collect::<Vec<_>>()
                    .as_slice(),
                expected.join(" "),
            )
        );
    }
}

#[tokio::test]
async fn every_change_of_a_role_is_written_down_and_a_repetition_changes_nothing() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let log = Log::record();
    for (to, said) in [
        (RoleChange::Revoke, "ada does not have the role moderator"),
        (
            RoleChange::Grant,
            "ada has the role moderator from the next access token on",
        ),
        (RoleChange::Grant, "ada has the role moderator already"),
        (
            RoleChange::Revoke,
            "ada has the role moderator no longer from the next",
        ),
    ] {
        let words = change(&world, to, "ada", "moderator").await.unwrap();
        assert!(words.starts_with(said), "{words}");
    }
    let everybody = change(&world, RoleChange::Grant, "ada", "user").await;
    assert_eq!(everybody.unwrap(), "ada has the role user already");
    let written = log.lines("audit");
    assert_eq!(written.len(), 2);
    for (line, event) in written.iter().zip(["grant_role", "revoke_role"]) {
        assert_eq!(line.level, Level::INFO);
        for (field, value) in [
            ("event", event),
            ("outcome", "done"),
            ("actor", "operator"),
            ("subject", &ada.id.to_string()),
            ("detail", "moderator"),
        ] {
            assert_eq!(line.fields[field], value, "{field}");
        }
    }
    assert_eq!(roles(&world, "ada").await, ["user"]);
}

#[tokio::test]
async fn what_is_no_role_or_nobody_is_named_and_everybody_stays_a_user() {
    let world = World::new().await;
    world.person("ada").await;
    for (to, username, role, expected) in [
        (
            RoleChange::Grant,
            "ada",
            "admin",
            "there is no role `admin`; the roles are user and moderator",
        ),
        (
            RoleChange::Grant,
            "ada",
            "Moderator",
            "there is no role `Moderator`; the roles are user and moderator",
        ),
        (
            RoleChange::Grant,
            "nobody",
            "moderator",
            "there is no user `nobody`",
        ),
        (
            RoleChange::Grant,
            "a b",
            "moderator",
            "there is no user `a b`",
        ),
        (
            RoleChange::Revoke,
            "ada",
            "user",
            "everybody is a user: the role cannot be revoked",
        ),
    ] {
        assert_eq!(
            change(&world, to, username, role).await.unwrap_err(),
            expected
        );
    }
    let error = change_role(&Env::default(), RoleChange::Grant, "ada", "moderator")
        .await
        .unwrap_err();
    assert!(error.to_string().starts_with("DATABASE_URL is not set"));
    assert_eq!(roles(&world, "ada").await, ["user"]);
}

#[tokio::test]
async fn the_database_takes_no_other_roles() {
    use sqlx::{AssertSqlSafe, Executor};
    let world = World::new().await;
    world.person("ada").await;
    let pool = world.database.pool(Context::Users);
    for roles in ["{}", "{moderator}", "{user,admin}", "{user,NULL}"] {
        let sql = format!("UPDATE users.users SET roles = '{roles}'");
        let error = pool.execute(AssertSqlSafe(sql)).await.unwrap_err();
        let constraint = error.as_database_error().unwrap().constraint();
        assert_eq!(constraint, Some("users_roles_check"), "{roles}");
    }
}

#[tokio::test]
async fn the_binary_changes_roles_and_tells_how_it_is_called() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let url = world.database.url(Context::Users);
    let run = |arguments: &[&str]| -> Output {
        Command::new(env!("CARGO_BIN_EXE_users"))
            .args(arguments)
            .env_clear()
            .env("DATABASE_URL", &url)
            .output()
            .unwrap()
    };
    let done = run(&["grant-role", "ada", "moderator"]);
    assert_eq!(done.status.code(), Some(0));
    let said = String::from_utf8(done.stdout).unwrap();
    assert!(
        said.starts_with("ada has the role moderator from"),
        "{said}"
    );
    // The audit line, in the format of services.
    let logged = String::from_utf8(done.stderr).unwrap();
    let line = logged.lines().find(|line| line.contains("grant_role"));
    let line: serde_json::Value = serde_json::from_str(line.unwrap()).unwrap();
    assert_eq!(line["target"], "audit");
    assert_eq!(line["subject"], json!(ada.id));
    assert_eq!(roles(&world, "ada").await, ["user", "moderator"]);

    let usage = "--health-check, `grant-role USERNAME ROLE` and `revoke-role USERNAME ROLE`";
    for (arguments, code, expected) in [
        (
            &["grant-role", "nobody", "moderator"][..],
            1,
            "users: there is no user `nobody`",
        ),
        (&["grant-role", "ada"], 2, usage),
        (&["revoke-role", "ada", "moderator", "now"], 2, usage),
        (&["revoke"], 2, usage),
    ] {
        let failed = run(arguments);
        assert_eq!(failed.status.code(), Some(code), "{arguments:?}");
        let said = String::from_utf8(failed.stderr).unwrap();
        assert!(said.contains(expected), "{said}");
    }
}
