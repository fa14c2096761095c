//! GraphQL over HTTP: the media type of an answer, its status, and when it has `data`.

use axum::{
    body::{Body, to_bytes},
    http::{Request, StatusCode},
};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::graphql::app;

const JSON: &str = "application/json; charset=utf-8";
const GRAPHQL: &str = "application/graphql-response+json; charset=utf-8";

struct Answer {
    status: StatusCode,
    content_type: String,
    body: Value,
}

async fn send(accept: &[&str], body: Value) -> Answer {
    let mut request = Request::post("/graphql").header("content-type", "application/json");
    for value in accept {
        request = request.header("accept", *value);
    }
    let request = request.body(Body::from(body.to_string())).unwrap();
    let response = app().oneshot(request).await.unwrap();
    let (status, headers) = (response.status(), response.headers().clone());
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    Answer {
        status,
        content_type: headers
            .get("content-type")
            .unwrap()
            .to_str()
            .unwrap()
            .to_owned(),
        body: serde_json::from_slice(&body).unwrap(),
    }
}

fn query(text: &str) -> Value {
    json!({ "query": text })
}

#[tokio::test]
async fn an_answer_is_in_the_media_type_that_is_preferred() {
    let cases: [(&[&str], &str); 12] = [
        (&[], JSON),
        (&["*/*"], JSON),
        (&["application/*"], JSON),
        (&["application/json"], JSON),
        (&["text/html"], JSON),
        (&["application/graphql-response+json"], GRAPHQL),
        (
            &["Application/GraphQL-Response+JSON; charset=utf-8"],
            GRAPHQL,
        ),
        (
            &["application/graphql-response+json, application/json;q=0.9"],
            GRAPHQL,
        ),
        (
            &["application/json", "application/graphql-response+json"],
            GRAPHQL,
        ),
        (
            &["application/graphql-response+json;q=0.5, application/json"],
            JSON,
        ),
        (&["application/graphql-response+json;q=0, */*"], JSON),
        (&["application/graphql-response+json+more"], JSON),
    ];
    for (accept, expected) in cases {
        let answer = send(accept, query("{hello}")).await;
        assert_eq!(answer.content_type, expected, "{accept:?}");
        assert_eq!(answer.status, StatusCode::OK, "{accept:?}");
        assert_eq!(answer.body, json!({"data": {"hello": "hello"}}));
    }
}

#[tokio::test]
async fn an_operation_that_is_not_run_has_no_data_and_its_status_says_so_where_it_may() {
    let coercion = |value: Value| json!({"query": "query($n: Int!) {take(first: $n)}", "variables": {"n": value}});
    let unknown_operation = json!({"query": "query A {hello}", "operationName": "B"});
    for body in [
        query("{"),
        query("{nothing}"),
        query(&format!("{{{}}}", "hello ".repeat(3_000))),
        query("mutation {hello}"),
        query("subscription {hello}"),
        coercion(json!("many")),
        coercion(Value::Null),
        unknown_operation,
    ] {
        let new = send(&["application/graphql-response+json"], body.clone()).await;
        assert_eq!(new.status, StatusCode::BAD_REQUEST, "{body}");
        let old = send(&["application/json"], body.clone()).await;
        assert_eq!(old.status, StatusCode::OK, "{body}");
        for answer in [new, old] {
            assert!(answer.body.get("data").is_none(), "{}", answer.body);
            assert!(answer.body["errors"].is_array(), "{}", answer.body);
        }
    }
}

#[tokio::test]
async fn an_operation_that_was_run_has_data_and_status_200_whatever_became_of_it() {
    for accept in ["application/graphql-response+json", "application/json"] {
        for (text, data) in [
            ("{maybeMe}", json!({"maybeMe": null})),
            ("{me}", Value::Null),
        ] {
            let answer = send(&[accept], query(text)).await;
            assert_eq!(answer.status, StatusCode::OK, "{accept} {text}");
            assert_eq!(answer.body.get("data"), Some(&data), "{accept} {text}");
            assert!(answer.body["errors"].is_array());
        }
    }
}

#[tokio::test]
async fn what_is_no_graphql_request_is_400_in_either_media_type() {
    for body in [
        json!({}),
        json!({"qeury": "{hello}"}),
        json!({"query": ""}),
        json!({"query": 1}),
        json!({"query": "{hello}", "variables": "x"}),
    ] {
        for (accept, expected) in [
            ("application/graphql-response+json", GRAPHQL),
            ("application/json", JSON),
        ] {
            let answer = send(&[accept], body.clone()).await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{body}");
            assert_eq!(answer.content_type, expected, "{body}");
            assert_eq!(
                answer.body["errors"][0]["extensions"]["code"],
                "BAD_REQUEST"
            );
            assert!(answer.body.get("data").is_none(), "{}", answer.body);
        }
    }
}
