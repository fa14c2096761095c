//! Which web pages may read answers.

use reqwest::{Method, StatusCode};

use crate::support::{Answer, Graph, Router};

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
        Some("GET, POST")
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
