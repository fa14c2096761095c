//! Errors that subgraphs make on purpose pass; what they let slip does not.

use reqwest::StatusCode;
use serde_json::json;

use crate::support::{Graph, Router};

#[tokio::test]
async fn a_code_of_ours_passes_with_its_message() {
    let graph = Graph::start().await;
    let router = Router::start(&graph).await;
    for code in [
        "UNAUTHENTICATED",
        "VALIDATION_FAILED",
        "NOT_POST_AUTHOR",
        "NOT_A_PARTICIPANT",
        "INTERNAL",
        "RATE_LIMITED",
    ] {
        let answer = router
            .ask(&format!(
                "{{ fails(code: \"{code}\", message: \"do this instead\") unread }}"
            ))
            .await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.body["data"], json!({ "fails": null, "unread": 3 }));
        let error = json!({ "message": "do this instead", "path": ["fails"], "extensions": { "code": code } });
        assert_eq!(answer.body["errors"], json!([error]));
    }
}

#[tokio::test]
async fn any_other_error_is_withheld_and_logged() {
    let graph = Graph::start().await;
    let router = Router::start(&graph).await;
    for query in [
        "{ fails unread }",
        "{ fails(code: \"SQLSTATE_42P01\") unread }",
        "{ fails(code: \"\") unread }",
    ] {
        let answer = router.ask(query).await;
        assert_eq!(answer.body["data"], json!({ "fails": null, "unread": 3 }));
        assert_eq!(answer.codes(), ["INTERNAL"], "{query}");
        assert_eq!(answer.body["errors"][0]["path"], json!(["fails"]));
        assert_eq!(
            answer.body["errors"][0]["extensions"]["traceId"].as_str(),
            answer.header("x-trace-id")
        );
        let text = answer.body.to_string();
        for inside in ["secret", "SELECT", "SQLSTATE", "messaging"] {
            assert!(!text.contains(inside), "{text}");
        }
        let trace_id = answer.header("x-trace-id").unwrap();
        let logs = router.logs();
        let line = logs
            .lines()
            .find(|line| line.contains("secret of the service") && line.contains(trace_id));
        assert!(
            line.is_some(),
            "the trace id leads to the message in the log: {logs}"
        );
    }
}

#[tokio::test]
async fn an_error_within_an_entity_does_not_show_the_request_for_entities() {
    let graph = Graph::start().await;
    let router = Router::start(&graph).await;
    let answer = router
        .ask("{ posts { author { fails(code: \"FORBIDDEN\") } } }")
        .await;
    assert_eq!(answer.codes(), ["FORBIDDEN"; 2], "once for each author");
    assert!(
        !answer.body.to_string().contains("_entities"),
        "{}",
        answer.body
    );
    assert_eq!(
        answer.body["errors"][0]["extensions"]["affectedPath"],
        "posts.@.author"
    );
    assert_eq!(
        answer.body["data"]["posts"][0],
        json!({ "author": { "fails": null } })
    );
}

#[tokio::test]
async fn a_token_that_a_subgraph_refuses_is_told_with_its_code() {
    let graph = Graph::start().await;
    let router = Router::start(&graph).await;
    let body = r#"{"errors":[{"message":"A valid access token is needed.","extensions":{"code":"UNAUTHENTICATED"}}]}"#;
    graph
        .messaging
        .answer_instead(StatusCode::UNAUTHORIZED, "application/json", body);
    let answer = router.ask("{ unread posts { id } }").await;
    assert_eq!(answer.codes(), ["UNAUTHENTICATED"]);
    assert_eq!(
        answer.body["errors"][0]["message"],
        "A valid access token is needed."
    );
    assert_eq!(answer.body["data"]["posts"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn errors_of_the_document_keep_the_words_of_the_specification() {
    let graph = Graph::start().await;
    let router = Router::start(&graph).await;
    let cases = [
        ("{ unread", "GRAPHQL_PARSE_FAILED"),
        ("{ nonsense }", "FieldsOnCorrectType"),
        ("{ user { id } }", "ProvidedRequiredArguments"),
        ("{ ...A } fragment A on Query { ...A }", "NoFragmentsCycle"),
        ("query($id: ID!) { user(id: $id) { id } }", "BAD_USER_INPUT"),
    ];
    for (query, code) in cases {
        let answer = router.ask(query).await;
        assert!(answer.codes().contains(&code), "{query}: {}", answer.body);
        assert!(answer.body.get("data").is_none(), "{query}");
    }
    assert_eq!(graph.requests(), 0);
}
