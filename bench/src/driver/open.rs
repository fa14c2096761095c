//! Open loop: requests are sent at a rate, whatever became of those before. Latency counts from the moment at which a
//! request was to be sent, so that a stall is seen by all who would have come during it (no coordinated omission).

use std::{
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use tokio::{
    sync::{Mutex, mpsc},
    task::JoinSet,
};

use super::{
    call::Call,
    connection::Connection,
    measurement::Measurement,
    probe::{Probe, Window},
};
use crate::failure::{Failure, Result};

/// Moments at which requests are to be sent.
type Moments = Arc<Mutex<mpsc::UnboundedReceiver<(Instant, usize)>>>;

/// Sends the calls, in turn, `rate` a second. So many connections are there for requests that are answered late; when all
/// are busy, requests wait, and the wait counts.
pub async fn open(
    calls: &[Arc<Call>],
    rate: f64,
    connections: usize,
    window: Window,
    probe: &Probe,
) -> Result<Measurement> {
    if !(rate > 0.0 && rate.is_finite()) {
        return Err(Failure::new(format!("{rate} requests a second are none")));
    }
    let open = Connection::open_for(calls, connections).await?;
    let (send, receive) = mpsc::unbounded_channel();
    let moments: Moments = Arc::new(Mutex::new(receive));
    let begin = Instant::now() + Duration::from_millis(20);
    let mut tasks = JoinSet::new();
    for connection in open {
        tasks.spawn(one(
            connection,
            calls.to_vec(),
            moments.clone(),
            begin + window.warm_up,
        ));
    }
    let until = begin + window.warm_up + window.measured;
    let clock = thread::Builder::new()
        .name("clock".to_owned())
        .spawn(move || tick(begin, until, Duration::from_secs_f64(1.0 / rate), &send))?;
    let watched = probe.watch(begin, window).await?;
    let mut sum = Measurement::new();
    while let Some(one) = tasks.join_next().await {
        sum.join(one?);
    }
    drop(clock.join());
    (sum.seconds, sum.costs) = watched;
    Ok(sum)
}

/// The runtime's own timer counts in milliseconds, which would be most of what is measured; a thread is woken within 0.1 ms.
fn tick(
    begin: Instant,
    until: Instant,
    step: Duration,
    moments: &mpsc::UnboundedSender<(Instant, usize)>,
) {
    let mut moment = begin;
    for number in 0.. {
        if moment >= until {
            return;
        }
        loop {
            let left = moment.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            thread::park_timeout(left);
        }
        if moments.send((moment, number)).is_err() {
            return;
        }
        moment += step;
    }
}

async fn one(
    mut connection: Connection,
    calls: Vec<Arc<Call>>,
    moments: Moments,
    from: Instant,
) -> Measurement {
    let mut measurement = Measurement::new();
    loop {
        let next = moments.lock().await.recv().await;
        let Some((moment, number)) = next else {
            return measurement;
        };
        let Some(call) = calls.get(number % calls.len()) else {
            return measurement;
        };
        let outcome = connection.ask(call).await;
        // Every request that was to be sent in the window counts, also those answered after it.
        if moment >= from || outcome.is_err() {
            measurement.record(moment.elapsed(), outcome);
        }
    }
}
