//! A planted change as its file has it.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{composed, source_of};
use registry::check::inputs::{Approval, Unread, Use};
use registry::compose::Subgraph;
use registry::failure::{Failure, Result};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// What is planted, as a sentence.
    pub name: String,
    /// What the base has that the common one has not.
    #[serde(default)]
    pub given: Vec<Edit>,
    /// The change.
    #[serde(default)]
    pub edits: Vec<Edit>,
    /// What the code has that the committed SDL has not.
    #[serde(default)]
    pub code: Vec<Edit>,
    /// The committed supergraph and API schema, after an edit of what is right; none are committed otherwise.
    pub committed: Option<Vec<Edit>>,
    /// Operations beside the common ones.
    #[serde(default)]
    pub operations: Vec<Planted>,
    /// Common operations that are not recorded, as `client/Name`; `*` for all of them.
    #[serde(default)]
    pub without: Vec<String>,
    /// Live traffic was to count.
    #[serde(default)]
    pub usage_asked: bool,
    /// What cannot be read of the operations.
    #[serde(default)]
    pub unread: Vec<PlantedUnread>,
    #[serde(default)]
    pub approvals: Vec<Approval>,
    /// As schema/contract.graphql and schema/contract.rest.
    pub promised: Option<String>,
    pub promised_rest: Option<String>,
    pub planner: Option<PlannedPlanner>,
    #[serde(default)]
    pub strict: bool,
    pub expect: Expected,
}

/// A replacement of text that is there exactly once.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Edit {
    /// Name of a subgraph, or `supergraph` or `api` of what is committed.
    pub of: String,
    pub from: String,
    pub to: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Planted {
    pub client: String,
    pub name: String,
    pub document: String,
    /// It was seen, and is not recorded.
    pub live: Option<Live>,
    /// It was recorded at the base and is no more.
    #[serde(default)]
    pub retired: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlantedUnread {
    pub file: String,
    #[serde(default)]
    pub at_base: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Live {
    pub last_seen: NaiveDate,
    pub count: u64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlannedPlanner {
    /// Why it takes no supergraph at all.
    pub refuses: Option<String>,
    /// Operations that have no plan, as `client/Name`.
    #[serde(default)]
    pub no_plan: Vec<String>,
}

#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    pub passes: bool,
    /// All that is found beyond what the unchanged graph has, as `super::lines` writes it.
    pub findings: Vec<String>,
    /// What the unchanged graph has and this one has not.
    #[serde(default)]
    pub gone: Vec<String>,
}

impl Case {
    /// Subgraphs after edits; those of others are left.
    pub fn edited(&self, edits: &[Edit], subgraphs: &[Subgraph]) -> Result<Vec<Subgraph>> {
        let mut subgraphs = subgraphs.to_vec();
        for edit in edits {
            let subgraph = subgraphs.iter_mut().find(|it| it.name == edit.of);
            let subgraph = subgraph
                .ok_or_else(|| self.wrong(&format!("there is no subgraph `{}`", edit.of)))?;
            subgraph.sdl = self.replaced(edit, &subgraph.sdl)?;
        }
        Ok(subgraphs)
    }

    /// The supergraph and the API schema that are committed beside the subgraphs.
    pub fn committed(&self, head: &[Subgraph]) -> Result<(Option<String>, Option<String>)> {
        let Some(edits) = &self.committed else {
            return Ok((None, None));
        };
        let composed = composed(head)?;
        let (mut supergraph, mut api) = (composed.supergraph, composed.api);
        for edit in edits {
            let text = if edit.of == "api" {
                &mut api
            } else {
                &mut supergraph
            };
            *text = self.replaced(edit, text)?;
        }
        Ok((Some(supergraph), Some(api)))
    }

    fn replaced(&self, edit: &Edit, text: &str) -> Result<String> {
        match text.matches(&edit.from).count() {
            1 => Ok(text.replace(&edit.from, &edit.to)),
            count => Err(self.wrong(&format!(
                "`{}` is {count} times in {}, and has to be there once",
                edit.from, edit.of
            ))),
        }
    }

    fn wrong(&self, what: &str) -> Failure {
        Failure::new(format!("planted case `{}`: {what}", self.name))
    }

    pub fn unread(&self) -> Vec<Unread> {
        let unread = |it: &PlantedUnread| Unread {
            file: it.file.clone(),
            wrong: format!("{}: this is not GraphQL", it.file),
            at_base: it.at_base,
        };
        self.unread.iter().map(unread).collect()
    }

    pub fn operations(&self, common: &[Use]) -> Vec<Use> {
        let without = |it: &&Use| {
            !self
                .without
                .iter()
                .any(|name| name == "*" || *name == it.label())
        };
        let mut operations: Vec<_> = common.iter().filter(without).cloned().collect();
        operations.extend(self.operations.iter().map(|it| Use {
            client: it.client.clone(),
            name: it.name.clone(),
            document: it.document.clone(),
            source: source_of(it.live.as_ref(), it.retired, &it.name),
        }));
        operations
    }
}
