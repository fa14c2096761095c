//! The use cases through the graph.

use async_trait::async_trait;
use serde_json::{Value, json};
use testkit::{Outcome, page_of};

use super::{Api, Page};
use crate::world::{Person, World};

const POST: &str = "id author { id } text likeCount viewerHasLiked createdAt editedAt";

pub(super) struct Graph<'a>(pub(super) &'a World);

impl Graph<'_> {
    fn post(post: &Value) -> Value {
        json!({
            "id": post["id"], "author_id": post["author"]["id"], "text": post["text"],
            "like_count": post["likeCount"], "liked": post["viewerHasLiked"],
            "created_at": post["createdAt"], "edited_at": post["editedAt"],
        })
    }

    fn like(payload: &Value) -> Value {
        let post = &payload["post"];
        json!({ "post_id": post["id"], "like_count": post["likeCount"], "liked": post["viewerHasLiked"] })
    }

    async fn ask(&self, who: Option<&Person>, query: &str, variables: Value) -> Outcome {
        let token = who.map(Person::token);
        self.0.graph.outcome(token, query, variables).await
    }

    async fn mutate(
        &self,
        who: Option<&Person>,
        name: &str,
        input: Value,
        selection: &str,
    ) -> Outcome {
        let token = who.map(Person::token);
        self.0.graph.mutation(token, name, input, selection).await
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
        Ok(page_of(&data["_entities"][0]["posts"], Self::post))
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
            None | Some(&"SERVICE_UNAVAILABLE") => Ok(page_of(timeline, Self::post)),
            Some(code) => Err((*code).to_owned()),
        }
    }
}
