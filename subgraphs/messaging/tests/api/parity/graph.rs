//! The use cases through the graph.

use async_trait::async_trait;
use serde_json::{Value, json};
use testkit::{Outcome, page_of};

use super::{Api, Page};
use crate::world::{Person, World};

const MESSAGE: &str = "id conversation { id } sender { id } text createdAt mentions { id }";

pub(super) struct Graph<'a>(pub(super) &'a World);

impl Graph<'_> {
    fn message(message: &Value) -> Value {
        if message.is_null() {
            return Value::Null;
        }
        let mentions = message["mentions"].as_array().unwrap().iter();
        json!({
            "id": message["id"], "conversation_id": message["conversation"]["id"],
            "sender_id": message["sender"]["id"], "text": message["text"], "created_at": message["createdAt"],
            "mentions": mentions.map(|user| user["id"].clone()).collect::<Vec<_>>(),
        })
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
    async fn start(&self, who: Option<&Person>, recipient: &str) -> Outcome {
        let input = json!({ "recipientId": recipient });
        let selection = "conversation { id participants { id } }";
        let payload = self
            .mutate(who, "startConversation", input, selection)
            .await?;
        let conversation = &payload["conversation"];
        let participants = conversation["participants"].as_array().unwrap().iter();
        Ok(json!({
            "conversation_id": conversation["id"],
            "participant_ids": participants.map(|user| user["id"].clone()).collect::<Vec<_>>(),
        }))
    }

    async fn send(&self, who: Option<&Person>, to: &str, text: &str, key: Option<&str>) -> Outcome {
        let input = json!({ "conversationId": to, "text": text, "idempotencyKey": key });
        let selection = format!("message {{ {MESSAGE} }}");
        let payload = self.mutate(who, "sendMessage", input, &selection).await?;
        Ok(Self::message(&payload["message"]))
    }

    async fn inbox(&self, who: Option<&Person>, page: Page<'_>) -> Outcome {
        let query = format!(
            "query($first: Int!, $after: String) {{ conversations(first: $first, after: $after) {{
                nodes {{ id participants {{ id }} latestMessage {{ {MESSAGE} }} unreadCount updatedAt }}
                pageInfo {{ hasNextPage endCursor }} }} }}"
        );
        let variables = json!({ "first": page.size, "after": page.after });
        let data = self.ask(who, &query, variables).await?;
        let me = who.unwrap().id.to_string();
        Ok(page_of(&data["conversations"], |node| {
            let participants = node["participants"].as_array().unwrap();
            let other = participants.iter().find(|user| user["id"] != me).unwrap();
            json!({
                "id": node["id"], "other_participant_id": other["id"],
                "latest_message": Self::message(&node["latestMessage"]),
                "unread_count": node["unreadCount"], "updated_at": node["updatedAt"],
            })
        }))
    }

    async fn messages(&self, who: Option<&Person>, of: &str, page: Page<'_>) -> Outcome {
        let query = format!(
            "query($id: ID!, $first: Int!, $after: String) {{ conversation(id: $id) {{
                messages(first: $first, after: $after) {{ nodes {{ {MESSAGE} }} pageInfo {{ hasNextPage endCursor }} }} }} }}"
        );
        let variables = json!({ "id": of, "first": page.size, "after": page.after });
        let data = self.ask(who, &query, variables).await?;
        match &data["conversation"] {
            // Null is how the graph says both that there is none and that it is somebody else's.
            Value::Null => Err("not for the viewer".to_owned()),
            conversation => Ok(page_of(&conversation["messages"], Self::message)),
        }
    }

    async fn mark_read(&self, who: Option<&Person>, of: &str, message: &str) -> Outcome {
        let input = json!({ "conversationId": of, "messageId": message });
        let payload = self
            .mutate(who, "markConversationRead", input, "conversation { id }")
            .await;
        payload.map(|_| Value::Null)
    }

    async fn indicate_typing(&self, who: Option<&Person>, of: &str) -> Outcome {
        let input = json!({ "conversationId": of });
        let payload = self
            .mutate(who, "indicateTyping", input, "conversationId")
            .await;
        payload.map(|_| Value::Null)
    }

    async fn mentions(&self, who: Option<&Person>, page: Page<'_>) -> Outcome {
        let query = format!(
            "query($first: Int!, $after: String) {{ mentions(first: $first, after: $after) {{
                nodes {{ id message {{ {MESSAGE} }} createdAt }} pageInfo {{ hasNextPage endCursor }} }} }}"
        );
        let variables = json!({ "first": page.size, "after": page.after });
        let data = self.ask(who, &query, variables).await?;
        Ok(page_of(&data["mentions"], |node| {
            json!({
                "id": node["id"], "message": Self::message(&node["message"]), "created_at": node["createdAt"],
            })
        }))
    }
}
