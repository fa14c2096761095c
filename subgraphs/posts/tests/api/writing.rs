//! Writing, editing and deleting posts.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use testkit::Log;
use tracing::Level;
use uuid::Uuid;

use crate::world::{World, refused, text, user_errors};

const ALL: &str = "post { id author { id } text likeCount viewerHasLiked createdAt editedAt }";

#[tokio::test]
async fn a_new_post_is_answered_as_it_can_be_read() {
    let world = World::new().await;
    let ada = world.person();
    let input = json!({ "text": "  Hello, world \n" });
    let data = world.mutate(&ada, "createPost", input, ALL).await.data();
    let post = &data["createPost"]["post"];
    let expected = json!({
        "id": post["id"], "author": { "id": ada.id }, "text": "Hello, world", "likeCount": 0,
        "viewerHasLiked": false, "createdAt": "2026-01-01T00:00:00.000000Z", "editedAt": null,
    });
    assert_eq!(*post, expected);
    let id = Uuid::parse_str(post["id"].as_str().unwrap()).unwrap();
    assert_eq!(id.get_version_num(), 7);

    let query = format!(
        "query($id: ID!) {{ {} }}",
        ALL.replacen("post", "post(id: $id)", 1)
    );
    let read = world.graph.ask(None, &query, json!({ "id": id })).await;
    assert_eq!(read.data()["post"], expected);
}

#[tokio::test]
async fn a_text_has_1_to_280_characters_and_may_have_any_that_can_be_stored() {
    let world = World::new().await;
    let ada = world.person();
    let post = world.post(&ada, "first").await;
    for (bad, code) in [
        (String::new(), "POST_TEXT_REQUIRED"),
        (" \u{2003}\n\t".to_owned(), "POST_TEXT_REQUIRED"),
        ("🪺".repeat(281), "POST_TEXT_TOO_LONG"),
        ("x".repeat(100_000), "POST_TEXT_TOO_LONG"),
        ("a\0b".to_owned(), "VALIDATION_FAILED"),
    ] {
        let answer = world
            .mutate(&ada, "createPost", json!({ "text": bad }), ALL)
            .await;
        assert_eq!(answer.body["data"]["createPost"]["post"], Value::Null);
        assert_eq!(user_errors(answer, "createPost"), refused(code, "text"));
        let input = json!({ "postId": post, "text": bad });
        let answer = world.mutate(&ada, "editPost", input, ALL).await;
        assert_eq!(user_errors(answer, "editPost"), refused(code, "text"));
    }
    assert_eq!(world.count("SELECT count(*) FROM posts.posts").await, 1);
    for good in [
        "🪺".repeat(280),
        "'); DROP TABLE posts.posts; --".to_owned(),
        "a\nb".to_owned(),
    ] {
        let answer = world
            .mutate(&ada, "createPost", json!({ "text": good }), ALL)
            .await;
        assert_eq!(text(&answer.data(), "/createPost/post/text"), good);
    }
}

#[tokio::test]
async fn the_database_refuses_what_the_application_would() {
    use sqlx::{AssertSqlSafe, Executor};
    let world = World::new().await;
    for (columns, constraint) in [
        ("''", "posts_text_length_check"),
        ("repeat('x', 281)", "posts_text_length_check"),
        ("'x', -1", "posts_like_count_check"),
    ] {
        let names = if columns.contains(", -1") {
            "text, like_count"
        } else {
            "text"
        };
        let statement = format!(
            "INSERT INTO posts.posts (id, author_id, created_at, {names})
             VALUES (gen_random_uuid(), gen_random_uuid(), now(), {columns})"
        );
        let error = world
            .pool
            .execute(AssertSqlSafe(statement))
            .await
            .unwrap_err();
        assert_eq!(
            error.as_database_error().unwrap().constraint(),
            Some(constraint)
        );
    }
}

