//! Recorded operations. A new supergraph must be able to answer all of them, and clients may send their IDs instead of
//! documents (persisted documents).

use std::{collections::HashMap, path::Path, sync::Arc};

use common::config::{ConfigError, Env, malformed};
use registry::operations::{self, Operation};
use serde_json::{Value, json};

use crate::loopback::LOOPBACK_HEADER;

const FOLDER: &str = "OPERATIONS_DIR";
const FOLDER_EXPECTS: &str = "a folder of recorded operations, such as operations/";
const DOCUMENTS: &str = "PERSISTED_DOCUMENTS";
const DOCUMENTS_EXPECTS: &str = "off, accept (an id instead of a document) or require (an id)";

/// Whether clients send documents or IDs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Mode {
    /// Documents only.
    #[default]
    Off,
    /// Documents, or IDs of recorded ones.
    Accept,
    /// IDs of recorded documents only.
    Require,
}

impl std::str::FromStr for Mode {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "off" => Ok(Self::Off),
            "accept" => Ok(Self::Accept),
            "require" => Ok(Self::Require),
            _ => Err("none of them"),
        }
    }
}

/// All recorded operations.
#[derive(Clone, Default)]
pub(crate) struct Operations(Arc<Recorded>);

#[derive(Default)]
struct Recorded {
    all: Vec<Operation>,
    /// Index in `all` by ID.
    by_id: HashMap<String, usize>,
    mode: Mode,
}

impl Operations {
    pub(crate) fn from_env(env: &Env) -> Result<Self, ConfigError> {
        let mode = env
            .parsed(DOCUMENTS, DOCUMENTS_EXPECTS)?
            .unwrap_or_default();
        let all = match env.optional(FOLDER) {
            Some(folder) => operations::read(Path::new(folder))
                .map_err(|error| malformed(FOLDER, FOLDER_EXPECTS, error))?,
            None if mode == Mode::Off => Vec::new(),
            None => {
                return Err(ConfigError::Missing {
                    name: FOLDER.to_owned(),
                    expects: FOLDER_EXPECTS,
                });
            }
        };
        let by_id = all.iter().enumerate();
        let by_id = by_id.map(|(index, operation)| (operation.id.clone(), index));
        Ok(Self(Arc::new(Recorded {
            by_id: by_id.collect(),
            all,
            mode,
        })))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Operation> {
        self.0.all.iter()
    }

    /// Whether clients may send an ID.
    pub(crate) fn are_accepted(&self) -> bool {
        self.0.mode != Mode::Off
    }

    /// Whether clients must send an ID.
    pub(crate) fn are_required(&self) -> bool {
        self.0.mode == Mode::Require
    }

    /// The document with an ID.
    pub(crate) fn document(&self, id: &str) -> Option<&str> {
        let operation = self.0.all.get(*self.0.by_id.get(id)?)?;
        Some(&operation.document)
    }

    /// The documents by ID, in the engine's file format.
    pub(crate) fn manifest(&self) -> Value {
        let documents = self.iter();
        documents
            .map(|operation| (operation.id.clone(), Value::from(&*operation.document)))
            .collect()
    }

    /// The engine's settings for persisted documents, given the path of the file.
    pub(crate) fn settings(&self, file: &str) -> Value {
        if !self.are_accepted() {
            return json!({ "enabled": false });
        }
        let require = if self.are_required() {
            // Loopback requests carry documents of operations that were admitted before.
            json!({ "expression": format!(".request.headers.\"{LOOPBACK_HEADER}\" == null") })
        } else {
            json!(false)
        };
        json!({
            "enabled": true,
            "require_id": require,
            "selectors": [
                { "type": "json_path", "path": "documentId" },
                { "type": "json_path", "path": "extensions.persistedQuery.sha256Hash" },
                { "type": "url_query_param", "name": "documentId" },
            ],
            "storage": { "type": "file", "path": file, "watch": false },
        })
    }
}
