//! Every use case through both APIs: the same rows, the same codes.

use async_trait::async_trait;
use axum::http::{Method, StatusCode};
use posts::app::ports::SocialGraphError;
use serde_json::{Value, json};
use testkit::{Outcome, Played, Reply, dump};

use crate::world::{Person, World};

const POST: &str = "id author { id } text likeCount viewerHasLiked createdAt editedAt";

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

struct Graph<'a>(&'a World);

impl Graph<'_> {
    async fn ask(
        &self,
        who: Option<&Person>,
        query: &str,
        variables: Value,
    ) -> Result<Value, String> {
        let token = who.map(Person::token);
        let answer = self.0.graph.ask(token, query, variables).await;
        if let Some(code) = answer.codes().first() {
            return Err((*code).to_owned());
        }
        Ok(answer.data())
    }

    async fn mutate(
        &self,
        who: Option<&Person>,
        name: &str,
        input: Value,
        selection: &str,
    ) -> Outcome {
        let mut kind = name.to_owned();
        kind[..1].make_ascii_uppercase();
        let query = format!(
            "mutation($input: {kind}Input!) {{ {name}(input: $input) {{ {selection} userErrors {{ code }} }} }}"
        );
        let data = self.ask(who, &query, json!({ "input": input })).await?;
        match data[name]["userErrors"][0]["code"].as_str() {
            Some(code) => Err(code.to_owned()),
            None => Ok(data[name].clone()),
        }
    }

    fn post(post: &Value) -> Value {
        json!({
            "id": post["id"], "author_id": post["author"]["id"], "text": post["text"],
            "like_count": post["likeCount"], "liked": post["viewerHasLiked"],
            "created_at": post["createdAt"], "edited_at": post["editedAt"],
        })
    }

    fn page(connection: &Value) -> Value {
        let info = &connection["pageInfo"];
        let nodes = connection["nodes"].as_array().unwrap();
        let next = info["hasNextPage"]
            .as_bool()
            .unwrap()
            .then(|| info["endCursor"].clone());
        json!({ "items": nodes.iter().map(Self::post).collect::<Vec<_>>(), "next": next })
    }

    fn like(payload: &Value) -> Value {
        let post = &payload["post"];
        json!({ "post_id": post["id"], "like_count": post["likeCount"], "liked": post["viewerHasLiked"] })
    }
}

#[async_trait]
impl Api for Graph<'_> {
    async fn create(&self, who: Option<&Person>, text: &str) -> Outcome {
        let selection = format!("post {{ {POST} }}");
        let payload = self
            .mutate(who, "createPost", json!({ "text": text }), &selection)
            .await?;
        Ok(Self::post(&payload["post"]))
    }

    async fn read(&self, who: Option<&Person>, post: &str) -> Outcome {
        let query = format!("query($id: ID!) {{ post(id: $id) {{ {POST} }} }}");
        let data = self.ask(who, &query, json!({ "id": post })).await?;
        // Null is how the graph says that there is none.
        match &data["post"] {
            Value::Null => Err("POST_NOT_FOUND".to_owned()),
            post => Ok(Self::post(post)),
        }
    }

    async fn edit(&self, who: Option<&Person>, post: &str, text: &str) -> Outcome {
        let selection = format!("post {{ {POST} }}");
        let input = json!({ "postId": post, "text": text });
        let payload = self.mutate(who, "editPost", input, &selection).await?;
        Ok(Self::post(&payload["post"]))
    }

    async fn delete(&self, who: Option<&Person>, post: &str) -> Outcome {
        let input = json!({ "postId": post });
        self.mutate(who, "deletePost", input, "deletedPostId")
            .await
            .map(|_| Value::Null)
    }

    async fn like(&self, who: Option<&Person>, post: &str) -> Outcome {
        let selection = format!("post {{ {POST} }}");
        let payload = self
            .mutate(who, "likePost", json!({ "postId": post }), &selection)
            .await?;
        Ok(Self::like(&payload))
    }

    async fn unlike(&self, who: Option<&Person>, post: &str) -> Outcome {
        let selection = format!("post {{ {POST} }}");
        let payload = self
            .mutate(who, "unlikePost", json!({ "postId": post }), &selection)
            .await?;
        Ok(Self::like(&payload))
    }

    async fn of_author(&self, who: Option<&Person>, author: &Person, page: Page<'_>) -> Outcome {
        let query = format!(
            "query($of: [_Any!]!, $first: Int!, $after: String) {{ _entities(representations: $of) {{ ... on User {{
                posts(first: $first, after: $after) {{ nodes {{ {POST} }} pageInfo {{ hasNextPage endCursor }} }} }} }} }}"
        );
        let of = json!([{ "__typename": "User", "id": author.id }]);
        let variables = json!({ "of": of, "first": page.size, "after": page.after });
        let data = self.ask(who, &query, variables).await?;
        Ok(Self::page(&data["_entities"][0]["posts"]))
    }

    async fn feed(&self, who: Option<&Person>, page: Page<'_>) -> Outcome {
        let query = format!(
            "query($first: Int!, $after: String) {{ timeline(first: $first, after: $after) {{
                nodes {{ {POST} }} pageInfo {{ hasNextPage endCursor }} }} }}"
        );
        let token = who.map(Person::token);
        let variables = json!({ "first": page.size, "after": page.after });
        let answer = self.0.graph.ask(token, &query, variables).await;
        let timeline = &answer.body["data"]["timeline"];
        match answer.codes().first() {
            // Beside an empty page it is the graph's warning, which the REST API has in the log only.
            Some(&"SERVICE_UNAVAILABLE") => Ok(Self::page(timeline)),
            Some(code) => Err((*code).to_owned()),
            None => Ok(Self::page(timeline)),
        }
    }
}

