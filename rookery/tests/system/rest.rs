//! The REST API of the running system, through the router.

use reqwest::{Method, RequestBuilder, StatusCode, header::HeaderMap};
use serde_json::{Value, json};

use crate::{
    client::{Client, PASSWORD, Person},
    running::{Running, freeze, shared, signal, until_gone},
};

/// A REST client: one person at the router, or nobody in particular.
struct Rest {
    http: reqwest::Client,
    origin: String,
    token: Option<String>,
}

/// An answer, read to its end.
struct Reply {
    status: StatusCode,
    headers: HeaderMap,
    body: Value,
}

impl Rest {
    fn new(system: &Running, person: Option<&Person>) -> Self {
        Self {
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            origin: system.url(""),
            token: person.map(|person| person.token.clone()),
        }
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.origin));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    async fn get(&self, path: &str) -> Reply {
        send(self.request(Method::GET, path)).await
    }

    async fn post(&self, path: &str, body: &Value) -> Reply {
        send(self.request(Method::POST, path).json(body)).await
    }
}

async fn send(request: RequestBuilder) -> Reply {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status(), response.headers().clone());
    let body = response.bytes().await.unwrap();
    Reply {
        status,
        headers,
        body: serde_json::from_slice(&body).unwrap_or(Value::Null),
    }
}

impl Reply {
    fn expect(self, status: StatusCode) -> Value {
        assert_eq!(self.status, status, "{}", self.body);
        self.body
    }

    fn ok(self) -> Value {
        self.expect(StatusCode::OK)
    }

    /// Status and code of an error, which has the trace id of its header.
    fn refusal(&self) -> (u16, &str) {
        let error = &self.body["error"];
        assert_eq!(
            error["trace_id"],
            self.headers["x-trace-id"].to_str().unwrap(),
            "{}",
            self.body
        );
        (self.status.as_u16(), error["code"].as_str().unwrap())
    }
}

#[tokio::test]
async fn what_is_written_through_one_api_is_read_through_the_other() {
    let system = shared();
    let graph = Client::new(system.url("/graphql"));
    let (reader, author) = (graph.somebody().await, graph.somebody().await);
    let (reading, writing) = (
        Rest::new(system, Some(&reader)),
        Rest::new(system, Some(&author)),
    );
    let follow = format!("/api/users/{}/follow", author.id);
    reading
        .post(&follow, &json!(null))
        .await
        .expect(StatusCode::CREATED);
    let post = writing
        .post("/api/posts", &json!({ "text": "by REST" }))
        .await;
    let post = post.expect(StatusCode::CREATED);
    let by_graph = author.post("by GraphQL").await;

    let feed = reading.get("/api/feed").await.ok();
    let items = feed["items"].as_array().unwrap();
    let seen: Vec<_> = items
        .iter()
        .map(|post| (&post["id"], &post["author"]["username"]))
        .collect();
    let username = json!(author.username);
    assert_eq!(
        seen,
        [(&json!(by_graph), &username), (&post["id"], &username)]
    );
    let timeline = "{ timeline { nodes { id author { username } } } }";
    let timeline = reader.data(timeline, &json!({})).await;
    let nodes = timeline["timeline"]["nodes"].as_array().unwrap();
    let same: Vec<_> = nodes
        .iter()
        .map(|post| (&post["id"], &post["author"]["username"]))
        .collect();
    assert_eq!(seen, same);

    let started = reading
        .post("/api/conversations", &json!({ "recipient_id": author.id }))
        .await;
    let started = started.expect(StatusCode::CREATED);
    let path = format!(
        "/api/conversations/{}/messages",
        started["conversation_id"].as_str().unwrap()
    );
    let body = json!({ "text": format!("Hello @{}", author.username) });
    let request = reading
        .request(Method::POST, &path)
        .json(&body)
        .header("idempotency-key", "k");
    let message = send(request.try_clone().unwrap())
        .await
        .expect(StatusCode::CREATED);
    let again = send(request).await.expect(StatusCode::CREATED);
    assert_eq!(message, again, "the header arrives");
    let inbox = writing.get("/api/v1/conversations").await.ok();
    assert_eq!(inbox["items"][0]["latest_message"], message);
    assert_eq!(
        inbox["items"][0]["other_participant"]["username"],
        *reader.username
    );
    let mentions = writing.get("/api/messages/mentions").await.ok();
    assert_eq!(mentions["items"][0]["message"]["id"], message["id"]);
}

#[tokio::test]
async fn a_browser_stays_signed_in_by_its_cookie() {
    let system = shared();
    let person = Client::new(system.url("/graphql")).somebody().await;
    let rest = Rest::new(system, None);
    let body = json!({ "email": format!("{}@example.com", person.username), "password": PASSWORD });
    let session = rest.post("/api/auth/login", &body).await;
    let kept = session.headers["set-cookie"].to_str().unwrap().to_owned();
    assert!(
        kept.contains("HttpOnly") && kept.contains("Path=/api/auth"),
        "{kept}"
    );
    let cookie = kept.split(';').next().unwrap();
    let refresh = || {
        rest.request(Method::POST, "/api/auth/refresh")
            .header("cookie", cookie)
    };
    let refreshed = send(refresh()).await;
    let token = refreshed.body["access_token"].as_str().unwrap();
    assert!(
        refreshed.headers["set-cookie"]
            .to_str()
            .unwrap()
            .starts_with("refresh_token=")
    );
    let me = send(
        rest.request(Method::GET, "/api/users/me")
            .bearer_auth(token),
    )
    .await
    .ok();
    assert_eq!(me["username"], *person.username);
    assert_eq!(
        send(refresh()).await.refusal(),
        (401, "INVALID_REFRESH_TOKEN")
    );
}