#[tokio::test]
async fn an_edit_keeps_the_time_of_writing_and_says_when_it_was() {
    let world = World::new().await;
    let ada = world.person();
    let post = world.post(&ada, "first").await;
    for (seconds, words) in [(60, "second"), (61, "second")] {
        world
            .clock
            .advance_seconds(if seconds == 60 { 60 } else { 1 });
        let input = json!({ "postId": post, "text": words });
        let data = world.mutate(&ada, "editPost", input, ALL).await.data();
        let edited = &data["editPost"]["post"];
        assert_eq!(edited["text"], json!(words));
        assert_eq!(edited["createdAt"], json!("2026-01-01T00:00:00.001000Z"));
        let at = format!("2026-01-01T00:01:{:02}.001000Z", seconds - 60);
        assert_eq!(edited["editedAt"], json!(at));
    }
}

#[tokio::test]
async fn a_deleted_post_is_gone_with_its_likes() {
    let world = World::new().await;
    let [ada, grace] = world.people();
    let (post, other) = (world.post(&ada, "one").await, world.post(&ada, "two").await);
    for person in [&ada, &grace] {
        world.like(person, "likePost", &post).await;
        world.like(person, "likePost", &other).await;
    }
    world.delete(&ada, &post).await;
    let query = "query($id: ID!) { post(id: $id) { id } }";
    let read = world.graph.ask(None, query, json!({ "id": post })).await;
    assert_eq!(read.data(), json!({ "post": null }));
    assert_eq!(world.count("SELECT count(*) FROM posts.likes").await, 2);

    let again = world
        .mutate(
            &ada,
            "deletePost",
            json!({ "postId": post }),
            "deletedPostId",
        )
        .await;
    assert_eq!(
        again.body["data"]["deletePost"]["deletedPostId"],
        Value::Null
    );
    assert_eq!(
        user_errors(again, "deletePost"),
        refused("POST_NOT_FOUND", "postId")
    );
}

#[tokio::test]
async fn only_the_author_may_edit_or_delete_and_others_are_written_down() {
    let world = World::new().await;
    let [ada, grace] = world.people();
    let post = world.post(&ada, "mine").await;
    let log = Log::record();
    for (mutation, event, input) in [
        (
            "editPost",
            "edit_post",
            json!({ "postId": post, "text": "yours" }),
        ),
        ("deletePost", "delete_post", json!({ "postId": post })),
    ] {
        let answer = world.mutate(&grace, mutation, input, "").await;
        assert_eq!(answer.codes(), ["NOT_POST_AUTHOR"]);
        assert_eq!(answer.body["data"][mutation], Value::Null);
        let line = log.lines("audit").pop().unwrap();
        assert_eq!(line.level, Level::WARN);
        let trace_id = answer.headers["x-trace-id"].to_str().unwrap();
        for (field, value) in [
            ("event", event),
            ("outcome", "denied"),
            ("code", "NOT_POST_AUTHOR"),
            ("actor", &grace.id.to_string()),
            ("subject", &post),
            ("detail", &ada.id.to_string()),
            ("trace_id", trace_id),
        ] {
            assert_eq!(line.fields[field], value, "{field}");
        }
    }
    assert_eq!(log.lines("audit").len(), 2);
    let query = "query($id: ID!) { post(id: $id) { text editedAt } }";
    let read = world.get(&ada, query, json!({ "id": post })).await;
    assert_eq!(read["post"], json!({ "text": "mine", "editedAt": null }));
}

