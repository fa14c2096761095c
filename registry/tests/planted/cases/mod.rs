//! Planted changes: a small graph, changes of it, and the findings that the check must report. The cases are YAML files in
//! `tests/schema/planted`.

pub mod case;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use registry::check::inputs::{Inputs, Policy, Rest, Schemas, Source, Use};
use registry::check::report::{Affected, Report, StepName};
use registry::check::steps::planning::{Planner, Plans};
use registry::check::{self, sources};
use registry::compose::{self, Composed, Subgraph, compose};
use registry::drift::{Generated, compare};
use registry::failure::{Failure, Result};

pub use case::Case;

const FOLDER: &str = "tests/schema/planted";
/// The day on which the cases are checked.
const TODAY: (i32, u32, u32) = (2026, 6, 15);

/// The graph that the cases change.
pub struct Given {
    pub subgraphs: Vec<Subgraph>,
    pub operations: Vec<Use>,
}

impl Given {
    pub fn read(root: &Path) -> Result<Self> {
        let folder = root.join(FOLDER).join("base");
        let mut subgraphs = Vec::new();
        for name in ["chat", "people", "posts"] {
            let path = folder.join(format!("{name}.graphql"));
            subgraphs.push(Subgraph {
                name: name.to_owned(),
                url: format!("http://{name}/graphql"),
                file: format!("{name}.graphql"),
                sdl: fs::read_to_string(&path).map_err(|e| Failure::file("read", &path, &e))?,
            });
        }
        let recorded = registry::operations::read(&folder.join("operations"))
            .map_err(|e| Failure::new(e.to_string()))?;
        let recorded = recorded.into_iter().map(|mut it| {
            it.file = it.file.strip_prefix(&folder).unwrap_or(&it.file).to_owned();
            it
        });
        Ok(Self {
            subgraphs,
            operations: sources::uses(recorded.collect(), Vec::new()),
        })
    }

    /// What a case makes of it.
    pub fn inputs(&self, case: &Case) -> Result<Inputs> {
        let base = case.edited(&case.given, &self.subgraphs)?;
        let head = case.edited(&case.edits, &base)?;
        let code = case.edited(&case.code, &head)?;
        let stale = code.iter().zip(&head).filter_map(|(code, head)| {
            let generated = Generated {
                path: code.file.clone().into(),
                content: code.sdl.clone(),
            };
            compare(&generated, &head.sdl)
        });
        let stale = stale.collect();
        let (supergraph, api) = case.committed(&head)?;
        let (year, month, day) = TODAY;
        let today =
            NaiveDate::from_ymd_opt(year, month, day).ok_or_else(|| Failure::new("no such day"))?;
        Ok(Inputs {
            base: Schemas {
                described: "the base".to_owned(),
                subgraphs: base,
                ..Schemas::default()
            },
            head: Schemas {
                described: "the change".to_owned(),
                subgraphs: head,
                supergraph,
                api,
            },
            stale: Some(stale),
            operations: case.operations(&self.operations),
            usage_asked: case.usage_asked,
            unread: case.unread(),
            approvals: case.approvals.clone(),
            promised: case.promised.clone(),
            rest: case.promised_rest.clone().map(|promised| Rest {
                promised,
                document: serde_json::json!({ "paths": { "/api/feed": { "get": { "responses": { "200": {} } } } } }),
            }),
            policy: Policy {
                strict: case.strict,
                ..Policy::new(today)
            },
        })
    }

    pub fn check(&self, case: &Case) -> Result<Report> {
        let planner = case.planner.as_ref().map(|it| it as &dyn Planner);
        check::run(&self.inputs(case)?, planner)
            .map_err(|e| Failure::new(format!("{}: {e}", case.name)))
    }
}

/// Root of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .map(Path::to_owned)
        .unwrap_or_default()
}

/// Every case, in the order of the files and in them.
pub fn cases(root: &Path) -> Result<Vec<Case>> {
    let folder = root.join(FOLDER);
    let unreadable = |e: std::io::Error| Failure::file("read", &folder, &e);
    let entries = fs::read_dir(&folder).map_err(unreadable)?;
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|it| it == "yaml") {
            files.push(path);
        }
    }
    files.sort();
    let mut cases: Vec<Case> = Vec::new();
    for path in files {
        let text = fs::read_to_string(&path).map_err(|e| Failure::file("read", &path, &e))?;
        let read: Vec<Case> =
            serde_yaml_ng::from_str(&text).map_err(|e| Failure::file("read", &path, &e))?;
        cases.extend(read);
    }
    let names: BTreeSet<_> = cases.iter().map(|case| &case.name).collect();
    if names.len() < cases.len() {
        return Err(Failure::new("two planted cases have one name"));
    }
    Ok(cases)
}

/// What was found, a line each: `step severity CODE coordinate`, and `by` the operations that it is about.
pub fn lines(report: &Report) -> Vec<String> {
    let mut lines = Vec::new();
    for step in &report.steps {
        for finding in &step.findings {
            let mut line = format!("{} {} {}", step.name, finding.severity, finding.code);
            if let Some(coordinate) = &finding.coordinate {
                let _ = write!(line, " {coordinate}");
            }
            // An operation's own finding is about itself.
            let about: BTreeSet<_> = finding.operations.iter().map(Affected::label).collect();
            if !about.is_empty() && !matches!(step.name, StepName::Operations | StepName::Planning)
            {
                let about: Vec<_> = about.into_iter().collect();
                let _ = write!(line, " by {}", about.join(" "));
            }
            lines.push(line);
        }
    }
    lines.sort();
    // One unreachable type is an error for each of its fields, and says the same of each.
    lines.dedup();
    lines
}

/// A planner that refuses what the case says it refuses.
impl Planner for case::PlannedPlanner {
    fn plan(&self, _supergraph: &str, operations: &[(String, &str)]) -> Result<Plans> {
        let verdict = |name: &str| {
            self.no_plan
                .iter()
                .find(|it| name.starts_with(&format!("{it}#")))
        };
        let errors = operations.iter().map(|(name, _)| {
            (
                name.clone(),
                verdict(name).map(|_| "it cannot be".to_owned()),
            )
        });
        Ok(Plans {
            refused: self.refuses.clone(),
            errors: errors.collect(),
        })
    }
}

/// The supergraph and the API schema of subgraphs that are known to compose.
fn composed(subgraphs: &[Subgraph]) -> Result<Composed> {
    compose(subgraphs).map_err(|refusals| compose::failure(&refusals))
}

fn source_of(live: Option<&case::Live>, retired: bool, name: &str) -> Source {
    let file = || format!("operations/planted/{name}.graphql").into();
    match live {
        Some(live) => Source::Live {
            last_seen: live.last_seen,
            count: live.count,
        },
        None if retired => Source::Retired(file()),
        None => Source::Recorded(file()),
    }
}
