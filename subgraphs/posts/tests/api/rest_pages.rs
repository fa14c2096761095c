//! Pages by number and by cursor: the same list, cut in the same places.

use serde_json::{Value, json};
use testkit::Log;

use crate::{
    crowd::{author, crowded},
    world::{Person, World},
};

async fn page(world: &World, person: &Person, path: &str) -> Value {
    world.rest.get(Some(person.token()), path).await.ok()
}

fn texts(page: &Value) -> Vec<&str> {
    let items = page["items"].as_array().unwrap();
    items
        .iter()
        .map(|post| post["text"].as_str().unwrap())
        .collect()
}

/// Posts of 100 followees, who write in turns: enough that a walk is tried. And what the reader is to be shown.
async fn written(world: &World, reader: &Person, posts: usize) -> Vec<String> {
    let authors: Vec<_> = (0..100).map(|_| world.person()).collect();
    world
        .social
        .follow(reader, authors.iter().map(|author| author.id));
    let mut expected = Vec::new();
    for n in 0..posts {
        let author = &authors[n % authors.len()];
        // Some have one time and are told apart by their ids.
        if n % 3 > 0 {
            world.clock.advance_micros(-1_000);
        }
        world.post(author, &format!("post {n}")).await;
    }
    let mut cursor = String::new();
    loop {
        let page = page(world, reader, &format!("/feed?page_size=100{cursor}")).await;
        expected.extend(texts(&page).into_iter().map(str::to_owned));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return expected,
        }
    }
}

#[tokio::test]
async fn counted_pages_cut_the_feed_where_cursors_do() {
    let world = World::new().await;
    let ada = world.person();
    let expected = written(&world, &ada, 130).await;
    assert_eq!(expected.len(), 130);
    for size in [1, 7, 50, 100] {
        let mut seen = Vec::new();
        for number in 1.. {
            let path = format!("/feed?page={number}&page_size={size}");
            let counted = page(&world, &ada, &path).await;
            assert_eq!(
                (&counted["page"], &counted["page_size"]),
                (&json!(number), &json!(size))
            );
            seen.extend(texts(&counted).into_iter().map(str::to_owned));
            // Where a counted page ends, its cursor goes on.
            if let Some(cursor) = counted["next_cursor"].as_str() {
                assert_eq!(counted["has_next"], json!(true));
                let next = page(
                    &world,
                    &ada,
                    &format!("/feed?page_size={size}&cursor={cursor}"),
                )
                .await;
                assert_eq!(next["page"], json!(null));
                assert_eq!(texts(&next)[0], expected[seen.len()]);
            } else {
                assert_eq!(counted["has_next"], json!(false));
                break;
            }
        }
        assert_eq!(seen, expected, "pages of {size}");
        let beyond = page(
            &world,
            &ada,
            &format!("/feed?page=9000&page_size=1&x={size}"),
        )
        .await;
        assert_eq!(
            (texts(&beyond).len(), &beyond["next_cursor"]),
            (0, &json!(null))
        );
    }
}

#[tokio::test]
async fn counted_pages_cut_an_author_s_posts_where_cursors_do() {
    let world = World::new().await;
    let ada = world.person();
    for n in 0..5 {
        world.post(&ada, &format!("post {n}")).await;
    }
    let path = |page: u32| format!("/posts?author_id={}&page={page}&page_size=2", ada.id);
    let first = page(&world, &ada, &path(1)).await;
    let second = page(&world, &ada, &path(2)).await;
    let third = page(&world, &ada, &path(3)).await;
    assert_eq!(texts(&first), ["post 4", "post 3"]);
    assert_eq!(texts(&second), ["post 2", "post 1"]);
    assert_eq!(texts(&third), ["post 0"]);
    assert_eq!(
        (&third["has_next"], &third["next_cursor"]),
        (&json!(false), &json!(null))
    );
    let cursor = first["next_cursor"].as_str().unwrap();
    let by_cursor = format!(
        "/posts?author_id={}&page_size=2&page=-1&cursor={cursor}",
        ada.id
    );
    assert_eq!(
        texts(&page(&world, &ada, &by_cursor).await),
        texts(&second),
        "`page` counts for nothing"
    );
}

