//! Operations that are small to send and large to work on.

use std::{fmt::Write, time::Duration};

use reqwest::StatusCode;
use tokio::time::timeout;

use crate::support::{Graph, Router};

/// What these take unguarded is minutes and gigabytes, or the process; what they take here is milliseconds.
const AT_ONCE: Duration = Duration::from_secs(20);

fn nested(levels: usize, width: usize) -> String {
    let mut query = "{ user(id: 1) { ...F0 } }".to_owned();
    for level in 0..levels {
        let spreads = format!("...F{} ", level + 1).repeat(width);
        write!(query, " fragment F{level} on User {{ {spreads}}}").unwrap();
    }
    write!(query, " fragment F{levels} on User {{ id }}").unwrap();
    query
}

#[tokio::test]
async fn nested_fragments_that_double_are_refused_at_once() {
    let graph = Graph::start().await;
    let router = Router::start(&graph).await;
    for (levels, width) in [(12, 2), (25, 2), (40, 2), (4, 60)] {
        let answer = timeout(AT_ONCE, router.ask(&nested(levels, width)))
            .await
            .expect("in time");
        assert_eq!(
            answer.status,
            StatusCode::BAD_REQUEST,
            "{levels} levels, {width} wide"
        );
        assert_eq!(answer.codes(), ["OPERATION_TOO_LARGE"]);
    }
    assert_eq!(graph.requests(), 0);
}

#[tokio::test]
async fn nested_fields_that_double_are_refused_at_once() {
    let graph = Graph::start().await;
    let router = Router::start(&graph).await;
    // Through fields: each fragment asks for the friends twice, under two names.
    let mut query = "{ user(id: 1) { ...F0 } }".to_owned();
    for level in 0..30 {
        let next = level + 1;
        write!(
            query,
            " fragment F{level} on User {{ friends {{ ...F{next} }} x: friends {{ ...F{next} }} }}"
        )
        .unwrap();
    }
    query.push_str(" fragment F30 on User { id }");
    let answer = timeout(AT_ONCE, router.ask(&query)).await.expect("in time");
    assert_eq!(
        (answer.status, answer.codes()),
        (StatusCode::BAD_REQUEST, vec!["OPERATION_TOO_LARGE"])
    );
}

#[tokio::test]
async fn fragments_within_the_limit_are_answered() {
    let graph = Graph::start().await;
    let router = Router::start(&graph).await;
    let answer = timeout(AT_ONCE, router.ask(&nested(8, 2)))
        .await
        .expect("in time");
    assert_eq!(
        answer.body,
        serde_json::json!({ "data": { "user": { "id": "1" } } })
    );
}

#[tokio::test]
async fn going_round_in_introspection_is_refused() {
    let graph = Graph::start().await;
    let router = Router::start(&graph).await;
    let round = "fields { type { ".repeat(12);
    let query = format!(
        "{{ __schema {{ types {{ {round} name {} }} }} }}",
        "} }".repeat(12)
    );
    let answer = timeout(AT_ONCE, router.ask(&query)).await.expect("in time");
    assert_eq!(
        (answer.status, answer.codes()),
        (StatusCode::BAD_REQUEST, vec!["MAX_DEPTH_EXCEEDED"])
    );
}

#[tokio::test]
async fn what_is_wide_and_not_nested_costs_little() {
    let graph = Graph::start().await;
    let router = Router::start(&graph).await;
    // Every pair of fields of one name has to be compared.
    let same = format!("{{ user(id: 1) {{ {} }} }}", "id ".repeat(1_400));
    assert_eq!(router.ask(&same).await.body["data"]["user"]["id"], "1");
    let fragment = |n| format!("fragment F{n} on User {{ id username }}");
    let fragments = (0..150).map(fragment).collect::<Vec<_>>().join(" ");
    let spreads = (0..150)
        .map(|n| format!("...F{n}"))
        .collect::<Vec<_>>()
        .join(" ");
    let answer = router
        .ask(&format!("{{ user(id: 1) {{ {spreads} }} }} {fragments}"))
        .await;
    assert_eq!(answer.body["data"]["user"]["id"], "1", "{}", answer.body);
}

#[tokio::test]
async fn nesting_that_ends_with_the_stack_elsewhere_is_refused_here() {
    let graph = Graph::start().await;
    let router = Router::start(&graph).await;
    let depth = 900;
    for query in [
        format!("{}id{}", "{ user ".repeat(depth), "}".repeat(depth)),
        format!(
            "{{ user(id: {}1{}) {{ id }} }}",
            "[".repeat(depth),
            "]".repeat(depth)
        ),
        format!(
            "query($x: {}ID{}) {{ unread }}",
            "[".repeat(depth),
            "]".repeat(depth)
        ),
    ] {
        let answer = timeout(AT_ONCE, router.ask(&query)).await.expect("in time");
        assert!(!answer.codes().is_empty(), "{}", answer.body);
    }
    let levels = 30_000;
    let body = format!(
        r#"{{"query":"{{ unread }}","variables":{{"a":{}{}}}}}"#,
        "[".repeat(levels),
        "]".repeat(levels)
    );
    let request = router
        .request(reqwest::Method::POST, "/graphql")
        .header("content-type", "application/json");
    let answer = timeout(AT_ONCE, router.send(request.body(body)))
        .await
        .expect("in time");
    assert_eq!(
        (answer.status, answer.codes()),
        (StatusCode::BAD_REQUEST, vec!["BAD_REQUEST"])
    );
    assert_eq!(
        router.ask("{ unread }").await.status,
        StatusCode::OK,
        "and the router is still there"
    );
}
