//! Where somebody is signed in, and ending it.

use axum::{
    body::Body,
    http::{Method, Request, header},
};
use serde_json::{Value, json};
use testkit::Log;

use crate::world::{PASSWORD, World, refusal, text};

/// Signs ada in as a program behind the router does; access and refresh token.
async fn sign_in(world: &World, address: &str, user_agent: &str) -> (String, String) {
    let login = json!({
        "email": "ada@example.com", "password": PASSWORD, "refresh_token_delivery": "body",
    });
    let request = Request::post("/auth/login")
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::USER_AGENT, user_agent)
        .header("x-forwarded-for", address)
        .body(Body::from(login.to_string()))
        .unwrap();
    let session = world.rest.send(request).await.ok();
    (
        text(&session["access_token"]).to_owned(),
        text(&session["refresh_token"]).to_owned(),
    )
}

async fn list(world: &World, token: &str) -> Vec<Value> {
    let query = "{ sessions { id createdAt lastUsedAt expiresAt userAgent ipAddress isCurrent } }";
    let mut data = world.ask(Some(token), query, json!({})).await;
    serde_json::from_value(data["sessions"].take()).unwrap()
}

async fn end(world: &World, token: &str, id: &Value) -> Value {
    let query =
        "mutation($id: ID!) { endSession(input: {sessionId: $id}) { userErrors { code field } } }";
    world.ask(Some(token), query, json!({ "id": id })).await["endSession"].take()
}

async fn is_good(world: &World, refresh_token: &str) -> bool {
    world.refresh(refresh_token).await["userErrors"] == json!([])
}

#[tokio::test]
async fn somebody_sees_where_they_are_signed_in() {
    let world = World::new().await;
    world.person("ada").await;
    let (_, phone) = sign_in(&world, "198.51.100.7", "Phone/1.0").await;
    world.clock.advance_seconds(60);
    let (laptop, _) = sign_in(&world, "2001:db8::7", "Laptop/2.0").await;
    world.clock.advance_seconds(60);
    world.refresh(&phone).await;
    let seen: Vec<_> = list(&world, &laptop)
        .await
        .into_iter()
        .map(|session| {
            let of = |name: &str| session[name].clone();
            json!([
                of("userAgent"),
                of("ipAddress"),
                of("isCurrent"),
                of("createdAt") == of("lastUsedAt")
            ])
        })
        .collect();
    assert_eq!(
        seen,
        [
            json!(["Phone/1.0", "198.51.100.7", false, false]),
            json!(["Laptop/2.0", "2001:db8::7", true, true])
        ]
    );
}

#[tokio::test]
async fn a_session_is_ended_by_its_owner_and_no_other() {
    let world = World::new().await;
    world.person("ada").await;
    let mallory = world.person("mallory").await;
    let (token, refresh) = sign_in(&world, "198.51.100.7", "x").await;
    let (_, other) = sign_in(&world, "198.51.100.7", "y").await;
    let sessions = list(&world, &token).await;
    let current = sessions.iter().find(|session| session["isCurrent"] == true);
    let id = current.unwrap()["id"].clone();

    let log = Log::record();
    for unknown in [
        &id,
        &json!("no id"),
        &json!("0192f0c1-0000-7000-8000-000000000000"),
    ] {
        let refused = end(&world, &mallory.token, unknown).await;
        assert_eq!(refusal(&refused), "NOT_FOUND");
    }
    assert_eq!(
        log.lines("audit").len(),
        2,
        "what is no id is nobody's session"
    );
    drop(log);
    for _ in 0..2 {
        assert_eq!(end(&world, &token, &id).await, json!({ "userErrors": [] }));
    }
    assert!(!is_good(&world, &refresh).await);
    assert!(is_good(&world, &other).await);
    assert_eq!(list(&world, &token).await.len(), 1);
}

#[tokio::test]
async fn all_sessions_end_at_once_and_on_request_all_others() {
    let world = World::new().await;
    world.person("ada").await;
    let (_, first) = sign_in(&world, "198.51.100.7", "x").await;
    let (token, second) = sign_in(&world, "198.51.100.7", "y").await;
    let query = "mutation($input: EndSessionsInput!) { endSessions(input: $input) { endedCount userErrors { code } } }";
    let end = async |except: bool| {
        let variables = json!({ "input": { "exceptCurrent": except } });
        world.ask(Some(&token), query, variables).await["endSessions"].take()
    };
    assert_eq!(
        end(true).await,
        json!({ "endedCount": 1, "userErrors": [] })
    );
    assert!(!is_good(&world, &first).await);
    assert!(is_good(&world, &second).await);
    assert_eq!(end(false).await["endedCount"], 1);
    assert_eq!(list(&world, &token).await.len(), 0);

    let (token, third) = sign_in(&world, "198.51.100.7", "z").await;
    let ended = world
        .rest
        .call(Some(&token), Method::DELETE, "/users/me/sessions")
        .await;
    assert_eq!(ended.status.as_u16(), 204);
    assert!(!is_good(&world, &third).await);
}

#[tokio::test]
async fn an_account_has_a_hundred_sessions_at_most() {
    let world = World::new().await;
    world.person("ada").await;
    let (_, oldest) = sign_in(&world, "198.51.100.7", "x").await;
    let mut token = String::new();
    for _ in 0..100 {
        world.clock.advance_seconds(1);
        (token, _) = sign_in(&world, "198.51.100.7", "x").await;
    }
    assert_eq!(list(&world, &token).await.len(), 100);
    assert!(!is_good(&world, &oldest).await);
}
