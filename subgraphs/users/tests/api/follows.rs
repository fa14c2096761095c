use serde_json::{Value, json};
use tokio::task::JoinSet;
use users::domain::UserId;

use crate::world::{Person, World, refusal, text};

const FOLLOW: &str = "mutation($id: ID!) { followUser(input: {userId: $id}) {
    user { username followerCount viewerIsFollowing } userErrors { code field } } }";
const UNFOLLOW: &str = "mutation($id: ID!) { unfollowUser(input: {userId: $id}) {
    user { username followerCount viewerIsFollowing } userErrors { code field } } }";

async fn follow(world: &World, who: &Person, whom: &Person) -> Value {
    world
        .ask(Some(&who.token), FOLLOW, json!({ "id": whom.id }))
        .await["followUser"]
        .take()
}

async fn unfollow(world: &World, who: &Person, whom: &Person) -> Value {
    world
        .ask(Some(&who.token), UNFOLLOW, json!({ "id": whom.id }))
        .await["unfollowUser"]
        .take()
}

async fn counts(world: &World, who: &Person) -> (i32, i32) {
    let query = "query($id: ID!) { user(id: $id) { followerCount followeeCount } }";
    let data = world.ask(None, query, json!({ "id": who.id })).await;
    let count = |field: &str| i32::try_from(data["user"][field].as_i64().unwrap()).unwrap();
    (count("followerCount"), count("followeeCount"))
}

async fn version(world: &World, who: &Person) -> i64 {
    world
        .value(&format!(
            "SELECT followees_version FROM users.users WHERE id = '{}'",
            who.id
        ))
        .await
}

#[tokio::test]
async fn following_counts_on_both_sides_and_again_changes_nothing() {
    let world = World::new().await;
    let (ada, grace) = (world.person("ada").await, world.person("grace").await);
    let followed = json!({ "user": { "username": "grace", "followerCount": 1, "viewerIsFollowing": true }, "userErrors": [] });
    assert_eq!(follow(&world, &ada, &grace).await, followed);
    assert_eq!(version(&world, &ada).await, 1);
    assert_eq!(follow(&world, &ada, &grace).await, followed);
    assert_eq!(
        (counts(&world, &ada).await, counts(&world, &grace).await),
        ((0, 1), (1, 0))
    );
    assert_eq!(
        (version(&world, &ada).await, version(&world, &grace).await),
        (1, 0)
    );

    let unfollowed = json!({ "user": { "username": "grace", "followerCount": 0, "viewerIsFollowing": false }, "userErrors": [] });
    assert_eq!(unfollow(&world, &ada, &grace).await, unfollowed);
    assert_eq!(unfollow(&world, &ada, &grace).await, unfollowed);
    assert_eq!(
        (counts(&world, &ada).await, counts(&world, &grace).await),
        ((0, 0), (0, 0))
    );
    assert_eq!(version(&world, &ada).await, 2);
}

#[tokio::test]
async fn nobody_follows_themselves() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let payload = follow(&world, &ada, &ada).await;
    assert_eq!(refusal(&payload), "CANNOT_FOLLOW_SELF");
    assert_eq!(payload["userErrors"][0]["field"], "userId");
    assert_eq!(counts(&world, &ada).await, (0, 0));
}

#[tokio::test]
async fn nobody_follows_who_is_not_there() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    for id in ["01890000-0000-7000-8000-000000000000", "no uuid", ""] {
        for (query, field) in [(FOLLOW, "followUser"), (UNFOLLOW, "unfollowUser")] {
            let data = world
                .ask(Some(&ada.token), query, json!({ "id": id }))
                .await;
            assert_eq!(refusal(&data[field]), "USER_NOT_FOUND", "{id}");
        }
    }
}

#[tokio::test]
async fn following_needs_a_token() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let stranger = testkit::tokens().token_at(uuid::Uuid::from_u128(1), &*world.clock);
    for token in [None, Some(stranger.as_str())] {
        for query in [FOLLOW, UNFOLLOW] {
            let answer = world.graph.ask(token, query, json!({ "id": ada.id })).await;
            assert_eq!(answer.codes(), ["UNAUTHENTICATED"]);
        }
    }
}

