//! A GraphQL request as clients send it.

use hive_router::query_planner::utils::parsing::safe_parse_operation;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use crate::{operations::Operations, request::ClientError, usage::ClientUsage};

/// A GraphQL request, by any transport.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Request {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) query: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) operation_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) variables: Option<Map<String, Json>>,
    /// ID of a persisted document, as drafted by the GraphQL over HTTP working group.
    #[serde(skip_serializing)]
    document_id: Option<Json>,
    #[serde(skip_serializing)]
    extensions: Option<Extensions>,
}

/// Apollo's form of the ID.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Extensions {
    persisted_query: Option<PersistedQuery>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct PersistedQuery {
    sha256_hash: Option<String>,
}

impl Request {
    /// Replaces the ID of a persisted document by the document, as the engine does for requests it receives itself.
    pub(crate) fn resolve(&mut self, operations: &Operations) -> Result<(), ClientError> {
        if !operations.are_accepted() {
            return Ok(());
        }
        if operations.are_required() {
            self.query = None;
        }
        if self.query.is_some() {
            return Ok(());
        }
        let Some(id) = self.id() else {
            if operations.are_required() {
                return Err(ClientError::bad_request(
                    "PERSISTED_DOCUMENT_ID_REQUIRED",
                    "Persisted document id is required",
                ));
            }
            // A missing document is reported later.
            return Ok(());
        };
        let document = operations.document(&id).ok_or_else(|| {
            let message = format!("Persisted document not found: {id}");
            ClientError::bad_request("PERSISTED_DOCUMENT_NOT_FOUND", message)
        })?;
        self.query = Some(document.to_owned());
        Ok(())
    }

    /// The ID by the engine's rules: a string or a number, and `None` if it is empty.
    fn id(&self) -> Option<String> {
        let by_extension = || {
            let persisted = self.extensions.as_ref()?.persisted_query.as_ref()?;
            persisted.sha256_hash.clone()
        };
        let by_member = match &self.document_id {
            Some(Json::String(text)) => Some(text.clone()),
            Some(Json::Number(number)) => Some(number.to_string()),
            _ => None,
        };
        let is_present = |id: &String| !id.is_empty();
        by_member
            .filter(is_present)
            .or_else(by_extension)
            .filter(is_present)
    }

    /// Counts the operation as valid.
    pub(crate) fn count(&self, usage: &ClientUsage) {
        let Some(text) = self.query.as_deref() else {
            return;
        };
        let seen = usage.seen(text, self.operation_name.as_deref());
        usage.count(&seen, || safe_parse_operation(text).ok());
    }

    /// The request as JSON, with its document.
    pub(crate) fn body(&self) -> String {
        // Strings and parsed JSON values always serialize.
        serde_json::to_string(self).unwrap_or_default()
    }
}
