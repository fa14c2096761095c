//! Every use case through both APIs: the same rows, the same codes.

mod graph;
mod rest;

use async_trait::async_trait;
use posts::app::ports::SocialGraphError;
use testkit::{Outcome, Played, dump};

use crate::world::{Person, World};
use graph::Graph;
use rest::Rest;

/// What one can do with posts. `None` is nobody in particular.
#[async_trait]
trait Api {
    async fn create(&self, who: Option<&Person>, text: &str) -> Outcome;
    async fn read(&self, who: Option<&Person>, post: &str) -> Outcome;
    async fn edit(&self, who: Option<&Person>, post: &str, text: &str) -> Outcome;
    async fn delete(&self, who: Option<&Person>, post: &str) -> Outcome;
    async fn like(&self, who: Option<&Person>, post: &str) -> Outcome;
    async fn unlike(&self, who: Option<&Person>, post: &str) -> Outcome;
    /// A page of an author's posts, and the cursor of the next one.
    async fn of_author(&self, who: Option<&Person>, author: &Person, page: Page<'_>) -> Outcome;
    async fn feed(&self, who: Option<&Person>, page: Page<'_>) -> Outcome;
}

#[derive(Clone, Copy)]
struct Page<'a> {
    size: i32,
    after: Option<&'a str>,
}

const PAGE: Page<'_> = Page {
    size: 2,
    after: None,
};

/// Everything that people do with posts, and everything that is refused.
async fn play(world: &World, api: &dyn Api) -> Played {
    let mut played = Played::default();
    let [ada, grace] = world.people();
    world.social.follow(&ada, [grace.id]);
    let post = write(world, api, &grace, &mut played).await;
    let nothing = "018f4e9e-0000-7000-8000-000000000000";
    for (what, id) in [
        ("", post.as_str()),
        (" that is not there", nothing),
        (" by no id", "x"),
    ] {
        let mut one = Played::default();
        like(world, api, &ada, id, &mut one).await;
        change(api, [&ada, &grace], id, &mut one).await;
        played.append(&format!("a post{what}"), one);
    }
    list(api, [&ada, &grace], &mut played).await;
    feed(world, api, [&ada, &grace], &mut played).await;
    let moderator = world.moderator();
    let other = api.create(Some(&grace), "not for long").await;
    let other = other.unwrap()["id"].as_str().unwrap().to_owned();
    let edited = api.edit(Some(&moderator), &other, "x").await;
    played.note("edit somebody's post as a moderator", edited);
    for what in ["delete somebody's post", "delete it again"] {
        let deleted = api.delete(Some(&moderator), &other).await;
        played.note(&format!("{what} as a moderator"), deleted);
    }
    for what in ["delete a post", "delete it again"] {
        played.note(what, api.delete(Some(&grace), &post).await);
    }
    played
}

/// The id of the last of three posts.
async fn write(world: &World, api: &dyn Api, author: &Person, played: &mut Played) -> String {
    let mut posts = Vec::new();
    for text in ["one", "two", "  three \n"] {
        world.clock.advance_micros(1_000);
        let outcome = api.create(Some(author), text).await;
        let post = outcome.as_ref().unwrap();
        posts.push(post["id"].as_str().unwrap().to_owned());
        played.note("create a post", outcome);
    }
    let long = "x".repeat(281);
    for (what, text) in [
        ("without text", " "),
        ("too long", long.as_str()),
        ("with a NUL", "a\0b"),
    ] {
        let outcome = api.create(Some(author), text).await;
        played.note(&format!("create a post {what}"), outcome);
    }
    played.note("create a post as nobody", api.create(None, "x").await);
    posts.pop().unwrap()
}

