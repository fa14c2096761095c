//! What a post costs, and what posts cost those who read.

use std::sync::Arc;

use super::session::{Ask, Session};
use crate::{
    dataset::{Kind, ids},
    driver::{Api, Call, Measurement, Target, closed, open},
    failure::Result,
    results::{Bound, Row},
};

const SCENARIO: &str = "writes";
/// Few enough that nothing waits for a core.
const WRITERS: usize = 4;
/// People who write at the same time.
const AUTHORS: usize = 200;
/// Timelines and posts a second, where both go on beside each other: moderate, and fixed, so that runs compare.
const READS: f64 = 100.0;
const POSTS: f64 = 200.0;
const CONNECTIONS: usize = 32;
const TURNS: u32 = 2;

pub async fn run(session: &mut Session<'_>) -> Result<()> {
    let authors: Vec<_> = ids(&session.shape)
        .into_iter()
        .take((session.shape.authors as usize).min(AUTHORS))
        .map(|id| session.system.token(id))
        .collect::<Result<_>>()?;
    cost(session, &authors).await?;
    beside(session, &authors).await?;
    let removed = session.truth.tidy().await?;
    println!("{SCENARIO}: {removed} posts removed again");
    Ok(())
}

fn posts(target: Target, authors: &[String]) -> Result<Vec<Arc<Call>>> {
    authors
        .iter()
        .map(|token| {
            Ok(Arc::new(target.write(
                token,
                "The engine weaves algebraic patterns, as looms weave flowers.",
            )?))
        })
        .collect()
}

/// p95 of a post, in turns with a bare INSERT.
async fn cost(session: &mut Session<'_>, authors: &[String]) -> Result<()> {
    let writes = [
        session.system.target(Api::Opponent)?,
        session.system.target(Api::PostsGraph)?,
        session.system.target(Api::PostsRest)?,
        session.system.target(Api::RouterGraph)?,
        session.system.target(Api::RouterRest)?,
    ];
    let window = session.window(1.0 / f64::from(TURNS));
    let mut sums = writes.map(|_| Measurement::new());
    for _ in 0..TURNS {
        for (write, sum) in writes.iter().zip(&mut sums) {
            let calls = posts(*write, authors)?;
            sum.add(closed(&calls, WRITERS, window, &session.probe).await?);
        }
    }
    let mut bare = f64::NAN;
    for (write, sum) in writes.iter().zip(sums) {
        let name = match write.api {
            Api::Opponent => "bare INSERT",
            _ => write.name(),
        };
        let row = session.empty_row(SCENARIO, name, WRITERS, None);
        let p95 = session.keep(row, sum)?.latency_ms.p95;
        let bound = match write.api {
            Api::Opponent => {
                bare = p95;
                continue;
            }
            Api::PostsGraph => Bound::AtMost(2.0),
            _ => Bound::None,
        };
        session.ratio(
            SCENARIO,
            format!("p95 of createPost : bare INSERT, {name}"),
            bound,
            p95 / bare,
        );
    }
    Ok(())
}

/// Timelines without posts beside them, and with, in turns.
async fn beside(session: &mut Session<'_>, authors: &[String]) -> Result<()> {
    let write = session.system.target(Api::PostsGraph)?;
    let (kind, target) = (Kind::Busy, session.system.target(Api::RouterGraph)?);
    let followees = session.size_up_to(kind, 1_000)?;
    let ask = Ask::first(target, kind, followees);
    let (reading, writing) = (session.changing_calls(ask)?, posts(write, authors)?);
    let window = session.window(1.0 / f64::from(TURNS));
    let (mut still, mut busy, mut written) =
        (Measurement::new(), Measurement::new(), Measurement::new());
    for _ in 0..TURNS {
        still.add(open(&reading, READS, CONNECTIONS, window, &session.probe).await?);
        let (of_reads, of_posts) = tokio::join!(
            open(&reading, READS, CONNECTIONS, window, &session.probe),
            open(&writing, POSTS, CONNECTIONS, window, &session.probe),
        );
        busy.add(of_reads?);
        written.add(of_posts?);
    }
    // The processes worked for both.
    busy.costs.clear();
    written.costs.clear();
    let row = session.row(SCENARIO, ask, CONNECTIONS, Some(READS));
    let still = session.keep(named(&row, "reads alone"), still)?;
    let busy = session.keep(named(&row, "reads beside posts"), busy)?;
    let row = session.empty_row(SCENARIO, "posts beside reads", CONNECTIONS, Some(POSTS));
    session.keep(row, written)?;
    let (alone, beside) = (still.latency_ms, busy.latency_ms);
    let name = |what| format!("{what} of timelines with {POSTS} posts a second beside : without");
    session.ratio(
        SCENARIO,
        name("mean"),
        Bound::AtMost(1.1),
        beside.mean / alone.mean,
    );
    session.ratio(
        SCENARIO,
        name("median"),
        Bound::AtMost(1.1),
        beside.p50 / alone.p50,
    );
    Ok(())
}

fn named(row: &Row, target: &str) -> Row {
    Row {
        target: target.to_owned(),
        ..row.clone()
    }
}