struct Rest<'a>(&'a World);

impl Rest<'_> {
    async fn call(
        &self,
        who: Option<&Person>,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Outcome {
        let token = who.map(Person::token);
        let reply: Reply = match body {
            Some(body) => self.0.rest.send_json(token, method, path, &body).await,
            None => self.0.rest.call(token, method, path).await,
        };
        if reply.status >= StatusCode::BAD_REQUEST {
            return Err(reply.code().to_owned());
        }
        Ok(reply.body)
    }

    fn post(mut post: Value) -> Value {
        // The graph's router adds the author.
        post.as_object_mut().unwrap().remove("author").unwrap();
        post
    }

    async fn page(&self, who: Option<&Person>, path: String, page: Page<'_>) -> Outcome {
        let cursor = page
            .after
            .map(|after| format!("&cursor={after}"))
            .unwrap_or_default();
        let path = format!("{path}page_size={}{cursor}", page.size);
        let body = self.call(who, Method::GET, &path, None).await?;
        let items = body["items"].as_array().unwrap().iter().cloned();
        Ok(
            json!({ "items": items.map(Self::post).collect::<Vec<_>>(), "next": body["next_cursor"] }),
        )
    }
}

#[async_trait]
impl Api for Rest<'_> {
    async fn create(&self, who: Option<&Person>, text: &str) -> Outcome {
        let body = json!({ "text": text });
        self.call(who, Method::POST, "/posts", Some(body))
            .await
            .map(Self::post)
    }

    async fn read(&self, who: Option<&Person>, post: &str) -> Outcome {
        self.call(who, Method::GET, &format!("/posts/{post}"), None)
            .await
            .map(Self::post)
    }

    async fn edit(&self, who: Option<&Person>, post: &str, text: &str) -> Outcome {
        let body = json!({ "text": text });
        let path = format!("/posts/{post}");
        self.call(who, Method::PATCH, &path, Some(body))
            .await
            .map(Self::post)
    }

    async fn delete(&self, who: Option<&Person>, post: &str) -> Outcome {
        self.call(who, Method::DELETE, &format!("/posts/{post}"), None)
            .await
    }

    async fn like(&self, who: Option<&Person>, post: &str) -> Outcome {
        self.call(who, Method::POST, &format!("/posts/{post}/like"), None)
            .await
    }

    async fn unlike(&self, who: Option<&Person>, post: &str) -> Outcome {
        self.call(who, Method::DELETE, &format!("/posts/{post}/like"), None)
            .await
    }

    async fn of_author(&self, who: Option<&Person>, author: &Person, page: Page<'_>) -> Outcome {
        self.page(who, format!("/posts?author_id={}&", author.id), page)
            .await
    }

    async fn feed(&self, who: Option<&Person>, page: Page<'_>) -> Outcome {
        self.page(who, "/feed?".to_owned(), page).await
    }
}

