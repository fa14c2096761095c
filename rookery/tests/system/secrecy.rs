//! What the running system logs, at levels that nobody runs it at, against everything secret that was used with it.

use std::fs;

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    client::Client,
    running::{Running, data_folder, free_ports},
};

/// Passwords nobody else has, so that a hit in the log is a leak.
const PASSWORDS: [&str; 4] = [
    "s3cret-first-of-ada",
    "s3cret-second-of-ada",
    "s3cret-third-of-ada",
    "s3cret-wrong-guess",
];

struct Life {
    http: reqwest::Client,
    system: Running,
    secrets: Vec<String>,
}

impl Life {
    async fn rest(&mut self, method: Method, path: &str, token: Option<&str>, body: &str) -> Value {
        let mut request = self
            .http
            .request(method, self.system.url(&format!("/api{path}")))
            .header("content-type", "application/json")
            .body(body.to_owned());
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let answer = request.send().await.unwrap();
        for cookie in answer.headers().get_all("set-cookie") {
            let cookie = cookie.to_str().unwrap().split([';', '=']).nth(1).unwrap();
            self.keep(cookie);
        }
        let answer: Value = answer.json().await.unwrap_or_default();
        for name in ["access_token", "refresh_token"] {
            if let Some(token) = answer[name].as_str() {
                self.keep(token);
            }
        }
        answer
    }

    async fn post(&mut self, path: &str, body: Value) -> Value {
        self.rest(Method::POST, path, None, &body.to_string()).await
    }

    fn keep(&mut self, secret: &str) {
        if !secret.is_empty() {
            self.secrets.push(secret.to_owned());
        }
    }

    /// The token of a mail to ada about something, once the mail is there.
    async fn token_from_mail(&mut self, folder: &std::path::Path, subject: &str) -> String {
        loop {
            let mails = fs::read_dir(folder).unwrap();
            let mails = mails.filter_map(|mail| fs::read_to_string(mail.ok()?.path()).ok());
            let mail = mails
                .filter(|mail| mail.contains(subject))
                .find_map(|mail| {
                    let token = mail.split("token=").nth(1)?;
                    let end = |char: char| !(char.is_ascii_alphanumeric() || "-_".contains(char));
                    Some(token.split(end).next()?.to_owned())
                });
            if let Some(token) = mail {
                self.keep(&token);
                return token;
            }
            tokio::task::yield_now().await;
        }
    }

    /// Right, wrong in every way, and with the password where it does not belong.
    async fn log_in_by_graph(&mut self, graph: &Client, email: &str) {
        let [_, _, third, wrong] = PASSWORDS;
        for query in [
            format!(
                "mutation {{ login(input: {{email: \"{email}\", password: \"{third}\"}}) {{ accessToken refreshToken }} }}"
            ),
            format!(
                "mutation {{ login(input: {{email: \"{email}\", password: \"{wrong}\"}}) {{ nonsense }} }}"
            ),
            format!("mutation {{ login(input: {{email: \"{email}\", password: \"{wrong}\" "),
            format!(
                "mutation {{ login(input: {{email: 1, password: \"{wrong}\"}}) {{ accessToken }} }}"
            ),
            format!("{{ userByUsername(username: \"{wrong}\") {{ id }} }}"),
        ] {
            let (_, body) = graph.send(&[], &query, &json!({})).await;
            for name in ["accessToken", "refreshToken"] {
                if let Some(token) = body["data"]["login"][name].as_str() {
                    self.keep(token);
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_process_logs_a_secret_at_any_level() {
    let folder = data_folder();
    let more = [("RUST_LOG", "trace,h2=info,hyper=info,mio=info")];
    let system = Running::start_at(free_ports(), folder.path(), &["--no-seed"], &more);
    let graph = Client::new(system.url("/graphql"));
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let mut life = Life {
        http,
        system,
        secrets: PASSWORDS.map(str::to_owned).to_vec(),
    };
    let [first, second, third, wrong] = PASSWORDS;
    let email = "ada@example.com";
    let account = json!({ "email": email, "username": "ada", "password": first });
    for _ in 0..2 {
        life.post("/auth/register", account.clone()).await;
    }
    let mails = folder.path().join("mail");
    let token = life.token_from_mail(&mails, "Verify").await;
    for _ in 0..2 {
        life.post("/auth/verify-email", json!({ "token": token }))
            .await;
    }
    for password in [first, wrong] {
        life.post(
            "/auth/login",
            json!({ "email": email, "password": password }),
        )
        .await;
    }
    let body = json!({ "email": email, "password": first, "refresh_token_delivery": "body" });
    let session = life.post("/auth/login", body).await;
    let refresh = json!({ "refresh_token": session["refresh_token"] });
    let session = life.post("/auth/refresh", refresh.clone()).await;
    life.post("/auth/refresh", refresh).await;
    let token = session["access_token"].as_str().unwrap().to_owned();
    let change = json!({ "current_password": first, "new_password": second }).to_string();
    life.rest(Method::PUT, "/users/me/password", Some(&token), &change)
        .await;
    life.post("/auth/password-reset", json!({ "email": email }))
        .await;
    let reset = life.token_from_mail(&mails, "Reset").await;
    for _ in 0..2 {
        let body = json!({ "token": reset, "new_password": third });
        life.post("/auth/password-reset/confirm", body).await;
    }
    // What is wrong with a request must not be explained with what is in it.
    let half = format!("{{\"email\": \"{email}\", \"password\": \"{wrong}\"");
    life.rest(Method::POST, "/auth/login", None, &half).await;
    life.rest(
        Method::POST,
        &format!("/nowhere?password={wrong}"),
        Some(&token),
        "{}",
    )
    .await;
    life.log_in_by_graph(&graph, email).await;
    let forged = format!("{token}x");
    for bearer in [&token, &forged] {
        let authorization = format!("Bearer {bearer}");
        graph
            .send(
                &[("authorization", &authorization)],
                "{ viewer { email } }",
                &json!({}),
            )
            .await;
    }
    let keys = folder.path().join("keys");
    let private = fs::read_to_string(keys.join("private.pem")).unwrap();
    life.secrets.extend(
        private
            .lines()
            .filter(|line| !line.starts_with('-'))
            .map(str::to_owned),
    );

    for part in ["users", "router", "posts"] {
        assert!(
            !life.system.lines_with(&["trace", part]).is_empty()
                || !life.system.lines_with(&["TRACE", part]).is_empty(),
            "{part} is recorded"
        );
    }
    assert!(life.secrets.len() > 30, "{} secrets", life.secrets.len());
    let leaks: Vec<_> = life
        .secrets
        .iter()
        .flat_map(|secret| life.system.lines_with(&[secret.as_str()]))
        .collect();
    assert!(leaks.is_empty(), "{}", leaks.join("\n"));
}
