//! A change of the keys that tokens are signed with, under traffic, with no restart and no failed request.

use std::{
    fs,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use common::auth::KeyPair;
use contexts::Context;
use reqwest::StatusCode;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::{
    client::{Client, PASSWORD},
    running::{Running, data_folder, free_ports},
};

/// One request that every service takes part in.
const EVERYBODY: &str = "{ viewer { username } timeline(first: 1) { nodes { id } } conversations(first: 1) { nodes { id } } }";

/// The files as an operator handles them: written beside and renamed, so that nobody reads half a key.
struct Keys<'a>(&'a Path);

impl Keys<'_> {
    fn public(&self, pairs: &[&KeyPair]) {
        let pem: String = pairs.iter().map(|pair| pair.public_pem.as_str()).collect();
        self.write("public.pem", &pem);
    }

    fn private(&self, pair: &KeyPair) {
        self.write("private.pem", pair.private_pem.expose_secret());
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.0.join("part"), text).unwrap();
        fs::rename(self.0.join("part"), self.0.join(name)).unwrap();
    }
}

async fn log_in(client: &Client, email: &str) -> String {
    let query = "mutation($input: LoginInput!) { login(input: $input) { accessToken userErrors { code } } }";
    let input = json!({ "email": email, "password": PASSWORD });
    let data = client.data(&[], query, &json!({ "input": input })).await;
    data["login"]["accessToken"].as_str().unwrap().to_owned()
}

/// The first part of a token, in which nothing differs but the id of the key.
fn header(token: &str) -> &str {
    token.split('.').next().unwrap()
}

/// The ids of the keys that are published.
async fn published(http: &reqwest::Client, system: &Running) -> Vec<String> {
    let keys: Value = http
        .get(system.url("/.well-known/jwks.json"))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let keys = keys["keys"].as_array().unwrap();
    keys.iter()
        .map(|key| key["kid"].as_str().unwrap().to_owned())
        .collect()
}

/// People who ask without a break, each with the newest token.
struct Traffic {
    token: Mutex<String>,
    answered: AtomicUsize,
    stop: AtomicBool,
}

impl Traffic {
    async fn ask(self: Arc<Self>, client: Client) -> Result<(), String> {
        while !self.stop.load(Ordering::SeqCst) {
            let authorization = format!("Bearer {}", self.token.lock().unwrap());
            let headers = [("authorization", authorization.as_str())];
            let (status, body) = client.send(&headers, EVERYBODY, &json!({})).await;
            if status != StatusCode::OK || body.get("errors").is_some() {
                // Nobody is to wait for more answers.
                self.stop.store(true, Ordering::SeqCst);
                return Err(format!("{status}: {body}"));
            }
            self.answered.fetch_add(1, Ordering::SeqCst);
        }
        Ok(())
    }

    /// Lets some more requests be answered.
    async fn go_on(&self) {
        let until = self.answered.load(Ordering::SeqCst) + 20;
        while self.answered.load(Ordering::SeqCst) < until && !self.stop.load(Ordering::SeqCst) {
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_rotate_under_traffic_with_no_restart_and_no_failed_request() {
    let (folder, keys_folder) = (data_folder(), tempfile::tempdir().unwrap());
    let (old, new) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
    let keys = Keys(keys_folder.path());
    keys.public(&[&old]);
    keys.private(&old);
    let port = free_ports();
    let jwks = format!("http://127.0.0.1:{}/.well-known/jwks.json", port + 1);
    let system = Running::start_at(
        port,
        folder.path(),
        &["--no-seed"],
        &[
            ("JWT_PRIVATE_KEY_FILE", &keys.path("private.pem")),
            ("JWT_PUBLIC_KEY_FILE", &keys.path("public.pem")),
            ("JWT_JWKS_URL", &jwks),
            ("JWT_JWKS_REFRESH_SECONDS", "1"),
        ],
    );
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let client = Client::new(system.url("/graphql"));
    let person = client.somebody().await;
    let email = format!("{}@example.com", person.username);
    let traffic = Arc::new(Traffic {
        token: Mutex::new(person.token.clone()),
        answered: AtomicUsize::new(0),
        stop: AtomicBool::new(false),
    });
    let mut requests = JoinSet::new();
    for _ in 0..4 {
        requests.spawn(traffic.clone().ask(client.clone()));
    }
    traffic.go_on().await;

    // 1. Published.
    keys.public(&[&old, &new]);
    while published(&http, &system).await.len() < 2 {
        traffic.go_on().await;
    }
    // 2. Signing, and at once: whoever has not loaded the new key yet does so when the first token comes.
    keys.private(&new);
    let token = loop {
        let token = log_in(&client, &email).await;
        if header(&token) != header(&person.token) {
            break token;
        }
        traffic.go_on().await;
    };
    traffic.token.lock().unwrap().clone_from(&token);
    traffic.go_on().await;
    let both = [&person.token, &token];
    for token in both {
        let authorization = format!("Bearer {token}");
        client
            .data(&[("authorization", &authorization)], EVERYBODY, &json!({}))
            .await;
    }
    // 3. Gone. In production this is fifteen minutes later, when no token of it is good any more.
    keys.public(&[&new]);
    while published(&http, &system).await.len() > 1 {
        traffic.go_on().await;
    }
    let old_token = format!("Bearer {}", person.token);
    let places = Context::ALL.map(|context| system.service_url(context));
    for place in places.into_iter().chain([system.url("/graphql")]) {
        let place = Client::new(place);
        let refused = async || {
            let headers = [("authorization", old_token.as_str())];
            place.send(&headers, "{ __typename }", &json!({})).await.0 == StatusCode::UNAUTHORIZED
        };
        while !refused().await {
            traffic.go_on().await;
        }
    }
    traffic.go_on().await;
    traffic.stop.store(true, Ordering::SeqCst);
    for outcome in requests.join_all().await {
        outcome.unwrap();
    }
}
