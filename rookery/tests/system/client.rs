//! A GraphQL client and the people who use it.

use std::sync::atomic::{AtomicU64, Ordering};

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::secrets;

pub const PASSWORD: &str = "a long enough password";

#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    url: String,
}

/// A registered and signed-in user.
#[derive(Clone)]
pub struct Person {
    pub id: String,
    pub username: String,
    pub token: String,
    pub client: Client,
}

impl Client {
    pub fn new(url: String) -> Self {
        Self {
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            url,
        }
    }

    /// Sends an operation; status and body of the answer.
    pub async fn send(
        &self,
        headers: &[(&str, &str)],
        query: &str,
        variables: &Value,
    ) -> (StatusCode, Value) {
        let mut request = self
            .http
            .post(&self.url)
            .json(&json!({ "query": query, "variables": variables }));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.send().await.unwrap();
        let (status, body) = (response.status(), response.json().await.unwrap());
        secrets::used(variables);
        secrets::used(&body);
        (status, body)
    }

    /// The data of an answer that must have no errors.
    pub async fn data(&self, headers: &[(&str, &str)], query: &str, variables: &Value) -> Value {
        let (status, body) = self.send(headers, query, variables).await;
        assert!(
            status == StatusCode::OK && body.get("errors").is_none(),
            "{status}: {body}"
        );
        body["data"].clone()
    }

    /// Registers somebody new and signs them in.
    pub async fn somebody(&self) -> Person {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let username = format!("somebody_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        let email = format!("{username}@example.com");
        let register = "mutation($input: RegisterInput!) { register(input: $input) { user { id } userErrors { code } } }";
        let input = json!({ "email": email, "username": username, "password": PASSWORD });
        let data = self.data(&[], register, &json!({ "input": input })).await;
        assert_eq!(data["register"]["userErrors"], json!([]), "{data}");
        let login = "mutation($input: LoginInput!) { login(input: $input) { accessToken userErrors { code } } }";
        let input = json!({ "email": email, "password": PASSWORD });
        let session = self.data(&[], login, &json!({ "input": input })).await;
        Person {
            id: data["register"]["user"]["id"].as_str().unwrap().to_owned(),
            token: session["login"]["accessToken"].as_str().unwrap().to_owned(),
            username,
            client: self.clone(),
        }
    }
}

impl Person {
    pub fn authorization(&self) -> String {
        format!("Bearer {}", self.token)
    }

    pub async fn send(&self, query: &str, variables: &Value) -> (StatusCode, Value) {
        self.client
            .send(
                &[("authorization", &self.authorization())],
                query,
                variables,
            )
            .await
    }

    pub async fn data(&self, query: &str, variables: &Value) -> Value {
        self.client
            .data(
                &[("authorization", &self.authorization())],
                query,
                variables,
            )
            .await
    }

    pub async fn follow(&self, other: &Self) {
        let query =
            "mutation($id: ID!) { followUser(input: {userId: $id}) { userErrors { code } } }";
        let data = self.data(query, &json!({ "id": other.id })).await;
        assert_eq!(data["followUser"]["userErrors"], json!([]));
    }

    /// Creates a post; its id.
    pub async fn post(&self, text: &str) -> String {
        let query = "mutation($text: String!) { createPost(input: {text: $text}) { post { id } userErrors { code } } }";
        let data = self.data(query, &json!({ "text": text })).await;
        data["createPost"]["post"]["id"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// Sends a message to somebody; ids of the message and its conversation.
    pub async fn message(&self, to: &Self, text: &str) -> (String, String) {
        let query = "mutation($input: SendMessageInput!) { sendMessage(input: $input) { message { id conversation { id } } userErrors { code } } }";
        let input = json!({ "recipientId": to.id, "text": text });
        let data = self.data(query, &json!({ "input": input })).await;
        let message = &data["sendMessage"]["message"];
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        (text(&message["id"]), text(&message["conversation"]["id"]))
    }
}

/// A page of the timeline with its authors.
pub const TIMELINE: &str = "query($first: Int, $after: String) { timeline(first: $first, after: $after) { \
    nodes { id text likeCount viewerHasLiked author { username } } pageInfo { hasNextPage endCursor } } }";

/// A page of the inbox with its people.
pub const INBOX: &str = "query($first: Int) { conversations(first: $first) { nodes { \
    id unreadCount updatedAt participants { username } latestMessage { text sender { username } } } } }";
