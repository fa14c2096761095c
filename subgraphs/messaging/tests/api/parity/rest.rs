//! The use cases through REST.

use async_trait::async_trait;
use axum::{
    body::Body,
    http::{Method, Request, header},
};
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
        key: Option<&str>,
    ) -> Outcome {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(who) = who {
            request = request.header(header::AUTHORIZATION, format!("Bearer {}", who.token()));
        }
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        let body = match body {
            Some(body) => {
                request = request.header(header::CONTENT_TYPE, "application/json");
                Body::from(body.to_string())
            }
            None => Body::empty(),
        };
        let reply = self.0.rest.send(request.body(body).unwrap()).await;
        reply.outcome()
    }

    async fn page(&self, who: Option<&Person>, path: &str, page: Page<'_>) -> Outcome {
        let cursor = page
            .after
            .map(|after| format!("&cursor={after}"))
            .unwrap_or_default();
        let path = format!("{path}?page_size={}{cursor}", page.size);
        let body = self.call(who, Method::GET, &path, None, None).await?;
        let mut items = body["items"].as_array().unwrap().clone();
        for item in &mut items {
            // The graph's router adds the people.
            item.as_object_mut().unwrap().remove("other_participant");
        }
        Ok(json!({ "items": items, "next": body["next_cursor"] }))
    }
}

#[async_trait]
impl Api for Rest<'_> {
    async fn start(&self, who: Option<&Person>, recipient: &str) -> Outcome {
        let body = json!({ "recipient_id": recipient });
        let mut started = self
            .call(who, Method::POST, "/conversations", Some(body), None)
            .await?;
        started
            .as_object_mut()
            .unwrap()
            .remove("participants")
            .unwrap();
        Ok(started)
    }

    async fn send(&self, who: Option<&Person>, to: &str, text: &str, key: Option<&str>) -> Outcome {
        let path = format!("/conversations/{to}/messages");
        self.call(who, Method::POST, &path, Some(json!({ "text": text })), key)
            .await
    }

    async fn inbox(&self, who: Option<&Person>, page: Page<'_>) -> Outcome {
        self.page(who, "/conversations", page).await
    }

    async fn messages(&self, who: Option<&Person>, of: &str, page: Page<'_>) -> Outcome {
        let outcome = self
            .page(who, &format!("/conversations/{of}/messages"), page)
            .await;
        outcome.map_err(|code| match code.as_str() {
            "CONVERSATION_NOT_FOUND" | "NOT_A_PARTICIPANT" => "not for the viewer".to_owned(),
            _ => code,
        })
    }

    async fn mark_read(&self, who: Option<&Person>, of: &str, message: &str) -> Outcome {
        let body = json!({ "message_id": message });
        let path = format!("/conversations/{of}/read");
        self.call(who, Method::POST, &path, Some(body), None).await
    }

    async fn indicate_typing(&self, who: Option<&Person>, of: &str) -> Outcome {
        let path = format!("/conversations/{of}/typing");
        self.call(who, Method::POST, &path, None, None).await
    }

    async fn mentions(&self, who: Option<&Person>, page: Page<'_>) -> Outcome {
        self.page(who, "/messages/mentions", page).await
    }
}
