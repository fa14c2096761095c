use std::time::Duration;

use axum::{body::Body, http::Request};
use common::{config::Env, shutdown::Shutdown};
use secrecy::ExposeSecret;
use serde_json::json;
use sqlx::postgres::PgPoolOptions;
use testkit::{Context, ManualClock, TestDatabase, tokens};
use tokio::net::TcpListener;

use crate::{
    album::Album,
    world::{World, application, graph},
};

fn env(database: &TestDatabase) -> Env {
    Env::of([
        ("DATABASE_URL", database.url(Context::Users).as_str()),
        ("LISTEN_ADDR", "127.0.0.1:0"),
        ("JWT_PRIVATE_KEY", tokens().pair.private_pem.expose_secret()),
        ("JWT_PUBLIC_KEY", &tokens().pair.public_pem),
        ("PUBLIC_URL", "https://rookery.example.com"),
        ("SMTP_URL", "smtp://127.0.0.1:1"),
        ("AVATAR_STORE_URL", "s3://avatars"),
    ])
}

#[tokio::test]
async fn the_service_starts_on_a_migrated_database_and_stops_when_told_to() {
    let database = testkit::database().await;
    let shutdown = Shutdown::new();
    shutdown.cancel();
    users::run(env(&database), shutdown).await.unwrap();
}

#[tokio::test]
async fn the_service_refuses_an_old_schema_and_names_the_command() {
    let database = testkit::empty_database().await;
    let error = users::run(env(&database), Shutdown::new())
        .await
        .unwrap_err();
    let line = error.to_string();
    assert!(
        line.contains("schema `users`") && line.contains("run `migrate`"),
        "{line}"
    );
}

#[tokio::test]
async fn the_public_keys_are_published() {
    let world = World::new().await;
    let request = Request::get("/.well-known/jwks.json")
        .body(Body::empty())
        .unwrap();
    let answer = world.graph.send(request).await;
    assert_eq!(answer.status.as_u16(), 200);
    let verifier = tokens().verifier(world.clock.clone());
    assert_eq!(
        answer.body,
        serde_json::to_value(verifier.keys().to_jwks()).unwrap()
    );
    assert_eq!(answer.body["keys"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn without_its_database_the_service_is_alive_not_ready_and_says_so_to_clients() {
    // Nobody listens where this listener was.
    let nowhere = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    let pool = PgPoolOptions::new()
        .acquire_timeout(Duration::from_millis(100))
        .connect_lazy(&format!("postgres://users_svc@{nowhere}/rookery"))
        .unwrap();
    let clock = ManualClock::shared();
    let graph = graph(application(pool, &clock, Album::shared()), &clock);
    let get = |path: &str| graph.send(Request::get(path).body(Body::empty()).unwrap());
    assert_eq!(get("/health").await.status.as_u16(), 200);
    assert_eq!(get("/ready").await.status.as_u16(), 503);
    let query = "{ userByUsername(username: \"ada\") { id } viewer { id } }";
    let answer = graph.ask(None, query, json!({})).await;
    assert_eq!(answer.codes(), ["SERVICE_UNAVAILABLE"]);
    assert_eq!(
        answer.body["data"],
        json!({ "userByUsername": null, "viewer": null })
    );
    let address = nowhere.to_string();
    assert!(
        !answer.body.to_string().contains(&address),
        "no internals: {}",
        answer.body
    );
}
