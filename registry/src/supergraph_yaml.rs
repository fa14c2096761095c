//! `supergraph.yaml`, in Rover's format: which subgraphs there are, where each listens, which file has its SDL.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::failure::{Failure, Result};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SupergraphConfig {
    /// Rover chooses a composer by it; ours knows Federation 2 only.
    federation_version: serde_yaml_ng::Value,
    subgraphs: BTreeMap<String, SubgraphConfig>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SubgraphConfig {
    pub routing_url: String,
    schema: SchemaSource,
}

/// Rover also knows `subgraph_url` and `graphref`; here the SDL is always a committed file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SchemaSource {
    file: PathBuf,
}

impl SupergraphConfig {
    pub fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).map_err(|e| Failure::file("read", path, &e))?;
        Self::parse(&text).map_err(|e| Failure::file("read", path, &e))
    }

    fn parse(text: &str) -> Result<Self> {
        let config: Self =
            serde_yaml_ng::from_str(text).map_err(|e| Failure::new(e.to_string()))?;
        if !is_federation_2(&config.federation_version) {
            return Err(Failure::new(
                "federation_version: expected 2 or \"=2.x.y\"; the composer knows Federation 2 only",
            ));
        }
        if config.subgraphs.is_empty() {
            return Err(Failure::new("subgraphs: expected at least one"));
        }
        Ok(config)
    }

    /// Name and configuration of each subgraph, sorted by name: the order of composition.
    pub fn subgraphs(&self) -> impl Iterator<Item = (&str, &SubgraphConfig)> {
        self.subgraphs
            .iter()
            .map(|(name, config)| (name.as_str(), config))
    }
}

impl SubgraphConfig {
    /// The file with its SDL, relative to the configuration's.
    pub fn file(&self) -> &Path {
        let file = &self.schema.file;
        file.strip_prefix("./").unwrap_or(file)
    }
}

fn is_federation_2(version: &serde_yaml_ng::Value) -> bool {
    match version {
        serde_yaml_ng::Value::Number(number) => {
            number.as_f64().is_some_and(|n| (2.0..3.0).contains(&n))
        }
        serde_yaml_ng::Value::String(text) => {
            let text = text.trim_start_matches('=');
            text == "2" || text.starts_with("2.")
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str =
        "subgraphs: {users: {routing_url: 'http://u/graphql', schema: {file: users.graphql}}}";

    #[test]
    fn rovers_spellings_of_federation_2_are_read() {
        for version in ["2", "'2'", "'=2.9.0'", "=2.3.2"] {
            let config =
                SupergraphConfig::parse(&format!("federation_version: {version}\n{ONE}")).unwrap();
            let (name, users) = config.subgraphs().next().unwrap();
            assert_eq!(
                (name, users.routing_url.as_str()),
                ("users", "http://u/graphql")
            );
        }
    }

    #[test]
    fn federation_1_and_unknown_keys_are_refused() {
        assert!(SupergraphConfig::parse(&format!("federation_version: 1\n{ONE}")).is_err());
        let error =
            SupergraphConfig::parse(&format!("federation_version: 2\nsubgraph: {{}}\n{ONE}"))
                .unwrap_err();
        assert!(error.to_string().contains("subgraph"), "{error}");
    }
}
