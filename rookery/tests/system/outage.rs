//! A part of the system is down: what depends on it is missing, the rest arrives, and it comes back by itself.

use contexts::Context;
use serde_json::{Value, json};

use crate::{
    client::{Client, Person, TIMELINE},
    running::{Running, freeze, signal, until_gone},
};

const POST: &str = "query($id: ID!) { post(id: $id) { text author { username } } }";

struct Scene {
    system: Running,
    reader: Person,
    author: Person,
    post: String,
}

/// A system of its own, because it will be broken, with a reader who follows an author.
async fn scene() -> Scene {
    let system = Running::start(&["--no-seed"]);
    let client = Client::new(system.url("/graphql"));
    let (reader, author) = (client.somebody().await, client.somebody().await);
    reader.follow(&author).await;
    let post = author.post("written before the outage").await;
    Scene {
        system,
        reader,
        author,
        post,
    }
}

impl Scene {
    async fn timeline(&self) -> Value {
        let (status, body) = self.reader.send(TIMELINE, &json!({})).await;
        assert_eq!(status, 200, "{body}");
        body
    }

    /// Whether the timeline is as it should be; when it is not, it must be the degraded one.
    async fn timeline_is_whole(&self) -> bool {
        let body = self.timeline().await;
        let nodes = &body["data"]["timeline"]["nodes"];
        if body.get("errors").is_none() {
            assert_eq!(
                nodes[0]["author"]["username"], *self.author.username,
                "{body}"
            );
            return true;
        }
        assert_eq!(
            body["errors"][0]["extensions"]["code"], "SERVICE_UNAVAILABLE",
            "{body}"
        );
        assert!(
            nodes == &json!([]) || nodes[0]["author"].is_null(),
            "{body}"
        );
        false
    }
}

#[tokio::test]
async fn without_users_posts_have_no_authors_and_timelines_are_empty_and_say_so() {
    let scene = scene().await;
    assert!(scene.timeline_is_whole().await);
    let users = scene.system.process_of("users");

    // It is there and does not answer: worse than being gone.
    freeze(users);
    let timeline = scene.timeline().await;
    assert_eq!(
        timeline["data"]["timeline"]["nodes"],
        json!([]),
        "{timeline}"
    );
    assert_eq!(
        timeline["errors"][0]["extensions"]["code"],
        "SERVICE_UNAVAILABLE"
    );
    assert_eq!(timeline["errors"][0]["path"], json!(["timeline"]));
    let (_, post) = scene.reader.send(POST, &json!({ "id": scene.post })).await;
    assert_eq!(
        post["data"]["post"],
        json!({ "text": "written before the outage", "author": null }),
        "{post}"
    );
    assert_eq!(
        post["errors"][0]["extensions"]["code"],
        "SERVICE_UNAVAILABLE"
    );

    signal("CONT", users);
    while !scene.timeline_is_whole().await {}
}

#[tokio::test]
async fn a_killed_service_is_started_again_and_readers_see_nothing_worse_than_a_gap() {
    let scene = scene().await;
    for part in ["users", "posts"] {
        let process = scene.system.process_of(part);
        signal("KILL", process);
        until_gone(process);
        while !scene.timeline_is_whole().await {}
    }
}

/// A process of the database is killed: the server ends all connections, recovers, and goes on.
#[tokio::test]
async fn after_a_crash_of_the_database_a_timeline_has_what_was_written_and_the_index_is_back() {
    let scene = scene().await;
    assert!(scene.timeline_is_whole().await);
    let process = scene.system.connection_of("posts_svc");
    signal("KILL", process);
    until_gone(process);
    let create = "mutation { createPost(input: { text: \"after the crash\" }) { post { id } } }";
    let written = loop {
        let (_, body) = scene.author.send(create, &json!({})).await;
        if let Some(id) = body["data"]["createPost"]["post"]["id"].as_str() {
            break id.to_owned();
        }
        assert_eq!(
            body["errors"][0]["extensions"]["code"], "SERVICE_UNAVAILABLE",
            "{body}"
        );
    };
    let ids = |body: &Value| -> Vec<String> {
        let nodes = body["data"]["timeline"]["nodes"].as_array().unwrap();
        let id = |node: &Value| node["id"].as_str().unwrap().to_owned();
        nodes.iter().map(id).collect()
    };
    let timeline = loop {
        let body = scene.timeline().await;
        if body.get("errors").is_none() {
            break body;
        }
    };
    assert_eq!(ids(&timeline)[0], written);
    let metrics = scene
        .system
        .service_url(Context::Posts)
        .replace("/graphql", "/metrics");
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    loop {
        let answer = client.get(&metrics).send().await.unwrap();
        if answer
            .text()
            .await
            .unwrap()
            .contains("timeline_index_ready 1")
        {
            break;
        }
    }
    assert!(ids(&scene.timeline().await).contains(&scene.post));
}

#[tokio::test]
async fn a_message_is_sent_while_users_is_down() {
    let scene = scene().await;
    scene.reader.message(&scene.author, "before").await;
    let users = scene.system.process_of("users");
    freeze(users);
    let text = format!("during, @{}", scene.author.username);
    let (message, _) = scene.reader.message(&scene.author, &text).await;
    signal("CONT", users);
    let read = "{ conversations { nodes { messages { nodes { id } } } } }";
    let data = scene.author.data(read, &json!({})).await;
    let messages = data["conversations"]["nodes"][0]["messages"]["nodes"]
        .as_array()
        .unwrap();
    assert_eq!(messages.last().unwrap()["id"], *message);
}
