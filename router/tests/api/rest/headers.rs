//! What a service is told of a request, and a client of its answer.

use axum::{
    body::Body,
    http::{Response, header},
};
use reqwest::{Method, StatusCode};

use crate::support::{Backend, Router, exchange, parsed};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

#[tokio::test]
async fn only_the_router_says_where_a_request_comes_from() {
    let backend = Backend::text("x").await;
    let router = Router::before(&backend, &[]).await;
    let request = router
        .request(Method::GET, "/api/v1/users/me")
        .header("host", "social.example.com")
        .header("forwarded", "for=1.2.3.4")
        .header("x-forwarded-for", "1.2.3.4")
        .header("x-forwarded-for", "1.2.3.5")
        .header("x-forwarded-host", "evil.example.com")
        .header("x-forwarded-proto", "https")
        .header("x-forwarded-prefix", "/evil")
        .header("x-forwarded-port", "1")
        .header("x-forwarded-user", "root")
        .header("x-real-ip", "1.2.3.4")
        // Nor can what the router says be taken off again.
        .header("connection", "x-forwarded-for, x-request-id, traceparent");
    request.send().await.unwrap();
    let seen = backend.only();
    assert_eq!(seen.all("x-forwarded-for"), ["127.0.0.1"]);
    assert_eq!(seen.all("x-forwarded-host"), ["social.example.com"]);
    assert_eq!(seen.all("x-forwarded-proto"), ["http"]);
    assert_eq!(seen.all("x-forwarded-prefix"), ["/api/v1"]);
    assert_eq!(
        seen.all("host"),
        [backend.url().trim_start_matches("http://")]
    );
    assert_eq!(seen.all("x-request-id").len(), 1);
    assert_eq!(seen.all("traceparent").len(), 1);
    for name in [
        "forwarded",
        "x-forwarded-port",
        "x-forwarded-user",
        "x-real-ip",
    ] {
        assert_eq!(seen.all(name), Vec::<&str>::new(), "{name}");
    }
}

#[tokio::test]
async fn tokens_and_cookies_arrive_as_they_were_sent() {
    let backend = Backend::text("x").await;
    let router = Router::before(&backend, &[]).await;
    let request = router
        .request(Method::GET, "/api/users/me")
        .header("authorization", "bearer   not looked at")
        .header("cookie", "refresh_token=a; b=c")
        .header("accept-encoding", "br")
        .header("idempotency-key", "7")
        .header("user-agent", "a phone");
    request.send().await.unwrap();
    let seen = backend.only();
    assert_eq!(seen.all("authorization"), ["bearer   not looked at"]);
    assert_eq!(seen.all("cookie"), ["refresh_token=a; b=c"]);
    assert_eq!(seen.all("accept-encoding"), ["br"]);
    assert_eq!(seen.all("idempotency-key"), ["7"]);
    assert_eq!(seen.all("user-agent"), ["a phone"]);
    assert_eq!(seen.all("x-forwarded-prefix"), ["/api"]);
}

#[tokio::test]
async fn a_blank_authorization_is_none() {
    let backend = Backend::text("x").await;
    let router = Router::before(&backend, &[]).await;
    for blank in ["", "  "] {
        let request = router.request(Method::GET, "/api/users/me");
        let answer = request.header("authorization", blank).send().await;
        assert_eq!(answer.unwrap().status(), StatusCode::OK);
        let seen = backend.seen();
        assert!(seen.last().unwrap().all("authorization").is_empty());
    }
}

