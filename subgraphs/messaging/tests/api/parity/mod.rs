//! Every use case through both APIs: the same rows, the same codes.

mod graph;
mod rest;

use async_trait::async_trait;
use testkit::{Outcome, Played, dump};

use crate::world::{Person, World};
use graph::Graph;
use rest::Rest;

const NOTHING: &str = "018f4e9e-0000-7000-8000-000000000000";

/// What one can do with conversations. `None` is nobody in particular.
#[async_trait]
trait Api {
    async fn start(&self, who: Option<&Person>, recipient: &str) -> Outcome;
    async fn send(&self, who: Option<&Person>, to: &str, text: &str, key: Option<&str>) -> Outcome;
    async fn inbox(&self, who: Option<&Person>, page: Page<'_>) -> Outcome;
    async fn messages(&self, who: Option<&Person>, of: &str, page: Page<'_>) -> Outcome;
    async fn mark_read(&self, who: Option<&Person>, of: &str, message: &str) -> Outcome;
    async fn mentions(&self, who: Option<&Person>, page: Page<'_>) -> Outcome;
    async fn indicate_typing(&self, who: Option<&Person>, of: &str) -> Outcome;
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

/// A story of three: two who talk, and one who should not listen.
struct Story<'a> {
    world: &'a World,
    api: &'a dyn Api,
    ada: Person,
    grace: Person,
    linus: Person,
    conversation: String,
    played: Played,
}

/// Everything that people do with conversations, and everything that is refused.
async fn play(world: &World, api: &dyn Api) -> Played {
    let [ada, grace, linus] = ["ada", "grace", "linus"].map(|name| world.person(name));
    let mut played = Played::default();
    let started = api.start(Some(&ada), &grace.id.to_string()).await;
    let conversation = &started.as_ref().unwrap()["conversation_id"];
    let conversation = conversation.as_str().unwrap().to_owned();
    played.note("start a conversation", started);
    let mut story = Story {
        world,
        api,
        ada,
        grace,
        linus,
        conversation,
        played,
    };
    story.start().await;
    let messages = story.send().await;
    story.send_nowhere(&messages[0]).await;
    story.without_the_directory().await;
    story.blocked().await;
    story.read(&messages).await;
    story.pages().await;
    story.mentions().await;
    story.played
}

impl Story<'_> {
    fn note(&mut self, use_case: impl AsRef<str>, outcome: Outcome) {
        self.played.note(use_case.as_ref(), outcome);
    }

    async fn start(&mut self) {
        let me = self.ada.id.to_string();
        let again = self.api.start(Some(&self.grace), &me).await;
        self.note("start it again from the other side", again);
        for (what, id) in [("myself", me.as_str()), ("nobody", NOTHING), ("no id", "x")] {
            let outcome = self.api.start(Some(&self.ada), id).await;
            self.note(format!("start a conversation with {what}"), outcome);
        }
        let outcome = self.api.start(None, &me).await;
        self.note("start a conversation as nobody", outcome);
        let inbox = self.api.inbox(Some(&self.ada), PAGE).await;
        self.note("the inbox before any message", inbox);
    }

    /// The ids of three messages.
    async fn send(&mut self) -> Vec<String> {
        let mut messages = Vec::new();
        for text in ["Hello @grace, @linus and @nobody", "  again \n", "third"] {
            self.world.clock.advance_micros(1_000);
            let sent = self
                .api
                .send(Some(&self.ada), &self.conversation, text, None)
                .await;
            messages.push(sent.as_ref().unwrap()["id"].as_str().unwrap().to_owned());
            self.note("send a message", sent);
        }
        self.world.clock.advance_micros(1_000);
        let long_key = "k".repeat(256);
        for (text, key) in [
            ("once", "key-1"),
            ("once", "key-1"),
            ("twice", "key-1"),
            ("x", ""),
            ("x", "a b"),
            ("x", long_key.as_str()),
        ] {
            let sent = self
                .api
                .send(Some(&self.grace), &self.conversation, text, Some(key))
                .await;
            self.note(format!("send {text:?} under the key {key:?}"), sent);
        }
        let long = "x".repeat(4_001);
        for (what, text) in [
            ("without text", " "),
            ("too long", &long),
            ("with a NUL", "a\0b"),
        ] {
            let sent = self
                .api
                .send(Some(&self.ada), &self.conversation, text, None)
                .await;
            self.note(format!("send a message {what}"), sent);
        }
        messages
    }

    async fn send_nowhere(&mut self, message: &str) {
        let conversation = self.conversation.clone();
        for (what, id) in [("nothing", NOTHING), ("no id", "x")] {
            let sent = self.api.send(Some(&self.ada), id, "x", None).await;
            self.note(format!("send to {what}"), sent);
            let page = self.api.messages(Some(&self.ada), id, PAGE).await;
            self.note(format!("read the messages of {what}"), page);
            let marked = self.api.mark_read(Some(&self.ada), id, message).await;
            self.note(format!("mark {what} as read"), marked);
            let typing = self.api.indicate_typing(Some(&self.ada), id).await;
            self.note(format!("type in {what}"), typing);
            let marked = self
                .api
                .mark_read(Some(&self.grace), &conversation, id)
                .await;
            self.note(format!("mark as read up to {what}"), marked);
        }
        for (what, who) in [
            ("somebody else", Some(self.linus.clone())),
            ("nobody", None),
        ] {
            let who = who.as_ref();
            let sent = self.api.send(who, &conversation, "x", None).await;
            self.note(format!("send as {what}"), sent);
            let typing = self.api.indicate_typing(who, &conversation).await;
            self.note(format!("type as {what}"), typing);
            let page = self.api.messages(who, &conversation, PAGE).await;
            self.note(format!("read messages as {what}"), page);
            let marked = self.api.mark_read(who, &conversation, message).await;
            self.note(format!("mark as read as {what}"), marked);
        }
    }

    async fn without_the_directory(&mut self) {
        self.world.directory.fail(true);
        let me = Some(&self.ada);
        let sent = self
            .api
            .send(me, &self.conversation, "Hello @grace", None)
            .await;
        let found = self.api.start(me, &self.grace.id.to_string()).await;
        let started = self.api.start(me, &self.linus.id.to_string()).await;
        let inbox = self.api.inbox(me, PAGE).await;
        self.note("send while nobody knows who is who", sent);
        self.note("find a conversation meanwhile", found);
        self.note("start a conversation meanwhile", started);
        self.note("the inbox meanwhile", inbox);
        self.world.directory.fail(false);
    }

    /// Either blocks the other, and then nobody; with the directory and while it is down.
    async fn blocked(&mut self) {
        let (ada, grace, linus) = (self.ada.clone(), self.grace.clone(), self.linus.clone());
        let conversation = self.conversation.clone();
        let directory = self.world.directory.clone();
        for (what, blocker, blocked) in [("I", &ada, &grace), ("the other", &grace, &ada)] {
            directory.block(blocker, blocked);
            for down in [false, true] {
                directory.fail(down);
                let when = if down {
                    "while nobody can be asked"
                } else {
                    ""
                };
                let sent = self.api.send(Some(&ada), &conversation, "x", None).await;
                self.note(format!("send while {what} block {when}"), sent);
                let typing = self.api.indicate_typing(Some(&ada), &conversation).await;
                self.note(format!("type while {what} block {when}"), typing);
                let found = self.api.start(Some(&ada), &grace.id.to_string()).await;
                self.note(format!("find it while {what} block {when}"), found);
                let page = self.api.messages(Some(&ada), &conversation, PAGE).await;
                self.note(format!("read while {what} block {when}"), page);
                directory.fail(false);
            }
            directory.unblock(blocker, blocked);
        }
        directory.block(&linus, &ada);
        let started = self.api.start(Some(&ada), &linus.id.to_string()).await;
        self.note("start a conversation with who blocks me", started);
        directory.unblock(&linus, &ada);
        self.world.clock.advance_micros(1_000);
        let sent = self.api.send(Some(&ada), &conversation, "free", None).await;
        self.note("send when nobody blocks any more", sent);
        directory.refuse(true);
        let sent = self.api.send(Some(&ada), &conversation, "x", None).await;
        self.note("send with a token that is not good elsewhere", sent);
        let started = self.api.start(Some(&ada), &linus.id.to_string()).await;
        self.note("start with a token that is not good elsewhere", started);
        directory.refuse(false);
    }

    async fn read(&mut self, messages: &[String]) {
        let (conversation, grace) = (self.conversation.clone(), self.grace.clone());
        for (what, who) in [
            ("me", &self.ada.clone()),
            ("the other", &grace),
            ("somebody else", &self.linus.clone()),
        ] {
            let inbox = self.api.inbox(Some(who), PAGE).await;
            self.note(format!("the inbox of {what}"), inbox);
        }
        let typing = self.api.indicate_typing(Some(&grace), &conversation).await;
        self.note("type", typing);
        for index in [1, 0] {
            let message = &messages[index];
            let marked = self
                .api
                .mark_read(Some(&grace), &conversation, message)
                .await;
            self.note(format!("mark message {index} as read"), marked);
            let inbox = self.api.inbox(Some(&grace), PAGE).await;
            self.note("the inbox after that", inbox);
        }
    }

    async fn pages(&mut self) {
        let (conversation, me) = (self.conversation.clone(), self.grace.clone());
        let me = Some(&me);
        let page = self.api.messages(me, &conversation, PAGE).await;
        let cursor = page.as_ref().unwrap()["next"].as_str().unwrap().to_owned();
        self.note("read messages", page);
        let after = |cursor| Page {
            size: 2,
            after: Some(cursor),
        };
        let page = self.api.messages(me, &conversation, after(&cursor)).await;
        self.note("read messages after a cursor", page);
        let page = self.api.messages(me, &conversation, after("x")).await;
        self.note("messages after a cursor of nothing", page);
        let page = self.api.inbox(me, after(&cursor)).await;
        self.note("the inbox after a cursor of another list", page);
        for size in [0, 101] {
            let page = Page { size, after: None };
            let inbox = self.api.inbox(me, page).await;
            self.note(format!("an inbox of {size}"), inbox);
            let messages = self.api.messages(me, &conversation, page).await;
            self.note(format!("{size} messages"), messages);
            let mentions = self.api.mentions(me, page).await;
            self.note(format!("{size} mentions"), mentions);
        }
        let inbox = self.api.inbox(None, PAGE).await;
        self.note("the inbox of nobody", inbox);
    }

    async fn mentions(&mut self) {
        for (what, who) in [
            ("me", Some(self.ada.clone())),
            ("the other", Some(self.grace.clone())),
            ("somebody who may not read it", Some(self.linus.clone())),
            ("nobody", None),
        ] {
            let mentions = self.api.mentions(who.as_ref(), PAGE).await;
            self.note(format!("mentions of {what}"), mentions);
        }
    }
}

#[tokio::test]
async fn both_apis_do_the_same() {
    let (graph, rest) = (World::new().await, World::new().await);
    let by_graph = play(&graph, &Graph(&graph)).await;
    let by_rest = play(&rest, &Rest(&rest)).await;
    by_graph.assert_same(&by_rest, ["GraphQL", "REST"]);
    let tables = [
        "messaging.conversations",
        "messaging.participants",
        "messaging.messages",
        "messaging.mentions",
        "messaging.inboxes",
        "messaging.inbox_entries",
    ];
    let rows = dump(&graph.admin, &tables, &[]).await;
    assert!(
        rows.iter().all(|(_, rows)| !rows.is_empty()),
        "there is something to compare"
    );
    assert_eq!(rows, dump(&rest.admin, &tables, &[]).await);
}