#[tokio::test]
async fn a_moderator_deletes_posts_of_others_which_is_written_down_and_edits_none() {
    let world = World::new().await;
    let [ada, _] = world.people();
    let moderator = world.moderator();
    let (first, second) = (world.post(&ada, "1").await, world.post(&ada, "2").await);
    let input = json!({ "postId": first, "text": "better" });
    let answer = world.mutate(&moderator, "editPost", input, "").await;
    assert_eq!(answer.codes(), ["NOT_POST_AUTHOR"]);
    let path = format!("/posts/{first}");
    let body = json!({ "text": "better" });
    let token = Some(moderator.token());
    let reply = world
        .rest
        .send_json(token, Method::PATCH, &path, &body)
        .await;
    assert_eq!(reply.refusal(), (403, "NOT_POST_AUTHOR"));

    let log = Log::record();
    world.delete(&moderator, &first).await;
    let path = format!("/posts/{second}");
    let reply = world.rest.call(token, Method::DELETE, &path).await;
    assert_eq!(reply.status, StatusCode::NO_CONTENT);
    let reply = world.rest.call(token, Method::DELETE, &path).await;
    assert_eq!(reply.refusal(), (404, "POST_NOT_FOUND"));
    assert_eq!(world.count("SELECT count(*) FROM posts.posts").await, 0);
    let written = log.lines("audit");
    assert_eq!(written.len(), 2);
    for (line, post) in written.iter().zip([&first, &second]) {
        assert_eq!(line.level, Level::INFO);
        for (field, value) in [
            ("event", "delete_post"),
            ("outcome", "done"),
            ("actor", &moderator.id.to_string()),
            ("subject", post),
            ("detail", &ada.id.to_string()),
        ] {
            assert_eq!(line.fields[field], value, "{field}");
        }
    }
}

#[tokio::test]
async fn what_people_do_with_their_own_posts_is_not_written_down() {
    let world = World::new().await;
    let (ada, moderator) = (world.person(), world.moderator());
    let log = Log::record();
    for person in [&ada, &moderator] {
        let post = world.post(person, "mine").await;
        world.delete(person, &post).await;
    }
    assert!(log.lines("audit").is_empty());
}

#[tokio::test]
async fn what_is_no_post_is_not_found_and_nothing_to_write_down() {
    let world = World::new().await;
    let ada = world.person();
    let log = Log::record();
    for unknown in [
        Uuid::nil().to_string(),
        "42".to_owned(),
        String::new(),
        "'; --".to_owned(),
    ] {
        for mutation in ["editPost", "deletePost", "likePost", "unlikePost"] {
            let mut input = json!({ "postId": unknown });
            if mutation == "editPost" {
                input["text"] = json!("x");
            }
            let answer = world.mutate(&ada, mutation, input, "").await;
            assert_eq!(
                user_errors(answer, mutation),
                refused("POST_NOT_FOUND", "postId")
            );
        }
    }
    assert!(log.lines("audit").is_empty());
}

#[tokio::test]
async fn nobody_writes_anonymously_or_with_a_bad_token() {
    let world = World::new().await;
    let ada = world.person();
    let post = world.post(&ada, "x").await;
    for (mutation, input) in [
        ("createPost", "text: \"x\"".to_owned()),
        ("editPost", format!("postId: \"{post}\", text: \"y\"")),
        ("deletePost", format!("postId: \"{post}\"")),
        ("likePost", format!("postId: \"{post}\"")),
        ("unlikePost", format!("postId: \"{post}\"")),
    ] {
        let query =
            format!("mutation {{ {mutation}(input: {{ {input} }}) {{ userErrors {{ code }} }} }}");
        let answer = world.graph.ask(None, &query, json!({})).await;
        assert_eq!(
            (answer.status.as_u16(), answer.codes()),
            (200, vec!["UNAUTHENTICATED"])
        );
        let answer = world.graph.ask(Some("forged"), &query, json!({})).await;
        assert_eq!(
            (answer.status.as_u16(), answer.codes()),
            (401, vec!["UNAUTHENTICATED"])
        );
    }
    let query = "query($id: ID!) { post(id: $id) { text likeCount } }";
    let read = world.get(&ada, query, json!({ "id": post })).await;
    assert_eq!(read["post"], json!({ "text": "x", "likeCount": 0 }));
}
