//! What the REST API adds of its own: shapes, statuses, the cookie, finding people, pages by number.

use axum::{
    body::Body,
    http::{HeaderValue, Method, Request, StatusCode, header},
};
use serde_json::{Value, json};
use testkit::Reply;

use crate::world::{PASSWORD, World, text};

async fn post(world: &World, path: &str, body: &Value) -> Reply {
    world.rest.post(None, path, body).await
}

/// Sends a `POST` with a cookie, as a browser does.
async fn post_with_cookie(world: &World, path: &str, cookie: &str, body: &str) -> Reply {
    let mut request = Request::post(path).header(header::COOKIE, cookie);
    if !body.is_empty() {
        request = request.header(header::CONTENT_TYPE, "application/json");
    }
    world
        .rest
        .send(request.body(Body::from(body.to_owned())).unwrap())
        .await
}

/// `name=value` and the attributes of the cookie that an answer sets.
fn cookie(reply: &Reply) -> (&str, Vec<&str>) {
    let set = reply.headers[header::SET_COOKIE].to_str().unwrap();
    let mut parts = set.split("; ");
    (parts.next().unwrap(), parts.collect())
}

async fn log_in(world: &World, email: &str, delivery: Option<&str>) -> Reply {
    let mut body = json!({ "email": email, "password": PASSWORD });
    if let Some(delivery) = delivery {
        body["refresh_token_delivery"] = json!(delivery);
    }
    post(world, "/auth/login", &body).await
}

#[tokio::test]
async fn somebody_registers_and_is_described_to_themselves_and_to_others() {
    let world = World::new().await;
    let input = json!({ "email": "ada@example.com", "username": "ada", "password": PASSWORD, "display_name": "Ada" });
    let account = post(&world, "/auth/register", &input)
        .await
        .expect(StatusCode::CREATED);
    let (id, created_at) = (&account["id"], "2026-01-01T00:00:00.000000Z");
    let expected = json!({ "id": id, "username": "ada", "email": "ada@example.com", "created_at": created_at });
    assert_eq!(account, expected);
    world
        .execute("UPDATE users.users SET email_verified_at = created_at")
        .await;
    let session = log_in(&world, "ada@example.com", None).await.ok();
    let token = text(&session["access_token"]);
    let user = json!({
        "id": id, "username": "ada", "display_name": "Ada", "bio": null, "avatar_url": null,
        "created_at": created_at, "follower_count": 0, "followee_count": 0,
    });
    let path = format!("/users/{}", text(id));
    assert_eq!(world.rest.get(None, &path).await.ok(), user);
    let mut me = user;
    me["email"] = json!("ada@example.com");
    assert_eq!(world.rest.get(Some(token), "/users/me").await.ok(), me);
}

#[tokio::test]
async fn every_wrong_field_of_a_registration_is_named() {
    let world = World::new().await;
    let input =
        json!({ "email": "ada", "username": "a b", "password": "short", "display_name": "x\ny" });
    let reply = post(&world, "/auth/register", &input).await;
    assert_eq!(reply.refusal(), (422, "VALIDATION_FAILED"));
    let fields: Vec<_> = reply
        .details()
        .into_iter()
        .map(|(field, _)| field)
        .collect();
    assert_eq!(fields, ["email", "username", "password", "display_name"]);
    assert!(
        !reply.body.to_string().contains("short"),
        "a password is not repeated"
    );
}