/// Everything that people do with posts, and everything that is refused.
async fn play(world: &World, api: &dyn Api) -> Played {
    let [ada, grace] = world.people();
    world.social.follow(&ada, [grace.id]);
    let mut played = Played::default();
    let (a, g) = (Some(&ada), Some(&grace));
    let mut post = String::new();
    for text in ["one", "two", "  three \n"] {
        world.clock.advance_micros(1_000);
        let outcome = api.create(g, text).await;
        post = outcome.as_ref().unwrap()["id"].as_str().unwrap().to_owned();
        played.note("create a post", outcome);
    }
    let long = "x".repeat(281);
    for (what, text) in [
        ("without text", " "),
        ("too long", &long),
        ("with a NUL", "a\0b"),
    ] {
        played.note(&format!("create a post {what}"), api.create(g, text).await);
    }
    played.note("create a post as nobody", api.create(None, "four").await);
    let nothing = "018f4e9e-0000-7000-8000-000000000000";
    for (what, id) in [
        ("", post.as_str()),
        (" that is not there", nothing),
        (" by no id", "x"),
    ] {
        played.note(
            &format!("read a post{what} as nobody"),
            api.read(None, id).await,
        );
        played.note(&format!("read a post{what}"), api.read(a, id).await);
        world.clock.advance_micros(1_000);
        played.note(&format!("like a post{what}"), api.like(a, id).await);
        played.note(&format!("like a post{what} again"), api.like(a, id).await);
        played.note(
            &format!("read a post{what} that I like"),
            api.read(a, id).await,
        );
        played.note(
            &format!("take a like of a post{what} back"),
            api.unlike(a, id).await,
        );
        played.note(
            &format!("take a like of a post{what} back again"),
            api.unlike(a, id).await,
        );
        played.note(
            &format!("like a post{what} once more"),
            api.like(a, id).await,
        );
        played.note(
            &format!("edit a post{what}"),
            api.edit(g, id, "edited").await,
        );
        played.note(
            &format!("edit a post{what} to nothing"),
            api.edit(g, id, "").await,
        );
        played.note(
            &format!("edit a post{what} of somebody else"),
            api.edit(a, id, "mine").await,
        );
        played.note(
            &format!("edit a post{what} as nobody"),
            api.edit(None, id, "x").await,
        );
        played.note(
            &format!("delete a post{what} of somebody else"),
            api.delete(a, id).await,
        );
        played.note(
            &format!("delete a post{what} as nobody"),
            api.delete(None, id).await,
        );
        played.note(
            &format!("like a post{what} as nobody"),
            api.like(None, id).await,
        );
        played.note(
            &format!("take a like of a post{what} back as nobody"),
            api.unlike(None, id).await,
        );
    }
    let page = api.of_author(None, &grace, PAGE).await;
    let cursor = page.as_ref().unwrap()["next"].as_str().unwrap().to_owned();
    played.note("list an author's posts", page);
    let after = |after| Page {
        size: 2,
        after: Some(after),
    };
    played.note(
        "list an author's posts after a cursor",
        api.of_author(a, &grace, after(&cursor)).await,
    );
    played.note(
        "list the posts of somebody who wrote none",
        api.of_author(a, &ada, PAGE).await,
    );
    for size in [0, 101] {
        let page = Page { size, after: None };
        played.note(
            &format!("a page of {size} posts"),
            api.of_author(a, &grace, page).await,
        );
        played.note(&format!("a feed of {size} posts"), api.feed(a, page).await);
    }
    played.note(
        "a cursor of another list",
        api.feed(a, after(&cursor)).await,
    );
    let page = api.feed(a, PAGE).await;
    let cursor = page.as_ref().unwrap()["next"].as_str().unwrap().to_owned();
    played.note("the feed", page);
    played.note("the feed after a cursor", api.feed(a, after(&cursor)).await);
    played.note(
        "the feed of somebody who follows nobody",
        api.feed(g, PAGE).await,
    );
    played.note("the feed of nobody", api.feed(None, PAGE).await);
    world
        .social
        .fail(Some(|| SocialGraphError::unavailable("it is down")));
    played.note(
        "the feed while nobody knows whom I follow",
        api.feed(a, PAGE).await,
    );
    world
        .social
        .fail(Some(|| SocialGraphError::Unauthenticated));
    played.note(
        "the feed with a token that is not good elsewhere",
        api.feed(a, PAGE).await,
    );
    world.social.fail(None);
    played.note("delete a post", api.delete(g, &post).await);
    played.note("delete a post again", api.delete(g, &post).await);
    played
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
