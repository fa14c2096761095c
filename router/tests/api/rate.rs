//! How many requests a minute a sender may make. With a limit of one the next comes back after a minute, which no test
//! lasts.

use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::Value;

use crate::{
    forgeries,
    support::{Answer, Backend, Graph, Router, forge, id, token},
};

const ANONYMOUS: (&str, &str) = ("RATE_LIMIT_ANONYMOUS", "1");
const USER: (&str, &str) = ("RATE_LIMIT_USER", "1");
/// The tests are the proxy, and say which client they are.
const PROXY: (&str, &str) = ("TRUSTED_PROXIES", "127.0.0.1");

const QUERY: &str = "{ unread }";
/// What is counted: the graph, the REST API, the keys, the pages, and what is not there.
const COUNTED: [&str; 7] = [
    "/graphql?query={unread}",
    "/api/posts",
    "/api/v1/users/me",
    "/.well-known/jwks.json",
    "/openapi.json",
    "/docs",
    "/nothing",
];

fn from(request: RequestBuilder, client: &str) -> RequestBuilder {
    request.header("x-forwarded-for", client)
}

async fn status(request: RequestBuilder) -> StatusCode {
    request.send().await.unwrap().status()
}

async fn is_refused(request: RequestBuilder) -> bool {
    status(request).await == StatusCode::TOO_MANY_REQUESTS
}

/// What an answer says of the quota, and whether a page may read it.
fn limits(answer: &Answer) -> [&str; 2] {
    ["ratelimit-policy", "ratelimit"].map(|name| answer.header(name).unwrap_or("none"))
}

#[tokio::test]
async fn the_quotas_are_a_hundred_and_a_thousand_unless_they_are_set() {
    let graph = Graph::start().await;
    let defaults = [("RATE_LIMIT_ANONYMOUS", ""), ("RATE_LIMIT_USER", "")];
    let router = Router::start_with(&graph, &defaults).await;
    let answer = router.ask_as(&token(id(1)), QUERY).await;
    assert_eq!(
        limits(&answer),
        ["\"user\";q=1000;w=60", "\"user\";r=999;t=1"]
    );
    let answer = router.ask(QUERY).await;
    assert_eq!(
        limits(&answer),
        ["\"anonymous\";q=100;w=60", "\"anonymous\";r=99;t=1"]
    );
    let mut allowed = 1;
    let refused = loop {
        let answer = router.ask(QUERY).await;
        if answer.status != StatusCode::OK {
            break answer;
        }
        allowed += 1;
    };
    // One more comes back every 600 ms, so on a slow machine it is not the 101st that is refused.
    assert!(allowed >= 100, "{allowed}");
    assert_eq!(
        limits(&refused),
        ["\"anonymous\";q=100;w=60", "\"anonymous\";r=0;t=60"]
    );
    assert_eq!(refused.header("retry-after"), Some("1"));
    let user = router.ask_as(&token(id(1)), QUERY).await;
    assert_eq!(user.status, StatusCode::OK, "a quota of its own");
}

#[tokio::test]
async fn everything_is_of_one_quota() {
    let graph = Graph::start().await;
    let router = Router::start_with(&graph, &[ANONYMOUS, USER, PROXY]).await;
    for (number, first) in COUNTED.into_iter().enumerate() {
        let client = format!("203.0.113.{number}");
        let user = token(id(u64::try_from(number).unwrap()));
        let get = |path| router.request(Method::GET, path);
        assert!(!is_refused(from(get(first), &client)).await, "{first}");
        assert!(!is_refused(get(first).bearer_auth(&user)).await, "{first}");
        for path in COUNTED {
            assert!(is_refused(from(get(path), &client)).await, "{first} {path}");
            assert!(is_refused(get(path).bearer_auth(&user)).await, "{path}");
        }
    }
}