#[tokio::test]
async fn a_browser_keeps_the_refresh_token_in_a_cookie_that_no_script_can_read() {
    let world = World::new().await;
    world.person("ada").await;
    let session = log_in(&world, "ada@example.com", None).await;
    let (first, attributes) = cookie(&session);
    assert!(first.starts_with("refresh_token="), "{first}");
    for attribute in [
        "HttpOnly",
        "Secure",
        "SameSite=Strict",
        "Path=/api/auth",
        "Max-Age=2592000",
    ] {
        assert!(
            attributes.contains(&attribute),
            "{attribute}: {attributes:?}"
        );
    }
    assert_eq!(session.headers[header::CACHE_CONTROL], "no-store");
    assert_eq!(session.body["token_type"], "bearer");
    assert_eq!(session.body["expires_in"], 900);
    assert!(session.body.get("refresh_token").is_none());

    let refreshed = post_with_cookie(&world, "/auth/refresh", first, "").await;
    assert_eq!(refreshed.status, StatusCode::OK);
    let (second, _) = cookie(&refreshed);
    assert_ne!(first, second, "it is good once");

    let ended = post_with_cookie(&world, "/auth/logout", second, "").await;
    assert_eq!(ended.status, StatusCode::NO_CONTENT);
    let (forgotten, attributes) = cookie(&ended);
    assert_eq!(forgotten, "refresh_token=");
    assert!(attributes.contains(&"Max-Age=0") && attributes.contains(&"Path=/api/auth"));
    let after = post_with_cookie(&world, "/auth/refresh", second, "").await;
    assert_eq!(after.refusal(), (401, "INVALID_REFRESH_TOKEN"));
}

