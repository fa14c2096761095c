use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::world::{PASSWORD, World, refusal, text};

const NEW_PASSWORD: &str = "incorrect zebra charger";

async fn request(world: &World, email: &str) -> Value {
    let query = "mutation($email: String!) { requestPasswordReset(input: {email: $email}) { userErrors { code field } } }";
    world.ask(None, query, json!({ "email": email })).await["requestPasswordReset"].take()
}

async fn reset(world: &World, token: &str, new_password: &str) -> Value {
    let query = "mutation($input: ResetPasswordInput!) { resetPassword(input: $input) { userErrors { code field } } }";
    let input = json!({ "token": token, "newPassword": new_password });
    world.ask(None, query, json!({ "input": input })).await["resetPassword"].take()
}

/// A world with ada, and a reset token that was mailed to her.
async fn forgotten() -> (World, String) {
    let world = World::new().await;
    world.person("ada").await;
    world.deliver().await;
    let token = new_token(&world).await;
    (world, token)
}

async fn new_token(world: &World) -> String {
    assert_eq!(
        request(world, "ada@example.com").await,
        json!({ "userErrors": [] })
    );
    world.deliver().await;
    world.mailbox.last_about("Reset your password").token()
}

#[tokio::test]
async fn a_reset_sets_the_password_and_ends_all_sessions() {
    let (world, token) = forgotten().await;
    let mut sessions = Vec::new();
    for _ in 0..2 {
        let session = world.log_in("ada@example.com", PASSWORD).await;
        sessions.push(text(&session["refreshToken"]).to_owned());
    }
    assert_eq!(
        reset(&world, &token, NEW_PASSWORD).await,
        json!({ "userErrors": [] })
    );
    for session in sessions {
        assert_eq!(
            refusal(&world.refresh(&session).await),
            "INVALID_REFRESH_TOKEN"
        );
    }
    let old = world.log_in("ada@example.com", PASSWORD).await;
    assert_eq!(refusal(&old), "INVALID_CREDENTIALS");
    let new = world.log_in("ada@example.com", NEW_PASSWORD).await;
    assert_eq!(
        world.refresh(text(&new["refreshToken"])).await["userErrors"],
        json!([])
    );
}

#[tokio::test]
async fn every_address_gets_the_same_answer_and_only_an_account_a_mail() {
    let world = World::new().await;
    let answer = json!({ "userErrors": [] });
    assert_eq!(request(&world, "nobody@example.com").await, answer);
    world.deliver().await;
    assert_eq!(world.mailbox.received().len(), 0);
    let waiting: i64 = world.value("SELECT count(*) FROM users.outbox").await;
    assert_eq!(waiting, 0, "nothing is kept of who has no account");
    assert_eq!(
        refusal(&request(&world, "no address").await),
        "VALIDATION_FAILED"
    );
}

#[tokio::test]
async fn a_reset_token_works_once_and_takes_the_others_with_it() {
    let (world, first) = forgotten().await;
    let second = new_token(&world).await;
    assert_ne!(first, second);
    assert_eq!(
        reset(&world, &second, NEW_PASSWORD).await,
        json!({ "userErrors": [] })
    );
    for spent in [first, second] {
        let payload = reset(&world, &spent, "yet another one").await;
        assert_eq!(refusal(&payload), "TOKEN_EXPIRED");
    }
    assert_eq!(
        world.log_in("ada@example.com", NEW_PASSWORD).await["userErrors"],
        json!([])
    );
}

#[tokio::test]
async fn a_reset_token_older_than_an_hour_has_expired() {
    let (world, token) = forgotten().await;
    world.clock.advance_seconds(60 * 60);
    assert_eq!(
        refusal(&reset(&world, &token, NEW_PASSWORD).await),
        "TOKEN_EXPIRED"
    );
}

#[tokio::test]
async fn an_unknown_token_and_a_bad_password_are_said_at_once() {
    let (world, token) = forgotten().await;
    let payload = reset(&world, "never seen", "short").await;
    let invalid = |field: &str| json!({ "code": "VALIDATION_FAILED", "field": field });
    assert_eq!(
        payload["userErrors"],
        json!([invalid("newPassword"), invalid("token")])
    );
    let payload = reset(&world, &token, "short").await;
    assert_eq!(payload["userErrors"], json!([invalid("newPassword")]));
    assert_eq!(
        reset(&world, &token, NEW_PASSWORD).await["userErrors"],
        json!([]),
        "still good"
    );
}

#[tokio::test]
async fn who_resets_by_mail_has_proven_the_address() {
    let world = World::new().await;
    world.register("ada").await;
    let token = new_token(&world).await;
    reset(&world, &token, NEW_PASSWORD).await;
    assert_eq!(
        world.log_in("ada@example.com", NEW_PASSWORD).await["userErrors"],
        json!([])
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_several_resets_at_once_one_sets_the_password() {
    let (world, first) = forgotten().await;
    let second = new_token(&world).await;
    let mut resets = JoinSet::new();
    for number in 0..10 {
        let token = if number % 2 == 0 { &first } else { &second };
        let (app, token) = (world.app.clone(), token.clone());
        resets.spawn(async move {
            let password = format!("new password {number}");
            let done = app
                .reset_password(&token.into(), password.clone().into())
                .await;
            (password, done)
        });
    }
    let outcomes = resets.join_all().await;
    let won: Vec<_> = outcomes.iter().filter(|(_, done)| done.is_ok()).collect();
    assert_eq!(won.len(), 1, "{outcomes:?}");
    assert_eq!(
        world.log_in("ada@example.com", &won[0].0).await["userErrors"],
        json!([])
    );
}

#[tokio::test]
async fn two_tokens_of_one_account_used_at_once_wait_for_each_other_and_never_for_ever() {
    let (world, first) = forgotten().await;
    let second = new_token(&world).await;
    let mut busy = world.admin.begin().await.unwrap();
    let lock = "SELECT FROM users.users FOR UPDATE";
    sqlx::Executor::execute(&mut *busy, lock).await.unwrap();
    let (one, other, ()) = tokio::join!(
        reset(&world, &first, NEW_PASSWORD),
        reset(&world, &second, NEW_PASSWORD),
        async {
            world.lock_is_awaited_by(2).await;
            busy.commit().await.unwrap();
        }
    );
    let mut codes = [one, other].map(|payload| payload["userErrors"][0]["code"].clone());
    codes.sort_by_key(Value::is_null);
    assert_eq!(codes, [json!("TOKEN_EXPIRED"), Value::Null]);
}
