//! The 50th page against the first.

use super::session::{Ask, Session};
use crate::{dataset::Kind, driver::Api, failure::Result, results::Bound};

const PAGE: u32 = 50;

pub async fn run(session: &mut Session<'_>) -> Result<()> {
    const SCENARIO: &str = "depth";
    let target = session.system.target(Api::RouterGraph)?;
    for kind in Kind::ALL {
        for followees in session.sizes(kind) {
            let ask = |page| Ask {
                target,
                kind,
                followees,
                page,
            };
            // First whether there is such a page: few followees who hardly write have none.
            let Some(deep) = session.closed(SCENARIO, ask(PAGE), 1).await? else {
                continue;
            };
            let Some(first) = session.closed(SCENARIO, ask(1), 1).await? else {
                continue;
            };
            let name = format!(
                "mean latency of page {PAGE} : page 1, {followees} {}",
                kind.name()
            );
            let measured = deep.latency_ms.mean / first.latency_ms.mean;
            session.ratio(SCENARIO, name, Bound::AtMost(2.0), measured);
        }
    }
    Ok(())
}
