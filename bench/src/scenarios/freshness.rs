//! A post is in the very next read of whoever follows its author.

use std::{collections::HashSet, sync::Arc, time::Duration};

use tokio::{task::JoinSet, time::Instant};
use uuid::Uuid;

use super::session::Session;
use crate::{
    dataset::Kind,
    driver::{Api, Connection, Measurement, Target, count},
    failure::Result,
    results::Bound,
};

const SCENARIO: &str = "freshness";

/// A follower, and somebody whom of all followers here only this one follows: nobody else's post can come first.
struct Pair {
    follower: String,
    author: String,
}

/// Where both go.
#[derive(Clone, Copy)]
struct Ways {
    write: Target,
    reads: [Target; 2],
}

pub async fn run(session: &mut Session<'_>) -> Result<()> {
    let reads = [
        session.system.target(Api::RouterGraph)?,
        session.system.target(Api::RouterRest)?,
    ];
    let write = session.system.target(Api::RouterGraph)?;
    let ways = Ways { write, reads };
    let mut pairs = pairs(session, Kind::Busy).await?;
    pairs.extend(self::pairs(session, Kind::Quiet).await?);
    let connections = pairs.len();
    let until = Instant::now() + Duration::from_secs_f64(session.seconds);
    let mut tasks = JoinSet::new();
    for pair in pairs {
        tasks.spawn(rounds(pair, ways, until));
    }
    let (mut rounds, mut misses, mut measurement) = (0, 0, Measurement::new());
    while let Some(one) = tasks.join_next().await {
        let (their_rounds, their_misses, theirs) = one??;
        rounds += their_rounds;
        misses += their_misses;
        measurement.join(theirs);
    }
    measurement.seconds = session.seconds;
    let row = session.empty_row(SCENARIO, "router, write and read", connections, None);
    session.keep(row, measurement)?;
    println!("{SCENARIO}: {rounds} rounds by {connections} pairs, {misses} posts missed");
    session.ratio(
        SCENARIO,
        format!("posts missed in {rounds} next reads"),
        Bound::AtMost(0.0),
        count(misses),
    );
    let removed = session.truth.tidy().await?;
    println!("{SCENARIO}: {removed} posts removed again");
    Ok(())
}

async fn pairs(session: &mut Session<'_>, kind: Kind) -> Result<Vec<Pair>> {
    let followees = session.size_up_to(kind, 1_000)?;
    let mut lists = Vec::new();
    for (_, follower) in session.viewers(kind, followees) {
        lists.push((follower, session.truth.followees(follower).await?));
    }
    let mut pairs = Vec::new();
    for (follower, list) in &lists {
        let others: HashSet<&Uuid> = lists
            .iter()
            .filter(|(other, _)| other != follower)
            .flat_map(|(_, list)| list)
            .collect();
        if let Some(author) = list.iter().find(|author| !others.contains(author)) {
            pairs.push(Pair {
                follower: session.system.token(*follower)?,
                author: session.system.token(*author)?,
            });
        }
    }
    Ok(pairs)
}

/// Writes and reads until the time is over: rounds, misses, and how long a round takes.
async fn rounds(pair: Pair, ways: Ways, until: Instant) -> Result<(u64, u64, Measurement)> {
    // The router is both.
    let [graph, _] = ways.reads;
    let mut writer = Connection::open(graph.address).await?;
    let mut reader = Connection::open(graph.address).await?;
    let reads: Vec<_> = ways
        .reads
        .iter()
        .map(|target| target.read(&pair.follower, None).map(Arc::new))
        .collect::<Result<_>>()?;
    let (mut rounds, mut misses, mut measurement) = (0, 0, Measurement::new());
    for read in reads.iter().cycle() {
        if Instant::now() >= until && rounds > 0 {
            break;
        }
        let text = format!("round {rounds}");
        let begin = Instant::now();
        let written = writer.page(&ways.write.write(&pair.author, &text)?).await?;
        let page = reader.page(read).await?;
        measurement.record(begin.elapsed(), Ok(()));
        rounds += 1;
        if page.ids.first() != written.ids.first() {
            misses += 1;
        }
    }
    Ok((rounds, misses, measurement))
}