/// Follows and unfollows in both directions between the same few people, all at once: what would deadlock or miscount.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn counts_equal_the_rows_after_many_followed_and_unfollowed_each_other_at_once() {
    let world = World::new().await;
    let mut people = Vec::new();
    for name in ["ada", "grace", "linus", "edsger"] {
        people.push(UserId::from(world.person(name).await.id));
    }
    let mut changes = JoinSet::new();
    for round in 0..8 {
        for (i, who) in people.clone().into_iter().enumerate() {
            for (j, whom) in people
                .clone()
                .into_iter()
                .enumerate()
                .filter(|(j, _)| *j != i)
            {
                let app = world.app.clone();
                changes.spawn(async move {
                    match (round + i + j) % 3 {
                        0 => app.unfollow(who, &whom.to_string()).await,
                        _ => app
                            .follow(who, &whom.to_string())
                            .await
                            .map(|followed| followed.user),
                    }
                });
            }
        }
    }
    for change in changes.join_all().await {
        change.expect("no deadlock, nobody missing");
    }
    let miscounted: i64 = world
        .value(
            "SELECT count(*) FROM users.users u
             WHERE follower_count <> (SELECT count(*) FROM users.follows WHERE followee_id = u.id)
                OR followee_count <> (SELECT count(*) FROM users.follows WHERE follower_id = u.id)
                OR followees_version < followee_count",
        )
        .await;
    assert_eq!(miscounted, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_follow_sent_many_times_at_once_counts_once() {
    let world = World::new().await;
    let (ada, grace) = (world.person("ada").await, world.person("grace").await);
    let mut requests = JoinSet::new();
    for _ in 0..30 {
        let (app, who, whom) = (
            world.app.clone(),
            UserId::from(ada.id),
            grace.id.to_string(),
        );
        requests.spawn(async move { app.follow(who, &whom).await.unwrap().user.follower_count });
    }
    assert_eq!(requests.join_all().await, [1; 30]);
    assert_eq!(
        (counts(&world, &ada).await, version(&world, &ada).await),
        ((0, 1), 1)
    );
}

const LISTS: &str = "query($id: ID!, $first: Int, $after: String) { user(id: $id) {
    followers(first: $first, after: $after) {
        edges { cursor node { username } } nodes { username }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor } totalCount } } }";

#[tokio::test]
async fn followers_are_paged_newest_first_with_no_gap_where_times_are_equal() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let mut newest_first = Vec::new();
    for number in 0..7 {
        let fan = world.person(&format!("fan_{number}")).await;
        // Pairs follow at the same microsecond; then the later id comes first.
        world.clock.advance_micros(i64::from(number % 2 == 0));
        follow(&world, &fan, &ada).await;
        newest_first.insert(0, format!("fan_{number}"));
    }
    let (mut seen, mut after, mut pages) = (Vec::new(), Value::Null, 0);
    loop {
        let variables = json!({ "id": ada.id, "first": 3, "after": after });
        let page = world.ask(None, LISTS, variables).await["user"]["followers"].take();
        assert_eq!(page["totalCount"], 7);
        assert_eq!(page["pageInfo"]["hasPreviousPage"], json!(pages > 0));
        let nodes = page["nodes"].as_array().unwrap();
        let edges = page["edges"].as_array().unwrap();
        assert_eq!(
            edges.iter().map(|edge| &edge["node"]).collect::<Vec<_>>(),
            nodes.iter().collect::<Vec<_>>()
        );
        assert_eq!(
            page["pageInfo"]["endCursor"],
            edges.last().unwrap()["cursor"]
        );
        seen.extend(nodes.iter().map(|node| text(&node["username"]).to_owned()));
        pages += 1;
        if page["pageInfo"]["hasNextPage"] == json!(false) {
            break;
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
    assert_eq!((seen, pages), (newest_first, 3));
}

#[tokio::test]
async fn followees_are_the_other_list_and_take_no_cursor_of_the_first() {
    let world = World::new().await;
    let (ada, grace) = (world.person("ada").await, world.person("grace").await);
    follow(&world, &ada, &grace).await;
    let query = "query($id: ID!) { user(id: $id) { followers { totalCount nodes { username } pageInfo { endCursor } }
        followees { totalCount nodes { username } pageInfo { endCursor } } } }";
    let mut data = world.ask(None, query, json!({ "id": ada.id })).await;
    let user = data["user"].take();
    assert_eq!(
        user["followers"],
        json!({ "totalCount": 0, "nodes": [], "pageInfo": { "endCursor": null } })
    );
    assert_eq!(user["followees"]["nodes"], json!([{ "username": "grace" }]));

    let cursor = &user["followees"]["pageInfo"]["endCursor"];
    for (after, first) in [
        (cursor.clone(), 20),
        (json!("forged"), 20),
        (Value::Null, 0),
        (Value::Null, 101),
    ] {
        let variables = json!({ "id": ada.id, "first": first, "after": after });
        let answer = world.graph.ask(None, LISTS, variables).await;
        assert_eq!(answer.codes(), ["VALIDATION_FAILED"], "{}", answer.body);
    }
}

#[tokio::test]
async fn pages_within_pages_are_bounded() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let deep = "{ userByUsername(username: \"ada\") { followers(first: 100) { nodes {
        followers(first: 100) { nodes { followers(first: 100) { nodes { id } } } } } } } }";
    let answer = world.graph.ask(Some(&ada.token), deep, json!({})).await;
    assert!(answer.body["errors"].is_array(), "{}", answer.body);
    let wide = "{ userByUsername(username: \"ada\") { followers(first: 100) { totalCount nodes {
        id username displayName bio avatarUrl createdAt email followerCount followeeCount viewerIsFollowing } } } }";
    world.ask(Some(&ada.token), wide, json!({})).await;
}
