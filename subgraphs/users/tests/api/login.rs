use serde_json::{Value, json};
use testkit::tokens;

use crate::world::{PASSWORD, World, refusal, text};

#[tokio::test]
async fn a_login_gives_a_token_that_says_who_it_is_for_15_minutes() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let session = world.log_in("ADA@Example.com", PASSWORD).await;
    assert_eq!(session["userErrors"], json!([]));
    assert_eq!(
        (&session["tokenType"], &session["expiresIn"]),
        (&json!("bearer"), &json!(900))
    );
    assert_eq!(
        session["user"],
        json!({ "username": "ada", "email": "ada@example.com" })
    );

    let token = text(&session["accessToken"]);
    let claims = tokens()
        .verifier(world.clock.clone())
        .verify(token)
        .await
        .unwrap();
    assert_eq!((claims.sub, claims.user_id), (ada.id, ada.id));
    assert_eq!(claims.exp - claims.iat, 900);
    assert_eq!(
        (claims.email.as_str(), claims.scope.as_str()),
        ("ada@example.com", "user")
    );
    assert_eq!(claims.roles, ["user"]);

    let viewer = "{ viewer { username email } }";
    let data = world.ask(Some(token), viewer, json!({})).await;
    assert_eq!(
        data["viewer"],
        json!({ "username": "ada", "email": "ada@example.com" })
    );
    world.clock.advance_seconds(900);
    let late = world.graph.ask(Some(token), viewer, json!({})).await;
    assert_eq!(
        (late.status.as_u16(), late.codes()),
        (401, vec!["UNAUTHENTICATED"])
    );
}

#[tokio::test]
async fn an_unknown_address_and_a_wrong_password_are_one_answer() {
    let world = World::new().await;
    world.person("ada").await;
    let wrong = world.log_in("ada@example.com", "wrong horse battery").await;
    assert_eq!(refusal(&wrong), "INVALID_CREDENTIALS");
    for unknown in ["bob@example.com", "not an address", "", "nul\0@example.com"] {
        assert_eq!(world.log_in(unknown, PASSWORD).await, wrong, "{unknown:?}");
    }
}

#[tokio::test]
async fn an_unverified_address_is_told_to_who_knows_the_password_only() {
    let world = World::new().await;
    world.register("ada").await;
    let payload = world.log_in("ada@example.com", PASSWORD).await;
    assert_eq!(refusal(&payload), "EMAIL_NOT_VERIFIED");
    assert_eq!(payload["accessToken"], Value::Null);
    let payload = world.log_in("ada@example.com", "wrong horse battery").await;
    assert_eq!(refusal(&payload), "INVALID_CREDENTIALS");
}

#[tokio::test]
async fn where_verification_is_not_required_a_new_account_signs_in() {
    let world = World::with(|app| app.require_verified_email(false)).await;
    world.register("ada").await;
    let session = world.log_in("ada@example.com", PASSWORD).await;
    assert_eq!(session["user"]["username"], "ada");
}

#[tokio::test]
async fn a_bcrypt_hash_is_accepted_and_replaced() {
    let world = World::new().await;
    world.person("ada").await;
    // `correct horse battery` with cost 4.
    for version in ["2a", "2b"] {
        let hash = bcrypt_hash(version);
        world
            .execute(&format!("UPDATE users.users SET password_hash = '{hash}'"))
            .await;
        let wrong = world.log_in("ada@example.com", "wrong horse battery").await;
        assert_eq!(refusal(&wrong), "INVALID_CREDENTIALS");
        let stored: String = world.value("SELECT password_hash FROM users.users").await;
        assert_eq!(stored, hash, "a wrong password replaces nothing");

        assert_eq!(
            world.log_in("ada@example.com", PASSWORD).await["userErrors"],
            json!([])
        );
        let stored: String = world.value("SELECT password_hash FROM users.users").await;
        assert!(stored.starts_with("$argon2id$"), "{stored}");
        assert_eq!(
            world.log_in("ada@example.com", PASSWORD).await["userErrors"],
            json!([])
        );
    }
}

fn bcrypt_hash(version: &str) -> String {
    let salt = *b"sixteen bytes ok";
    let parts = bcrypt::hash_with_salt(PASSWORD, 4, salt).unwrap();
    match version {
        "2a" => parts.format_for_version(bcrypt::Version::TwoA),
        _ => parts.format_for_version(bcrypt::Version::TwoB),
    }
}

#[tokio::test]
async fn a_password_changed_while_its_old_one_was_checked_opens_no_session() {
    let world = World::new().await;
    world.person("ada").await;
    // A reset that has changed the password and has not committed yet.
    let mut reset = world.admin.begin().await.unwrap();
    let change = "UPDATE users.users SET password_version = password_version + 1";
    sqlx::Executor::execute(&mut *reset, change).await.unwrap();
    let (session, ()) = tokio::join!(world.log_in("ada@example.com", PASSWORD), async {
        world.lock_is_awaited_by(1).await;
        reset.commit().await.unwrap();
    });
    assert_eq!(refusal(&session), "INVALID_CREDENTIALS");
    assert_eq!(
        world
            .value::<i64>("SELECT count(*) FROM users.sessions")
            .await,
        0
    );
}
