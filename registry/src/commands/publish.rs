//! Publishing: what was published last is what a change is checked against.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::ExitCode;

use crate::{Change, Draft, Entry, Registry, RegistryError, Verdict};
use common::clock::SharedClock;

use super::arguments::{CheckOptions, Publish, Rollback};
use super::failed;
use super::selection::{author, changed, selected};
use crate::check::inputs::{Inputs, Schemas};
use crate::check::report::{Criticality, Report, Verdict as Outcome};
use crate::check::{self, Planner, render, sources};
use crate::compose::{self, Composed, Subgraph};
use crate::failure::{Failure, Result};
use crate::published::subgraphs_of;

/// Retries after concurrent publications.
const MAX_ATTEMPTS: usize = 5;

/// A change of what is published, before it is known what it changes.
struct Wish<'a> {
    author: String,
    message: &'a str,
    /// Whether it may be published although the check fails.
    is_forced: bool,
    options: &'a CheckOptions,
}

pub async fn publish(root: &Path, arguments: &Publish, clock: &SharedClock) -> Result<ExitCode> {
    let remove = &arguments.remove;
    let chosen = if remove.is_empty() || !arguments.subgraphs.is_empty() {
        selected(root, arguments)?
    } else {
        Vec::new()
    };
    let wish = Wish {
        author: author(root, &arguments.by)?,
        message: &arguments.by.message,
        is_forced: false,
        options: &arguments.options,
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
        for name in remove {
            if subgraphs.remove(name).is_none() {
                return Err(Failure::new(format!("no subgraph `{name}` is published")));
            }
        }
        let subgraphs: Vec<_> = subgraphs.into_values().collect();
        say(known, &chosen, &subgraphs);
        Ok(Next {
            change: Change::Publish {
                subgraphs: changed(known, &subgraphs),
            },
            subgraphs,
            composed: None,
        })
    })
    .await
}

pub async fn rollback(root: &Path, arguments: &Rollback, clock: &SharedClock) -> Result<ExitCode> {
    let wish = Wish {
        author: author(root, &arguments.by)?,
        message: &arguments.by.message,
        // What was served before is better than what has to be taken back, whatever it breaks.
        is_forced: true,
        options: &arguments.options,
    };
    let registry = arguments.at.open()?;
    let to = arguments.version;
    let entry = registry.entry(to).await.map_err(failed)?;
    let subgraphs = subgraphs_of(&registry, &entry).await?;
    // As it was served then, whatever the composer makes of it today.
    let composed = Composed {
        supergraph: registry.document(entry.supergraph).await.map_err(failed)?,
        api: registry.document(entry.api).await.map_err(failed)?,
    };
    attempt(root, clock, &registry, &wish, |_known| {
        Ok(Next {
            change: Change::Rollback { to },
            subgraphs: subgraphs.clone(),
            composed: Some(composed.clone()),
        })
    })
    .await
}

/// What is to follow.
struct Next {
    change: Change,
    subgraphs: Vec<Subgraph>,
    /// What it composes to, where that is known.
    composed: Option<Composed>,
}

/// What the check does not see: where subgraphs are asked, and which stay that are not of this repository.
fn say(known: &[Subgraph], chosen: &[Subgraph], next: &[Subgraph]) {
    for subgraph in next {
        let before = known.iter().find(|known| known.name == subgraph.name);
        if let Some(before) = before.filter(|before| before.url != subgraph.url) {
            println!(
                "{}: asked at {} and no longer at {}",
                subgraph.name, subgraph.url, before.url
            );
        }
        if !chosen.iter().any(|chosen| chosen.name == subgraph.name) {
            println!("{}: as it was published before", subgraph.name);
        }
    }
}

/// Checks and publishes what follows the newest version; again, when somebody else has published meanwhile.
async fn attempt(
    root: &Path,
    clock: &SharedClock,
    registry: &Registry,
    wish: &Wish<'_>,
    next: impl Fn(&[Subgraph]) -> Result<Next>,
) -> Result<ExitCode> {
    for _ in 0..MAX_ATTEMPTS {
        let latest = registry.latest().await.map_err(failed)?;
        let known = match &latest {
            Some(entry) => subgraphs_of(registry, entry).await?,
            None => Vec::new(),
        };
        let next = next(&known)?;
        let base = base(registry, latest.as_ref(), &known, &next.subgraphs).await?;
        let judged = match checked(root, wish, base, &next.subgraphs).await {
            Ok(report) => {
                print!("{}", render::people(&report));
                Judged::of(&report)?
            }
            Err(failure) if wish.is_forced => {
                println!("the check could not be done: {failure}");
                Judged::not_done(&failure)
            }
            Err(failure) => return Err(failure),
        };
        if judged.verdict == Verdict::Failed && !wish.is_forced {
            println!("nothing was published");
            return Ok(ExitCode::FAILURE);
        }
        let follows = latest.as_ref().map_or(0, |entry| entry.version);
        let draft = draft(follows, wish, next, judged)?;
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
    let policy = wish.options.policy();
    let mut operations = sources::uses(sources::read_operations(root)?, Vec::new());
    operations.extend(wish.options.usage(&policy).await?);
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
        usage_asked: wish.options.usage.is_some(),
        unread: Vec::new(),
        approvals: sources::read_approvals(root)?,
        promised: sources::optional(&root.join(crate::contract::CONTRACT))?,
        rest: None,
        policy,
    };
    let planner = wish.options.planner()?;
    check::run(&inputs, planner.as_ref().map(|it| it as &dyn Planner))
}

/// What the check said, as it is kept.
struct Judged {
    verdict: Verdict,
    breaking: usize,
    dangerous: usize,
    safe: usize,
    report: String,
}

impl Judged {
    fn of(report: &Report) -> Result<Self> {
        let count = |criticality| {
            let findings = report.steps.iter().flat_map(|step| &step.findings);
            findings
                .filter(|finding| finding.criticality == Some(criticality))
                .map(|finding| (&finding.code, &finding.coordinate))
                .collect::<BTreeSet<_>>()
                .len()
        };
        Ok(Self {
            verdict: match report.verdict {
                Outcome::Passed => Verdict::Passed,
                Outcome::Failed => Verdict::Failed,
            },
            breaking: count(Criticality::Breaking),
            dangerous: count(Criticality::Dangerous),
            safe: count(Criticality::Safe),
            report: render::json(report)?,
        })
    }

    fn not_done(failure: &Failure) -> Self {
        Self {
            verdict: Verdict::Failed,
            breaking: 0,
            dangerous: 0,
            safe: 0,
            report: serde_json::json!({ "not_done": failure.to_string() }).to_string(),
        }
    }
}

fn draft(follows: u64, wish: &Wish<'_>, next: Next, judged: Judged) -> Result<Draft> {
    let composed = match next.composed {
        Some(composed) => composed,
        None => compose::compose(&next.subgraphs).map_err(|it| compose::failure(&it))?,
    };
    Ok(Draft {
        follows,
        author: wish.author.clone(),
        message: wish.message.to_owned(),
        change: next.change,
        verdict: judged.verdict,
        breaking: judged.breaking,
        dangerous: judged.dangerous,
        safe: judged.safe,
        report: judged.report,
        subgraphs: next
            .subgraphs
            .into_iter()
            .map(|subgraph| (subgraph.name, (subgraph.sdl, subgraph.url)))
            .collect(),
        supergraph: composed.supergraph,
        api: composed.api,
    })
}
