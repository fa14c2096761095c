//! What goes where, and what goes nowhere.

use reqwest::{Method, StatusCode};
use serde_json::Value;

use crate::support::{Backend, Graph, RawAnswer, Router, exchange};

#[tokio::test]
async fn each_path_goes_to_its_service_without_its_prefix() {
    let graph = Graph::start().await;
    let users = Backend::text("users").await;
    let posts = Backend::text("posts").await;
    let messaging = Backend::text("messaging").await;
    let env = [
        ("USERS_URL", users.url()),
        ("POSTS_URL", posts.url()),
        ("MESSAGING_URL", messaging.url()),
    ];
    let env = env.each_ref().map(|(name, url)| (*name, url.as_str()));
    let router = Router::start_with(&graph, &env).await;
    for (path, service, backend, target) in [
        ("/api/auth/login", "users", &users, "/auth/login"),
        ("/api/users", "users", &users, "/users"),
        (
            "/api/users/me?a=1&b=%C3%BC+x&a=",
            "users",
            &users,
            "/users/me?a=1&b=%C3%BC+x&a=",
        ),
        ("/api/v1/users/7", "users", &users, "/users/7"),
        (
            "/.well-known/jwks.json",
            "users",
            &users,
            "/.well-known/jwks.json",
        ),
        ("/api/posts/7/like", "posts", &posts, "/posts/7/like"),
        ("/api/feed?page=2", "posts", &posts, "/feed?page=2"),
        ("/api/v1/feed", "posts", &posts, "/feed"),
        (
            "/api/conversations",
            "messaging",
            &messaging,
            "/conversations",
        ),
        (
            "/api/messages/mentions",
            "messaging",
            &messaging,
            "/messages/mentions",
        ),
    ] {
        let answer = router.request(Method::GET, path).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        assert_eq!(answer.text().await.unwrap(), service, "{path}");
        assert_eq!(backend.seen().last().unwrap().target, target, "{path}");
    }
}

#[tokio::test]
async fn every_method_is_passed_on() {
    let backend = Backend::text("x").await;
    let router = Router::before(&backend, &[]).await;
    for method in [
        "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PURGE",
    ] {
        let method: Method = method.parse().unwrap();
        let request = router.request(method.clone(), "/api/posts/7");
        assert_eq!(request.send().await.unwrap().status(), StatusCode::OK);
        assert_eq!(backend.seen().last().unwrap().method, method);
    }
}

