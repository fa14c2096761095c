//! Likes and their count.

use futures_util::future::join_all;
use serde_json::{Value, json};
use sqlx::{Executor, Row};

use crate::world::{Person, World, refused, user_errors};

async fn has_liked(world: &World, person: Option<&Person>, post: &str) -> bool {
    let query = "query($id: ID!) { post(id: $id) { viewerHasLiked } }";
    let token = person.map(Person::token);
    let answer = world.graph.ask(token, query, json!({ "id": post })).await;
    answer.data()["post"]["viewerHasLiked"].as_bool().unwrap()
}

#[tokio::test]
async fn liking_and_unliking_again_change_nothing() {
    let world = World::new().await;
    let [ada, grace, linus] = world.people();
    let post = world.post(&ada, "x").await;
    for (person, mutation, count) in [
        (&grace, "unlikePost", 0),
        (&grace, "likePost", 1),
        (&grace, "likePost", 1),
        (&ada, "likePost", 2),
        (&grace, "unlikePost", 1),
        (&grace, "unlikePost", 1),
        (&linus, "unlikePost", 1),
    ] {
        assert_eq!(
            world.like(person, mutation, &post).await,
            count,
            "{mutation}"
        );
    }
    assert!(has_liked(&world, Some(&ada), &post).await);
    assert!(!has_liked(&world, Some(&grace), &post).await);
    assert!(!has_liked(&world, None, &post).await);
}

#[tokio::test]
async fn a_like_is_seen_by_the_rest_of_the_operation() {
    let world = World::new().await;
    let ada = world.person();
    let post = world.post(&ada, "x").await;
    let query = "mutation($input: LikePostInput!, $same: UnlikePostInput!) {
        first: likePost(input: $input) { post { likeCount viewerHasLiked } }
        second: unlikePost(input: $same) { post { likeCount viewerHasLiked } }
        third: likePost(input: $input) { post { likeCount viewerHasLiked } }
    }";
    let input = json!({ "postId": post });
    let data = world
        .get(&ada, query, json!({ "input": input, "same": input }))
        .await;
    let liked = json!({ "post": { "likeCount": 1, "viewerHasLiked": true } });
    let not = json!({ "post": { "likeCount": 0, "viewerHasLiked": false } });
    assert_eq!(
        data,
        json!({ "first": liked, "second": not, "third": liked })
    );
}

/// Many people like and unlike one post at once, some of them the same thing twice at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_count_is_exact_however_many_like_and_unlike_at_once() {
    let world = World::new().await;
    let ada = world.person();
    let post = world.post(&ada, "x").await;
    let people: Vec<_> = (0..60).map(|_| world.person()).collect();
    let rush = people.iter().enumerate().flat_map(|(n, person)| {
        // The last word of the first 20 is unlike, of the others like; each is said twice at once.
        let last = if n < 20 { "unlikePost" } else { "likePost" };
        let (world, post) = (&world, &post);
        (0..2).map(move |_| async move {
            world.like(person, "likePost", post).await;
            world.like(person, "unlikePost", post).await;
            world.like(person, last, post).await
        })
    });
    let counts = join_all(rush).await;
    assert!(
        counts.iter().all(|count| (0..=60).contains(count)),
        "{counts:?}"
    );

    let row = world
        .admin
        .fetch_one("SELECT like_count::bigint, (SELECT count(*) FROM posts.likes) FROM posts.posts")
        .await
        .unwrap();
    let (counted, rows): (i64, i64) = (row.get(0), row.get(1));
    assert_eq!(counted, rows, "the count is that of the rows");
    // Then each says its last word once more, at once.
    join_all(people.iter().enumerate().map(|(n, person)| {
        world.like(
            person,
            if n < 20 { "unlikePost" } else { "likePost" },
            &post,
        )
    }))
    .await;
    assert_eq!(world.like(&ada, "unlikePost", &post).await, 40);
}

/// Whoever takes a post away goes on to its likes. Who likes it at that moment must not hold a like and wait for the post.
#[tokio::test]
async fn who_likes_waits_for_the_post_before_anything_else() {
    let world = World::new().await;
    let [ada, grace] = world.people();
    for mutation in ["likePost", "unlikePost"] {
        let post = world.post(&ada, "x").await;
        if mutation == "unlikePost" {
            world.like(&grace, "likePost", &post).await;
        }
        let mut deletion = world.admin.begin().await.unwrap();
        let lock = "SELECT FROM posts.posts FOR UPDATE";
        deletion.execute(lock).await.unwrap();
        let liking = world.mutate(&grace, mutation, json!({ "postId": post }), "post { id }");
        let deleting = async {
            let waiting = "SELECT count(*) FROM pg_stat_activity
                           WHERE datname = current_database() AND wait_event_type = 'Lock'";
            while world.count(waiting).await == 0 {}
            for statement in [
                "SELECT FROM posts.likes FOR UPDATE NOWAIT",
                "DELETE FROM posts.posts",
            ] {
                deletion.execute(statement).await.unwrap();
            }
            deletion.commit().await.unwrap();
        };
        let (answer, ()) = futures_util::join!(liking, deleting);
        assert_eq!(
            user_errors(answer, mutation),
            refused("POST_NOT_FOUND", "postId")
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_post_that_is_deleted_while_many_like_it_leaves_nothing_and_nobody_waits_for_ever() {
    let world = World::new().await;
    let ada = world.person();
    for _ in 0..5 {
        let post = world.post(&ada, "x").await;
        let people: Vec<_> = (0..12).map(|_| world.person()).collect();
        for person in &people[..6] {
            world.like(person, "likePost", &post).await;
        }
        let likes = people.iter().enumerate().map(|(n, person)| {
            let mutation = if n % 2 == 0 { "unlikePost" } else { "likePost" };
            let input = json!({ "postId": post });
            let world = &world;
            async move {
                let answer = world
                    .mutate(person, mutation, input, "post { id }")
                    .await
                    .data();
                let payload = &answer[mutation];
                let code = payload["userErrors"]
                    .get(0)
                    .map(|error| error["code"].clone());
                assert!(
                    payload["post"] != Value::Null || code == Some(json!("POST_NOT_FOUND")),
                    "{payload}"
                );
            }
        });
        let ((), _) = futures_util::join!(world.delete(&ada, &post), join_all(likes));
    }
    assert_eq!(world.count("SELECT count(*) FROM posts.likes").await, 0);
    assert_eq!(world.count("SELECT count(*) FROM posts.posts").await, 0);
}
