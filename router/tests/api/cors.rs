//! Which web pages may read answers.

use reqwest::{Method, StatusCode};

use crate::support::{Answer, Backend, Graph, Router};

const APP: &str = "https://app.example.com";

async fn preflight(router: &Router, origin: &str) -> Answer {
    let request = router
        .request(Method::OPTIONS, "/graphql")
        .header("origin", origin)
        .header("access-control-request-method", "POST")
        .header(
            "access-control-request-headers",
            "authorization, content-type",
        );
    router.send(request).await
}

#[tokio::test]
async fn an_origin_of_the_list_may_ask_and_read_refusals_too() {
    let graph = Graph::start().await;
    let router = Router::start_with(
        &graph,
        &[(
            "ALLOWED_ORIGINS",
            "https://other.example.com, https://app.example.com",
        )],
    )
    .await;
    let answer = preflight(&router, APP).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    assert_eq!(answer.header("access-control-allow-origin"), Some(APP));
    assert_eq!(
        answer.header("access-control-allow-methods"),
        Some("GET, POST, PUT, PATCH, DELETE")
    );
    assert_eq!(
        answer.header("access-control-allow-headers"),
        Some("authorization, content-type")
    );
    assert_eq!(answer.header("access-control-allow-credentials"), None);

    let refused = router
        .send(
            router
                .post("{ unread }")
                .bearer_auth("garbage")
                .header("origin", APP),
        )
        .await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    assert_eq!(
        refused.header("access-control-allow-origin"),
        Some(APP),
        "a page has to learn that its token ended"
    );
    let missing = router
        .send(router.request(Method::GET, "/typo").header("origin", APP))
        .await;
    assert_eq!(missing.header("access-control-allow-origin"), Some(APP));
}

#[tokio::test]
async fn no_other_origin_is_allowed_anything() {
    let graph = Graph::start().await;
    let listed = Router::start_with(&graph, &[("ALLOWED_ORIGINS", APP)]).await;
    let unlisted = Router::start(&graph).await;
    for router in [&listed, &unlisted] {
        for origin in ["https://evil.example.com", "null", "http://app.example.com"] {
            let asked = preflight(router, origin).await;
            let answered = router
                .send(router.post("{ unread }").header("origin", origin))
                .await;
            for answer in [asked, answered] {
                let allowed = answer
                    .headers
                    .keys()
                    .filter(|name| name.as_str().starts_with("access-control-"));
                assert_eq!(allowed.count(), 0, "{origin}: {:?}", answer.headers);
            }
        }
    }
}

#[tokio::test]
async fn the_rest_api_follows_the_same_list_whatever_a_service_says() {
    let headers = [
        ("access-control-allow-origin", "*"),
        ("access-control-allow-credentials", "true"),
        ("vary", "accept"),
    ];
    let backend = Backend::start(move |_request| async move { headers }).await;
    let router = Router::before(&backend, &[("ALLOWED_ORIGINS", APP)]).await;
    let ask = |origin| {
        let request = router.request(Method::PATCH, "/api/users/me");
        request.header("origin", origin).send()
    };
    let allowed = ask(APP).await.unwrap();
    assert_eq!(allowed.headers()["access-control-allow-origin"], APP);
    assert_eq!(
        allowed.headers()["access-control-expose-headers"],
        "x-trace-id, retry-after, ratelimit, ratelimit-policy, www-authenticate"
    );
    let refused = ask("https://evil.example.com").await.unwrap();
    for name in [
        "access-control-allow-origin",
        "access-control-allow-credentials",
    ] {
        assert!(!refused.headers().contains_key(name), "{name}");
    }
    for answer in [allowed, refused] {
        let vary = answer.headers().get_all("vary").iter();
        let vary: Vec<_> = vary.map(|value| value.to_str().unwrap()).collect();
        let vary = vary.join(", ");
        assert!(vary.contains("accept") && vary.contains("origin"), "{vary}");
    }
    let before = backend.seen().len();
    let preflight = router
        .request(Method::OPTIONS, "/api/users/me")
        .header("origin", APP)
        .header("access-control-request-method", "PATCH");
    let preflight = router.send(preflight).await;
    assert_eq!(preflight.status, StatusCode::NO_CONTENT);
    assert_eq!(preflight.header("access-control-allow-origin"), Some(APP));
    assert_eq!(backend.seen().len(), before, "the router answers it");
}