/// Asks for a path just as it is written here.
async fn ask(router: &Router, method: &str, path: &str) -> RawAnswer {
    let request = format!("{method} {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
    exchange(router, &request).await
}

fn code(answer: &RawAnswer) -> String {
    let body: Value = serde_json::from_str(&answer.body).unwrap_or_default();
    body["error"]["code"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

#[tokio::test]
async fn no_path_leads_out_of_the_api_of_a_service() {
    let backend = Backend::text("secret").await;
    let router = Router::before(&backend, &[]).await;
    for path in [
        "/internal/followee-ids",
        "/api/internal/followee-ids",
        "/api/internal/followee-versions",
        "/api/v1/internal/followee-ids",
        "/api",
        "/api/",
        "/api/v1",
        "/api/v2/users/me",
        "/api/v1/v1/users/me",
        "/api/usersx",
        "/API/users",
        "/api/graphql",
        "/api/ready",
        "/api/users/../internal/x",
        "/api/users/./me",
        "/api/users/..",
        "/api/users/%2e%2e/internal/x",
        "/api/users/%2E%2E/internal/x",
        "/api/users/%2E./internal/x",
        "/api/users/.%2e/internal/x",
        "/api/users/%2e/me",
        "/api/users/..;/internal/x",
        "/api/users/%252e%252e/internal/x",
        "/api/users/..%2finternal/x",
        "/api/users/%2e%2e%2Finternal/x",
        "/api/users/..%5cinternal/x",
        "/api/users/%00/x",
        "/api/users/%0d%0ahost:%20x",
        "/api/users/%zz",
        "/api/users/%ff",
        "/api/users//internal/x",
        "/api/users/",
        "/api//users/me",
        "//api/users/me",
        "/x/../api/users/me",
        "/api/../internal/x",
        "/api/v1/../internal/x",
        "/api/%75sers/me",
        "http://127.0.0.1/api/users/../internal/x",
        "http://127.0.0.1/internal/x",
        "/.well-known/jwks.json/../../internal/x",
        "/.well-known/../internal/x",
        "/.well-known/%6awks.json",
    ] {
        let answer = ask(&router, "GET", path).await;
        assert_eq!(
            (answer.status, code(&answer).as_str()),
            (StatusCode::NOT_FOUND, "NOT_FOUND"),
            "{path}"
        );
    }
    // What cannot be in a path at all does not get as far.
    for path in [
        "/api/users/..\\internal",
        "/api/users/\\..\\internal/x",
        "/api/users/a\u{7f}b",
    ] {
        let status = ask(&router, "GET", path).await.status;
        assert!(status.is_client_error(), "{path}: {status}");
    }
    assert_eq!(backend.seen().len(), 0, "{:?}", backend.seen());
}

#[tokio::test]
async fn a_tunnel_or_an_echo_is_not_for_sale() {
    let backend = Backend::text("secret").await;
    let router = Router::before(&backend, &[]).await;
    for (method, path) in [
        ("TRACE", "/api/users/me"),
        ("TRACE", "/health"),
        ("TRACE", "/"),
        ("CONNECT", "/api/users/me"),
        ("CONNECT", "127.0.0.1:5432"),
    ] {
        let answer = ask(&router, method, path).await;
        assert_eq!(
            answer.status,
            StatusCode::METHOD_NOT_ALLOWED,
            "{method} {path}"
        );
        assert_eq!(code(&answer), "BAD_REQUEST", "{method} {path}");
        assert_eq!(
            answer.all("allow"),
            ["get, head, post, put, patch, delete, options"]
        );
    }
    assert_eq!(backend.seen().len(), 0, "{:?}", backend.seen());
}

#[tokio::test]
async fn the_keys_can_only_be_read() {
    let backend = Backend::text("keys").await;
    let router = Router::before(&backend, &[]).await;
    let path = "/.well-known/jwks.json";
    for method in [Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS] {
        let answer = router.send(router.request(method.clone(), path)).await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{method}");
        assert_eq!(answer.header("allow"), Some("GET, HEAD"));
        assert_eq!(answer.body["error"]["code"], "BAD_REQUEST");
    }
    assert_eq!(backend.seen().len(), 0);
    let head = router.request(Method::HEAD, path).send().await.unwrap();
    assert_eq!(head.status(), StatusCode::OK);
    assert_eq!(backend.only().all("x-forwarded-prefix"), Vec::<&str>::new());
}

#[tokio::test]
async fn the_offer_of_another_protocol_is_not_taken() {
    let backend = Backend::text("x").await;
    let router = Router::before(&backend, &[]).await;
    let request = "GET /api/users/me HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n";
    let answer = exchange(&router, request).await;
    assert_eq!((answer.status, answer.body.as_str()), (StatusCode::OK, "x"));
    assert_eq!(answer.all("connection"), ["close"]);
    assert_eq!(backend.only().all("upgrade"), Vec::<&str>::new());
}

#[tokio::test]
async fn a_connection_to_a_service_is_kept_for_the_next_client() {
    let backend = Backend::text("x").await;
    let router = Router::before(&backend, &[("ROUTER_WORKERS", "1")]).await;
    for _ in 0..5 {
        assert_eq!(
            ask(&router, "GET", "/api/feed").await.status,
            StatusCode::OK
        );
    }
    let seen = backend.seen();
    assert!(
        seen.iter().all(|head| head.peer == seen[0].peer),
        "{seen:?}"
    );
}
