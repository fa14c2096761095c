//! People who want nothing to do with each other.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use testkit::Log;
use tokio::task::JoinSet;
use tracing::Level;
use users::domain::UserId;

use crate::world::{Person, World, refusal, text};

const BLOCK: &str = "mutation($id: ID!) { blockUser(input: {userId: $id}) {
    user { username followerCount followeeCount viewerIsFollowing viewerIsBlocking } userErrors { code field } } }";
const UNBLOCK: &str = "mutation($id: ID!) { unblockUser(input: {userId: $id}) {
    user { username viewerIsFollowing viewerIsBlocking } userErrors { code field } } }";
const FOLLOW: &str =
    "mutation($id: ID!) { followUser(input: {userId: $id}) { userErrors { code } } }";

async fn block(world: &World, who: &Person, whom: &Person) -> Value {
    let data = world.ask(Some(&who.token), BLOCK, json!({ "id": whom.id }));
    data.await["blockUser"].take()
}

async fn unblock(world: &World, who: &Person, whom: &Person) -> Value {
    let data = world.ask(Some(&who.token), UNBLOCK, json!({ "id": whom.id }));
    data.await["unblockUser"].take()
}

async fn follow(world: &World, who: &Person, whom: &Person) {
    let whom = whom.id.to_string();
    world.app.follow(who.id.into(), &whom).await.unwrap();
}

/// Followers, followees and the version of the list of followees, as the account's row has them.
async fn counts(world: &World, who: &Person) -> Vec<i64> {
    let counts = format!(
        "SELECT ARRAY[follower_count, followee_count, followees_version] FROM users.users WHERE id = '{}'",
        who.id
    );
    world.value(&counts).await
}

/// The handles that autocomplete offers.
async fn offered(world: &World, who: Option<&Person>, prefix: &str) -> Vec<String> {
    let query = "query($prefix: String!) { searchUsers(prefix: $prefix) { username } }";
    let token = who.map(|who| who.token.as_str());
    let data = world.ask(token, query, json!({ "prefix": prefix })).await;
    let found = data["searchUsers"].as_array().unwrap().iter();
    found
        .map(|user| text(&user["username"]).to_owned())
        .collect()
}

#[tokio::test]
async fn a_block_ends_the_follows_between_the_two_and_no_others() {
    let world = World::new().await;
    let (ada, grace, linus) = (
        world.person("ada").await,
        world.person("grace").await,
        world.person("linus").await,
    );
    for (who, whom) in [
        (&ada, &grace),
        (&grace, &ada),
        (&ada, &linus),
        (&linus, &grace),
    ] {
        follow(&world, who, whom).await;
    }
    let blocked = json!({
        "user": { "username": "grace", "followerCount": 1, "followeeCount": 0,
                  "viewerIsFollowing": false, "viewerIsBlocking": true },
        "userErrors": [],
    });
    for _ in 0..2 {
        assert_eq!(block(&world, &ada, &grace).await, blocked);
        assert_eq!(counts(&world, &ada).await, [0, 1, 3]);
        assert_eq!(counts(&world, &grace).await, [1, 0, 2]);
        assert_eq!(counts(&world, &linus).await, [1, 1, 1]);
    }
    let left: i64 = world.value("SELECT count(*) FROM users.follows").await;
    assert_eq!(left, 2);
}

#[tokio::test]
async fn while_it_stands_neither_follows_the_other_and_neither_is_told_who_blocked() {
    let world = World::new().await;
    let (ada, grace) = (world.person("ada").await, world.person("grace").await);
    block(&world, &ada, &grace).await;
    let mut told = Vec::new();
    for (who, whom) in [(&ada, &grace), (&grace, &ada)] {
        let log = Log::record();
        let answer = world
            .graph
            .ask(Some(&who.token), FOLLOW, json!({ "id": whom.id }))
            .await;
        assert_eq!(answer.codes(), ["FORBIDDEN"]);
        told.push(answer.body["errors"][0]["message"].clone());
        let path = format!("/users/{}/follow", whom.id);
        let reply = world.rest.call(Some(&who.token), Method::POST, &path).await;
        assert_eq!(reply.refusal(), (403, "FORBIDDEN"));
        told.push(reply.body["error"]["message"].clone());

        let lines = log.lines("audit");
        assert_eq!(lines.len(), 2);
        for line in lines {
            assert_eq!(line.level, Level::WARN);
            for (field, value) in [
                ("event", "follow_user"),
                ("outcome", "denied"),
                ("code", "FORBIDDEN"),
                ("actor", &who.id.to_string()),
                ("subject", &whom.id.to_string()),
            ] {
                assert_eq!(line.fields[field], value, "{field}");
            }
            assert_eq!(line.fields["trace_id"].len(), 32);
            assert!(!line.fields.contains_key("detail"));
        }
    }
    told.dedup();
    assert_eq!(told.len(), 1, "{told:?}");
    let follows: i64 = world.value("SELECT count(*) FROM users.follows").await;
    assert_eq!(follows, 0);
}

