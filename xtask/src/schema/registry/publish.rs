//! Publishing: what was published last is what a change is checked against.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use common::clock::SharedClock;
use registry::{Change, Draft, Entry, Registry, RegistryError, Verdict};

use super::{At, How, failed};
use crate::failure::{Failure, Result};
use crate::schema::check::inputs::{Inputs, Schemas};
use crate::schema::check::report::{Criticality, Report, Verdict as Outcome};
use crate::schema::check::{self, Planner, render, sources};
use crate::schema::compose::{self, Subgraph};

/// How often somebody else may be faster.
const ATTEMPTS: usize = 5;

#[derive(clap::Args)]
pub struct Publish {
    /// Which subgraphs of supergraph.yaml [default: all]
    subgraphs: Vec<String>,
    /// The SDL of one subgraph, when it is not where supergraph.yaml says; it need not be one of supergraph.yaml then
    #[arg(long, value_name = "FILE", requires = "routing_url")]
    file: Option<PathBuf>,
    /// Where routers find that subgraph
    #[arg(long, value_name = "URL", requires = "file")]
    routing_url: Option<String>,
    #[command(flatten)]
    by: By,
    #[command(flatten)]
    at: At,
    #[command(flatten)]
    how: How,
}

#[derive(clap::Args)]
pub struct Rollback {
    /// The version to go back to
    version: u64,
    #[command(flatten)]
    by: By,
    #[command(flatten)]
    at: At,
    #[command(flatten)]
    how: How,
}

#[derive(clap::Args)]
struct By {
    /// Who publishes [default: what git calls the committer]
    #[arg(long)]
    author: Option<String>,
    /// Why
    #[arg(long, default_value = "")]
    message: String,
}

/// A change of what is published, before it is known what it changes.
struct Wish<'a> {
    author: String,
    message: &'a str,
    /// Whether it may be published although the check fails.
    is_forced: bool,
    how: &'a How,
}

pub async fn publish(root: &Path, arguments: &Publish, clock: &SharedClock) -> Result<ExitCode> {
    let chosen = chosen(root, arguments)?;
    let wish = Wish {
        author: author(root, &arguments.by)?,
        message: &arguments.by.message,
        is_forced: false,
        how: &arguments.how,
    };
    let registry = arguments.at.open()?;
    attempt(root, clock, &registry, &wish, |known| {
        let mut subgraphs: BTreeMap<_, _> = known
            .iter()
            .map(|subgraph| (subgraph.name.clone(), subgraph.clone()))
            .collect();
        for subgraph in &chosen {
            subgraphs.insert(subgraph.name.clone(), subgraph.clone());
        }
        let subgraphs: Vec<_> = subgraphs.into_values().collect();
        let change = Change::Publish {
            subgraphs: changed(known, &subgraphs),
        };
        (change, subgraphs)
    })
    .await
}

pub async fn rollback(root: &Path, arguments: &Rollback, clock: &SharedClock) -> Result<ExitCode> {
    let wish = Wish {
        author: author(root, &arguments.by)?,
        message: &arguments.by.message,
        // What was served before is better than what has to be taken back, whatever it breaks.
        is_forced: true,
        how: &arguments.how,
    };
    let registry = arguments.at.open()?;
    let to = arguments.version;
    let subgraphs = subgraphs_of(&registry, &registry.entry(to).await.map_err(failed)?).await?;
    attempt(root, clock, &registry, &wish, |_known| {
        (Change::Rollback { to }, subgraphs.clone())
    })
    .await
}

/// Checks and publishes what follows the newest version; again, when somebody else has published meanwhile.
async fn attempt(
    root: &Path,
    clock: &SharedClock,
    registry: &Registry,
    wish: &Wish<'_>,
    change: impl Fn(&[Subgraph]) -> (Change, Vec<Subgraph>),
) -> Result<ExitCode> {
    for _ in 0..ATTEMPTS {
        let latest = registry.latest().await.map_err(failed)?;
        let known = match &latest {
            Some(entry) => subgraphs_of(registry, entry).await?,
            None => Vec::new(),
        };
        let (change, subgraphs) = change(&known);
        let base = base(registry, latest.as_ref(), &known, &subgraphs).await?;
        let report = checked(root, wish, base, &subgraphs).await?;
        print!("{}", render::people(&report));
        if report.verdict == Outcome::Failed && !wish.is_forced {
            println!("nothing was published");
            return Ok(ExitCode::FAILURE);
        }
        let follows = latest.as_ref().map_or(0, |entry| entry.version);
        let draft = draft(follows, wish, change, &report, subgraphs)?;
        if let Some(latest) = latest.filter(|latest| !draft.changes(latest)) {
            registry.renew_copy().await.map_err(failed)?;
            println!(
                "version {} is the same; nothing was published",
                latest.version
            );
            return Ok(ExitCode::SUCCESS);
        }
        match registry.append(clock, draft).await {
            Ok(entry) => {
                println!("published version {}", entry.version);
                registry.renew_copy().await.map_err(|error| {
                    Failure::new(format!(
                        "the version is published, but not its copy in supergraph.graphql ({error}): publish once more"
                    ))
                })?;
                return Ok(ExitCode::SUCCESS);
            }
            Err(RegistryError::Conflict(version)) => {
                println!("somebody else has published version {version}: checking again");
            }
            Err(error) => return Err(failed(error)),
        }
    }
    Err(Failure::new(
        "others publish all the time; nothing was published",
    ))
}

