//! Every use case through both APIs: the same rows, the same codes.

mod accounts;
mod graph;
mod rest;

use async_trait::async_trait;
use serde_json::{Value, json};
use testkit::{Outcome, Played, dump, tokens};

use crate::world::World;
use graph::Graph;
use rest::Rest;

/// The id of nobody.
const NOTHING: &str = "018f4e9e-0000-7000-8000-000000000000";

/// What one can do as, and with, users. `None` is nobody in particular, and a token otherwise.
#[async_trait]
trait Api {
    async fn register(&self, input: Value) -> Outcome;
    async fn log_in(&self, email: &str, password: &str) -> Outcome;
    async fn refresh(&self, token: &str) -> Outcome;
    async fn log_out(&self, token: &str) -> Outcome;
    async fn verify_email(&self, token: &str) -> Outcome;
    async fn resend_verification(&self, email: &str) -> Outcome;
    async fn request_password_reset(&self, email: &str) -> Outcome;
    async fn reset_password(&self, token: &str, password: &str) -> Outcome;
    async fn change_password(&self, who: Option<&str>, current: &str, new: &str) -> Outcome;
    async fn sessions(&self, who: Option<&str>) -> Outcome;
    async fn end_session(&self, who: Option<&str>, id: &str) -> Outcome;
    async fn end_sessions(&self, who: Option<&str>) -> Outcome;
    async fn me(&self, who: Option<&str>) -> Outcome;
    async fn update(&self, who: Option<&str>, changes: Value) -> Outcome;
    async fn user(&self, id: &str) -> Outcome;
    async fn by_username(&self, username: &str) -> Outcome;
    async fn search(&self, who: Option<&str>, prefix: &str) -> Outcome;
    async fn follow(&self, who: Option<&str>, whom: &str) -> Outcome;
    async fn unfollow(&self, who: Option<&str>, whom: &str) -> Outcome;
    async fn block(&self, who: Option<&str>, whom: &str) -> Outcome;
    async fn unblock(&self, who: Option<&str>, whom: &str) -> Outcome;
    /// A page of the caller's list, and the cursor of the next one.
    async fn blocks(&self, who: Option<&str>, size: i32, after: Option<&str>) -> Outcome;
    /// A page of `followers` or `followees`, and the cursor of the next one.
    async fn list(&self, list: &str, of: &str, size: i32, after: Option<&str>) -> Outcome;
}

async fn play_profiles(world: &World, api: &dyn Api, played: &mut Played) {
    let linus = world.person("linus").await;
    let token = Some(linus.token.as_str());
    let gone = tokens().token_at(NOTHING.parse().unwrap(), &*world.clock);
    for (who, name) in [
        (token, "me"),
        (None, "nobody"),
        (Some("forged"), "a forged token"),
        (Some(&gone), "somebody who is gone"),
    ] {
        played.note(&format!("the account of {name}"), api.me(who).await);
        let changes = json!({ "display_name": " Linus ", "bio": "one\ntwo" });
        played.note(
            &format!("change the profile of {name}"),
            api.update(who, changes).await,
        );
    }
    for changes in [
        json!({ "bio": null, "avatar_url": "https://example.com/a.png" }),
        json!({ "display_name": " " }),
        json!({}),
        json!({ "display_name": "x".repeat(101), "bio": "a\0b", "avatar_url": "javascript:alert(1)" }),
    ] {
        played.note(
            &format!("change {changes}"),
            api.update(token, changes).await,
        );
    }
    for id in [linus.id.to_string().as_str(), NOTHING, "x"] {
        played.note(&format!("the user {id}"), api.user(id).await);
    }
    for name in ["LINUS", "nobody", "no-handle"] {
        played.note(
            &format!("the user called {name}"),
            api.by_username(name).await,
        );
    }
    for prefix in ["Li", "zz", "", "no-handle", "l_"] {
        played.note(
            &format!("handles beginning with {prefix:?}"),
            api.search(None, prefix).await,
        );
    }
}