#[tokio::test]
async fn what_does_not_exist_is_said_in_the_envelope() {
    let rest = Rest::new(shared(), None);
    for path in [
        "/api",
        "/api/nothing",
        "/api/users/me/x",
        "/api/internal/followee-ids",
    ] {
        assert_eq!(rest.get(path).await.refusal(), (404, "NOT_FOUND"), "{path}");
    }
    let reply = send(rest.request(Method::PUT, "/api/feed")).await;
    assert_eq!(reply.refusal(), (405, "BAD_REQUEST"));
    assert!(reply.headers["allow"].to_str().unwrap().contains("GET"));
    assert_eq!(
        rest.get("/api/feed").await.refusal(),
        (401, "UNAUTHENTICATED")
    );
}

#[tokio::test]
async fn the_trace_of_a_caller_goes_through_all_services_and_comes_back() {
    let system = shared();
    let graph = Client::new(system.url("/graphql"));
    let (reader, author) = (graph.somebody().await, graph.somebody().await);
    reader.follow(&author).await;
    author.post("x").await;
    let rest = Rest::new(system, Some(&reader));
    let trace_id = "0af7651916cd43dd8448eb211c80319c";
    let traceparent = format!("00-{trace_id}-b7ad6b7169203331-01");
    let request = rest
        .request(Method::GET, "/api/feed")
        .header("traceparent", traceparent);
    let reply = send(request).await;
    assert_eq!(reply.headers["x-trace-id"], trace_id);
    assert_eq!(reply.body["items"].as_array().unwrap().len(), 1);
    // The feed at posts; whom the reader follows and who the author is at users.
    for path in ["/feed", "/internal/followee-ids", "/internal/users/lookup"] {
        system.wait_for_line(&[trace_id, &format!("\"{path}\"")]);
    }
}

#[tokio::test]
async fn without_users_the_feed_is_empty_posts_have_no_author_and_messages_go_out() {
    let system = Running::start(&["--no-seed"]);
    let graph = Client::new(system.url("/graphql"));
    let (reader, author) = (graph.somebody().await, graph.somebody().await);
    reader.follow(&author).await;
    let post = author.post("written before").await;
    let (_, conversation) = reader.message(&author, "before").await;
    let rest = Rest::new(&system, Some(&reader));
    let users = system.process_of("users");
    freeze(users);
    let feed = rest.get("/api/feed").await.ok();
    assert_eq!(
        (&feed["items"], &feed["has_next"]),
        (&json!([]), &json!(false))
    );
    let post = rest.get(&format!("/api/posts/{post}")).await.ok();
    assert_eq!(
        (&post["author"], &post["author_id"]),
        (&json!(null), &json!(author.id))
    );
    let path = format!("/api/conversations/{conversation}/messages");
    let body = json!({ "text": format!("Hello @{}", author.username) });
    let message = rest.post(&path, &body).await.expect(StatusCode::CREATED);
    assert_eq!(message["mentions"], json!([]));
    let inbox = rest.get("/api/conversations").await.ok();
    assert_eq!(inbox["items"][0]["other_participant"], json!(null));
    assert_eq!(inbox["items"][0]["other_participant_id"], json!(author.id));
    signal("CONT", users);
    while rest.get("/api/feed").await.ok()["items"] == json!([]) {}
}

#[tokio::test]
async fn a_service_that_is_gone_is_503_in_the_envelope_and_comes_back() {
    let system = Running::start(&["--no-seed"]);
    let person = Client::new(system.url("/graphql")).somebody().await;
    let rest = Rest::new(&system, Some(&person));
    assert_eq!(rest.get("/api/feed").await.status, StatusCode::OK);
    let posts = system.process_of("posts");
    signal("KILL", posts);
    until_gone(posts);
    // The launcher starts it again: until then every answer is the envelope, and afterwards the feed.
    let mut refused = 0;
    loop {
        let reply = rest.get("/api/feed").await;
        if reply.status == StatusCode::OK {
            break;
        }
        let (status, code) = reply.refusal();
        assert!(
            matches!(status, 502 | 503) && code == "SERVICE_UNAVAILABLE",
            "{status} {code}"
        );
        refused += 1;
    }
    assert!(refused > 0, "it was gone");
    assert_eq!(rest.get("/api/users/me").await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_document_and_its_page_are_served_from_the_same_origin() {
    let rest = Rest::new(shared(), None);
    let document = rest.get("/openapi.json").await.ok();
    let committed = include_str!("../../../schema/openapi.json");
    assert_eq!(document, serde_json::from_str::<Value>(committed).unwrap());
    let page = rest.request(Method::GET, "/docs").send().await.unwrap();
    assert_eq!(page.status(), StatusCode::OK);
    assert!(
        page.headers()["content-type"]
            .to_str()
            .unwrap()
            .starts_with("text/html")
    );
    let keys = rest.get("/.well-known/jwks.json").await.ok();
    assert_eq!(keys["keys"][0]["kty"], "RSA");
}
