//! Starting and stopping the service.

use common::{config::Env, service::StartError, shutdown::Shutdown};
use sqlx::Executor;
use testkit::{Context, tokens};

fn settings(database: &str, address: &str) -> Vec<(&'static str, String)> {
    vec![
        ("DATABASE_URL", database.to_owned()),
        ("LISTEN_ADDR", address.to_owned()),
        ("JWT_PUBLIC_KEY", tokens().pair.public_pem.clone()),
        ("USERS_URL", "http://127.0.0.1:1".to_owned()),
    ]
}

#[tokio::test]
async fn a_setting_that_is_missing_or_wrong_stops_the_start_and_is_named() {
    let good = settings("postgres://nobody@127.0.0.1:1/nothing", "127.0.0.1:0");
    for name in ["DATABASE_URL", "JWT_PUBLIC_KEY", "USERS_URL"] {
        let env = Env::of(good.iter().filter(|(n, _)| *n != name).cloned());
        let error = messaging::run(env, Shutdown::new()).await.unwrap_err();
        assert!(matches!(error, StartError::Config(_)));
        assert!(
            error.to_string().starts_with(&format!("{name} is not set")),
            "{error}"
        );
    }
    for (name, bad) in [
        ("LISTEN_ADDR", "here"),
        ("USERS_URL", "users"),
        ("DATABASE_URL", "x"),
        ("JWT_PUBLIC_KEY", "x"),
        ("EVENTS_URL", "kafka://127.0.0.1:9092"),
        ("EVENTS_URL", "nats://127.0.0.1:x"),
    ] {
        let mut env = good.clone();
        env.retain(|(n, _)| *n != name);
        env.push((name, bad.to_owned()));
        let error = messaging::run(Env::of(env), Shutdown::new())
            .await
            .unwrap_err();
        assert!(error.to_string().starts_with(name), "{error}");
    }
}

#[tokio::test]
async fn an_old_schema_is_refused_with_the_command_to_run() {
    let database = testkit::database().await;
    let admin = database.admin_pool();
    admin
        .execute("DELETE FROM messaging._sqlx_migrations")
        .await
        .unwrap();
    let env = Env::of(settings(&database.url(Context::Messaging), "127.0.0.1:0"));
    let error = messaging::run(env, Shutdown::new()).await.unwrap_err();
    let line = error.to_string();
    assert!(
        line.contains("schema `messaging`") && line.contains("run `migrate`"),
        "{line}"
    );
}

#[tokio::test]
async fn it_serves_until_it_is_asked_to_stop() {
    let database = testkit::database().await;
    // A port that was free a moment ago.
    let address = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let env = Env::of(settings(
        &database.url(Context::Messaging),
        &address.to_string(),
    ));
    let shutdown = Shutdown::new();
    let running = tokio::spawn(messaging::run(env, shutdown.clone()));
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let ready = loop {
        assert!(!running.is_finished(), "{:?}", running.await);
        if let Ok(answer) = client.get(format!("http://{address}/ready")).send().await {
            break answer;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(ready.status(), 200);
    shutdown.cancel();
    running.await.unwrap().unwrap();
}