async fn play_follows(world: &World, api: &dyn Api, played: &mut Played) {
    let mut people = Vec::new();
    for name in ["barbara", "donald", "edsger", "tony"] {
        people.push(world.person(name).await);
    }
    let id = |index: usize| people[index].id.to_string();
    for (index, person) in people.iter().enumerate().skip(1) {
        world.clock.advance_micros(1_000);
        played.note(
            &format!("follow, {index}"),
            api.follow(Some(&person.token), &id(0)).await,
        );
    }
    let token = Some(people[0].token.as_str());
    for (what, whom) in [
        ("myself", id(0).as_str()),
        ("nobody", NOTHING),
        ("no id", "x"),
    ] {
        played.note(&format!("follow {what}"), api.follow(token, whom).await);
        played.note(&format!("unfollow {what}"), api.unfollow(token, whom).await);
    }
    played.note("follow back", api.follow(token, &id(1)).await);
    played.note("follow again", api.follow(token, &id(1)).await);
    played.note("follow as nobody", api.follow(None, &id(1)).await);
    played.note("unfollow as nobody", api.unfollow(None, &id(1)).await);
    played.note(
        "who follows nobody",
        api.list("followers", NOTHING, 2, None).await,
    );
    let page = api.list("followers", &id(0), 2, None).await;
    let cursor = page.as_ref().unwrap()["next"].as_str().unwrap().to_owned();
    played.note("who follows somebody", page);
    played.note(
        "who else",
        api.list("followers", &id(0), 2, Some(&cursor)).await,
    );
    played.note(
        "whom somebody follows",
        api.list("followees", &id(1), 2, None).await,
    );
    played.note(
        "a cursor of another list",
        api.list("followees", &id(0), 2, Some(&cursor)).await,
    );
    for size in [0, 101] {
        played.note(
            &format!("{size} followers"),
            api.list("followers", &id(0), size, None).await,
        );
    }
    played.note("unfollow", api.unfollow(token, &id(1)).await);
    played.note("unfollow again", api.unfollow(token, &id(1)).await);
    played.note(
        "whom I follow after that",
        api.list("followees", &id(0), 2, None).await,
    );
}

async fn play_blocks(world: &World, api: &dyn Api, played: &mut Played) {
    let mut people = Vec::new();
    for name in ["block_ada", "block_grace", "block_linus"] {
        people.push(world.person(name).await);
    }
    let id = |index: usize| people[index].id.to_string();
    let [me, other] = [0, 1].map(|index| Some(people[index].token.as_str()));
    played.note("follow somebody", api.follow(me, &id(1)).await);
    for (what, whom) in [
        ("somebody", id(1)),
        ("them again", id(1)),
        ("somebody else", id(2)),
        ("myself", id(0)),
        ("nobody", NOTHING.to_owned()),
        ("no id", "x".to_owned()),
    ] {
        world.clock.advance_micros(1_000);
        played.note(&format!("block {what}"), api.block(me, &whom).await);
    }
    played.note("block as nobody", api.block(None, &id(1)).await);
    played.note("follow whom I block", api.follow(me, &id(1)).await);
    played.note("follow who blocks me", api.follow(other, &id(0)).await);
    for (what, who) in [("I", me), ("who is blocked", other), ("nobody", None)] {
        let found = api.search(who, "block_").await;
        played.note(&format!("whom {what} can complete"), found);
        let page = api.blocks(who, 1, None).await;
        played.note(&format!("whom {what} block"), page);
    }
    let page = api.blocks(me, 1, None).await.unwrap();
    let next = api.blocks(me, 1, page["next"].as_str()).await;
    played.note("whom else I block", next);
    for size in [0, 101] {
        let page = api.blocks(me, size, None).await;
        played.note(&format!("{size} blocks"), page);
    }
    let foreign = api
        .list("followees", &id(0), 2, page["next"].as_str())
        .await;
    played.note("a cursor of blocks for another list", foreign);
    for (what, whom) in [
        ("somebody", id(1)),
        ("them again", id(1)),
        ("myself", id(0)),
        ("nobody", NOTHING.to_owned()),
        ("no id", "x".to_owned()),
    ] {
        played.note(&format!("unblock {what}"), api.unblock(me, &whom).await);
    }
    played.note("unblock as nobody", api.unblock(None, &id(2)).await);
    played.note("follow again after that", api.follow(me, &id(1)).await);
}

async fn play(world: &World, api: &dyn Api) -> Played {
    let mut played = Played::default();
    accounts::play(world, api, &mut played).await;
    play_profiles(world, api, &mut played).await;
    play_follows(world, api, &mut played).await;
    play_blocks(world, api, &mut played).await;
    played
}

#[tokio::test]
async fn both_apis_do_the_same() {
    let (graph, rest) = (World::new().await, World::new().await);
    let by_graph = play(&graph, &Graph(&graph)).await;
    let by_rest = play(&rest, &Rest(&rest)).await;
    by_graph.assert_same(&by_rest, ["GraphQL", "REST"]);
    let tables = [
        "users.users",
        "users.sessions",
        "users.refresh_tokens",
        "users.one_time_tokens",
        "users.follows",
        "users.blocks",
        "users.outbox",
    ];
    let random = ["password_hash", "token_hash"];
    let rows = dump(&graph.admin, &tables, &random).await;
    let empty: Vec<_> = rows
        .iter()
        .filter(|(_, rows)| rows.is_empty())
        .map(|(table, _)| table)
        .collect();
    assert_eq!(
        empty,
        Vec::<&String>::new(),
        "there is something to compare"
    );
    assert_eq!(rows, dump(&rest.admin, &tables, &random).await);
}
