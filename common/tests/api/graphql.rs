use async_graphql::{Context, EmptyMutation, EmptySubscription, Object, Schema};
use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Request, StatusCode},
};
use common::{
    auth::{Issuer, KeyPair, PublicKeys, Verifier},
    clock::SystemClock,
    graphql::{First, GraphqlService, routes, viewer, with_limits},
};
use serde_json::{Value, json};
use tower::ServiceExt;

struct Query;

#[Object]
impl Query {
    async fn hello(&self) -> &'static str {
        "hello"
    }

    async fn me(&self, ctx: &Context<'_>) -> async_graphql::Result<String> {
        Ok(viewer(ctx)?.id.to_string())
    }

    async fn take(&self, #[graphql(default)] first: First<20>) -> i32 {
        first.0
    }

    async fn maybe_me(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<String>> {
        Ok(Some(viewer(ctx)?.id.to_string()))
    }
}

pub(crate) fn app() -> Router {
    let pair = KeyPair::generate().unwrap();
    let issuer = Issuer {
        issuer: "rookery".to_owned(),
        audience: "rookery".to_owned(),
    };
    let verifier = Verifier::new(
        PublicKeys::from_pem(&pair.public_pem).unwrap(),
        &issuer,
        SystemClock::shared(),
    );
    let schema = with_limits(Schema::build(Query, EmptyMutation, EmptySubscription)).finish();
    routes(GraphqlService::new(schema, verifier, |request, _head| {
        request
    }))
}

async fn post(headers: &[(&str, &str)], body: impl Into<Body>) -> (StatusCode, Value) {
    let mut request = Request::post("/graphql");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = app()
        .oneshot(request.body(body.into()).unwrap())
        .await
        .unwrap();
    let status = response.status();
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (status, serde_json::from_slice(&body).unwrap())
}

const JSON: (&str, &str) = ("content-type", "application/json");

fn query(text: &str) -> String {
    json!({ "query": text }).to_string()
}

#[tokio::test]
async fn a_query_is_answered() {
    let (status, body) = post(
        &[("content-type", "application/json; charset=utf-8")],
        query("{hello}"),
    )
    .await;
    assert_eq!(
        (status, body),
        (StatusCode::OK, json!({"data": {"hello": "hello"}}))
    );
}

#[tokio::test]
async fn what_is_no_graphql_request_is_refused_with_what_would_be_one() {
    let cases = [
        (vec![JSON], "not json"),
        (vec![JSON], "[]"),
        (vec![JSON], "[{\"query\": \"{hello}\"}]"),
        (vec![JSON], "{\"query\": 1}"),
        (
            vec![("content-type", "text/plain")],
            "{\"query\": \"{hello}\"}",
        ),
        (vec![], "{\"query\": \"{hello}\"}"),
    ];
    for (headers, body) in cases {
        let (status, answer) = post(&headers, body).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{body}");
        assert_eq!(
            answer["errors"][0]["extensions"]["code"], "BAD_REQUEST",
            "{body}"
        );
    }
    let (status, answer) = post(
        &[JSON],
        query(&format!("{{hello}} #{}", "x".repeat(2_000_000))),
    )
    .await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(
        answer["errors"][0]["extensions"]["code"],
        "PAYLOAD_TOO_LARGE"
    );
}

#[tokio::test]
async fn a_bad_token_is_refused_before_anything_runs() {
    let (status, body) = post(
        &[JSON, ("authorization", "Bearer forged")],
        query("{hello}"),
    )
    .await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    assert_eq!(body["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
    assert_eq!(body["data"], Value::Null);
}

#[tokio::test]
async fn a_field_for_viewers_asks_the_anonymous_for_a_token() {
    let (status, body) = post(&[JSON], query("{me}")).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(body["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
}

#[tokio::test]
async fn a_nullable_field_that_fails_is_null_and_leaves_the_others() {
    let cases = [
        ("{maybeMe}", json!({"maybeMe": null})),
        (
            "{hello other: maybeMe}",
            json!({"hello": "hello", "other": null}),
        ),
    ];
    for (asked, data) in cases {
        let (_, body) = post(&[JSON], query(asked)).await;
        assert_eq!(body["data"], data);
        assert_eq!(body["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
        assert_eq!(body["errors"].as_array().unwrap().len(), 1);
        assert!(body["errors"][0]["path"].is_array(), "{body}");
    }
}

#[tokio::test]
async fn nested_fragment_doubling_is_refused_before_it_costs_anything() {
    let doubling = |levels: usize| {
        let fragments: Vec<_> = (0..levels)
            .map(|level| (level, level + 1))
            .map(|(this, next)| format!("fragment F{this} on Query {{...F{next} ...F{next}}}"))
            .collect();
        let fragments = fragments.join(" ");
        format!("{{...F0}} {fragments} fragment F{levels} on Query {{hello}}")
    };
    let wide = format!("{{{}}}", "hello ".repeat(3_000));
    for attack in [doubling(16), doubling(25), doubling(40), wide] {
        let (_, body) = post(&[JSON], query(&attack)).await;
        let code = &body["errors"][0]["extensions"]["code"];
        assert_eq!(code, "OPERATION_TOO_LARGE", "{body}");
    }
}

#[tokio::test]
async fn a_list_has_its_default_length_when_a_variable_has_no_value() {
    for asked in [
        "{take}",
        "{take(first: null)}",
        "query($n: Int) {take(first: $n)}",
    ] {
        let (_, body) = post(&[JSON], query(asked)).await;
        assert_eq!(body, json!({"data": {"take": 20}}), "{asked}");
    }
    let (_, body) = post(&[JSON], query("{take(first: 7)}")).await;
    assert_eq!(body, json!({"data": {"take": 7}}));
    let (_, body) = post(&[JSON], query("{take(first: \"7\")}")).await;
    assert!(body["errors"].is_array());
}

#[tokio::test]
async fn a_variable_that_may_not_be_null_has_a_value() {
    let asked = "query A($n: Int!) {take(first: $n)} query B($n: Int! = 3, $m: Int) {take(first: $n) other: take(first: $m)}";
    let cases = [
        (json!({"operationName": "A", "variables": {"n": 7}}), true),
        (
            json!({"operationName": "A", "variables": {"n": null}}),
            false,
        ),
        (json!({"operationName": "A"}), false),
        (json!({"operationName": "B"}), true),
        (
            json!({"operationName": "B", "variables": {"m": null}}),
            true,
        ),
        (
            json!({"operationName": "B", "variables": {"n": null}}),
            false,
        ),
    ];
    for (mut request, is_run) in cases {
        request["query"] = json!(asked);
        let (_, body) = post(&[JSON], request.to_string()).await;
        assert_eq!(body.get("data").is_some(), is_run, "{request} {body}");
        if !is_run {
            let message = body["errors"][0]["message"].as_str().unwrap();
            assert_eq!(
                message,
                "The variable $n of type Int! needs a value that is not null."
            );
        }
    }
}
