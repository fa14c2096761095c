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
use crate::failure::{Failure, Result};

/// A wrong answer is not asked for again at full speed.
const PAUSE: Duration = Duration::from_millis(20);

/// Sends the calls, in turn, over so many connections.
pub async fn closed(
    calls: &[Arc<Call>],
    connections: usize,
    window: Window,
    probe: &Probe,
) -> Result<Measurement> {
    let address = calls
        .first()
        .ok_or_else(|| Failure::new("there is nothing to send"))?
        .address;
    let mut tasks = JoinSet::new();
    let mut open = Vec::with_capacity(connections);
    for _ in 0..connections {
        open.push(Connection::open(address).await?);
    }
    let begin = Instant::now();
    for (number, connection) in open.into_iter().enumerate() {
        let mut turn: Vec<_> = calls.to_vec();
        // No two connections ask for the same at the same moment.
        turn.rotate_left(number % calls.len());
        tasks.spawn(one(connection, turn, begin, window));
    }
    let watched = probe.watch(begin, window).await?;
    let mut sum = Measurement::new();
    while let Some(one) = tasks.join_next().await {
        sum.join(one?);
    }
    (sum.seconds, sum.costs) = watched;
    Ok(sum)
}

async fn one(
    mut connection: Connection,
    calls: Vec<Arc<Call>>,
    begin: Instant,
    window: Window,
) -> Measurement {
    let mut measurement = Measurement::new();
    let (from, until) = (
        begin + window.warm_up,
        begin + window.warm_up + window.measured,
    );
    for call in calls.iter().cycle() {
        let sent = Instant::now();
        let outcome = connection.ask(call).await;
        let answered = Instant::now();
        if answered >= until {
            break;
        }
        let failed = outcome.is_err();
        // A wrong answer counts whenever it comes.
        if answered >= from || failed {
            measurement.record(answered - sent, outcome);
        }
        if failed {
            tokio::time::sleep(PAUSE).await;
        }
    }
    measurement
}