#[tokio::test]
async fn other_clients_get_and_send_it_in_the_body() {
    let world = World::new().await;
    world.person("ada").await;
    let session = log_in(&world, "ada@example.com", Some("body")).await;
    assert!(!session.headers.contains_key(header::SET_COOKIE));
    let first = session.ok()["refresh_token"].clone();
    let body = json!({ "refresh_token": first, "refresh_token_delivery": "body" });
    let refreshed = post(&world, "/auth/refresh", &body).await;
    assert!(!refreshed.headers.contains_key(header::SET_COOKIE));
    let second = refreshed.ok()["refresh_token"].clone();
    assert_ne!(first, second);
    let body = json!({ "refresh_token": second });
    assert_eq!(
        post(&world, "/auth/logout", &body).await.status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(
        post(&world, "/auth/refresh", &body).await.refusal(),
        (401, "INVALID_REFRESH_TOKEN")
    );
}

#[tokio::test]
async fn logging_out_ends_the_session_of_the_cookie_whatever_is_in_the_body() {
    let world = World::new().await;
    world.person("ada").await;
    for body in [r#"{"refresh_token":"another"}"#, r#"{"refresh_token":""}"#] {
        let session = log_in(&world, "ada@example.com", None).await;
        let (kept, _) = cookie(&session);
        let refreshed =
            post_with_cookie(&world, "/auth/refresh", kept, r#"{"refresh_token":""}"#).await;
        assert_eq!(refreshed.status, StatusCode::OK);
        let (kept, _) = cookie(&refreshed);
        let ended = post_with_cookie(&world, "/auth/logout", kept, body).await;
        assert_eq!(ended.status, StatusCode::NO_CONTENT);
        let after = post_with_cookie(&world, "/auth/refresh", kept, "").await;
        assert_eq!(after.refusal(), (401, "INVALID_REFRESH_TOKEN"), "{body}");
    }
}

/// A script in a page can send the cookie, but must never get to read what is in it.
#[tokio::test]
async fn a_token_from_a_cookie_is_never_answered_in_a_body() {
    let world = World::new().await;
    world.person("ada").await;
    let session = log_in(&world, "ada@example.com", None).await;
    let (kept, _) = cookie(&session);
    let body = r#"{"refresh_token_delivery":"body"}"#;
    let refreshed = post_with_cookie(&world, "/auth/refresh", kept, body).await;
    assert_eq!(refreshed.status, StatusCode::OK);
    assert!(refreshed.body.get("refresh_token").is_none());
    assert!(cookie(&refreshed).0.starts_with("refresh_token="));
}

#[tokio::test]
async fn without_any_token_there_is_nothing_to_refresh_and_nothing_to_end() {
    let world = World::new().await;
    for body in [json!({}), json!(null), json!({ "refresh_token": null })] {
        let reply = post(&world, "/auth/refresh", &body).await;
        assert_eq!(reply.refusal(), (401, "INVALID_REFRESH_TOKEN"), "{body}");
        assert_eq!(
            post(&world, "/auth/logout", &body).await.status,
            StatusCode::NO_CONTENT,
            "{body}"
        );
    }
    let reply = world.rest.call(None, Method::POST, "/auth/refresh").await;
    assert_eq!(reply.refusal(), (401, "INVALID_REFRESH_TOKEN"));
    let reply = post(
        &world,
        "/auth/refresh",
        &json!({ "refresh_token_delivery": "mail" }),
    )
    .await;
    assert_eq!(reply.details(), [("refresh_token_delivery", "WRONG_TYPE")]);
}

#[tokio::test]
async fn an_expired_access_token_does_not_keep_anybody_from_signing_in() {
    let world = World::new().await;
    world.person("ada").await;
    let body = json!({ "email": "ada@example.com", "password": PASSWORD });
    let session = world.rest.post(Some("expired"), "/auth/login", &body).await;
    assert_eq!(session.status, StatusCode::OK);
}

#[tokio::test]
async fn a_profile_is_changed_field_by_field() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let patch = async |body: Value| {
        let reply = world
            .rest
            .send_json(Some(&ada.token), Method::PATCH, "/users/me", &body)
            .await;
        let me = reply.ok();
        json!([me["display_name"], me["bio"], me["avatar_url"]])
    };
    let picture = "https://example.com/ada.png";
    assert_eq!(
        patch(json!({ "display_name": "Ada", "bio": "x" })).await,
        json!(["Ada", "x", null])
    );
    assert_eq!(
        patch(json!({ "avatar_url": picture })).await,
        json!(["Ada", "x", picture])
    );
    assert_eq!(
        patch(json!({ "bio": null })).await,
        json!(["Ada", null, picture])
    );
    assert_eq!(patch(json!({})).await, json!(["Ada", null, picture]));
    let wrong =
        json!({ "display_name": "x".repeat(101), "bio": "x".repeat(301), "avatar_url": "x" });
    let reply = world
        .rest
        .send_json(Some(&ada.token), Method::PATCH, "/users/me", &wrong)
        .await;
    assert_eq!(reply.refusal(), (422, "VALIDATION_FAILED"));
    let details = [
        ("display_name", "TOO_LONG"),
        ("bio", "TOO_LONG"),
        ("avatar_url", "INVALID_FORMAT"),
    ];
    assert_eq!(reply.details(), details);
    let mistyped = json!({ "displayname": "Ada" });
    let reply = world
        .rest
        .send_json(Some(&ada.token), Method::PATCH, "/users/me", &mistyped)
        .await;
    assert_eq!(reply.details(), [("displayname", "UNKNOWN_FIELD")]);
}

#[tokio::test]
async fn people_are_found_by_handle_by_ids_and_by_the_beginning_of_a_handle() {
    let world = World::new().await;
    let (ada, adam) = (world.person("ada").await, world.person("Adam").await);
    let found = async |query: &str| -> Vec<String> {
        let body = world.rest.get(None, &format!("/users?{query}")).await.ok();
        let items = body["items"].as_array().unwrap().iter();
        items
            .map(|user| text(&user["username"]).to_owned())
            .collect()
    };
    assert_eq!(found("username=ADA").await, ["ada"]);
    assert_eq!(found("username=nobody").await, [""; 0]);
    assert_eq!(found("prefix=AD").await, ["ada", "Adam"]);
    let nobody = uuid::Uuid::from_u128(7);
    let ids = format!("ids={},{nobody},{},{}", adam.id, ada.id, adam.id);
    assert_eq!(
        found(&ids).await,
        ["Adam", "ada"],
        "in the order of the ids, each once"
    );
    let each = format!("ids={}&ids={},{nobody}", ada.id, adam.id);
    assert_eq!(found(&each).await, ["ada", "Adam"], "or a parameter each");
    let many = |count: u128| {
        let ids: Vec<_> = (0..count)
            .map(|n| uuid::Uuid::from_u128(n).to_string())
            .collect();
        format!("ids={}", ids.join(","))
    };
    assert_eq!(found(&many(100)).await, [""; 0]);
    for (query, field, code) in [
        ("", "username", "NOT_ONE_PARAMETER"),
        ("username=ada&prefix=a", "username", "NOT_ONE_PARAMETER"),
        ("ids=x", "ids", "MALFORMED"),
        ("ids=", "ids", "MALFORMED"),
        ("prefix=a&prefix=b", "prefix", "DUPLICATE"),
        (many(101).as_str(), "ids", "TOO_MANY"),
        (
            &format!("ids={}", vec![ada.id.to_string(); 101].join(",")),
            "ids",
            "TOO_MANY",
        ),
    ] {
        let reply = world.rest.get(None, &format!("/users?{query}")).await;
        assert_eq!(reply.refusal(), (422, "VALIDATION_FAILED"), "{query}");
        assert_eq!(reply.details(), [(field, code)], "{query}");
    }
}

#[tokio::test]
async fn following_is_new_once() {
    let world = World::new().await;
    let (ada, grace) = (world.person("ada").await, world.person("grace").await);
    let path = format!("/users/{}/follow", grace.id);
    let follow = json!({ "follower_id": ada.id, "followee_id": grace.id });
    let token = Some(ada.token.as_str());
    let first = world.rest.call(token, Method::POST, &path).await;
    assert_eq!(first.expect(StatusCode::CREATED), follow);
    assert_eq!(
        world.rest.call(token, Method::POST, &path).await.ok(),
        follow
    );
    for _ in 0..2 {
        let reply = world.rest.call(token, Method::DELETE, &path).await;
        assert_eq!(reply.status, StatusCode::NO_CONTENT);
    }
    let itself = format!("/users/{}/follow", ada.id);
    let reply = world.rest.call(token, Method::POST, &itself).await;
    assert_eq!(reply.refusal(), (422, "CANNOT_FOLLOW_SELF"));
    assert_eq!(reply.details(), [("id", "CANNOT_FOLLOW_SELF")]);
}

#[tokio::test]
async fn counted_pages_cut_the_followers_where_cursors_do() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    for n in 0..5 {
        let follower = world.person(&format!("follower_{n}")).await;
        world.clock.advance_micros(1_000);
        let path = format!("/users/{}/follow", ada.id);
        world
            .rest
            .call(Some(&follower.token), Method::POST, &path)
            .await;
    }
    let page = async |query: &str| {
        let path = format!("/users/{}/followers?page_size=2{query}", ada.id);
        world.rest.get(None, &path).await.ok()
    };
    let mut seen = Vec::new();
    let mut cursor = String::new();
    for number in 1..=3 {
        let counted = page(&format!("&page={number}")).await;
        let continued = page(&cursor).await;
        assert_eq!(counted["items"], continued["items"]);
        let items = counted["items"].as_array().unwrap().iter();
        seen.extend(items.map(|user| text(&user["username"]).to_owned()));
        cursor = format!(
            "&cursor={}",
            counted["next_cursor"].as_str().unwrap_or_default()
        );
    }
    let expected: Vec<_> = (0..5).rev().map(|n| format!("follower_{n}")).collect();
    assert_eq!(seen, expected);
    let mut last = page("&page=3").await["items"][0].take();
    assert!(last["id"].take().is_string());
    let expected =
        json!({ "id": null, "username": "follower_0", "display_name": null, "avatar_url": null });
    assert_eq!(last, expected);
}

#[tokio::test]
async fn answers_are_not_kept_by_anybody_in_between() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    for path in [
        "/users/me".to_owned(),
        format!("/users/{}", ada.id),
        "/users/x".to_owned(),
    ] {
        let reply = world.rest.get(Some(&ada.token), &path).await;
        assert_eq!(
            reply.headers[header::CACHE_CONTROL],
            HeaderValue::from_static("no-store"),
            "{path}"
        );
    }
    let keys = world.rest.get(None, "/.well-known/jwks.json").await;
    assert_eq!(keys.headers[header::CACHE_CONTROL], "public, max-age=300");
}

#[tokio::test]
async fn the_document_is_served_as_the_code_gives_it() {
    let world = World::new().await;
    let served = world.rest.get(None, "/openapi.json").await.ok();
    assert_eq!(
        served,
        serde_json::to_value(users::rest::openapi()).unwrap()
    );
}
