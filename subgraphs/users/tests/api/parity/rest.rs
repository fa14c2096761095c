//! The use cases through REST.

use async_trait::async_trait;
use axum::http::Method;
use serde_json::{Value, json};
use testkit::Outcome;

use super::Api;
use crate::world::World;

pub(super) struct Rest<'a>(pub(super) &'a World);

impl Rest<'_> {
    async fn call(
        &self,
        who: Option<&str>,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Outcome {
        let reply = match body {
            Some(body) => self.0.rest.send_json(who, method, path, &body).await,
            None => self.0.rest.call(who, method, path).await,
        };
        reply.outcome()
    }

    async fn post(&self, path: &str, body: Value) -> Outcome {
        self.call(None, Method::POST, path, Some(body)).await
    }

    async fn session(&self, path: &str, body: Value) -> Outcome {
        let mut session = self.post(path, body).await?;
        session
            .as_object_mut()
            .unwrap()
            .remove("access_token")
            .unwrap();
        Ok(session)
    }
}

#[async_trait]
impl Api for Rest<'_> {
    async fn register(&self, input: Value) -> Outcome {
        self.post("/auth/register", input).await
    }

    async fn log_in(&self, email: &str, password: &str) -> Outcome {
        let body =
            json!({ "email": email, "password": password, "refresh_token_delivery": "body" });
        self.session("/auth/login", body).await
    }

    async fn refresh(&self, token: &str) -> Outcome {
        self.session("/auth/refresh", json!({ "refresh_token": token }))
            .await
    }

    async fn log_out(&self, token: &str) -> Outcome {
        self.post("/auth/logout", json!({ "refresh_token": token }))
            .await
    }

    async fn change_password(&self, who: Option<&str>, current: &str, new: &str) -> Outcome {
        let body = json!({ "current_password": current, "new_password": new, "refresh_token_delivery": "body" });
        let changed = self
            .call(who, Method::PUT, "/users/me/password", Some(body))
            .await;
        let mut session = changed?;
        session
            .as_object_mut()
            .unwrap()
            .remove("access_token")
            .unwrap();
        Ok(session)
    }

    async fn sessions(&self, who: Option<&str>) -> Outcome {
        let answer = self
            .call(who, Method::GET, "/users/me/sessions", None)
            .await;
        Ok(answer?["items"].take())
    }

    async fn end_session(&self, who: Option<&str>, id: &str) -> Outcome {
        let path = format!("/users/me/sessions/{id}");
        self.call(who, Method::DELETE, &path, None).await
    }

    async fn end_sessions(&self, who: Option<&str>) -> Outcome {
        self.call(who, Method::DELETE, "/users/me/sessions", None)
            .await
    }

    async fn verify_email(&self, token: &str) -> Outcome {
        self.post("/auth/verify-email", json!({ "token": token }))
            .await
    }

    async fn resend_verification(&self, email: &str) -> Outcome {
        self.post("/auth/verify-email/resend", json!({ "email": email }))
            .await
    }

    async fn request_password_reset(&self, email: &str) -> Outcome {
        self.post("/auth/password-reset", json!({ "email": email }))
            .await
    }

    async fn reset_password(&self, token: &str, password: &str) -> Outcome {
        let body = json!({ "token": token, "new_password": password });
        self.post("/auth/password-reset/confirm", body).await
    }

    async fn me(&self, who: Option<&str>) -> Outcome {
        self.call(who, Method::GET, "/users/me", None).await
    }

    async fn update(&self, who: Option<&str>, changes: Value) -> Outcome {
        self.call(who, Method::PATCH, "/users/me", Some(changes))
            .await
    }

    async fn user(&self, id: &str) -> Outcome {
        self.call(None, Method::GET, &format!("/users/{id}"), None)
            .await
    }

    async fn by_username(&self, username: &str) -> Outcome {
        let path = format!("/users?username={username}");
        Ok(self.call(None, Method::GET, &path, None).await?["items"].clone())
    }

    async fn search(&self, who: Option<&str>, prefix: &str) -> Outcome {
        let path = format!("/users?prefix={prefix}");
        Ok(self.call(who, Method::GET, &path, None).await?["items"].clone())
    }

    async fn follow(&self, who: Option<&str>, whom: &str) -> Outcome {
        let path = format!("/users/{whom}/follow");
        Ok(self.call(who, Method::POST, &path, None).await?["followee_id"].clone())
    }

    async fn unfollow(&self, who: Option<&str>, whom: &str) -> Outcome {
        self.call(who, Method::DELETE, &format!("/users/{whom}/follow"), None)
            .await
    }

    async fn block(&self, who: Option<&str>, whom: &str) -> Outcome {
        let path = format!("/users/{whom}/block");
        Ok(self.call(who, Method::POST, &path, None).await?["blocked_id"].clone())
    }

    async fn unblock(&self, who: Option<&str>, whom: &str) -> Outcome {
        self.call(who, Method::DELETE, &format!("/users/{whom}/block"), None)
            .await
    }

    async fn blocks(&self, who: Option<&str>, size: i32, after: Option<&str>) -> Outcome {
        let cursor = after
            .map(|after| format!("&cursor={after}"))
            .unwrap_or_default();
        let path = format!("/users/me/blocks?page_size={size}{cursor}");
        let body = self.call(who, Method::GET, &path, None).await?;
        Ok(json!({ "items": body["items"], "next": body["next_cursor"] }))
    }

    async fn list(&self, list: &str, of: &str, size: i32, after: Option<&str>) -> Outcome {
        let cursor = after
            .map(|after| format!("&cursor={after}"))
            .unwrap_or_default();
        let path = format!("/users/{of}/{list}?page_size={size}{cursor}");
        let body = self.call(None, Method::GET, &path, None).await?;
        Ok(json!({ "items": body["items"], "next": body["next_cursor"] }))
    }
}
