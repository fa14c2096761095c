//! Manifests of persisted operations, as clients' own tools write them.

use std::fmt;
use std::path::Path;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};

use super::{Operation, operation};

const APOLLO: &str = "apollo-persisted-query-manifest";
const APOLLO_VERSION: u32 = 1;

/// One operation of a manifest.
pub struct Entry {
    id: String,
    document: String,
    /// Name and kind as the manifest has them beside the document; Apollo's only.
    said: Option<(String, String)>,
}

impl Entry {
    /// Reads the document, and compares it with what the manifest says of it.
    pub fn into_operation(self, client: &str, file: &Path) -> Result<Operation, String> {
        let id = &self.id;
        let in_entry = |wrong: String| format!("operation `{id}`: {wrong}");
        if id.is_empty() {
            return Err("an operation has an empty id: each needs one of its own".to_owned());
        }
        let (name, kind) = operation(&self.document, file).map_err(in_entry)?;
        if let Some((said, said_kind)) = &self.said
            && (said, said_kind.as_str()) != (&name, kind)
        {
            return Err(in_entry(format!(
                "the manifest says `{said_kind} {said}`, and its body is `{kind} {name}`: write the manifest anew"
            )));
        }
        Ok(Operation {
            id: self.id,
            client: client.to_owned(),
            name,
            document: self.document,
            file: file.to_owned(),
        })
    }
}

#[derive(Deserialize)]
struct Format {
    format: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct ApolloManifest {
    version: u32,
    operations: Vec<ApolloOperation>,
}

#[derive(Deserialize)]
struct ApolloOperation {
    id: String,
    name: String,
    #[serde(rename = "type")]
    kind: String,
    body: String,
}

/// `{"id": "document", …}` with nothing lost where an id is there twice.
struct Plain(Vec<(String, String)>);

/// Every entry of a manifest; an error says what was expected.
pub fn parse(text: &str) -> Result<Vec<Entry>, String> {
    let unreadable = |error: serde_json::Error| {
        format!(
            "expected {APOLLO} of version {APOLLO_VERSION}, or an object {{\"id\": \"document\"}}: {error}"
        )
    };
    let format: Format = serde_json::from_str(text).map_err(unreadable)?;
    if format.format.is_none_or(|format| format != APOLLO) {
        let Plain(entries) = serde_json::from_str(text).map_err(unreadable)?;
        let entry = |(id, document)| Entry {
            id,
            document,
            said: None,
        };
        return Ok(entries.into_iter().map(entry).collect());
    }
    let manifest: ApolloManifest = serde_json::from_str(text).map_err(unreadable)?;
    if manifest.version != APOLLO_VERSION {
        return Err(format!(
            "{APOLLO} of version {}: only version {APOLLO_VERSION} is known",
            manifest.version
        ));
    }
    let entry = |operation: ApolloOperation| Entry {
        id: operation.id,
        document: operation.body,
        said: Some((operation.name, operation.kind)),
    };
    Ok(manifest.operations.into_iter().map(entry).collect())
}

impl<'de> Deserialize<'de> for Plain {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;

        impl<'de> Visitor<'de> for Pairs {
            type Value = Plain;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("an object of documents by their ids")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Plain, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Plain(pairs))
            }
        }

        deserializer.deserialize_map(Pairs)
    }
}
