//! Closed loop: every connection sends its next request when it has the answer to the last.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::task::JoinSet;

use super::{
    call::Call,
    connection::Connection,
    measurement::Measurement,
    probe::{Probe, Window},
};
use crate::failure::Result;

/// A wrong answer is not asked for again at full speed.
const PAUSE: Duration = Duration::from_millis(20);

/// Sends the calls, in turn, over so many connections.
pub async fn closed(
    calls: &[Arc<Call>],
    connections: usize,
    window: Window,
    probe: &Probe,
) -> Result<Measurement> {
    let mut tasks = JoinSet::new();
    let open = Connection::open_for(calls, connections).await?;
    let begin = Instant::now();
    for (number, connection) in open.into_iter().enumerate() {
        let mut turn: Vec<_> = calls.to_vec();
        // No two connections ask for the same at the same moment.
        turn.rotate_left(number % calls.len());
        tasks.spawn(one(connection, turn, begin, window));
    }
    let watched = probe.watch(begin, window).await?;
    let (mut sum, mut late) = (Measurement::new(), Measurement::new());
    while let Some(one) = tasks.join_next().await {
        let (in_time, after) = one?;
        sum.join(in_time);
        late.join(after);
    }
    if sum.requests() == 0 && sum.errors == 0 {
        // Slower than the window is long: each connection was answered once in the mean time of an answer, at a cost that is
        // not known.
        late.seconds = late.latency().mean / 1e3;
        return Ok(late);
    }
    (sum.seconds, sum.costs) = watched;
    Ok(sum)
}

/// What was answered within the window, and the request that was on its way at the end of it.
async fn one(
    mut connection: Connection,
    calls: Vec<Arc<Call>>,
    begin: Instant,
    window: Window,
) -> (Measurement, Measurement) {
    let (mut measurement, mut late) = (Measurement::new(), Measurement::new());
    let (from, until) = (
        begin + window.warm_up,
        begin + window.warm_up + window.measured,
    );
    for call in calls.iter().cycle() {
        let sent = Instant::now();
        let outcome = connection.ask(call).await;
        let answered = Instant::now();
        let failed = outcome.is_err();
        if answered >= until && !failed {
            late.record(answered - sent, outcome);
            break;
        }
        // A wrong answer counts whenever it comes.
        if answered >= from || failed {
            measurement.record(answered - sent, outcome);
        }
        if answered >= until {
            break;
        }
        if failed {
            tokio::time::sleep(PAUSE).await;
        }
    }
    (measurement, late)
}
