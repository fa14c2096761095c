//! A bad token is refused: it never passes as nobody and never reaches a subgraph.

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use reqwest::StatusCode;
use serde_json::json;

use crate::{
    forgeries,
    support::{Graph, Router, claims, forge, id, token},
};

#[tokio::test]
async fn a_bad_token_is_refused_with_one_message_and_reaches_no_subgraph() {
    let graph = Graph::start().await;
    let router = Router::start(&graph).await;
    let mut messages = Vec::new();
    for (why, token) in forgeries::all(forge()) {
        for query in [
            "{ posts { id } }",
            "mutation { rename(name: \"x\") { id } }",
            "{ nonsense",
        ] {
            let answer = router.ask_as(&token, query).await;
            assert_eq!(
                answer.status,
                StatusCode::UNAUTHORIZED,
                "{why}: {}",
                answer.body
            );
            assert_eq!(answer.codes(), ["UNAUTHENTICATED"], "{why}");
            assert_eq!(answer.header("www-authenticate"), Some("Bearer"), "{why}");
            assert!(answer.body.get("data").is_none(), "{why}");
            messages.push(
                answer.body["errors"][0]["message"]
                    .as_str()
                    .unwrap()
                    .to_owned(),
            );
        }
    }
    messages.dedup();
    assert_eq!(messages.len(), 1, "one message for all: {messages:?}");
    assert_eq!(graph.requests(), 0);
}

/// The engine goes by tickets of the gate, and does not see what a client sends as one.
#[tokio::test]
async fn a_ticket_that_a_client_makes_up_counts_for_nothing() {
    let graph = Graph::start().await;
    let router = Router::start(&graph).await;
    let now = claims(id(1))["iat"].clone();
    let claims = json!({ "iss": "gate", "aud": "engine", "sub": id(2), "exp": now.as_i64().unwrap() + 900, "scope": "" });
    let mut header = Header::new(Algorithm::HS256);
    header.kid = Some("gate".to_owned());
    let guesses = [&b""[..], b"gate", &[0; 32]].map(EncodingKey::from_secret);
    let mut tickets: Vec<_> = guesses
        .iter()
        .map(|secret| encode(&header, &claims, secret).unwrap())
        .collect();
    tickets.push(token(id(2)));
    for ticket in tickets {
        let ask = || {
            router
                .post("{ viewer { id } }")
                .header("x-rookery-internal-token", &ticket)
        };
        let answer = router.send(ask()).await;
        assert_eq!(
            answer.body["data"]["viewer"],
            json!(null),
            "{}",
            answer.body
        );
        let answer = router.send(ask().bearer_auth(token(id(1)))).await;
        assert_eq!(answer.body["data"]["viewer"]["id"], id(1).to_string());
    }
    for seen in graph.users.seen() {
        assert_eq!(seen.header("x-rookery-internal-token"), None);
    }
}

#[tokio::test]
async fn every_key_that_is_configured_is_good() {
    let graph = Graph::start().await;
    let (old, new) = (&forge().keys, &forge().others);
    let both = format!("{}{}", old.public_pem, new.public_pem);
    let router = Router::start_with(&graph, &[("JWT_PUBLIC_KEY", &both)]).await;
    let mut header = forge().header();
    header.kid = Some(forge().kid_of_others.clone());
    for token in [
        token(id(1)),
        forge().sign_with_others(&header, &claims(id(1))),
    ] {
        let answer = router.ask_as(&token, "{ viewer { id } }").await;
        assert_eq!(answer.body["data"]["viewer"]["id"], id(1).to_string());
    }
}

#[tokio::test]
async fn what_is_not_one_bearer_token_is_refused() {
    let graph = Graph::start().await;
    let router = Router::start(&graph).await;
    let good = token(id(1));
    for value in [
        "Basic YWRhOng=",
        &good,
        &format!("Bearer{good}"),
        "Bearer",
        &format!("Bearer {good}, Bearer {good}"),
    ] {
        let answer = router
            .send(router.post("{ unread }").header("authorization", value))
            .await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{value}");
    }
    let twice = router
        .post("{ unread }")
        .bearer_auth(&good)
        .bearer_auth(&good);
    assert_eq!(router.send(twice).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(graph.requests(), 0);
}

#[tokio::test]
async fn a_bad_token_is_refused_on_get_as_well() {
    let graph = Graph::start().await;
    let router = Router::start(&graph).await;
    let request = router.request(reqwest::Method::GET, "/graphql?query=%7Bunread%7D");
    let answer = router.send(request.bearer_auth("garbage")).await;
    assert_eq!(
        (answer.status, answer.codes()),
        (StatusCode::UNAUTHORIZED, vec!["UNAUTHENTICATED"])
    );
    assert_eq!(graph.requests(), 0);
}

#[tokio::test]
async fn no_token_is_nobody() {
    let graph = Graph::start().await;
    let router = Router::start(&graph).await;
    for request in [
        router.post("{ viewer { id } }"),
        router.post("{ viewer { id } }").header("authorization", ""),
    ] {
        let answer = router.send(request).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.body, json!({ "data": { "viewer": null } }));
    }
    assert!(
        graph
            .users
            .seen()
            .iter()
            .all(|seen| seen.header("authorization").is_none())
    );
}

