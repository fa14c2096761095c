//! What a page costs by the number of followees, on this data set and beside others.

use super::session::{Ask, Session};
use crate::{
    dataset::Kind,
    driver::Api,
    failure::Result,
    results::{Bound, Ratio, Row},
};

/// One connection: nothing waits for anything else, so that latency is cost.
const ALONE: usize = 1;

pub async fn run(session: &mut Session<'_>) -> Result<()> {
    const SCENARIO: &str = "followees";
    let rows = sizes(session, SCENARIO).await?;
    for kind in Kind::ALL {
        let of = |followees| find(&rows, kind, followees);
        let largest = session.sizes(kind).into_iter().max().unwrap_or_default();
        let (Some(most), Some(some)) = (of(largest), of(100).filter(|_| largest > 100)) else {
            continue;
        };
        let name = |what| format!("{what} at {largest} : 100 followees, {}", kind.name());
        // Where 10,000 cannot be followed, the largest size says something, but is no target.
        let bound = if largest == 10_000 {
            Bound::AtMost(3.0)
        } else {
            Bound::None
        };
        session.ratio(
            SCENARIO,
            name("mean latency"),
            bound,
            most.latency_ms.mean / some.latency_ms.mean,
        );
        session.ratio(
            SCENARIO,
            name("CPU a request"),
            bound,
            cpu(most) / cpu(some),
        );
    }
    Ok(())
}

/// One row for each kind and size.
pub async fn sizes(session: &mut Session<'_>, scenario: &str) -> Result<Vec<Row>> {
    let target = session.system.target(Api::RouterGraph)?;
    let mut rows = Vec::new();
    for kind in Kind::ALL {
        for followees in session.sizes(kind) {
            let ask = Ask::first(target, kind, followees);
            rows.extend(session.closed(scenario, ask, ALONE).await?);
        }
    }
    Ok(rows)
}

/// A large set against a small one, at equal numbers of followees.
pub fn compare_sizes(ours: &[Row], others: &[Row]) -> Vec<Ratio> {
    let key = |row: &Row| (row.kind, row.followees, row.connections);
    ours.iter()
        .filter(|row| row.scenario == "size")
        .filter_map(|ours| {
            let other = others.iter().find(|other| key(other) == key(ours))?;
            Some(Ratio {
                scenario: "size".to_owned(),
                name: format!(
                    "mean latency with {} : {} posts{}",
                    posts(ours),
                    posts(other),
                    whom(ours)
                ),
                bound: Bound::AtMost(1.5),
                measured: ours.latency_ms.mean / other.latency_ms.mean,
            })
        })
        .collect()
}

fn whom(row: &Row) -> String {
    match (row.kind, row.followees) {
        (Some(kind), Some(followees)) => format!(", {followees} {}", kind.name()),
        _ => String::new(),
    }
}

fn posts(row: &Row) -> String {
    match row.posts {
        posts if posts >= 1_000_000 => format!("{} M", posts / 1_000_000),
        posts if posts >= 1_000 => format!("{} k", posts / 1_000),
        posts => posts.to_string(),
    }
}

fn find(rows: &[Row], kind: Kind, followees: u32) -> Option<&Row> {
    rows.iter()
        .find(|row| row.kind == Some(kind) && row.followees == Some(followees))
}

fn cpu(row: &Row) -> f64 {
    row.cpu_ms_per_request.unwrap_or(f64::NAN)
}
