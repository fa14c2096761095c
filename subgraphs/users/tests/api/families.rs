//! Refresh tokens of one session: what may race, and what gives a theft away.

use serde_json::json;
use sqlx::Executor;
use tokio::task::JoinSet;

use crate::world::{PASSWORD, World, refusal, text};

/// A world with ada, and the first token of a session of hers.
async fn signed_in() -> (World, String) {
    let world = World::new().await;
    world.person("ada").await;
    let session = world.log_in("ada@example.com", PASSWORD).await;
    (world, text(&session["refreshToken"]).to_owned())
}

/// What so many requests get that present one token and are all here before it is exchanged.
async fn race(world: &World, token: &str, requests: i64) -> Vec<String> {
    let mut racing = JoinSet::new();
    let mut held = world.admin.begin().await.unwrap();
    held.execute("SELECT FROM users.sessions FOR UPDATE")
        .await
        .unwrap();
    for _ in 0..requests {
        let (app, token) = (world.app.clone(), token.to_owned());
        racing.spawn(async move { app.refresh(&token.into()).await });
    }
    world.lock_is_awaited_by(requests).await;
    world.clock.advance_seconds(1);
    held.commit().await.unwrap();
    let answers = racing.join_all().await.into_iter().flatten();
    let token = |session: users::app::Session| {
        secrecy::ExposeSecret::expose_secret(&session.refresh_token).to_owned()
    };
    answers.map(token).collect()
}

async fn is_good(world: &World, token: &str) -> bool {
    world.refresh(token).await["userErrors"] == json!([])
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_race_with_one_token_each_get_a_token() {
    let (world, first) = signed_in().await;
    let tokens = race(&world, &first, 3).await;
    assert_eq!(tokens.len(), 3);
    assert!(is_good(&world, &tokens[1]).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_the_tokens_of_a_race_only_one_line_goes_on() {
    let (world, first) = signed_in().await;
    let tokens = race(&world, &first, 2).await;
    let next = text(&world.refresh(&tokens[0]).await["refreshToken"]).to_owned();
    world.clock.advance_seconds(60);
    // Whoever has the other one, thief or owner, gives the theft away.
    assert!(!is_good(&world, &tokens[1]).await);
    assert!(!is_good(&world, &next).await, "the whole session has ended");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tokens_of_a_race_may_race_again() {
    let (world, first) = signed_in().await;
    let tokens = race(&world, &first, 2).await;
    let again = race(&world, &tokens[0], 2).await;
    assert_eq!(again.len(), 2);
    assert!(is_good(&world, &again[1]).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_comes_after_the_answer_does_not_race() {
    let (world, first) = signed_in().await;
    let second = text(&world.refresh(&first).await["refreshToken"]).to_owned();
    // At the very same time by the clock, and later by one step of it.
    let (same, ended) = (
        is_good(&world, &first).await,
        !is_good(&world, &second).await,
    );
    assert!(!same && ended);
    let (world, first) = signed_in().await;
    let tokens = race(&world, &first, 2).await;
    assert!(!is_good(&world, &first).await, "the race is over");
    assert!(!is_good(&world, &tokens[0]).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_races_with_ever_more_requests() {
    let (world, first) = signed_in().await;
    // As if ten had raced already.
    world
        .execute(
            "INSERT INTO users.refresh_tokens (token_hash, session_id, generation, created_at, expires_at)
             SELECT sha256(n::text::bytea), session_id, 2, created_at, expires_at
             FROM users.refresh_tokens, generate_series(1, 9) AS n",
        )
        .await;
    assert_eq!(race(&world, &first, 3).await.len(), 1);
    let revoked = "SELECT count(*) FROM users.sessions WHERE revoked_at IS NOT NULL";
    assert_eq!(world.value::<i64>(revoked).await, 1);
}

#[tokio::test]
async fn a_token_from_before_there_were_generations_still_gives_a_theft_away() {
    let (world, first) = signed_in().await;
    world
        .execute("UPDATE users.refresh_tokens SET rotated_at = created_at")
        .await;
    assert_eq!(
        refusal(&world.refresh(&first).await),
        "INVALID_REFRESH_TOKEN"
    );
    let revoked = "SELECT revoked_at IS NOT NULL FROM users.sessions";
    assert!(world.value::<bool>(revoked).await);
}
