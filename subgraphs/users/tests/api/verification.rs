use serde_json::{Value, json};

use crate::world::{PASSWORD, World, refusal, text};

async fn verify(world: &World, token: &str) -> Value {
    let query = "mutation($token: String!) { verifyEmail(input: {token: $token}) {
        user { username } userErrors { code field } } }";
    world.ask(None, query, json!({ "token": token })).await["verifyEmail"].take()
}

async fn request(world: &World, email: &str) -> Value {
    let query = "mutation($email: String!) { requestEmailVerification(input: {email: $email}) { userErrors { code } } }";
    world.ask(None, query, json!({ "email": email })).await["requestEmailVerification"].take()
}

#[tokio::test]
async fn the_token_from_the_mail_verifies_the_address_once() {
    let world = World::new().await;
    world.register("ada").await;
    world.deliver().await;
    let mail = world.mailbox.last();
    assert_eq!(
        (mail.to.as_str(), mail.subject),
        ("ada@example.com", "Verify your e-mail address")
    );
    let token = mail.token();
    assert!(mail.text.contains(&format!(
        "https://rookery.test/verify-email?token={token}\n"
    )));

    let payload = verify(&world, &token).await;
    assert_eq!(
        payload,
        json!({ "user": { "username": "ada" }, "userErrors": [] })
    );
    assert_eq!(
        world.log_in("ada@example.com", PASSWORD).await["userErrors"],
        json!([])
    );
    assert_eq!(refusal(&verify(&world, &token).await), "TOKEN_EXPIRED");
}

#[tokio::test]
async fn a_token_older_than_a_day_has_expired() {
    let world = World::new().await;
    world.register("ada").await;
    world.deliver().await;
    let token = world.mailbox.last().token();
    world.clock.advance_seconds(24 * 60 * 60);
    let payload = verify(&world, &token).await;
    assert_eq!(refusal(&payload), "TOKEN_EXPIRED");
    assert_eq!(payload["userErrors"][0]["field"], "token");
    assert_eq!(
        refusal(&world.log_in("ada@example.com", PASSWORD).await),
        "EMAIL_NOT_VERIFIED"
    );
}

#[tokio::test]
async fn a_token_we_never_sent_and_one_for_another_purpose_are_invalid() {
    let world = World::new().await;
    world.register("ada").await;
    world
        .app
        .request_password_reset("ada@example.com")
        .await
        .unwrap();
    world.deliver().await;
    let reset = world.mailbox.last_about("Reset your password");
    for wrong in ["", "never seen", "nul\0", &reset.token()] {
        let payload = verify(&world, wrong).await;
        assert_eq!(refusal(&payload), "VALIDATION_FAILED", "{wrong:?}");
        assert_eq!(payload["userErrors"][0]["field"], "token");
    }
}

#[tokio::test]
async fn asking_again_brings_a_new_mail_to_who_needs_one_and_one_answer_to_all() {
    let world = World::new().await;
    world.register("ada").await;
    world.person("grace").await;
    world.deliver().await;
    let before = world.mailbox.received().len();
    let answer = json!({ "userErrors": [] });
    for email in ["ADA@example.com", "grace@example.com", "nobody@example.com"] {
        assert_eq!(request(&world, email).await, answer, "{email}");
    }
    assert_eq!(
        refusal(&request(&world, "no address").await),
        "VALIDATION_FAILED"
    );
    world.deliver().await;
    let received = world.mailbox.received();
    assert_eq!(received.len(), before + 1);
    let mail = received.last().unwrap();
    assert_eq!(mail.to, "ada@example.com", "as it was registered");
    assert_eq!(
        text(&verify(&world, &mail.token()).await["user"]["username"]),
        "ada"
    );
}
