//! Keys that are published by the users service and change while the router runs.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use axum::response::IntoResponse;
use common::auth::PublicKeys;
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::support::{Answer, Backend, Graph, Router, claims, forge, id, token};

/// A token of the other key, under the id of that key.
fn new_token() -> String {
    let mut header = forge().header();
    header.kid = Some(forge().kid_of_others.clone());
    forge().sign_with_others(&header, &claims(id(1)))
}

fn jwks(pems: &[&str]) -> Value {
    let keys = PublicKeys::from_pem(&pems.concat()).unwrap();
    serde_json::to_value(keys.to_jwks()).unwrap()
}

/// Publishes what the sender says; no keys for null.
async fn publisher(keys: Value) -> (Backend, watch::Sender<Value>, Arc<AtomicUsize>) {
    let (published, asked) = (watch::Sender::new(keys), Arc::new(AtomicUsize::new(0)));
    let (keys, counter) = (published.subscribe(), asked.clone());
    let backend = Backend::start(move |_request| {
        counter.fetch_add(1, Ordering::SeqCst);
        let keys = keys.borrow().clone();
        async move {
            match keys {
                Value::Null => StatusCode::SERVICE_UNAVAILABLE.into_response(),
                keys => keys.to_string().into_response(),
            }
        }
    })
    .await;
    (backend, published, asked)
}

async fn router_that_follows(graph: &Graph, publisher: &Backend) -> Router {
    let url = format!("{}/.well-known/jwks.json", publisher.url());
    let more = [("JWT_JWKS_URL", url.as_str()), ("JWT_PUBLIC_KEY", "")];
    Router::start_with(graph, &more).await
}

fn viewer(answer: &Answer) -> (StatusCode, Value) {
    let viewer = answer.body["data"]["viewer"]["id"].clone();
    (answer.status, viewer)
}

#[tokio::test]
async fn made_up_key_ids_make_the_router_hammer_nobody() {
    let (backend, _published, asked) = publisher(jwks(&[&forge().keys.public_pem])).await;
    let graph = Graph::start().await;
    let router = router_that_follows(&graph, &backend).await;
    let good = (StatusCode::OK, json!(id(1)));
    let ask = async |token: String| viewer(&router.ask_as(&token, "{ viewer { id } }").await);
    assert_eq!(ask(token(id(1))).await, good);

    let mut header = forge().header();
    header.kid = Some("made up".to_owned());
    let made_up = forge().sign(&header, &claims(id(1)));
    for _ in 0..20 {
        assert_eq!(ask(made_up.clone()).await.0, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    assert_eq!(
        ask(token(id(1))).await,
        good,
        "the old key is good throughout"
    );
}

#[tokio::test]
async fn while_there_are_no_keys_tokens_get_503_and_nobody_in_particular_gets_an_answer() {
    let (backend, published, _asked) = publisher(Value::Null).await;
    let graph = Graph::start().await;
    let router = router_that_follows(&graph, &backend).await;
    let answer = router.ask_as(&token(id(1)), "{ viewer { id } }").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.codes(), ["SERVICE_UNAVAILABLE"]);
    assert_eq!(router.ask("{ posts { id } }").await.status, StatusCode::OK);
    assert_eq!(
        router.get("/ready").await.status,
        StatusCode::SERVICE_UNAVAILABLE
    );

    published.send_replace(jwks(&[&forge().others.public_pem]));
    // A failed load is tried again in a second, and nobody has to ask for it.
    while router
        .ask_as(&new_token(), "{ viewer { id } }")
        .await
        .status
        != StatusCode::OK
    {
        tokio::task::yield_now().await;
    }
    let answer = router.ask_as(&token(id(1)), "{ viewer { id } }").await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
}
