//! The address that services are told: one, and never one that a client made up.

use reqwest::{Method, RequestBuilder, header::HeaderMap};

use crate::support::{Backend, Graph, Router};

const QUERY: &str = "{ posts { author { username } } }";
const MUTATION: &str = "mutation { rename(name: \"x\") { id } }";
const BEHIND_PROXIES: (&str, &str) = ("TRUSTED_PROXIES", "127.0.0.1, 10.0.0.0/8");

/// A request that says of itself what it can.
fn spoofed(request: RequestBuilder) -> RequestBuilder {
    request
        .header("x-forwarded-for", "192.0.2.66")
        .header("x-forwarded-for", "192.0.2.67, 203.0.113.9, 10.0.0.7")
        .header("x-real-ip", "192.0.2.66")
        .header("forwarded", "for=192.0.2.66")
        // Nor can what the router says be taken off again.
        .header("connection", "x-forwarded-for, user-agent")
        .header("user-agent", "a phone")
}

fn all<'a>(headers: &'a HeaderMap, name: &str) -> Vec<&'a str> {
    let values = headers.get_all(name).iter();
    values.map(|value| value.to_str().unwrap()).collect()
}

fn tells_of(headers: &HeaderMap, address: &str) {
    assert_eq!(all(headers, "x-forwarded-for"), [address]);
    assert_eq!(all(headers, "user-agent"), ["a phone"]);
    for name in ["x-real-ip", "forwarded"] {
        assert!(!headers.contains_key(name), "{name}");
    }
}

#[tokio::test]
async fn subgraphs_are_told_the_peer_when_nobody_is_trusted() {
    let graph = Graph::start().await;
    let router = Router::start(&graph).await;
    router.send(spoofed(router.post(QUERY))).await;
    for service in [&graph.posts, &graph.users] {
        tells_of(&service.seen()[0].headers, "127.0.0.1");
    }
    router.ask(QUERY).await;
    for service in [&graph.posts, &graph.users] {
        let seen = service.seen();
        assert_eq!(all(&seen[1].headers, "x-forwarded-for"), ["127.0.0.1"]);
    }
}

#[tokio::test]
async fn behind_proxies_everybody_is_told_the_client() {
    let graph = Graph::start().await;
    let router = Router::start_with(&graph, &[BEHIND_PROXIES]).await;
    for operation in [QUERY, MUTATION] {
        router.send(spoofed(router.post(operation))).await;
    }
    for service in [&graph.posts, &graph.users] {
        for seen in service.seen() {
            tells_of(&seen.headers, "203.0.113.9");
        }
    }

    let backend = Backend::text("x").await;
    let router = Router::before(&backend, &[BEHIND_PROXIES]).await;
    let request = router.request(Method::GET, "/api/users/me");
    let request = request.header("x-forwarded-for", "192.0.2.66, 203.0.113.9, 10.0.0.7");
    request.send().await.unwrap();
    assert_eq!(backend.only().all("x-forwarded-for"), ["203.0.113.9"]);
}

/// Two clients are never identical, so a query that is to be shared says nothing of them.
#[tokio::test]
async fn where_requests_are_shared_only_mutations_tell_of_the_client() {
    let graph = Graph::start().await;
    let env = [("SHARE_SUBGRAPH_REQUESTS", "true"), BEHIND_PROXIES];
    let router = Router::start_with(&graph, &env).await;
    router.send(spoofed(router.post(QUERY))).await;
    for service in [&graph.posts, &graph.users] {
        let headers = &service.seen()[0].headers;
        assert!(!headers.contains_key("x-forwarded-for"));
        assert!(!all(headers, "user-agent").contains(&"a phone"));
    }
    router.send(spoofed(router.post(MUTATION))).await;
    tells_of(&graph.users.seen()[1].headers, "203.0.113.9");
}
