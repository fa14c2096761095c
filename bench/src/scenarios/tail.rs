//! Slow requests at half of the load that the system can bear.

use super::session::{Ask, Session};
use crate::{dataset::Kind, driver::Api, failure::Result, results::Bound};

const SCENARIO: &str = "tail";
const CONNECTIONS: [usize; 3] = [16, 32, 64];

pub async fn run(session: &mut Session<'_>) -> Result<()> {
    for target in [
        session.system.target(Api::RouterGraph)?,
        session.system.target(Api::RouterRest)?,
    ] {
        for kind in Kind::ALL {
            let followees = session.size_up_to(kind, 1_000)?;
            let ask = Ask::first(target, kind, followees);
            let mut most = 0.0_f64;
            for connections in CONNECTIONS {
                if let Some(row) = session.closed(SCENARIO, ask, connections).await? {
                    most = most.max(row.throughput);
                }
            }
            let [.., connections] = CONNECTIONS;
            let half = session.open(SCENARIO, ask, most / 2.0, connections).await?;
            let name = format!(
                "p99 : p50 at half of saturation, {}, {followees} {}",
                target.name(),
                kind.name()
            );
            let measured = half.latency_ms.p99 / half.latency_ms.p50;
            session.ratio(SCENARIO, name, Bound::AtMost(5.0), measured);
        }
    }
    Ok(())
}