#[tokio::test]
async fn an_end_of_the_block_lets_people_follow_again_and_brings_no_follow_back() {
    let world = World::new().await;
    let (ada, grace) = (world.person("ada").await, world.person("grace").await);
    follow(&world, &ada, &grace).await;
    block(&world, &ada, &grace).await;
    let free = json!({
        "user": { "username": "grace", "viewerIsFollowing": false, "viewerIsBlocking": false }, "userErrors": [],
    });
    for _ in 0..2 {
        assert_eq!(unblock(&world, &ada, &grace).await, free);
    }
    follow(&world, &ada, &grace).await;
    assert_eq!(counts(&world, &ada).await, [0, 1, 3]);
}

#[tokio::test]
async fn two_who_block_each_other_are_apart_until_both_have_ended_it() {
    let world = World::new().await;
    let (ada, grace) = (world.person("ada").await, world.person("grace").await);
    block(&world, &ada, &grace).await;
    block(&world, &grace, &ada).await;
    let (one, other) = (UserId::from(ada.id), UserId::from(grace.id));
    unblock(&world, &ada, &grace).await;
    assert!(world.app.are_apart(one, other).await.unwrap());
    unblock(&world, &grace, &ada).await;
    assert!(!world.app.are_apart(one, other).await.unwrap());
}

#[tokio::test]
async fn nobody_blocks_themselves_or_who_is_not_there_or_without_a_token() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let payload = block(&world, &ada, &ada).await;
    assert_eq!(refusal(&payload), "CANNOT_BLOCK_SELF");
    assert_eq!(payload["userErrors"][0]["field"], "userId");
    let stranger = testkit::tokens().token_at(uuid::Uuid::from_u128(1), &*world.clock);
    for (query, field) in [(BLOCK, "blockUser"), (UNBLOCK, "unblockUser")] {
        for id in ["01890000-0000-7000-8000-000000000000", "no uuid", ""] {
            let id = json!({ "id": id });
            let data = world.ask(Some(&ada.token), query, id).await;
            assert_eq!(refusal(&data[field]), "USER_NOT_FOUND");
        }
        for token in [None, Some(stranger.as_str())] {
            let answer = world.graph.ask(token, query, json!({ "id": ada.id })).await;
            assert_eq!(answer.codes(), ["UNAUTHENTICATED"]);
        }
    }
    let list = "{ blockedUsers { totalCount } }";
    let answer = world.graph.ask(None, list, json!({})).await;
    assert_eq!(answer.codes(), ["UNAUTHENTICATED"]);
}

#[tokio::test]
async fn autocomplete_leaves_both_out_for_each_other_and_its_pages_are_full_all_the_same() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    for number in 0..14 {
        let person = world.person(&format!("name_{number:02}")).await;
        match number {
            0 | 1 => drop(block(&world, &ada, &person).await),
            2 => drop(block(&world, &person, &ada).await),
            _ => {}
        }
    }
    let names = |range: std::ops::Range<i32>| -> Vec<String> {
        range.map(|number| format!("name_{number:02}")).collect()
    };
    assert_eq!(offered(&world, Some(&ada), "NAME").await, names(3..13));
    assert_eq!(offered(&world, None, "NAME").await, names(0..10));
    let path = "/users?prefix=name_0";
    let body = world.rest.get(Some(&ada.token), path).await.ok();
    let items = body["items"].as_array().unwrap().iter();
    let found: Vec<_> = items.map(|user| text(&user["username"])).collect();
    assert_eq!(found, names(3..10));
}

