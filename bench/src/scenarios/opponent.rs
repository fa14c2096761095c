//! The whole system against one process with one statement, in turns, so that both have the machine's good and bad moments.

use super::session::{Ask, Session};
use crate::{
    dataset::Kind,
    driver::{Api, Measurement, Target, closed},
    failure::Result,
    results::Bound,
};

const SCENARIO: &str = "opponent";
const CONNECTIONS: usize = 16;
const TURNS: u32 = 2;

pub async fn run(session: &mut Session<'_>) -> Result<()> {
    let targets = [
        session.system.target(Api::RouterGraph)?,
        session.system.target(Api::RouterRest)?,
        session.system.target(Api::Opponent)?,
    ];
    for kind in Kind::ALL {
        for followees in session.sizes(kind) {
            let [graph, rest, opponent] = turns(session, targets, kind, followees).await?;
            let name = |what| {
                format!(
                    "{what} over opponent, requests a second, {followees} {}",
                    kind.name()
                )
            };
            session.ratio(
                SCENARIO,
                name("router graph"),
                Bound::AtLeast(1.0),
                graph / opponent,
            );
            session.ratio(
                SCENARIO,
                name("router REST"),
                Bound::AtLeast(1.0),
                rest / opponent,
            );
        }
    }
    Ok(())
}

/// Requests a second of each.
async fn turns<const N: usize>(
    session: &mut Session<'_>,
    targets: [Target; N],
    kind: Kind,
    followees: u32,
) -> Result<[f64; N]> {
    let window = session.window(1.0 / f64::from(TURNS));
    let mut sums = [(); N].map(|()| Measurement::new());
    for _ in 0..TURNS {
        for (target, sum) in targets.iter().zip(&mut sums) {
            let ask = Ask::first(*target, kind, followees);
            let calls = session.calls(ask).await?;
            sum.add(closed(&calls, CONNECTIONS, window, &session.probe).await?);
        }
    }
    let mut throughputs = [0.0; N];
    for ((target, sum), throughput) in targets.iter().zip(sums).zip(&mut throughputs) {
        let ask = Ask::first(*target, kind, followees);
        let row = session.row(SCENARIO, ask, CONNECTIONS, None);
        *throughput = session.keep(row, sum)?.throughput;
    }
    Ok(throughputs)
}
