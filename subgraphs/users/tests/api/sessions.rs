use serde_json::{Value, json};
use tokio::task::JoinSet;
use users::app::Housekeeping;

use crate::world::{PASSWORD, World, refusal, text};

const THIRTY_DAYS: i64 = 30 * 24 * 60 * 60;

async fn signed_in() -> (World, String) {
    let world = World::new().await;
    world.person("ada").await;
    let token = new_session(&world).await;
    (world, token)
}

async fn new_session(world: &World) -> String {
    let session = world.log_in("ada@example.com", PASSWORD).await;
    text(&session["refreshToken"]).to_owned()
}

async fn log_out(world: &World, token: &str) -> Value {
    let query = "mutation($token: String!) { logout(input: {refreshToken: $token}) { userErrors { code } } }";
    world.ask(None, query, json!({ "token": token })).await
}

#[tokio::test]
async fn a_refresh_token_is_exchanged_for_the_next_one() {
    let (world, first) = signed_in().await;
    let refreshed = world.refresh(&first).await;
    assert_eq!(refreshed["user"]["username"], "ada");
    let second = text(&refreshed["refreshToken"]);
    assert_ne!(second, first);
    let viewer = world
        .ask(
            Some(text(&refreshed["accessToken"])),
            "{ viewer { username } }",
            json!({}),
        )
        .await;
    assert_eq!(viewer["viewer"]["username"], "ada");
    assert_eq!(world.refresh(second).await["userErrors"], json!([]));
}

#[tokio::test]
async fn a_token_that_comes_back_ends_its_session_and_no_other() {
    let (world, first) = signed_in().await;
    let other = new_session(&world).await;
    let second = text(&world.refresh(&first).await["refreshToken"]).to_owned();
    assert_eq!(
        refusal(&world.refresh(&first).await),
        "INVALID_REFRESH_TOKEN"
    );
    assert_eq!(
        refusal(&world.refresh(&second).await),
        "INVALID_REFRESH_TOKEN"
    );
    assert_eq!(world.refresh(&other).await["userErrors"], json!([]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_who_present_one_token_at_once_one_gets_the_next() {
    let (world, token) = signed_in().await;
    let mut requests = JoinSet::new();
    for _ in 0..20 {
        let (app, token) = (world.app.clone(), token.clone());
        requests.spawn(async move { app.refresh(&token.into()).await.ok() });
    }
    let won: Vec<_> = requests.join_all().await.into_iter().flatten().collect();
    assert_eq!(won.len(), 1);
    let next = secrecy::ExposeSecret::expose_secret(&won[0].refresh_token);
    let payload = world.refresh(next).await;
    assert_eq!(
        refusal(&payload),
        "INVALID_REFRESH_TOKEN",
        "the others gave the theft away"
    );
}

#[tokio::test]
async fn a_refresh_token_lives_for_30_days() {
    let (world, first) = signed_in().await;
    world.clock.advance_seconds(THIRTY_DAYS - 1);
    let second = text(&world.refresh(&first).await["refreshToken"]).to_owned();
    world.clock.advance_seconds(THIRTY_DAYS);
    assert_eq!(
        refusal(&world.refresh(&second).await),
        "INVALID_REFRESH_TOKEN"
    );
}

#[tokio::test]
async fn logging_out_ends_the_session_and_may_be_repeated() {
    let (world, first) = signed_in().await;
    let other = new_session(&world).await;
    let second = text(&world.refresh(&first).await["refreshToken"]).to_owned();
    let done = json!({ "logout": { "userErrors": [] } });
    assert_eq!(log_out(&world, &second).await, done);
    assert_eq!(
        refusal(&world.refresh(&second).await),
        "INVALID_REFRESH_TOKEN"
    );
    assert_eq!(log_out(&world, &second).await, done);
    assert_eq!(log_out(&world, "never seen").await, done);
    assert_eq!(world.refresh(&other).await["userErrors"], json!([]));
}

#[tokio::test]
async fn what_is_no_refresh_token_is_refused() {
    let (world, _) = signed_in().await;
    let access = world.log_in("ada@example.com", PASSWORD).await["accessToken"].take();
    for wrong in ["", "never seen", "nul\0", text(&access)] {
        assert_eq!(
            refusal(&world.refresh(wrong).await),
            "INVALID_REFRESH_TOKEN",
            "{wrong:?}"
        );
    }
}

#[tokio::test]
async fn the_database_knows_the_hash_of_a_refresh_token_only() {
    let (world, token) = signed_in().await;
    let hashed = format!("SELECT token_hash = sha256('{token}') FROM users.refresh_tokens");
    assert!(world.value::<bool>(&hashed).await);
    let session: String = world
        .value("SELECT sessions::text FROM users.sessions")
        .await;
    assert!(!session.contains(&token));
}

#[tokio::test]
async fn housekeeping_deletes_what_has_ended_and_nothing_else() {
    let (world, first) = signed_in().await;
    world.clock.advance_seconds(THIRTY_DAYS / 2);
    let second = text(&world.refresh(&first).await["refreshToken"]).to_owned();
    world.clock.advance_seconds(THIRTY_DAYS / 2 + 1);
    let clean = async |world: &World| {
        let housekeeping = Housekeeping::new(world.app.clone());
        housekeeping
            .clean(&common::shutdown::Shutdown::new())
            .await
            .unwrap()
    };
    assert_eq!(clean(&world).await, 1, "the first token");
    let third = world.refresh(&second).await;
    assert_eq!(third["userErrors"], json!([]));
    world.clock.advance_seconds(THIRTY_DAYS + 1);
    clean(&world).await;
    assert_eq!(
        world
            .value::<i64>("SELECT count(*) FROM users.sessions")
            .await,
        0
    );
    assert_eq!(
        world
            .value::<i64>("SELECT count(*) FROM users.refresh_tokens")
            .await,
        0
    );
    assert_eq!(clean(&world).await, 0);
    assert_eq!(
        world.value::<i64>("SELECT count(*) FROM users.users").await,
        1
    );
}