async fn like(world: &World, api: &dyn Api, reader: &Person, post: &str, played: &mut Played) {
    let who = Some(reader);
    played.note("read as nobody", api.read(None, post).await);
    played.note("read", api.read(who, post).await);
    world.clock.advance_micros(1_000);
    played.note("like", api.like(who, post).await);
    played.note("like again", api.like(who, post).await);
    played.note("read what I like", api.read(who, post).await);
    played.note("take a like back", api.unlike(who, post).await);
    played.note("take it back again", api.unlike(who, post).await);
    played.note("like once more", api.like(who, post).await);
    played.note("like as nobody", api.like(None, post).await);
    played.note("take a like back as nobody", api.unlike(None, post).await);
}

async fn change(api: &dyn Api, people: [&Person; 2], post: &str, played: &mut Played) {
    let [reader, author] = people.map(Some);
    played.note("edit", api.edit(author, post, "edited").await);
    played.note("edit to nothing", api.edit(author, post, "").await);
    played.note("edit somebody else's", api.edit(reader, post, "x").await);
    played.note("edit as nobody", api.edit(None, post, "x").await);
    played.note("delete somebody else's", api.delete(reader, post).await);
    played.note("delete as nobody", api.delete(None, post).await);
}

fn after(cursor: &str) -> Page<'_> {
    Page {
        size: 2,
        after: Some(cursor),
    }
}

/// The cursor of the page after this one.
fn next(outcome: &Outcome) -> String {
    let page = outcome.as_ref().unwrap();
    page["next"].as_str().unwrap().to_owned()
}

async fn list(api: &dyn Api, [reader, author]: [&Person; 2], played: &mut Played) {
    let who = Some(reader);
    let page = api.of_author(None, author, PAGE).await;
    let cursor = next(&page);
    played.note("list an author's posts", page);
    let page = api.of_author(who, author, after(&cursor)).await;
    played.note("list them after a cursor", page);
    let page = api.of_author(who, reader, PAGE).await;
    played.note("list the posts of somebody who wrote none", page);
    for size in [0, 101] {
        let page = Page { size, after: None };
        let page = api.of_author(who, author, page).await;
        played.note(&format!("a page of {size} posts"), page);
    }
    let page = api.feed(who, after(&cursor)).await;
    played.note("a cursor of another list", page);
}

async fn feed(world: &World, api: &dyn Api, people: [&Person; 2], played: &mut Played) {
    let [who, author] = people.map(Some);
    let page = api.feed(who, PAGE).await;
    let cursor = next(&page);
    played.note("the feed", page);
    let page = api.feed(who, after(&cursor)).await;
    played.note("the feed after a cursor", page);
    let page = api.feed(author, PAGE).await;
    played.note("the feed of somebody who follows nobody", page);
    played.note("the feed of nobody", api.feed(None, PAGE).await);
    for size in [0, 101] {
        let page = Page { size, after: None };
        let page = api.feed(who, page).await;
        played.note(&format!("a feed of {size} posts"), page);
    }
    let failures: [(_, fn() -> SocialGraphError); 2] = [
        ("the feed while nobody knows whom I follow", || {
            SocialGraphError::unavailable("it is down")
        }),
        ("the feed with a token that is not good elsewhere", || {
            SocialGraphError::Unauthenticated
        }),
    ];
    for (what, failure) in failures {
        world.social.fail(Some(failure));
        played.note(what, api.feed(who, PAGE).await);
    }
    world.social.fail(None);
}

#[tokio::test]
async fn both_apis_do_the_same() {
    let (graph, rest) = (World::new().await, World::new().await);
    let by_graph = play(&graph, &Graph(&graph)).await;
    let by_rest = play(&rest, &Rest(&rest)).await;
    by_graph.assert_same(&by_rest, ["GraphQL", "REST"]);
    let tables = ["posts.posts", "posts.likes"];
    let rows = dump(&graph.admin, &tables, &[]).await;
    assert!(!rows[0].1.is_empty(), "there is something to compare");
    assert_eq!(rows, dump(&rest.admin, &tables, &[]).await);
}
