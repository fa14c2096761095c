//! The page to explore the graph with. Whether this build has one is for the build to say; either way there is an answer.

use std::collections::BTreeSet;

use playground::BUNDLE;
use reqwest::{
    Method, StatusCode,
    header::{HeaderMap, HeaderValue},
};

use crate::support::{Backend, Router};

const PATHS: [&str; 2] = ["/playground", "/playground/"];

async fn router(more: &[(&str, &str)]) -> Router {
    Router::before(&Backend::gone(), more).await
}

async fn get(router: &Router, path: &str, encoding: &str) -> (StatusCode, HeaderMap, Vec<u8>) {
    let request = router.request(Method::GET, path);
    let request = request.header("accept-encoding", encoding);
    let answer = request.send().await.unwrap();
    let (status, headers) = (answer.status(), answer.headers().clone());
    (status, headers, answer.bytes().await.unwrap().to_vec())
}

#[tokio::test]
async fn the_page_is_there_or_says_why_not() {
    let router = router(&[]).await;
    let [page, other] = PATHS;
    let (status, headers, text) = get(&router, page, "identity").await;
    assert_eq!(get(&router, other, "identity").await.2, text);
    let text = String::from_utf8(text).unwrap();
    assert_eq!(headers["content-type"], "text/html; charset=utf-8");
    assert_eq!(headers["cache-control"], "no-cache");
    let policy = headers["content-security-policy"].to_str().unwrap();
    assert!(
        policy.starts_with("default-src 'none'; ") && policy.ends_with("; frame-ancestors 'none'"),
        "{policy}"
    );
    match BUNDLE {
        Ok(_) => {
            assert_eq!(status, StatusCode::OK);
            assert!(!text.contains("://"), "{text}");
            assert!(
                !text.contains("<script>") && !text.contains("<style"),
                "{text}"
            );
        }
        Err(reason) => {
            assert_eq!(status, StatusCode::NOT_FOUND);
            assert!(text.contains(&reason.replace('&', "&amp;").replace('<', "&lt;")));
            assert!(text.contains("cargo clean -p playground"), "{text}");
        }
    }
}

#[tokio::test]
async fn what_the_page_loads_is_kept_and_comes_compressed_to_those_who_take_that() {
    let router = router(&[("RATE_LIMIT_ANONYMOUS", "0")]).await;
    for file in BUNDLE.unwrap_or_default() {
        let path = match file.path {
            "index.html" => "/playground".to_owned(),
            other => format!("/playground/{other}"),
        };
        let (status, headers, body) = get(&router, &path, "identity").await;
        assert_eq!(
            (status, body.as_slice()),
            (StatusCode::OK, file.bytes),
            "{path}"
        );
        assert_eq!(headers["content-type"], file.media_type, "{path}");
        assert_eq!(headers["x-content-type-options"], "nosniff", "{path}");
        assert!(headers.contains_key("content-security-policy"), "{path}");
        let is_kept = headers["cache-control"] == "public, max-age=31536000, immutable";
        assert_eq!(is_kept, path.contains("/assets/"), "{path}");

        let (status, packed, body) = get(&router, &path, "br, gzip").await;
        let expected = file.gzipped.unwrap_or(file.bytes);
        assert_eq!(
            (status, body.as_slice()),
            (StatusCode::OK, expected),
            "{path}"
        );
        let coding = file.gzipped.map(|_| HeaderValue::from_static("gzip"));
        assert_eq!(packed.get("content-encoding").cloned(), coding, "{path}");
        assert_eq!(
            packed["content-length"],
            expected.len().to_string().as_str()
        );
        assert_eq!(
            packed["etag"] == headers["etag"],
            coding.is_none(),
            "{path}"
        );
        if coding.is_some() {
            assert_eq!(packed["vary"], "accept-encoding", "{path}");
        }

        let again = router.request(Method::GET, &path);
        let again = again
            .header("accept-encoding", "gzip")
            .header("if-none-match", packed["etag"].clone());
        assert_eq!(
            again.send().await.unwrap().status(),
            StatusCode::NOT_MODIFIED
        );
    }
}

#[tokio::test]
async fn every_file_that_the_page_names_is_part_of_the_program() {
    let Ok(files) = BUNDLE else { return };
    let paths: BTreeSet<_> = files.iter().map(|file| file.path).collect();
    let page = files.iter().find(|file| file.path == "index.html").unwrap();
    let page = std::str::from_utf8(page.bytes).unwrap();
    let named: Vec<_> = ["src=\"", "href=\""]
        .into_iter()
        .flat_map(|attribute| page.split(attribute).skip(1))
        .map(|rest| rest.split('"').next().unwrap())
        .collect();
    assert!(named.len() >= 3, "{named:?}");
    for path in named {
        let path = path.strip_prefix("/playground/").unwrap();
        assert!(paths.contains(path), "{path}: {paths:?}");
    }
}

#[tokio::test]
async fn it_can_be_switched_off_and_only_be_read() {
    let off = router(&[("PLAYGROUND", "false")]).await;
    let on = router(&[]).await;
    for path in PATHS {
        let answer = off.get(path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(answer.body["error"]["code"], "NOT_FOUND", "{path}");
        let answer = on.send(on.request(Method::POST, path)).await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{path}");
        assert_eq!(answer.header("allow"), Some("GET, HEAD"), "{path}");
    }
}
