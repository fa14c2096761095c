//! The whole system against PostgreSQL alone.

use super::session::{Ask, Session};
use crate::{
    dataset::Kind,
    driver::{Api, Latency},
    failure::Result,
    pgbench::{Run, SERVICE_SETTINGS, Subject},
    results::{Bound, Row},
};

const SCENARIO: &str = "database";
const CONNECTIONS: usize = 16;

/// What one request asks of PostgreSQL, in order; change them with the engine.
const VERSION: &str = include_str!("../../sql/followees_version.sql");
const POSTS: &str = include_str!("../../sql/posts.sql");
const AUTHORS: &str = include_str!("../../sql/authors.sql");
/// The baseline, and what the opponent asks.
const PLAN_A: &str = include_str!("../../sql/plan_a.sql");
const OPPONENT: &str = include_str!("../../sql/opponent_first.sql");

pub async fn run(session: &mut Session<'_>) -> Result<()> {
    for kind in Kind::ALL {
        let followees = session.size_up_to(kind, 1_000)?;
        let subjects = subjects(session, kind, followees).await?;
        let script = |statements: &[&str]| -> Vec<String> {
            let fill = |subject: &Subject| statements.iter().map(|one| subject.fill(one)).collect();
            subjects.iter().map(fill).collect()
        };
        let opponent = format!("{};", OPPONENT.trim_end().replace("$1", "{viewer}"));
        let target = session.system.target(Api::RouterGraph)?;
        let ask = Ask::first(target, kind, followees);
        let yardsticks = [
            (
                "pgbench: a request's",
                SERVICE_SETTINGS,
                script(&[VERSION, POSTS, AUTHORS]),
            ),
            ("pgbench: plan A", "", script(&[PLAN_A])),
            ("pgbench: opponent's", "", script(&[&opponent])),
        ];
        let mut measured = Vec::new();
        for (name, settings, scripts) in yardsticks {
            measured.push(pgbench(session, ask, name, settings, &scripts).await?);
        }
        let Some(router) = session.closed(SCENARIO, ask, CONNECTIONS).await? else {
            continue;
        };
        for (row, bound) in measured
            .iter()
            .zip([Bound::AtLeast(0.5), Bound::None, Bound::None])
        {
            let name = format!(
                "router over {} statements, {followees} {}",
                row.target,
                kind.name()
            );
            session.ratio(SCENARIO, name, bound, router.throughput / row.throughput);
        }
    }
    Ok(())
}

/// What the statements are about, for each viewer.
async fn subjects(session: &mut Session<'_>, kind: Kind, followees: u32) -> Result<Vec<Subject>> {
    let mut subjects = Vec::new();
    for (_, viewer) in session.viewers(kind, followees) {
        let posts = session.truth.page(viewer, None).await?;
        subjects.push(Subject {
            viewer,
            authors: session.truth.authors(&posts).await?,
            posts,
        });
    }
    Ok(subjects)
}

async fn pgbench(
    session: &mut Session<'_>,
    ask: Ask,
    name: &str,
    settings: &str,
    scripts: &[String],
) -> Result<Row> {
    let run = Run {
        url: session.system.database.admin_url(),
        settings,
        connections: CONNECTIONS,
        seconds: session.seconds,
        folder: session.system.files(),
    };
    let outcome = run.scripts(scripts).await?;
    let row = Row {
        target: name.to_owned(),
        seconds: session.seconds,
        requests: outcome.transactions,
        throughput: outcome.per_second,
        // All that pgbench tells without a log of every transaction.
        latency_ms: Latency {
            mean: outcome.mean_ms,
            ..Latency::default()
        },
        ..session.row(SCENARIO, ask, CONNECTIONS, None)
    };
    println!("{row}");
    session.rows.push(row.clone());
    Ok(row)
}
