//! The description of the REST API, and the page to read it with.

use reqwest::{Method, StatusCode, header::HeaderMap};

use crate::support::{Backend, Graph, RawAnswer, Router, exchange};

async fn router() -> Router {
    Router::before(&Backend::gone(), &[]).await
}

#[tokio::test]
async fn the_description_is_there_and_not_sent_again_to_whoever_has_it() {
    let graph = Graph::start().await;
    let router = Router::start(&graph).await;
    let first = router.get("/openapi.json").await;
    assert_eq!(first.status, StatusCode::OK);
    assert_eq!(first.header("content-type"), Some("application/json"));
    assert_eq!(first.header("cache-control"), Some("no-cache"));
    let committed = include_str!("../../../schema/openapi.json");
    let committed: serde_json::Value = serde_json::from_str(committed).unwrap();
    assert_eq!(first.body, committed);
    let etag = first.header("etag").unwrap();
    assert!(
        etag.starts_with('"') && etag.ends_with('"'),
        "strong: {etag}"
    );

    let again = router
        .request(Method::GET, "/openapi.json")
        .header("if-none-match", etag);
    let again = router.send(again).await;
    assert_eq!(again.status, StatusCode::NOT_MODIFIED);
    assert_eq!(again.header("etag"), Some(etag));
    assert_eq!(again.header("cache-control"), Some("no-cache"));
    let other = router
        .request(Method::GET, "/openapi.json")
        .header("if-none-match", "\"other\"");
    assert_eq!(router.send(other).await.status, StatusCode::OK);
}

async fn get(router: &Router, path: &str) -> (StatusCode, HeaderMap, Vec<u8>) {
    let request = router.request(Method::GET, path);
    let answer = request
        .header("accept-encoding", "gzip, br")
        .send()
        .await
        .unwrap();
    let (status, headers) = (answer.status(), answer.headers().clone());
    (status, headers, answer.bytes().await.unwrap().to_vec())
}

/// What a page loads: the values of `src` and `href`, but for the base.
fn links(page: &str) -> Vec<&str> {
    ["src=\"", "href=\""]
        .into_iter()
        .flat_map(|attribute| page.split(attribute).skip(1))
        .map(|rest| rest.split('"').next().unwrap())
        .filter(|link| *link != "/docs/")
        .collect()
}

#[tokio::test]
async fn the_page_and_all_that_it_loads_come_from_here() {
    let router = router().await;
    let (status, headers, page) = get(&router, "/docs").await;
    assert_eq!(get(&router, "/docs/").await.2, page);
    let page = String::from_utf8(page).unwrap();
    assert_eq!(status, StatusCode::OK);
    assert_eq!(headers["content-type"], "text/html; charset=utf-8");
    assert!(page.contains("<base href=\"/docs/\">"), "{page}");
    assert!(!page.contains("://"), "{page}");
    assert!(
        !page.contains("<style") && !page.contains("onload") && !page.contains("<script>"),
        "nothing that the policy would have to allow by itself: {page}"
    );
    let links = links(&page);
    assert!(links.len() >= 7, "{links:?}");
    for link in links {
        let path = format!("/docs/{}", link.trim_start_matches("./"));
        assert!(!link.starts_with('/') && !link.contains(':'), "{link}");
        let (status, headers, body) = get(&router, &path).await;
        assert_eq!(status, StatusCode::OK, "{path}");
        assert_eq!(
            headers["content-length"],
            body.len().to_string().as_str(),
            "{path}"
        );
        assert!(!headers.contains_key("content-encoding"), "{path}");
        let media_type = match path.rsplit('.').next().unwrap() {
            "js" => "text/javascript",
            "css" => "text/css",
            _ => "image/png",
        };
        assert_eq!(headers["content-type"], media_type, "{path}");
    }
}

#[tokio::test]
async fn nothing_on_the_page_may_come_from_elsewhere() {
    let router = router().await;
    for path in [
        "/docs",
        "/docs/",
        "/docs/swagger-ui-bundle.js",
        "/docs/swagger-ui.css",
    ] {
        let (_status, headers, _body) = get(&router, path).await;
        assert_eq!(
            headers["content-security-policy"],
            "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
             font-src 'self' data:; object-src 'none'; base-uri 'self'; form-action 'self'; \
             frame-ancestors 'none'",
            "{path}"
        );
        assert_eq!(headers["x-content-type-options"], "nosniff", "{path}");
        assert_eq!(headers["cache-control"], "no-cache", "{path}");
        assert!(headers.contains_key("etag"), "{path}");
    }
}

#[tokio::test]
async fn the_page_shows_our_description_and_lets_it_be_tried() {
    let router = router().await;
    let (_status, _headers, script) = get(&router, "/docs/swagger-initializer.js").await;
    let script = String::from_utf8(script).unwrap();
    for setting in [
        r#""url": "/openapi.json""#,
        r#""validatorUrl": "none""#,
        r#""tryItOutEnabled": true"#,
        r#""persistAuthorization": true"#,
        r#""deepLinking": true"#,
        r#""displayRequestDuration": true"#,
    ] {
        assert!(script.contains(setting), "{setting}: {script}");
    }
    assert!(!script.contains("://"), "{script}");
}

#[tokio::test]
async fn what_is_not_there_is_404_and_what_is_can_only_be_read() {
    let router = router().await;
    for path in [
        "/docs/typo.js",
        "/docs/index.html",
        "/docs/../openapi.json",
        "/docs/swagger-ui.js",
        "/docs//index.css",
        "/docs/%69ndex.css",
        "/openapi.json/",
        "/openapi.yaml",
    ] {
        let request = format!("GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
        let answer = exchange(&router, &request).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert!(answer.body.contains("NOT_FOUND"), "{path}");
    }
    for path in ["/docs", "/docs/", "/docs/index.css", "/openapi.json"] {
        let answer = router.send(router.request(Method::POST, path)).await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{path}");
        assert_eq!(answer.header("allow"), Some("GET, HEAD"), "{path}");
    }
}

async fn head(router: &Router, path: &str) -> RawAnswer {
    let request = format!(
        "HEAD {path} HTTP/1.1\r\nhost: a\r\naccept-encoding: gzip\r\nconnection: close\r\n\r\n"
    );
    exchange(router, &request).await
}

#[tokio::test]
async fn head_says_all_but_the_body() {
    let router = router().await;
    for path in ["/docs", "/docs/swagger-ui-bundle.js", "/openapi.json"] {
        let (_status, headers, body) = get(&router, path).await;
        let answer = head(&router, path).await;
        assert_eq!(
            (answer.status, answer.body.as_str()),
            (StatusCode::OK, ""),
            "{path}"
        );
        assert_eq!(
            answer.all("content-length"),
            [body.len().to_string()],
            "{path}"
        );
        assert_eq!(
            answer.all("etag"),
            [headers["etag"].to_str().unwrap()],
            "{path}"
        );
        assert_eq!(
            answer.all("transfer-encoding"),
            Vec::<&str>::new(),
            "{path}"
        );
    }
}