#[tokio::test]
async fn the_cursor_of_one_api_is_good_in_the_other() {
    let world = World::new().await;
    let [ada, grace] = world.people();
    world.social.follow(&ada, [grace.id]);
    for n in 0..3 {
        world.post(&grace, &format!("post {n}")).await;
    }
    let rest = page(&world, &ada, "/feed?page_size=1").await;
    let query = "query($after: String) { timeline(first: 1, after: $after) { nodes { text } pageInfo { endCursor } } }";
    let variables = json!({ "after": rest["next_cursor"] });
    let graph = world.get(&ada, query, variables).await;
    assert_eq!(graph["timeline"]["nodes"][0]["text"], "post 1");
    let cursor = graph["timeline"]["pageInfo"]["endCursor"].as_str().unwrap();
    let rest = page(&world, &ada, &format!("/feed?page_size=1&cursor={cursor}")).await;
    assert_eq!(texts(&rest), ["post 0"]);
}

#[tokio::test]
async fn parameters_that_are_wrong_are_named_all_at_once() {
    let world = World::new().await;
    let ada = world.person();
    for (query, details) in [
        (
            "page=0&page_size=101",
            vec![("page_size", "OUT_OF_RANGE"), ("page", "OUT_OF_RANGE")],
        ),
        ("page=x", vec![("page", "MALFORMED")]),
        ("page=", vec![("page", "MALFORMED")]),
        ("page=99999999999999", vec![("page", "OUT_OF_RANGE")]),
        ("page_size=-1", vec![("page_size", "MALFORMED")]),
        ("page=102&page_size=100", vec![("page", "OUT_OF_RANGE")]),
        ("cursor=x", vec![("cursor", "INVALID_CURSOR")]),
        ("page=1&page=2", vec![("page", "DUPLICATE")]),
    ] {
        let reply = world
            .rest
            .get(Some(ada.token()), &format!("/feed?{query}"))
            .await;
        assert_eq!(reply.refusal(), (422, "VALIDATION_FAILED"), "{query}");
        assert_eq!(reply.details(), details, "{query}");
    }
    let far = world
        .rest
        .get(Some(ada.token()), "/feed?page=102&page_size=100")
        .await;
    assert!(
        far.body["error"]["message"]
            .as_str()
            .unwrap()
            .contains("`cursor`")
    );
    for query in ["", "author_id=x", "author_id=x&page=0"] {
        let reply = world.rest.get(None, &format!("/posts?{query}")).await;
        assert_eq!(reply.refusal(), (422, "VALIDATION_FAILED"), "{query}");
        assert_eq!(reply.details()[0].0, "author_id", "{query}");
    }
}

/// 1, 100, 1,000 and 2,500 followees: each of the plans, with rows to leave out.
#[tokio::test]
async fn every_plan_leaves_out_what_a_counted_page_does_not_begin_with() {
    let world = crowded().await;
    for (followees, plan) in [
        (1, "merge"),
        (100, "walk_in_database"),
        (1_000, "walk_in_database"),
        (2_500, "walk_in_service"),
    ] {
        let ada = world.person();
        world.social.follow(&ada, (0..followees).map(author));
        let log = Log::record();
        let mut cursor = String::new();
        for number in 1..=4 {
            let counted = page(&world, &ada, &format!("/feed?page={number}")).await;
            let continued = page(&world, &ada, &format!("/feed?page=1{cursor}")).await;
            assert_eq!(
                counted["items"], continued["items"],
                "page {number} of {followees}"
            );
            assert_eq!(counted["next_cursor"], continued["next_cursor"]);
            assert_eq!(texts(&counted).len(), 20);
            cursor = format!("&cursor={}", continued["next_cursor"].as_str().unwrap());
        }
        // Far into the list, where no walk is tried.
        let far = page(&world, &ada, "/feed?page=100").await;
        assert_eq!(texts(&far).len(), 20, "{followees} followees");
        let plans = log.take_values("plan");
        assert!(plans.iter().take(4).any(|used| used == plan), "{plans:?}");
        let before = page(&world, &ada, "/feed?page=99").await;
        let cursor = before["next_cursor"].as_str().unwrap();
        let continued = page(&world, &ada, &format!("/feed?cursor={cursor}")).await;
        assert_eq!(far["items"], continued["items"], "{followees} followees");
    }
}