#[tokio::test]
async fn a_refusal_has_the_shape_of_its_api_and_reaches_no_service() {
    let backend = Backend::text("x").await;
    let origin = "https://app.example.com";
    let env = [ANONYMOUS, ("ALLOWED_ORIGINS", origin)];
    let router = Router::before(&backend, &env).await;
    let of_service = router.request(Method::GET, "/api/posts").send().await;
    let of_service = of_service.unwrap();
    assert_eq!(of_service.status(), StatusCode::OK);
    assert_eq!(
        of_service.headers()["ratelimit"],
        "\"anonymous\";r=0;t=60",
        "on what a service answers as well"
    );

    let graph = router
        .post(QUERY)
        .header("accept", "application/graphql-response+json");
    let graph = router.send(graph.header("origin", origin)).await;
    assert_eq!(graph.codes(), ["RATE_LIMITED"]);
    assert!(graph.body.get("data").is_none());
    let media_type = graph.header("content-type").unwrap();
    assert!(media_type.starts_with("application/graphql-response+json"));
    let exposed = graph.header("access-control-expose-headers").unwrap();
    for name in ["retry-after", "ratelimit", "ratelimit-policy"] {
        assert!(exposed.split(", ").any(|other| other == name), "{exposed}");
    }

    let rest = router.get("/api/posts").await;
    let error = &rest.body["error"];
    assert_eq!(error["code"], "RATE_LIMITED");
    assert_eq!(error["trace_id"].as_str(), rest.header("x-trace-id"));
    assert_eq!(error.get("details"), None::<&Value>);

    for refused in [&graph, &rest] {
        assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
        let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
        assert!((1..=60).contains(&wait), "{wait}");
        let [policy, limit] = limits(refused);
        assert_eq!(policy, "\"anonymous\";q=1;w=60");
        assert_eq!(limit, format!("\"anonymous\";r=0;t={wait}"));
    }
    // What is still sent of a request is read, so that its answer is.
    let picture = router
        .request(Method::PUT, "/api/users/me/avatar")
        .body(vec![0; 3_000_000]);
    assert!(is_refused(picture).await);
    assert_eq!(backend.seen().len(), 1);
}

#[tokio::test]
async fn a_user_has_one_quota_wherever_the_requests_come_from() {
    let graph = Graph::start().await;
    let router = Router::start_with(&graph, &[ANONYMOUS, USER, PROXY]).await;
    let ask = |user, client| from(router.post(QUERY).bearer_auth(token(id(user))), client);
    assert!(!is_refused(ask(1, "203.0.113.1")).await);
    assert!(is_refused(ask(1, "203.0.113.1")).await);
    assert!(is_refused(ask(1, "203.0.113.2")).await);
    assert!(!is_refused(ask(2, "203.0.113.1")).await);
    let anonymous = from(router.post(QUERY), "203.0.113.1");
    assert!(
        !is_refused(anonymous).await,
        "users do not use up the quota of an address"
    );
}

#[tokio::test]
async fn bad_tokens_share_the_quota_of_their_address() {
    let graph = Graph::start().await;
    let router = Router::start_with(&graph, &[ANONYMOUS, USER]).await;
    let mut bad = forgeries::all(forge()).into_iter().map(|(_, token)| token);
    let first = router.ask_as(&bad.next().unwrap(), QUERY).await;
    assert_eq!(first.codes(), ["UNAUTHENTICATED"]);
    assert_eq!(limits(&first)[1], "\"anonymous\";r=0;t=60");
    for token in bad {
        assert!(is_refused(router.post(QUERY).bearer_auth(&token)).await);
        let rest = router.request(Method::GET, "/api/users/me");
        assert!(is_refused(rest.bearer_auth(&token)).await, "{token}");
    }
    assert!(is_refused(router.post(QUERY)).await);
    let good = router.ask_as(&token(id(1)), QUERY).await;
    assert_eq!(good.status, StatusCode::OK);
}

