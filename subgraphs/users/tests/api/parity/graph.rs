//! The use cases through the graph.

use async_trait::async_trait;
use serde_json::{Map, Value, json};
use testkit::{Outcome, page_of};

use super::Api;
use crate::world::World;

const USER: &str = "id username displayName bio avatarUrl createdAt followerCount followeeCount";

pub(super) struct Graph<'a>(pub(super) &'a World);

impl Graph<'_> {
    fn session(payload: &Value) -> Value {
        json!({ "token_type": payload["tokenType"], "expires_in": payload["expiresIn"], "refresh_token": payload["refreshToken"] })
    }

    async fn ask(&self, who: Option<&str>, query: &str, variables: Value) -> Outcome {
        self.0.graph.outcome(who, query, variables).await
    }

    async fn mutate(
        &self,
        who: Option<&str>,
        name: &str,
        input: Value,
        selection: &str,
    ) -> Outcome {
        self.0.graph.mutation(who, name, input, selection).await
    }

    async fn do_it(&self, who: Option<&str>, name: &str, input: Value) -> Outcome {
        self.mutate(who, name, input, "").await.map(|_| Value::Null)
    }
}

#[async_trait]
impl Api for Graph<'_> {
    async fn register(&self, input: Value) -> Outcome {
        let selection = "user { id username email createdAt }";
        let payload = self
            .mutate(None, "register", camel_case(&input), selection)
            .await?;
        Ok(snake_case(&payload["user"]))
    }

    async fn log_in(&self, email: &str, password: &str) -> Outcome {
        let input = json!({ "email": email, "password": password });
        let selection = "tokenType expiresIn refreshToken";
        Ok(Self::session(
            &self.mutate(None, "login", input, selection).await?,
        ))
    }

    async fn refresh(&self, token: &str) -> Outcome {
        let input = json!({ "refreshToken": token });
        let selection = "tokenType expiresIn refreshToken";
        Ok(Self::session(
            &self
                .mutate(None, "refreshSession", input, selection)
                .await?,
        ))
    }

    async fn log_out(&self, token: &str) -> Outcome {
        self.do_it(None, "logout", json!({ "refreshToken": token }))
            .await
    }

    async fn change_password(&self, who: Option<&str>, current: &str, new: &str) -> Outcome {
        let input = json!({ "currentPassword": current, "newPassword": new });
        let selection = "tokenType expiresIn refreshToken";
        Ok(Self::session(
            &self.mutate(who, "changePassword", input, selection).await?,
        ))
    }

    async fn sessions(&self, who: Option<&str>) -> Outcome {
        let query =
            "{ sessions { id createdAt lastUsedAt expiresAt userAgent ipAddress isCurrent } }";
        let data = self.ask(who, query, json!({})).await?;
        let sessions = data["sessions"].as_array().unwrap();
        Ok(sessions.iter().map(snake_case).collect())
    }

    async fn end_session(&self, who: Option<&str>, id: &str) -> Outcome {
        self.do_it(who, "endSession", json!({ "sessionId": id }))
            .await
    }

    async fn end_sessions(&self, who: Option<&str>) -> Outcome {
        self.do_it(who, "endSessions", json!({})).await
    }

    async fn verify_email(&self, token: &str) -> Outcome {
        self.do_it(None, "verifyEmail", json!({ "token": token }))
            .await
    }

    async fn resend_verification(&self, email: &str) -> Outcome {
        self.do_it(None, "requestEmailVerification", json!({ "email": email }))
            .await
    }

    async fn request_password_reset(&self, email: &str) -> Outcome {
        self.do_it(None, "requestPasswordReset", json!({ "email": email }))
            .await
    }

    async fn reset_password(&self, token: &str, password: &str) -> Outcome {
        let input = json!({ "token": token, "newPassword": password });
        self.do_it(None, "resetPassword", input).await
    }

    async fn me(&self, who: Option<&str>) -> Outcome {
        let query = format!("{{ viewer {{ {USER} email }} }}");
        let data = self.ask(who, &query, json!({})).await?;
        match &data["viewer"] {
            // Null is how the graph says that there is no viewer.
            Value::Null => Err("UNAUTHENTICATED".to_owned()),
            viewer => Ok(snake_case(viewer)),
        }
    }

    async fn update(&self, who: Option<&str>, changes: Value) -> Outcome {
        let selection = format!("user {{ {USER} email }}");
        let payload = self
            .mutate(who, "updateProfile", camel_case(&changes), &selection)
            .await?;
        Ok(snake_case(&payload["user"]))
    }

    async fn user(&self, id: &str) -> Outcome {
        let query = format!("query($id: ID!) {{ user(id: $id) {{ {USER} }} }}");
        let data = self.ask(None, &query, json!({ "id": id })).await?;
        match &data["user"] {
            Value::Null => Err("USER_NOT_FOUND".to_owned()),
            user => Ok(snake_case(user)),
        }
    }

    async fn by_username(&self, username: &str) -> Outcome {
        let query =
            format!("query($name: String!) {{ userByUsername(username: $name) {{ {USER} }} }}");
        let data = self.ask(None, &query, json!({ "name": username })).await?;
        Ok(match &data["userByUsername"] {
            Value::Null => json!([]),
            user => json!([snake_case(user)]),
        })
    }

    async fn search(&self, who: Option<&str>, prefix: &str) -> Outcome {
        let query =
            format!("query($prefix: String!) {{ searchUsers(prefix: $prefix) {{ {USER} }} }}");
        let data = self.ask(who, &query, json!({ "prefix": prefix })).await?;
        let found = data["searchUsers"].as_array().unwrap().iter();
        Ok(found.map(snake_case).collect::<Vec<_>>().into())
    }

    async fn follow(&self, who: Option<&str>, whom: &str) -> Outcome {
        let payload = self
            .mutate(who, "followUser", json!({ "userId": whom }), "user { id }")
            .await?;
        Ok(payload["user"]["id"].clone())
    }

    async fn unfollow(&self, who: Option<&str>, whom: &str) -> Outcome {
        self.do_it(who, "unfollowUser", json!({ "userId": whom }))
            .await
    }

    async fn block(&self, who: Option<&str>, whom: &str) -> Outcome {
        let payload = self
            .mutate(who, "blockUser", json!({ "userId": whom }), "user { id }")
            .await?;
        Ok(payload["user"]["id"].clone())
    }

    async fn unblock(&self, who: Option<&str>, whom: &str) -> Outcome {
        self.do_it(who, "unblockUser", json!({ "userId": whom }))
            .await
    }

    async fn blocks(&self, who: Option<&str>, size: i32, after: Option<&str>) -> Outcome {
        let query =
            "query($first: Int!, $after: String) { blockedUsers(first: $first, after: $after) {
            nodes { id username displayName avatarUrl } pageInfo { hasNextPage endCursor } } }";
        let variables = json!({ "first": size, "after": after });
        let data = self.ask(who, query, variables).await?;
        Ok(page_of(&data["blockedUsers"], snake_case))
    }

    async fn list(&self, list: &str, of: &str, size: i32, after: Option<&str>) -> Outcome {
        let query = format!(
            "query($id: ID!, $first: Int!, $after: String) {{ user(id: $id) {{ {list}(first: $first, after: $after) {{
                nodes {{ id username displayName avatarUrl }} pageInfo {{ hasNextPage endCursor }} }} }} }}"
        );
        let variables = json!({ "id": of, "first": size, "after": after });
        let data = self.ask(None, &query, variables).await?;
        if data["user"].is_null() {
            return Err("USER_NOT_FOUND".to_owned());
        }
        Ok(page_of(&data["user"][list], snake_case))
    }
}

/// An object with its keys spelt as in REST.
fn snake_case(object: &Value) -> Value {
    let spell = |key: &String| {
        let mut name = String::new();
        for c in key.chars() {
            if c.is_ascii_uppercase() {
                name.push('_');
            }
            name.push(c.to_ascii_lowercase());
        }
        name
    };
    let members = object.as_object().unwrap().iter();
    members
        .map(|(key, value)| (spell(key), value.clone()))
        .collect::<Map<_, _>>()
        .into()
}

/// An object with its keys spelt as in GraphQL.
fn camel_case(object: &Value) -> Value {
    let spell = |key: &String| {
        let mut words = key.split('_');
        let first = words.next().unwrap().to_owned();
        words.fold(first, |name, word| {
            name + &word[..1].to_uppercase() + &word[1..]
        })
    };
    let members = object.as_object().unwrap().iter();
    members
        .map(|(key, value)| (spell(key), value.clone()))
        .collect::<Map<_, _>>()
        .into()
}