#[tokio::test]
async fn who_knows_a_whole_handle_or_an_id_finds_the_other_still() {
    let world = World::new().await;
    let (ada, grace) = (world.person("ada").await, world.person("grace").await);
    block(&world, &ada, &grace).await;
    for (who, whom, name) in [(&ada, &grace, "grace"), (&grace, &ada, "ada")] {
        let query = "query($id: ID!, $name: String!) { user(id: $id) { username viewerIsBlocking }
            userByUsername(username: $name) { username } }";
        let variables = json!({ "id": whom.id, "name": name });
        let data = world.ask(Some(&who.token), query, variables).await;
        let blocking = who.id == ada.id;
        let user = json!({ "username": name, "viewerIsBlocking": blocking });
        assert_eq!(data["user"], user);
        assert_eq!(data["userByUsername"]["username"], name);
        let token = Some(who.token.as_str());
        let path = format!("/users/{}", whom.id);
        assert_eq!(world.rest.get(token, &path).await.ok()["username"], name);
        let path = format!("/users?username={name}");
        let found = world.rest.get(token, &path).await.ok();
        assert_eq!(found["items"][0]["username"], name);
    }
    let query = "query($id: ID!) { user(id: $id) { viewerIsBlocking } }";
    let data = world.ask(None, query, json!({ "id": grace.id })).await;
    assert_eq!(data["user"]["viewerIsBlocking"], false);
}

#[tokio::test]
async fn the_list_of_blocks_is_its_owners_and_begins_with_the_newest() {
    let world = World::new().await;
    let (ada, grace) = (world.person("ada").await, world.person("grace").await);
    for number in 0..5 {
        let other = world.person(&format!("other_{number}")).await;
        // Pairs are blocked at the same microsecond; then the later id comes first.
        world.clock.advance_micros(i64::from(number % 2 == 0));
        block(&world, &ada, &other).await;
    }
    let newest_first = ["other_4", "other_3", "other_2", "other_1", "other_0"];
    let query = "query($after: String) { blockedUsers(first: 2, after: $after) {
        nodes { username viewerIsBlocking } totalCount pageInfo { hasNextPage endCursor } } }";
    let (mut seen, mut after, mut cursor) = (Vec::new(), Value::Null, String::new());
    loop {
        let token = Some(ada.token.as_str());
        let data = world.ask(token, query, json!({ "after": after })).await;
        let page = &data["blockedUsers"];
        assert_eq!(page["totalCount"], 5);
        let path = format!("/users/me/blocks?page_size=2{cursor}");
        let body = world.rest.get(token, &path).await.ok();
        let (nodes, items) = (page["nodes"].as_array(), body["items"].as_array());
        for (node, item) in nodes.unwrap().iter().zip(items.unwrap()) {
            assert_eq!(node["username"], item["username"]);
            assert_eq!(node["viewerIsBlocking"], true);
            seen.push(text(&node["username"]).to_owned());
        }
        assert_eq!(page["pageInfo"]["hasNextPage"], body["has_next"]);
        if body["has_next"] == json!(false) {
            break;
        }
        assert_eq!(page["pageInfo"]["endCursor"], body["next_cursor"]);
        cursor = format!("&cursor={}", text(&body["next_cursor"]));
        after = page["pageInfo"]["endCursor"].clone();
    }
    assert_eq!(seen, newest_first);
    let token = Some(grace.token.as_str());
    let body = world.rest.get(token, "/users/me/blocks").await.ok();
    assert_eq!(body["items"], json!([]));
    let reply = world.rest.get(None, "/users/me/blocks").await;
    assert_eq!(reply.refusal(), (401, "UNAUTHENTICATED"));
}