/// What was published last. For the first time there is nothing to break.
async fn base(
    registry: &Registry,
    latest: Option<&Entry>,
    known: &[Subgraph],
    subgraphs: &[Subgraph],
) -> Result<Schemas> {
    let Some(latest) = latest else {
        return Ok(Schemas {
            described: "itself, as nothing was published yet".to_owned(),
            subgraphs: subgraphs.to_vec(),
            supergraph: None,
            api: None,
        });
    };
    Ok(Schemas {
        described: format!("version {} of the registry", latest.version),
        subgraphs: known.to_vec(),
        supergraph: None,
        api: Some(registry.document(latest.api).await.map_err(failed)?),
    })
}

async fn checked(
    root: &Path,
    wish: &Wish<'_>,
    base: Schemas,
    subgraphs: &[Subgraph],
) -> Result<Report> {
    let policy = wish.how.policy();
    let mut operations = sources::uses(sources::read_operations(root)?, Vec::new());
    operations.extend(wish.how.usage(&policy).await?);
    let inputs = Inputs {
        base,
        head: Schemas {
            described: "what is to be published".to_owned(),
            subgraphs: subgraphs.to_vec(),
            supergraph: None,
            api: None,
        },
        stale: None,
        operations,
        usage_asked: wish.how.usage.is_some(),
        unread: Vec::new(),
        approvals: sources::read_approvals(root)?,
        promised: sources::optional(&root.join(crate::schema::contract::CONTRACT))?,
        rest: None,
        policy,
    };
    let planner = wish.how.planner(root)?;
    check::run(&inputs, planner.as_ref().map(|it| it as &dyn Planner))
}

fn draft(
    follows: u64,
    wish: &Wish<'_>,
    change: Change,
    report: &Report,
    subgraphs: Vec<Subgraph>,
) -> Result<Draft> {
    let composed = compose::compose(&subgraphs).map_err(|it| compose::failure(&it))?;
    let count = |criticality| {
        let findings = report.steps.iter().flat_map(|step| &step.findings);
        findings
            .filter(|finding| finding.criticality == Some(criticality))
            .map(|finding| (&finding.code, &finding.coordinate))
            .collect::<std::collections::BTreeSet<_>>()
            .len()
    };
    Ok(Draft {
        follows,
        author: wish.author.clone(),
        message: wish.message.to_owned(),
        change,
        verdict: match report.verdict {
            Outcome::Passed => Verdict::Passed,
            Outcome::Failed => Verdict::Failed,
        },
        breaking: count(Criticality::Breaking),
        dangerous: count(Criticality::Dangerous),
        safe: count(Criticality::Safe),
        report: render::json(report)?,
        subgraphs: subgraphs
            .into_iter()
            .map(|subgraph| (subgraph.name, (subgraph.sdl, subgraph.url)))
            .collect(),
        supergraph: composed.supergraph,
        api: composed.api,
    })
}

/// The subgraphs of a version, in the order of their names.
pub async fn subgraphs_of(registry: &Registry, entry: &Entry) -> Result<Vec<Subgraph>> {
    let mut subgraphs = Vec::new();
    for (name, subgraph) in &entry.subgraphs {
        subgraphs.push(Subgraph {
            name: name.clone(),
            url: subgraph.routing_url.clone(),
            file: format!("{name}, version {}", subgraph.version),
            sdl: registry.document(subgraph.schema).await.map_err(failed)?,
        });
    }
    Ok(subgraphs)
}

/// The subgraphs that somebody wants to publish.
fn chosen(root: &Path, arguments: &Publish) -> Result<Vec<Subgraph>> {
    if let (Some(file), Some(url)) = (&arguments.file, &arguments.routing_url) {
        let [name] = arguments.subgraphs.as_slice() else {
            return Err(Failure::new("--file is the SDL of one subgraph: name it"));
        };
        let sdl = fs::read_to_string(file).map_err(|e| Failure::file("read", file, &e))?;
        return Ok(vec![Subgraph {
            name: name.clone(),
            url: url.clone(),
            file: file.display().to_string(),
            sdl,
        }]);
    }
    let all = sources::read(root, "the working tree")?.schemas.subgraphs;
    let names: Vec<_> = all.iter().map(|subgraph| subgraph.name.clone()).collect();
    if let Some(unknown) = arguments
        .subgraphs
        .iter()
        .find(|name| !names.contains(name))
    {
        return Err(Failure::new(format!(
            "supergraph.yaml has no subgraph `{unknown}`, it has {}; another one needs --file and --routing-url",
            names.join(", ")
        )));
    }
    let is_meant =
        |name: &String| arguments.subgraphs.is_empty() || arguments.subgraphs.contains(name);
    Ok(all
        .into_iter()
        .filter(|subgraph| is_meant(&subgraph.name))
        .collect())
}

/// The names of the subgraphs that are other than before.
fn changed(before: &[Subgraph], after: &[Subgraph]) -> Vec<String> {
    let same = |subgraph: &&Subgraph| {
        before.iter().any(|known| {
            (&known.name, &known.url, &known.sdl) == (&subgraph.name, &subgraph.url, &subgraph.sdl)
        })
    };
    let new = after.iter().filter(|subgraph| !same(subgraph));
    new.map(|subgraph| subgraph.name.clone()).collect()
}

fn author(root: &Path, by: &By) -> Result<String> {
    if let Some(author) = &by.author {
        return Ok(author.clone());
    }
    let output = std::process::Command::new("git")
        .args(["var", "GIT_COMMITTER_IDENT"])
        .current_dir(root)
        .output();
    let said = output.ok().filter(|output| output.status.success());
    let said = said.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    // `Name <address> seconds zone`
    said.and_then(|text| Some(text.rsplit_once('>')?.0.to_owned() + ">"))
        .ok_or_else(|| Failure::new("git does not say who publishes: name them with --author"))
}
