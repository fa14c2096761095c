//! The timeline: whose posts are on it, and what happens when that is not known.

use posts::app::ports::SocialGraphError;
use serde_json::json;
use testkit::Log;
use tracing::Level;

use crate::world::World;

#[tokio::test]
async fn it_shows_posts_of_everyone_the_viewer_follows_newest_first_and_no_others() {
    let world = World::new().await;
    let [ada, grace, linus, stranger] = world.people();
    world.social.follow(&ada, [grace.id, linus.id]);
    world.social.follow(&grace, [ada.id]);
    for (author, words) in [
        (&grace, "1 grace"),
        (&ada, "2 own"),
        (&linus, "3 linus"),
        (&stranger, "4 stranger"),
        (&grace, "5 grace"),
    ] {
        world.post(author, words).await;
    }
    assert_eq!(
        world.timeline(&ada).await,
        ["5 grace", "3 linus", "1 grace"]
    );
    assert_eq!(world.timeline(&grace).await, ["2 own"]);
    assert_eq!(world.timeline(&stranger).await, [""; 0]);
}

#[tokio::test]
async fn it_follows_the_graph_at_once() {
    let world = World::new().await;
    let [ada, grace] = world.people();
    world.post(&grace, "written before").await;
    assert_eq!(world.timeline(&ada).await, [""; 0]);
    world.social.follow(&ada, [grace.id]);
    assert_eq!(world.timeline(&ada).await, ["written before"]);
    world.social.unfollow(&ada, &grace);
    assert_eq!(world.timeline(&ada).await, [""; 0]);
}

#[tokio::test]
async fn edits_do_not_move_a_post_and_deletions_take_it_away() {
    let world = World::new().await;
    let [ada, grace] = world.people();
    world.social.follow(&ada, [grace.id]);
    let first = world.post(&grace, "first").await;
    let second = world.post(&grace, "second").await;
    world.clock.advance_seconds(60);
    let input = json!({ "postId": first, "text": "first, edited" });
    world.mutate(&grace, "editPost", input, "").await.data();
    world.like(&ada, "likePost", &first).await;
    assert_eq!(world.timeline(&ada).await, ["second", "first, edited"]);
    world.delete(&grace, &second).await;
    assert_eq!(world.timeline(&ada).await, ["first, edited"]);
}

#[tokio::test]
async fn it_is_somebodys() {
    let world = World::new().await;
    let answer = world
        .graph
        .ask(None, "{ timeline { nodes { id } } }", json!({}))
        .await;
    assert_eq!(answer.status.as_u16(), 200);
    assert_eq!(answer.codes(), ["UNAUTHENTICATED"]);
    assert_eq!(answer.body["data"], json!(null));
}

#[tokio::test]
async fn it_is_empty_with_an_error_beside_it_while_the_social_graph_is_down() {
    let world = World::new().await;
    let [ada, grace] = world.people();
    world.social.follow(&ada, [grace.id]);
    let post = world.post(&grace, "hi").await;
    world.social.fail(Some(|| {
        SocialGraphError::unavailable("secret address refused")
    }));
    let log = Log::record();
    let query = "query($id: ID!) {
        timeline { edges { cursor } nodes { id } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } }
        post(id: $id) { text }
    }";
    let answer = world.ask(&ada, query, json!({ "id": post })).await;
    assert_eq!(answer.status.as_u16(), 200);
    let page_info = json!({
        "hasNextPage": false, "hasPreviousPage": false, "startCursor": null, "endCursor": null
    });
    let expected = json!({
        "timeline": { "edges": [], "nodes": [], "pageInfo": page_info },
        "post": { "text": "hi" },
    });
    assert_eq!(answer.body["data"], expected);
    assert_eq!(answer.codes(), ["SERVICE_UNAVAILABLE"]);
    let error = &answer.body["errors"][0];
    assert_eq!(error["path"], json!(["timeline"]));
    assert!(
        !answer.body.to_string().contains("secret"),
        "{}",
        answer.body
    );

    let trace_id = answer.headers["x-trace-id"].to_str().unwrap();
    assert_eq!(error["extensions"]["traceId"], json!(trace_id));
    let lines = log.lines("posts");
    let [line] = lines.as_slice() else {
        panic!("one line expected: {lines:#?}")
    };
    assert_eq!(line.level, Level::WARN);
    assert_eq!(line.fields["trace_id"], trace_id);
    assert_eq!(line.fields["viewer_id"], ada.id.to_string());
    assert!(line.fields["error"].contains("secret address refused"));

    world.social.fail(None);
    assert_eq!(world.timeline(&ada).await, ["hi"]);
}

#[tokio::test]
async fn a_token_that_the_social_graph_refuses_is_refused_here() {
    let world = World::new().await;
    let ada = world.person();
    world
        .social
        .fail(Some(|| SocialGraphError::Unauthenticated));
    let answer = world
        .ask(&ada, "{ timeline { nodes { id } } }", json!({}))
        .await;
    assert_eq!(answer.codes(), ["UNAUTHENTICATED"]);
    assert_eq!(answer.body["data"], json!(null));
}