#[tokio::test]
async fn a_bad_token_is_the_services_to_refuse_on_rest() {
    let backend = Backend::start(|_request| async { StatusCode::UNAUTHORIZED }).await;
    let router = Router::before(&backend, &[ANONYMOUS]).await;
    let request = || {
        let request = router.request(Method::GET, "/api/users/me");
        request.header("authorization", "bearer   not  a token")
    };
    assert_eq!(status(request()).await, StatusCode::UNAUTHORIZED);
    let seen = backend.only();
    assert_eq!(seen.all("authorization"), ["bearer   not  a token"]);
    assert!(is_refused(request()).await);
}

#[tokio::test]
async fn a_made_up_address_helps_nobody() {
    let graph = Graph::start().await;
    let router = Router::start_with(&graph, &[ANONYMOUS]).await;
    assert!(!is_refused(router.post(QUERY)).await);
    for name in ["x-forwarded-for", "x-real-ip", "forwarded"] {
        let request = router.post(QUERY).header(name, "203.0.113.1");
        assert!(is_refused(request).await, "{name}");
    }
}

#[tokio::test]
async fn behind_a_proxy_every_client_has_its_own() {
    let graph = Graph::start().await;
    let router = Router::start_with(&graph, &[ANONYMOUS, PROXY]).await;
    for (clients, is_new) in [
        ("203.0.113.1", true),
        ("203.0.113.2", true),
        ("203.0.113.1", false),
        ("203.0.113.9, 203.0.113.2", false),
        ("203.0.113.2, unknown, 203.0.113.1:4711", false),
        ("2001:db8:1:2::1", true),
        ("2001:db8:1:2:ffff::2", false),
        ("2001:db8:1:3::1", true),
    ] {
        let refused = is_refused(from(router.post(QUERY), clients)).await;
        assert_eq!(!refused, is_new, "{clients}");
    }
}

#[tokio::test]
async fn zero_is_no_limit() {
    let graph = Graph::start().await;
    let unlimited = Router::start(&graph).await;
    let users_only = Router::start_with(&graph, &[USER]).await;
    let addresses_only = Router::start_with(&graph, &[ANONYMOUS]).await;
    let token = token(id(1));
    for router in [&unlimited, &users_only] {
        for _ in 0..3 {
            let answer = router.ask(QUERY).await;
            assert_eq!(answer.status, StatusCode::OK);
            assert_eq!(limits(&answer), ["none", "none"]);
        }
    }
    for router in [&unlimited, &addresses_only] {
        for _ in 0..3 {
            let answer = router.ask_as(&token, QUERY).await;
            assert_eq!(answer.status, StatusCode::OK);
            assert_eq!(limits(&answer), ["none", "none"]);
        }
    }
    for (router, policy) in [(users_only, "user"), (addresses_only, "anonymous")] {
        let ask = || match policy {
            "user" => router.post(QUERY).bearer_auth(&token),
            _ => router.post(QUERY),
        };
        assert!(!is_refused(ask()).await && is_refused(ask()).await);
    }
}

#[tokio::test]
async fn supervisors_and_preflights_are_not_counted() {
    let graph = Graph::start().await;
    let router = Router::start_with(&graph, &[ANONYMOUS]).await;
    let preflight = || {
        let request = router.request(Method::OPTIONS, "/graphql");
        let request = request.header("origin", "https://app.example.com");
        request.header("access-control-request-method", "POST")
    };
    let uncounted = || {
        let get = |path| router.request(Method::GET, path);
        [get("/health"), get("/ready"), preflight()]
    };
    for _ in 0..2 {
        for request in uncounted() {
            let answer = router.send(request).await;
            assert!(answer.status.is_success());
            assert_eq!(limits(&answer), ["none", "none"]);
        }
    }
    assert!(!is_refused(router.post(QUERY)).await);
    assert!(is_refused(router.post(QUERY)).await);
    for request in uncounted() {
        assert!(status(request).await.is_success());
    }
}
