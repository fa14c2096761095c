//! How often somebody may guess a password.

use axum::{
    body::Body,
    http::{Request, header},
};
use common::{client_address::ClientAddress, origin::Origin, shutdown::Shutdown};
use serde_json::json;
use testkit::{Graph, Reply};
use tokio::task::JoinSet;
use users::app::{AppError, Housekeeping};

use crate::{
    album::Album,
    world::{PASSWORD, World, application, graph},
};

const QUARTER: i64 = 15 * 60;

async fn log_in(world: &World, address: &str, email: &str, password: &str) -> Reply {
    let login = json!({ "email": email, "password": password });
    let request = Request::post("/auth/login")
        .header(header::CONTENT_TYPE, "application/json")
        .header("x-forwarded-for", address)
        .body(Body::from(login.to_string()))
        .unwrap();
    world.rest.send(request).await
}

async fn fail(world: &World, address: &str, email: &str, times: usize) {
    for _ in 0..times {
        let refused = log_in(world, address, email, "wrong horse battery").await;
        assert_eq!(refused.refusal(), (401, "INVALID_CREDENTIALS"));
    }
}

#[tokio::test]
async fn after_ten_failures_not_even_the_right_password_is_told_apart() {
    let world = World::new().await;
    world.person("ada").await;
    world.clock.advance_seconds(10);
    fail(&world, "198.51.100.7", "ada@example.com", 10).await;
    world.clock.advance_seconds(100);
    for password in ["wrong horse battery", PASSWORD] {
        let refused = log_in(&world, "198.51.100.7", "Ada@Example.com", password).await;
        assert_eq!(refused.refusal(), (429, "RATE_LIMITED"));
        assert_eq!(
            refused.headers["retry-after"],
            (QUARTER - 100).to_string().as_str()
        );
    }
    let elsewhere = log_in(&world, "198.51.100.8", "ada@example.com", PASSWORD).await;
    assert_eq!(
        elsewhere.status.as_u16(),
        200,
        "her own address is not locked out"
    );
    world.clock.advance_seconds(QUARTER - 100);
    let later = log_in(&world, "198.51.100.7", "ada@example.com", PASSWORD).await;
    assert_eq!(later.status.as_u16(), 200);
}

#[tokio::test]
async fn the_graph_says_the_same() {
    let world = World::new().await;
    world.person("ada").await;
    for _ in 0..10 {
        world.log_in("ada@example.com", "wrong horse battery").await;
    }
    let query = format!(
        "mutation {{ a: login(input: {{email: \"ada@example.com\", password: \"{PASSWORD}\"}}) {{ accessToken }}
                     b: login(input: {{email: \"ada@example.com\", password: \"{PASSWORD}\"}}) {{ accessToken }} }}"
    );
    let answer = world.graph.ask(None, &query, json!({})).await;
    assert_eq!(answer.codes(), ["RATE_LIMITED", "RATE_LIMITED"]);
    assert_eq!(
        answer.body["errors"][0]["extensions"]["retryAfter"],
        QUARTER
    );
    assert_eq!(answer.body["data"], json!({ "a": null, "b": null }));
}

#[tokio::test]
async fn an_account_that_does_not_exist_is_limited_like_one_that_does() {
    let world = World::new().await;
    for email in ["nobody@example.com", "no address"] {
        fail(&world, "198.51.100.7", email, 10).await;
        let refused = log_in(&world, "198.51.100.7", email, PASSWORD).await;
        assert_eq!(refused.refusal(), (429, "RATE_LIMITED"));
    }
}

#[tokio::test]
async fn a_success_sets_the_counter_of_its_address_back() {
    let world = World::new().await;
    world.person("ada").await;
    for _ in 0..3 {
        fail(&world, "198.51.100.7", "ada@example.com", 9).await;
        let right = log_in(&world, "198.51.100.7", "ada@example.com", PASSWORD).await;
        assert_eq!(right.status.as_u16(), 200);
    }
}

#[tokio::test]
async fn the_window_slides() {
    let world = World::new().await;
    world.person("ada").await;
    fail(&world, "198.51.100.7", "ada@example.com", 1).await;
    world.clock.advance_seconds(QUARTER - 1);
    fail(&world, "198.51.100.7", "ada@example.com", 9).await;
    let refused = log_in(&world, "198.51.100.7", "ada@example.com", PASSWORD).await;
    assert_eq!(refused.headers["retry-after"], "1");
    world.clock.advance_seconds(1);
    fail(&world, "198.51.100.7", "ada@example.com", 1).await;
    let refused = log_in(&world, "198.51.100.7", "ada@example.com", PASSWORD).await;
    assert_eq!(
        refused.refusal(),
        (429, "RATE_LIMITED"),
        "the other nine still count"
    );
}

#[tokio::test]
async fn a_guesser_with_many_addresses_and_one_with_many_accounts_are_limited_too() {
    let world = World::new().await;
    world.person("ada").await;
    for number in 0..10 {
        fail(
            &world,
            &format!("198.51.100.{number}"),
            "ada@example.com",
            10,
        )
        .await;
    }
    let refused = log_in(&world, "198.51.100.99", "ada@example.com", PASSWORD).await;
    assert_eq!(refused.refusal(), (429, "RATE_LIMITED"));
    for number in 0..60 {
        fail(&world, "2001:db8::1", &format!("{number}@example.com"), 5).await;
    }
    let refused = log_in(&world, "2001:db8::2", "another@example.com", PASSWORD).await;
    assert_eq!(
        refused.refusal(),
        (429, "RATE_LIMITED"),
        "a /64 is one customer"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn however_many_guess_at_once_ten_are_told_that_they_were_wrong() {
    let world = World::new().await;
    world.person("ada").await;
    let mut guesses = JoinSet::new();
    for _ in 0..60 {
        let app = world.app.clone();
        guesses.spawn(async move {
            let origin = Origin {
                address: ClientAddress::of([198, 51, 100, 7].into()),
                user_agent: None,
            };
            app.log_in("ada@example.com", "wrong horse battery".into(), &origin)
                .await
        });
    }
    let (mut wrong, mut limited) = (0, 0);
    for outcome in guesses.join_all().await {
        match outcome {
            Err(AppError::WrongCredentials) => wrong += 1,
            Err(AppError::TooManyFailures { .. }) => limited += 1,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((wrong, limited), (10, 50));
}

#[tokio::test]
async fn a_restart_forgets_nothing() {
    let world = World::new().await;
    world.person("ada").await;
    for _ in 0..10 {
        world.log_in("ada@example.com", "wrong horse battery").await;
    }
    let pool = world.database.pool(testkit::Context::Users);
    let restarted: Graph = graph(
        application(pool, &world.clock, Album::shared()),
        &world.clock,
    );
    let query = format!(
        "mutation {{ login(input: {{email: \"ada@example.com\", password: \"{PASSWORD}\"}}) {{ accessToken }} }}"
    );
    let answer = restarted.ask(None, &query, json!({})).await;
    assert_eq!(answer.codes(), ["RATE_LIMITED"]);
}

#[tokio::test]
async fn housekeeping_deletes_counters_in_which_nothing_counts() {
    let world = World::new().await;
    fail(&world, "198.51.100.7", "nobody@example.com", 1).await;
    let clean = async || {
        let housekeeping = Housekeeping::new(world.app.clone());
        housekeeping.clean(&Shutdown::new()).await.unwrap()
    };
    world.clock.advance_seconds(QUARTER);
    assert_eq!(clean().await, 0, "it still counts");
    world.clock.advance_seconds(1);
    assert_eq!(
        clean().await,
        3,
        "the account at the address, and either alone"
    );
}