#[tokio::test]
async fn a_good_token_reaches_every_subgraph_of_the_operation() {
    let graph = Graph::start().await;
    let router = Router::start(&graph).await;
    let token = token(id(7));
    for scheme in ["Bearer", "bearer", "BEARER"] {
        let request = router.post("{ viewer { id posts { text } unread } }");
        let answer = router
            .send(request.header("authorization", format!("{scheme} {token}")))
            .await;
        let expected = json!({ "id": id(7), "posts": [{ "text": "hello" }], "unread": 3 });
        assert_eq!(
            answer.body,
            json!({ "data": { "viewer": expected } }),
            "{scheme}"
        );
    }
    for service in [&graph.users, &graph.posts, &graph.messaging] {
        let seen = service.seen();
        assert_eq!(seen.len(), 3);
        let expected = format!("Bearer {token}");
        assert!(
            seen.iter()
                .all(|seen| seen.header("authorization") == Some(expected.as_str()))
        );
    }
}

#[tokio::test]
async fn a_protected_field_is_null_for_whoever_may_not_see_it_and_is_not_even_asked_for() {
    let graph = Graph::start().await;
    let router = Router::start(&graph).await;
    let query = "{ user(id: \"ada\") { username email } }";
    let hidden = json!({ "user": { "username": "user-ada", "email": null } });

    let nobody = router.ask(query).await;
    assert_eq!(
        (nobody.status, &nobody.body["data"]),
        (StatusCode::OK, &hidden)
    );
    assert_eq!(nobody.codes(), ["UNAUTHENTICATED"]);
    let without_scope = router.ask_as(&token(id(1)), query).await;
    assert_eq!(
        (without_scope.status, &without_scope.body["data"]),
        (StatusCode::OK, &hidden)
    );
    assert_eq!(without_scope.codes(), ["FORBIDDEN"]);
    assert!(
        graph
            .users
            .seen()
            .iter()
            .all(|seen| !seen.body.to_string().contains("email"))
    );

    let mut claims = claims(id(1));
    claims["scope"] = json!("profile");
    let with_scope = router
        .ask_as(&forge().sign(&forge().header(), &claims), query)
        .await;
    assert_eq!(with_scope.body["data"]["user"]["email"], "ada@example.com");
}

#[tokio::test]
async fn headers_that_a_client_makes_up_reach_no_subgraph() {
    let graph = Graph::start().await;
    let router = Router::start(&graph).await;
    let request = router
        .post("{ unread }")
        .header("cookie", "refresh_token=1")
        .header("x-user-id", "admin");
    assert_eq!(router.send(request).await.status, StatusCode::OK);
    let seen = graph.messaging.seen();
    for name in ["cookie", "x-user-id", "authorization"] {
        assert_eq!(seen[0].header(name), None, "{name}");
    }
}

#[tokio::test]
async fn tokens_are_not_logged_however_much_is() {
    let graph = Graph::start().await;
    let router = Router::start_with(&graph, &[("RUST_LOG", "trace")]).await;
    let (good, mut bad) = (token(id(1)), token(id(2)));
    bad.truncate(bad.len() - 10);
    assert_eq!(
        router.ask_as(&good, "{ viewer { username } }").await.status,
        StatusCode::OK
    );
    assert_eq!(
        router.ask_as(&bad, "{ unread }").await.status,
        StatusCode::UNAUTHORIZED
    );
    let logs = router.logs();
    assert!(logs.contains("token refused"), "the reason is logged");
    for token in [good, bad] {
        let signature = token.rsplit('.').next().unwrap();
        assert!(!logs.contains(signature), "a token is in the log");
    }
}
