//! Checks that need one file at a time.

use std::path::{Path, PathBuf};

use super::circles::Module;
use super::paths::{PathUse, Target, paths};
use super::rules::{
    CHECKED_SQL, DOMAIN_MAY_USE, EMPTY_NAMES, Layer, MAX_LINES, OURS, PRODUCT_NOUNS, layer,
};
use super::tokens::{Kind, tokens};
use crate::workspace::CONTEXTS;
use registry::finding::Finding;

/// A Rust file of the workspace.
pub struct SourceFile<'a> {
    /// Relative to the workspace.
    pub path: &'a Path,
    /// The crate it belongs to.
    pub package: &'a str,
    /// Relative to the crate: `src/app/timeline.rs`, `tests/api/main.rs`.
    pub in_package: &'a Path,
    pub text: &'a str,
}

impl SourceFile<'_> {
    /// Everything wrong with this file.
    pub fn check(&self) -> Vec<Finding> {
        let mut findings = self.size_and_name();
        let Some(module) = self.module() else {
            if !CONTEXTS.contains(&self.package) {
                let paths = paths(self.text, &[]);
                findings.extend(paths.iter().filter_map(|path| self.checked_sql(path)));
            }
            return findings;
        };
        let paths = paths(self.text, &module);
        if CONTEXTS.contains(&self.package) {
            if let Some((name, layer)) = module.first().and_then(|name| Some((name, layer(name)?)))
            {
                findings.extend(paths.iter().flat_map(|path| self.layer(name, layer, path)));
            }
            findings.extend(self.foreign_schemas());
        }
        if !CONTEXTS.contains(&self.package) || module.first().is_none_or(|m| m != "db") {
            findings.extend(paths.iter().filter_map(|path| self.checked_sql(path)));
        }
        if self.package == "common" {
            findings.extend(self.product_nouns());
        }
        findings
    }

    /// The file as a module of its crate; `None` for tests and examples. An inline test module is cut off: it is the last item of
    /// a file.
    pub fn module_without_tests(&self) -> Option<Module> {
        let path = self.module()?;
        if path.iter().any(|name| name.ends_with("tests")) {
            return None;
        }
        let text = self.text.split("\n#[cfg(test)]\nmod ").next()?;
        Some(Module {
            path,
            file: self.path.to_owned(),
            text: text.to_owned(),
        })
    }

    fn finding(&self, line: usize, wrong: String, right: impl Into<String>) -> Finding {
        Finding {
            file: self.path.to_owned(),
            line,
            wrong,
            right: right.into(),
        }
    }

    fn size_and_name(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        let lines = self.text.lines().count();
        if lines > MAX_LINES {
            findings.push(self.finding(
                0,
                format!("{lines} lines, at most {MAX_LINES} are allowed"),
                "split it by noun; at 300 lines a file is asking to be two",
            ));
        }
        let named = self.in_package.iter().filter_map(|part| {
            let stem = Path::new(part).file_stem()?.to_str()?;
            EMPTY_NAMES.contains(&stem).then_some(stem)
        });
        for name in named {
            findings.push(self.finding(
                0,
                format!("`{name}` says nothing about what is inside"),
                "name the file for its noun, the module for its layer",
            ));
        }
        findings
    }

    /// The module path of a library or binary file; `None` for tests and examples, which belong to no layer.
    fn module(&self) -> Option<Vec<String>> {
        let path = self.in_package.strip_prefix("src").ok()?;
        let mut module: Vec<String> = path
            .with_extension("")
            .iter()
            .map(|part| part.to_string_lossy().into_owned())
            .collect();
        let root = module.len() == 1 && module.iter().all(|m| m == "lib" || m == "main");
        if root || module.last().is_some_and(|last| last == "mod") {
            module.pop();
        }
        Some(module)
    }

    fn layer(&self, name: &str, layer: &Layer, path: &PathUse) -> Vec<Finding> {
        let mut findings = Vec::new();
        match &path.target {
            Target::Internal(segments) => {
                let full = segments.join("::");
                if segments.is_empty() && path.glob {
                    findings.push(self.finding(
                        path.line,
                        format!("{name}/ takes everything from the crate's root"),
                        "name what is used, module by module",
                    ));
                } else if !starts_with(&full, name)
                    && !layer
                        .may_use
                        .iter()
                        .any(|allowed| starts_with(&full, allowed))
                {
                    findings.push(self.finding(
                        path.line,
                        format!("{name}/ uses crate::{full}"),
                        match layer.may_use {
                            [] => format!("{name}/ uses nothing else of its crate"),
                            modules => format!("{name}/ may use only {}", modules.join(", ")),
                        },
                    ));
                }
            }
            Target::External(segments) => {
                let full = segments.join("::");
                let first = segments.first().map_or("", String::as_str);
                let foreign = layer.foreign.iter().find(|(krate, _)| *krate == first);
                if let Some((krate, right)) = foreign {
                    findings.push(self.finding(
                        path.line,
                        format!("{name}/ knows {krate} ({full})"),
                        *right,
                    ));
                }
                let ours = name == "domain" && OURS.contains(&first);
                if ours
                    && !DOMAIN_MAY_USE
                        .iter()
                        .any(|allowed| starts_with(&full, allowed))
                {
                    findings.push(self.finding(
                        path.line,
                        format!("domain/ uses {full}"),
                        "domain/ imports nothing of ours but common::Timestamp",
                    ));
                }
            }
        }
        findings
    }

    /// `cargo xtask sqlx` records what the subgraphs ask, in `db/` and in their tests, and nothing else.
    fn checked_sql(&self, path: &PathUse) -> Option<Finding> {
        let Target::External(segments) = &path.target else {
            return None;
        };
        let [krate, name, ..] = segments.as_slice() else {
            return None;
        };
        if krate != "sqlx" || !CHECKED_SQL.contains(&name.as_str()) || !self.calls(path.line, name)
        {
            return None;
        }
        Some(self.finding(
            path.line,
            format!("sqlx::{name}! outside db/ of a subgraph"),
            "SQL stands in db/, and app/ calls it",
        ))
    }

    /// Whether the line calls the macro of that name, or imports what the file calls. The function `sqlx::query`, which
    /// has the same name, is clippy.toml's matter.
    fn calls(&self, line: usize, name: &str) -> bool {
        let call = format!("{name}!");
        let text = self.text.lines().nth(line.saturating_sub(1)).unwrap_or("");
        text.contains(&call) || (text.trim_start().starts_with("use ") && self.text.contains(&call))
    }

    /// Strings that name a table of another context: PostgreSQL would refuse it at run time only.
    fn foreign_schemas(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        for token in tokens(self.text) {
            let Kind::Str(text) = token.kind else {
                continue;
            };
            let statement = text.contains("SELECT")
                || text.contains("INSERT")
                || text.contains("UPDATE")
                || text.contains("DELETE");
            for context in CONTEXTS.iter().filter(|context| **context != self.package) {
                if statement && names_table(text, context) {
                    findings.push(self.finding(
                        token.line,
                        format!("SQL of {} on the schema of {context}", self.package),
                        format!("ask the {context} service: a port in app/ports.rs, a client in clients/"),
                    ));
                }
            }
        }
        findings
    }

    fn product_nouns(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        let path: PathBuf = self.in_package.with_extension("");
        let in_path = path.iter().map(|part| (part.to_string_lossy(), 0));
        let tokens = tokens(self.text);
        let in_code = tokens.iter().filter_map(|token| match token.kind {
            Kind::Ident(name) => Some((name.into(), token.line)),
            _ => None,
        });
        for (name, line) in in_path.chain(in_code) {
            let noun = words(&name)
                .into_iter()
                .find(|word| PRODUCT_NOUNS.contains(&word.as_str()));
            if let Some(noun) = noun {
                findings.push(self.finding(
                    line,
                    format!("`{name}` has a noun of the product in it: {noun}"),
                    "common/ is infrastructure; the noun belongs to its own context",
                ));
            }
        }
        findings
    }
}

/// Whether a path is `prefix` or leads on from it.
fn starts_with(path: &str, prefix: &str) -> bool {
    path.strip_prefix(prefix)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// Whether SQL says `schema.name`.
fn names_table(sql: &str, schema: &str) -> bool {
    sql.match_indices(schema).any(|(at, _)| {
        let before = sql.get(..at).and_then(|text| text.chars().next_back());
        let mut after = sql.get(at + schema.len()..).unwrap_or("").chars();
        before.is_none_or(|c| !(c.is_alphanumeric() || c == '_' || c == '.'))
            && after.next() == Some('.')
            && after.next().is_some_and(|c| c.is_alphabetic() || c == '_')
    })
}

/// `FolloweeIds` and `followee_ids` are `followee` and `ids`.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for c in name.chars() {
        let starts = c == '_' || c.is_uppercase();
        if starts && words.last().is_some_and(|word| !word.is_empty()) {
            words.push(String::new());
        }
        if c != '_'
            && let Some(word) = words.last_mut()
        {
            word.extend(c.to_lowercase());
        }
    }
    words
}

#[cfg(test)]
#[path = "files_tests.rs"]
mod tests;