#[tokio::test]
async fn what_is_of_one_connection_stays_on_it() {
    let backend = Backend::bytes(
        "HTTP/1.1 200 OK\r\nconnection: x-mine, close\r\nx-mine: 1\r\nkeep-alive: timeout=9\r\n\
         proxy-authenticate: Basic\r\nproxy-connection: close\r\nx-other: 2\r\n\
         access-control-allow-origin: *\r\ncontent-length: 1\r\n\r\nx",
    )
    .await;
    let router = Router::before(&backend, &[]).await;
    let answer = router
        .request(Method::GET, "/api/users/me")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.headers()["x-other"], "2");
    for name in [
        "connection",
        "x-mine",
        "keep-alive",
        "proxy-authenticate",
        "proxy-connection",
        "access-control-allow-origin",
    ] {
        assert!(!answer.headers().contains_key(name), "{name}");
    }
    assert_eq!(answer.text().await.unwrap(), "x");

    let backend = Backend::text("x").await;
    let router = Router::before(&backend, &[]).await;
    let request = "GET /api/users/me HTTP/1.1\r\nhost: a\r\nconnection: x-mine\r\nconnection: X-Ours\r\nconnection: close\r\n\
                   x-mine: 1\r\nx-ours: 1\r\nkeep-alive: 1\r\nte: trailers\r\ntrailer: x\r\n\
                   proxy-authorization: Basic x\r\nproxy-connection: close\r\nx-other: 2\r\n\r\n";
    assert_eq!(exchange(&router, request).await.status, StatusCode::OK);
    let seen = backend.only();
    assert_eq!(seen.all("x-other"), ["2"]);
    for name in [
        "connection",
        "x-mine",
        "x-ours",
        "keep-alive",
        "te",
        "trailer",
        "proxy-authorization",
        "proxy-connection",
    ] {
        assert_eq!(seen.all(name), Vec::<&str>::new(), "{name}");
    }
}

#[tokio::test]
async fn an_answer_comes_back_as_it_is() {
    const HEADERS: [(&str, &str); 11] = [
        ("content-type", "application/json; charset=utf-8"),
        ("cache-control", "private, max-age=1"),
        ("etag", "\"7\""),
        ("location", "/users/7"),
        ("www-authenticate", "Bearer error=\"invalid_token\""),
        ("allow", "GET, PATCH"),
        ("retry-after", "17"),
        ("content-language", "de"),
        ("x-other", "2"),
        ("set-cookie", "refresh_token=a; HttpOnly; Path=/api/auth"),
        ("set-cookie", "other=b; Secure"),
    ];
    for status in [200, 201, 401, 405, 409, 422, 429, 500, 503] {
        let backend = Backend::start(move |_request| async move {
            let mut answer = Response::builder().status(status);
            for (name, value) in HEADERS {
                answer = answer.header(name, value);
            }
            answer.body(Body::from("{\"a\": 1}")).unwrap()
        })
        .await;
        let router = Router::before(&backend, &[]).await;
        let answer = router
            .request(Method::POST, "/api/users")
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), status);
        for (name, _value) in HEADERS {
            let expected = HEADERS.iter().filter(|(other, _)| *other == name);
            let got = answer.headers().get_all(name).iter();
            assert!(
                got.eq(expected.map(|(_, value)| *value)),
                "{status} {name}: {:?}",
                answer.headers()
            );
        }
        assert_eq!(answer.headers()["content-length"], "8");
        assert_eq!(answer.headers()["x-content-type-options"], "nosniff");
        assert_eq!(answer.text().await.unwrap(), "{\"a\": 1}");
    }
}

#[tokio::test]
async fn the_callers_trace_goes_on_and_comes_back() {
    let backend = Backend::start(|_request| async { [("x-trace-id", "of the service")] }).await;
    let router = Router::before(&backend, &[]).await;
    let request = router
        .request(Method::GET, "/api/users/me")
        .header("traceparent", format!("00-{TRACE}-b7ad6b7169203331-01"))
        .header("x-request-id", "order-4711");
    let answer = request.send().await.unwrap();
    assert_eq!(answer.headers()["x-trace-id"], TRACE);
    let seen = backend.only();
    assert!(seen.all("traceparent")[0].contains(TRACE));
    assert_eq!(seen.all("x-request-id"), ["order-4711"]);
}

/// A picture, or anything else that is long enough for the engine to compress.
fn long() -> Vec<u8> {
    (0..=u8::MAX).cycle().take(50_000).collect()
}

