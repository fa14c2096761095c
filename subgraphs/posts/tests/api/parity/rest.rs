//! The use cases through REST.

use async_trait::async_trait;
use axum::http::Method;
use serde_json::{Value, json};
use testkit::Outcome;

use super::{Api, Page};
use crate::world::{Person, World};

pub(super) struct Rest<'a>(pub(super) &'a World);

impl Rest<'_> {
    async fn call(
        &self,
        who: Option<&Person>,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Outcome {
        let token = who.map(Person::token);
        let reply = match body {
            Some(body) => self.0.rest.send_json(token, method, path, &body).await,
            None => self.0.rest.call(token, method, path).await,
        };
        reply.outcome()
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
