//! An operation as clients send it.

use hive_router::query_planner::utils::parsing::safe_parse_operation;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use crate::{live::problem::Problem, operations::Operations, usage::Tally};

/// An operation as clients send it, by whatever transport.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Request {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) query: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) operation_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) variables: Option<Map<String, Json>>,
    /// Of a document that is recorded, as the GraphQL over HTTP working group has it.
    #[serde(skip_serializing)]
    document_id: Option<Json>,
    #[serde(skip_serializing)]
    extensions: Option<Extensions>,
}

/// Apollo's way to say the same.
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
    /// Puts the document in the place of its id, as the engine does for what it is sent itself.
    pub(crate) fn resolve(&mut self, operations: &Operations) -> Result<(), Problem> {
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
                return Err(Problem::of_request(
                    "PERSISTED_DOCUMENT_ID_REQUIRED",
                    "Persisted document id is required",
                ));
            }
            // What is missing then is the document.
            return Ok(());
        };
        let document = operations.document(&id).ok_or_else(|| {
            let message = format!("Persisted document not found: {id}");
            Problem::of_request("PERSISTED_DOCUMENT_NOT_FOUND", message)
        })?;
        self.query = Some(document.to_owned());
        Ok(())
    }

    /// As the engine finds it: a text or a number, and nothing when it is empty.
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
        let is_said = |id: &String| !id.is_empty();
        by_member
            .filter(is_said)
            .or_else(by_extension)
            .filter(is_said)
    }

    /// Counts it as one that its client has sent, and that is valid.
    pub(crate) fn count(&self, tally: &Tally) {
        let Some(text) = self.query.as_deref() else {
            return;
        };
        let asked = tally.asked(text, self.operation_name.as_deref());
        tally.count(&asked, || safe_parse_operation(text).ok());
    }

    /// As JSON, with its document.
    pub(crate) fn body(&self) -> String {
        // Text, and values that were read from JSON, can be written as JSON.
        serde_json::to_string(self).unwrap_or_default()
    }
}
