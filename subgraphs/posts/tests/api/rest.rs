//! What the REST API adds of its own: shapes, authors, statuses.

use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use serde_json::json;
use testkit::Log;
use tracing::Level;

use crate::world::{FakeDirectory, World};

#[tokio::test]
async fn a_post_is_shown_with_its_author_and_whether_the_caller_likes_it() {
    let world = World::new().await;
    let [ada, grace] = world.people();
    let body = json!({ "text": " Hello " });
    let post = world.rest.post(Some(ada.token()), "/posts", &body).await;
    let post = post.expect(StatusCode::CREATED);
    let expected = json!({
        "id": post["id"], "author_id": ada.id,
        "author": {
            "id": ada.id, "username": FakeDirectory::username(ada.id), "display_name": null, "avatar_url": null,
        },
        "text": "Hello", "like_count": 0, "liked": false,
        "created_at": "2026-01-01T00:00:00.000000Z", "edited_at": null,
    });
    assert_eq!(post, expected);
    let path = format!("/posts/{}", post["id"].as_str().unwrap());
    let like = world
        .rest
        .call(Some(grace.token()), Method::POST, &format!("{path}/like"))
        .await;
    assert_eq!(
        like.ok(),
        json!({ "post_id": post["id"], "like_count": 1, "liked": true })
    );
    let liked = world.rest.get(Some(grace.token()), &path).await.ok();
    assert_eq!(
        (&liked["like_count"], &liked["liked"]),
        (&json!(1), &json!(true))
    );
    assert_eq!(
        world.rest.get(None, &path).await.ok()["liked"],
        json!(false)
    );
}

#[tokio::test]
async fn a_page_asks_for_all_its_authors_and_likes_at_once() {
    for size in [1, 20, 100] {
        let world = World::new().await;
        let ada = world.person();
        for _ in 0..size {
            let author = world.person();
            world.social.follow(&ada, [author.id]);
            world.post(&author, "x").await;
        }
        let (log, calls) = (Log::record(), world.directory.calls());
        let path = format!("/feed?page_size={size}");
        let page = world.rest.get(Some(ada.token()), &path).await.ok();
        let items = page["items"].as_array().unwrap();
        assert_eq!(items.len(), size);
        assert!(
            items
                .iter()
                .all(|post| post["author"]["id"] == post["author_id"])
        );
        assert_eq!(world.directory.calls() - calls, 1, "{size} posts");
        // The posts, and which of them the caller likes; a walk that finds no full page comes before.
        let statements = log.take_statements().len();
        assert!(
            (2..=3).contains(&statements),
            "{statements} statements for {size} posts"
        );
    }
}

#[tokio::test]
async fn without_the_directory_posts_have_no_author_and_the_log_says_so_once() {
    let world = World::new().await;
    let [ada, grace] = world.people();
    world.social.follow(&ada, [grace.id]);
    let post = world.post(&grace, "x").await;
    world.post(&grace, "y").await;
    world.directory.fail(true);
    let log = Log::record();
    let trace_id = "0af7651916cd43dd8448eb211c80319c";
    let request = Request::get("/feed")
        .header(header::AUTHORIZATION, format!("Bearer {}", ada.token()))
        .header("traceparent", format!("00-{trace_id}-b7ad6b7169203331-01"));
    let feed = world
        .rest
        .send(request.body(Body::empty()).unwrap())
        .await
        .ok();
    let items = feed["items"].as_array().unwrap();
    assert_eq!(items.len(), 2);
    for post in items {
        assert_eq!(
            (&post["author"], &post["author_id"]),
            (&json!(null), &json!(grace.id))
        );
    }
    let mut warnings = log.lines("posts::app");
    warnings.retain(|line| line.level == Level::WARN);
    assert_eq!(warnings.len(), 1, "one a request");
    assert_eq!(
        warnings[0].fields["message"],
        "posts are answered without their authors"
    );
    assert_eq!(warnings[0].fields["trace_id"], trace_id);
    let path = format!("/posts/{post}");
    assert_eq!(
        world.rest.get(None, &path).await.ok()["author"],
        json!(null)
    );
    // A write is acknowledged all the same.
    let created = world
        .rest
        .post(Some(ada.token()), "/posts", &json!({ "text": "z" }))
        .await;
    assert_eq!(created.expect(StatusCode::CREATED)["author"], json!(null));
}

