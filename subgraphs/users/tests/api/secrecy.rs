use serde_json::json;
use testkit::Log;

use crate::world::{PASSWORD, World, text};

/// Registers, verifies, signs in, refreshes, resets, fails at each; returns every secret that was used.
async fn a_life(world: &World) -> Vec<String> {
    let mut secrets = vec![
        PASSWORD.to_owned(),
        "wrong password 1".to_owned(),
        "another password".to_owned(),
    ];
    world.register("ada").await;
    world.register("ada").await;
    world.deliver().await;
    let verification = world.mailbox.last().token();
    let verify = json!({ "token": verification });
    let query =
        "mutation($token: String!) { verifyEmail(input: {token: $token}) { userErrors { code } } }";
    for _ in 0..2 {
        world.ask(None, query, verify.clone()).await;
    }
    world.log_in("ada@example.com", "wrong password 1").await;
    let session = world.log_in("ada@example.com", PASSWORD).await;
    let refresh = text(&session["refreshToken"]).to_owned();
    for _ in 0..2 {
        world.refresh(&refresh).await;
    }
    let forged = format!("{}x", text(&session["accessToken"]));
    world
        .graph
        .ask(Some(&forged), "{ viewer { id } }", json!({}))
        .await;
    world
        .app
        .request_password_reset("ada@example.com")
        .await
        .unwrap();
    world.deliver().await;
    let reset = world.mailbox.last().token();
    let query = "mutation($token: String!) { resetPassword(input: {token: $token, newPassword: \"another password\"}) {
        userErrors { code } } }";
    for _ in 0..2 {
        world.ask(None, query, json!({ "token": reset })).await;
    }
    secrets.extend([
        verification,
        refresh,
        reset,
        text(&session["accessToken"]).to_owned(),
    ]);
    secrets
}

#[tokio::test]
async fn no_log_line_at_any_level_has_a_password_or_a_token() {
    let world = World::new().await;
    let log = Log::record();
    let secrets = a_life(&world).await;
    let log = log.text();
    for line in [
        "answered",
        "INSERT INTO users.users",
        "token refused",
        "refresh_session",
    ] {
        assert!(log.contains(line), "`{line}`: the log is not recorded");
    }
    for secret in secrets {
        assert!(!log.contains(&secret), "{secret}");
    }
}