#[tokio::test]
async fn blocking_is_new_once_and_ended_any_number_of_times() {
    let world = World::new().await;
    let (ada, grace) = (world.person("ada").await, world.person("grace").await);
    let (token, path) = (
        Some(ada.token.as_str()),
        format!("/users/{}/block", grace.id),
    );
    let body = json!({ "blocker_id": ada.id, "blocked_id": grace.id });
    let log = Log::record();
    for status in [StatusCode::CREATED, StatusCode::OK] {
        let reply = world.rest.call(token, Method::POST, &path).await;
        assert_eq!(reply.expect(status), body);
    }
    for _ in 0..2 {
        let reply = world.rest.call(token, Method::DELETE, &path).await;
        assert_eq!(reply.status, StatusCode::NO_CONTENT);
    }
    let written = log.lines("audit");
    let events: Vec<_> = written.iter().map(|line| &line.fields["event"]).collect();
    assert_eq!(events, ["block_user", "unblock_user"], "what changed");
    for line in &written {
        assert_eq!(line.level, Level::INFO);
        assert_eq!(line.fields["outcome"], "done");
        assert_eq!(line.fields["actor"], ada.id.to_string());
        assert_eq!(line.fields["subject"], grace.id.to_string());
    }
    let itself = format!("/users/{}/block", ada.id);
    let reply = world.rest.call(token, Method::POST, &itself).await;
    assert_eq!(reply.refusal(), (422, "CANNOT_BLOCK_SELF"));
    assert_eq!(reply.details(), [("id", "CANNOT_BLOCK_SELF")]);
}

/// Follows and blocks in both directions between the same few people, all at once, and blocks that end again.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_follow_is_left_between_two_of_whom_one_blocks_the_other_whatever_is_done_at_once() {
    let world = World::new().await;
    let mut people = Vec::new();
    for name in ["ada", "grace", "linus", "edsger"] {
        people.push(UserId::from(world.person(name).await.id));
    }
    let mut attempts = JoinSet::new();
    for round in 0..12 {
        for (i, who) in people.clone().into_iter().enumerate() {
            for (j, whom) in people.iter().enumerate().filter(|(j, _)| *j != i) {
                let (app, whom) = (world.app.clone(), whom.to_string());
                attempts.spawn(async move {
                    match (round * 5 + i * 3 + j) % 8 {
                        0 => app.block(who, &whom).await.map(drop),
                        1 => app.unblock(who, &whom).await.map(drop),
                        _ => app.follow(who, &whom).await.map(drop),
                    }
                });
            }
        }
    }
    let outcomes = attempts.join_all().await;
    assert!(outcomes.iter().any(Result::is_ok));
    for error in outcomes.into_iter().filter_map(Result::err) {
        assert!(
            matches!(error, users::app::AppError::KeptApart),
            "{error:?}"
        );
    }
    let wrong: i64 = world
        .value(
            "SELECT count(*) FROM users.follows f JOIN users.blocks b
                ON (f.follower_id, f.followee_id) IN ((b.blocker_id, b.blocked_id), (b.blocked_id, b.blocker_id))",
        )
        .await;
    assert_eq!(wrong, 0);
    let miscounted: i64 = world
        .value(
            "SELECT count(*) FROM users.users u
             WHERE follower_count <> (SELECT count(*) FROM users.follows WHERE followee_id = u.id)
                OR followee_count <> (SELECT count(*) FROM users.follows WHERE follower_id = u.id)",
        )
        .await;
    assert_eq!(miscounted, 0);
    let blocks: i64 = world.value("SELECT count(*) FROM users.blocks").await;
    assert!(blocks > 0, "there is something that could be wrong");
}

/// One block against many follows of the same two: whoever comes first, nothing is left.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_block_among_many_follows_at_once_leaves_none() {
    let world = World::new().await;
    let (ada, grace) = (world.person("ada").await, world.person("grace").await);
    for _ in 0..10 {
        let mut attempts = JoinSet::new();
        for number in 0..20 {
            let app = world.app.clone();
            let (one, other) = if number % 2 == 0 {
                (ada.id, grace.id)
            } else {
                (grace.id, ada.id)
            };
            attempts.spawn(async move {
                let (who, whom) = (UserId::from(one), other.to_string());
                if number == 10 {
                    app.block(who, &whom).await.map(drop)
                } else {
                    app.follow(who, &whom).await.map(drop)
                }
            });
        }
        attempts.join_all().await;
        let follows: i64 = world.value("SELECT count(*) FROM users.follows").await;
        assert_eq!(follows, 0);
        for who in [&ada, &grace] {
            assert_eq!(counts(&world, who).await[..2], [0, 0]);
        }
        unblock(&world, &ada, &grace).await;
    }
}