#[tokio::test]
async fn somebody_who_is_gone_is_no_author() {
    let world = World::new().await;
    let [ada, grace] = world.people();
    let post = world.post(&grace, "x").await;
    world.directory.remove(&grace);
    let post = world
        .rest
        .get(Some(ada.token()), &format!("/posts/{post}"))
        .await
        .ok();
    assert_eq!(
        (&post["author"], &post["text"]),
        (&json!(null), &json!("x"))
    );
}

#[tokio::test]
async fn bodies_that_are_not_what_the_route_takes_are_refused_by_name() {
    let world = World::new().await;
    let ada = world.person();
    let send = async |content_type: Option<&str>, body: String| {
        let mut request = Request::post("/posts")
            .header(header::AUTHORIZATION, format!("Bearer {}", ada.token()));
        if let Some(content_type) = content_type {
            request = request.header(header::CONTENT_TYPE, content_type);
        }
        world
            .rest
            .send(request.body(Body::from(body)).unwrap())
            .await
    };
    let json_type = Some("application/json; charset=utf-8");
    let good = r#"{"text":"x"}"#;
    assert_eq!(
        send(json_type, good.to_owned()).await.status,
        StatusCode::CREATED
    );
    for content_type in [None, Some("text/plain"), Some("application/jsonp")] {
        let reply = send(content_type, good.to_owned()).await;
        assert_eq!(reply.refusal(), (400, "BAD_REQUEST"), "{content_type:?}");
    }
    for body in ["", "{", "text=x"] {
        assert_eq!(
            send(json_type, body.to_owned()).await.refusal(),
            (400, "BAD_REQUEST"),
            "{body}"
        );
    }
    for (body, field, code) in [
        ("{}", "text", "REQUIRED"),
        (r#"{"text":1}"#, "text", "WRONG_TYPE"),
        (r#"{"text":"x","txt":"y"}"#, "txt", "UNKNOWN_FIELD"),
        ("[]", "body", "WRONG_TYPE"),
    ] {
        let reply = send(json_type, body.to_owned()).await;
        assert_eq!(reply.refusal(), (422, "VALIDATION_FAILED"), "{body}");
        assert_eq!(reply.details(), [(field, code)], "{body}");
    }
    let reply = send(json_type, r#"{"text":" "}"#.to_owned()).await;
    assert_eq!(reply.refusal(), (422, "POST_TEXT_REQUIRED"));
    assert_eq!(reply.details(), [("text", "POST_TEXT_REQUIRED")]);
    let large = format!(r#"{{"text":"{}"}}"#, "x".repeat(1024 * 1024));
    assert_eq!(
        send(json_type, large).await.refusal(),
        (413, "PAYLOAD_TOO_LARGE")
    );
}

#[tokio::test]
async fn a_bad_token_is_refused_where_none_is_needed_too() {
    let world = World::new().await;
    let post = world.post(&world.person(), "x").await;
    let path = format!("/posts/{post}");
    assert_eq!(world.rest.get(None, &path).await.status, StatusCode::OK);
    let reply = world.rest.get(Some("forged"), &path).await;
    assert_eq!(reply.refusal(), (401, "UNAUTHENTICATED"));
    assert_eq!(reply.headers[header::WWW_AUTHENTICATE], "Bearer");
}

#[tokio::test]
async fn methods_and_paths_that_do_not_exist_are_answered_in_the_envelope() {
    let world = World::new().await;
    let reply = world.rest.call(None, Method::PUT, "/posts").await;
    assert_eq!(reply.refusal(), (405, "BAD_REQUEST"));
    let allow = reply.headers[header::ALLOW].to_str().unwrap();
    assert!(allow.contains("GET") && allow.contains("POST"), "{allow}");
    assert_eq!(
        world.rest.get(None, "/nothing").await.refusal(),
        (404, "NOT_FOUND")
    );
    assert_eq!(
        world.rest.get(None, "/posts/%ff").await.refusal(),
        (404, "NOT_FOUND")
    );
}

#[tokio::test]
async fn the_document_is_served_as_the_code_gives_it() {
    let world = World::new().await;
    let served = world.rest.get(None, "/openapi.json").await.ok();
    assert_eq!(
        served,
        serde_json::to_value(posts::rest::openapi()).unwrap()
    );
    assert_eq!(served["openapi"], "3.1.0");
}
