use serde_json::{Value, json};

use super::*;

const ANYBODY: Recipient<'_> = Recipient {
    is_signed_in: false,
    trace_id: "7f",
    introspection: true,
};

fn told(error: &Value, recipient: &Recipient<'_>) -> (Value, StatusCode) {
    let error: GraphQLError = sonic_rs::from_str(&error.to_string()).unwrap();
    let (error, status) = disclose(error, StatusCode::OK, recipient);
    (
        serde_json::from_str(&sonic_rs::to_string(&error).unwrap()).unwrap(),
        status,
    )
}

#[test]
fn an_error_of_ours_keeps_what_is_meant_for_clients_and_nothing_else() {
    let error = json!({
        "message": "Only its author may edit a post.",
        "locations": [{ "line": 1, "column": 2 }],
        "path": ["editPost"],
        "extensions": {
            "code": "NOT_POST_AUTHOR", "service": "posts", "affectedPath": "editPost",
            "traceId": "ab", "field": "postId", "sql": "SELECT", "stack": ["main.rs"],
        },
    });
    let expected = json!({
        "message": "Only its author may edit a post.",
        "path": ["editPost"],
        "extensions": { "code": "NOT_POST_AUTHOR", "traceId": "ab", "field": "postId" },
    });
    assert_eq!(told(&error, &ANYBODY), (expected, StatusCode::OK));
}

#[test]
fn every_generated_service_code_reaches_the_client() {
    let codes = include_str!("../../../schema/error-codes.txt");
    assert!(codes.lines().count() > 20, "{codes}");
    for code in codes.lines() {
        let error = json!({ "message": "m", "extensions": { "code": code, "service": "users" } });
        let (told, _) = told(&error, &ANYBODY);
        assert_eq!(told["extensions"]["code"], code);
    }
}

#[test]
fn any_other_error_of_a_subgraph_is_withheld() {
    for code in [
        "DOWNSTREAM_SERVICE_ERROR",
        "GRAPHQL_PARSE_FAILED",
        "BAD_USER_INPUT",
        "",
    ] {
        let error = json!({
            "message": "relation \"users.users\" does not exist",
            "extensions": { "code": code, "service": "users", "affectedPath": "user" },
        });
        let (told, _) = told(&error, &ANYBODY);
        assert_eq!(
            told["extensions"],
            json!({ "code": "INTERNAL", "affectedPath": "user", "traceId": "7f" }),
            "{code}"
        );
        assert!(!told["message"].as_str().unwrap().contains("relation"));
    }
}

#[test]
fn a_path_within_the_request_for_entities_is_not_the_clients() {
    let told_at = |path: Value| {
        let extensions =
            json!({ "code": "FORBIDDEN", "service": "users", "affectedPath": "posts.@.author" });
        let error = json!({ "message": "m", "path": path, "extensions": extensions });
        let (mut told, _) = told(&error, &ANYBODY);
        (
            told["path"].take(),
            told["extensions"]["affectedPath"].take(),
        )
    };
    assert_eq!(
        told_at(json!(["_entities", "email"])),
        (json!(null), json!("posts.@.author"))
    );
    let translated = json!(["posts", 2, "author", "email"]);
    assert_eq!(told_at(translated.clone()), (translated, json!(null)));
}

#[test]
fn a_subgraph_that_is_down_is_unavailable_and_not_named() {
    for code in UNAVAILABLE {
        let error = json!({
            "message": "Failed to send request to subgraph: tcp connect error 127.0.0.1:4001",
            "extensions": { "code": code, "service": "users", "affectedPath": "posts.@.author" },
        });
        let (told, _) = told(&error, &ANYBODY);
        let expected = json!({ "code": "SERVICE_UNAVAILABLE", "affectedPath": "posts.@.author", "traceId": "7f" });
        assert_eq!(told["extensions"], expected);
        assert!(
            !told.to_string().contains("4001") && !told.to_string().contains("users"),
            "{told}"
        );
    }
}

#[test]
fn a_protected_field_asks_for_a_token_or_says_that_this_one_is_not_enough() {
    let error = json!({
        "message": "Unauthorized field or type",
        "extensions": { "code": "UNAUTHORIZED_FIELD_OR_TYPE", "affectedPath": "user.email" },
    });
    assert_eq!(
        told(&error, &ANYBODY).0["extensions"]["code"],
        "UNAUTHENTICATED"
    );
    let signed_in = Recipient {
        is_signed_in: true,
        ..ANYBODY
    };
    assert_eq!(
        told(&error, &signed_in).0["extensions"]["code"],
        "FORBIDDEN"
    );
}

#[test]
fn a_request_that_cannot_be_read_has_the_status_and_code_of_the_contract() {
    let of = |code: &str| {
        let (error, status) = told(
            &json!({ "message": "m", "extensions": { "code": code } }),
            &ANYBODY,
        );
        (
            error["extensions"]["code"].as_str().unwrap().to_owned(),
            status,
        )
    };
    for code in BAD_REQUEST {
        assert_eq!(
            of(code),
            ("BAD_REQUEST".to_owned(), StatusCode::BAD_REQUEST)
        );
    }
    for code in NOT_ACCEPTABLE {
        assert_eq!(
            of(code),
            ("BAD_REQUEST".to_owned(), StatusCode::NOT_ACCEPTABLE)
        );
    }
    for code in TOO_LARGE {
        assert_eq!(
            of(code),
            (
                "PAYLOAD_TOO_LARGE".to_owned(),
                StatusCode::PAYLOAD_TOO_LARGE
            )
        );
    }
    for code in BAD_TOKEN {
        assert_eq!(
            of(code),
            ("UNAUTHENTICATED".to_owned(), StatusCode::UNAUTHORIZED)
        );
    }
}

#[test]
fn an_error_of_the_document_is_told_in_the_engines_words() {
    let error = json!({
        "message": "Cannot query field \"nme\" on type \"User\".",
        "locations": [{ "line": 1, "column": 9 }],
        "extensions": { "code": "FieldsOnCorrectType" },
    });
    assert_eq!(told(&error, &ANYBODY), (error, StatusCode::OK));
}

#[test]
fn what_the_engine_fails_at_itself_is_internal() {
    for code in [
        "PLAN_EXECUTION_FAILED",
        "QUERY_PLAN_BUILD_FAILED",
        "SOMETHING_NEW",
    ] {
        let error = json!({ "message": "no path to users.User", "extensions": { "code": code } });
        let (told, _) = told(&error, &ANYBODY);
        assert_eq!(told["extensions"]["code"], "INTERNAL");
        assert!(!told["message"].as_str().unwrap().contains("path"));
    }
}

#[test]
fn suggestions_go_with_introspection() {
    let error = json!({
        "message": "Field \"user\" must have a selection of subfields. Did you mean \"user { ... }\"?",
        "extensions": { "code": "LeafFieldSelections" },
    });
    assert_eq!(told(&error, &ANYBODY).0["message"], error["message"]);
    let outsider = Recipient {
        introspection: false,
        ..ANYBODY
    };
    let expected = "Field \"user\" must have a selection of subfields.";
    assert_eq!(told(&error, &outsider).0["message"], expected);
}
