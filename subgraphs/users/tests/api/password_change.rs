use serde_json::{Value, json};
use testkit::Log;

use crate::world::{PASSWORD, World, refusal, text};

const NEW_PASSWORD: &str = "incorrect zebra charger";

async fn change(world: &World, token: &str, current: &str, new: &str) -> Value {
    let query = "mutation($input: ChangePasswordInput!) { changePassword(input: $input) {
        accessToken refreshToken user { email } userErrors { code field } } }";
    let input = json!({ "currentPassword": current, "newPassword": new });
    world
        .ask(Some(token), query, json!({ "input": input }))
        .await["changePassword"]
        .take()
}

#[tokio::test]
async fn a_change_ends_all_sessions_and_answers_with_a_new_one() {
    let world = World::new().await;
    world.person("ada").await;
    let session = world.log_in("ada@example.com", PASSWORD).await;
    let other = world.log_in("ada@example.com", PASSWORD).await;
    let log = Log::record();
    let changed = change(
        &world,
        text(&session["accessToken"]),
        PASSWORD,
        NEW_PASSWORD,
    )
    .await;
    let line = log.lines("audit").pop().unwrap();
    assert_eq!(line.fields["event"], "change_password");
    assert_eq!(changed["user"]["email"], "ada@example.com");
    for ended in [&session, &other] {
        let refused = world.refresh(text(&ended["refreshToken"])).await;
        assert_eq!(refusal(&refused), "INVALID_REFRESH_TOKEN");
    }
    let refreshed = world.refresh(text(&changed["refreshToken"])).await;
    assert_eq!(refreshed["userErrors"], json!([]));
    let old = world.log_in("ada@example.com", PASSWORD).await;
    assert_eq!(refusal(&old), "INVALID_CREDENTIALS");
    let new = world.log_in("ada@example.com", NEW_PASSWORD).await;
    assert_eq!(new["userErrors"], json!([]));
}

#[tokio::test]
async fn the_present_password_has_to_be_known_and_the_new_one_good() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let wrong = change(&world, &ada.token, "wrong horse battery", NEW_PASSWORD).await;
    let error = |code: &str, field: &str| json!([{ "code": code, "field": field }]);
    assert_eq!(
        wrong["userErrors"],
        error("INVALID_CREDENTIALS", "currentPassword")
    );
    let short = change(&world, &ada.token, PASSWORD, "short").await;
    assert_eq!(
        short["userErrors"],
        error("VALIDATION_FAILED", "newPassword")
    );
    let login = world.log_in("ada@example.com", PASSWORD).await;
    assert_eq!(login["userErrors"], json!([]), "nothing has changed");
    let query = "mutation { changePassword(input: {currentPassword: \"x\", newPassword: \"y\"}) { accessToken } }";
    let anonymous = world.graph.ask(None, query, json!({})).await;
    assert_eq!(anonymous.codes(), ["UNAUTHENTICATED"]);
}

#[tokio::test]
async fn guessing_the_present_password_with_a_stolen_token_is_limited() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    for _ in 0..10 {
        let wrong = change(&world, &ada.token, "wrong horse battery", NEW_PASSWORD).await;
        assert_eq!(refusal(&wrong), "INVALID_CREDENTIALS");
    }
    let body = json!({ "current_password": PASSWORD, "new_password": NEW_PASSWORD });
    let refused = world
        .rest
        .send_json(
            Some(&ada.token),
            axum::http::Method::PUT,
            "/users/me/password",
            &body,
        )
        .await;
    assert_eq!(refused.refusal(), (429, "RATE_LIMITED"));
}