#[tokio::test]
async fn the_bytes_are_those_of_the_service_whatever_a_client_could_decompress() {
    let backend = Backend::start(|_request| async {
        let headers = [(header::CONTENT_TYPE, "image/png"), (header::ETAG, "\"7\"")];
        (headers, long())
    })
    .await;
    let router = Router::before(&backend, &[]).await;
    for encoding in ["gzip", "br", "zstd", "gzip, deflate, br, zstd", "identity"] {
        let request = router.request(Method::GET, "/api/users/7");
        let answer = request
            .header("accept-encoding", encoding)
            .send()
            .await
            .unwrap();
        assert!(
            !answer.headers().contains_key("content-encoding"),
            "{encoding}"
        );
        assert_eq!(answer.headers()["content-length"], "50000", "{encoding}");
        assert_eq!(answer.headers()["etag"], "\"7\"", "{encoding}");
        assert_eq!(answer.bytes().await.unwrap(), long(), "{encoding}");
    }
}

#[tokio::test]
async fn what_a_service_has_compressed_stays_so() {
    let backend =
        Backend::start(|_request| async { ([(header::CONTENT_ENCODING, "gzip")], long()) }).await;
    let router = Router::before(&backend, &[]).await;
    let request = router.request(Method::GET, "/api/users/7");
    let answer = request
        .header("accept-encoding", "gzip, br")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.headers()["content-encoding"], "gzip");
    assert_eq!(answer.bytes().await.unwrap(), long());
}

#[tokio::test]
async fn the_answer_to_head_has_the_length_and_not_the_body() {
    let backend = Backend::start(|_request| async { long() }).await;
    let router = Router::before(&backend, &[]).await;
    let request = "HEAD /api/users/7 HTTP/1.1\r\nhost: a\r\naccept-encoding: gzip, br\r\nconnection: close\r\n\r\n";
    let answer = exchange(&router, request).await;
    assert_eq!((answer.status, answer.body.as_str()), (StatusCode::OK, ""));
    assert_eq!(answer.all("content-length"), ["50000"]);
    assert_eq!(answer.all("transfer-encoding"), Vec::<&str>::new());
}

#[tokio::test]
async fn answers_without_a_body_have_none() {
    let backend = Backend::start(|request: axum::extract::Request| async move {
        let status = request.uri().query().unwrap().parse::<u16>().unwrap();
        let answer = Response::builder().status(status).header("etag", "\"7\"");
        answer.body(Body::empty()).unwrap()
    })
    .await;
    let router = Router::before(&backend, &[]).await;
    for (status, length) in [("204", vec![]), ("304", vec![]), ("200", vec!["0"])] {
        // Two on one connection: the second would be read as the body of the first.
        let one = |connection: &str| {
            format!("GET /api/users/7?{status} HTTP/1.1\r\nhost: a\r\n{connection}\r\n")
        };
        let both = format!("{}{}", one(""), one("connection: close\r\n"));
        let first = exchange(&router, &both).await;
        assert_eq!(first.status.as_str(), status);
        assert_eq!(first.all("content-length"), length, "{status}");
        assert_eq!(
            first.all("transfer-encoding"),
            Vec::<&str>::new(),
            "{status}"
        );
        assert_eq!(first.all("etag"), ["\"7\""], "{status}");
        let second = parsed(first.body.as_bytes());
        assert_eq!((second.status.as_str(), second.body.as_str()), (status, ""));
    }
}

#[tokio::test]
async fn a_client_of_1_0_gets_no_chunks() {
    let backend = Backend::start(|_request| async {
        Body::from_stream(futures_util::stream::iter(
            ["a", "b"].map(Ok::<_, std::io::Error>),
        ))
    })
    .await;
    let router = Router::before(&backend, &[]).await;
    let answer = exchange(&router, "GET /api/users/7 HTTP/1.0\r\nhost: a\r\n\r\n").await;
    assert_eq!(answer.all("transfer-encoding"), Vec::<&str>::new());
    assert_eq!(answer.body, "ab");
}
