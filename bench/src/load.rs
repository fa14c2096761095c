//! `bench load` and `bench tokens`: one load on a system that somebody else has started.

use std::{fs, path::PathBuf, sync::Arc, time::Duration};

use serde::{Deserialize, Serialize};
use tokio::net::lookup_host;
use url::Url;

use crate::{
    dataset::{Kind, Manifest, ids},
    driver::{Api, Call, Latency, Probe, Target, Window, closed, open},
    failure::{Failure, Result},
    system::keys,
};

/// Writes tokens of the viewers for a system whose private key one has.
#[derive(clap::Args)]
pub struct Tokens {
    /// Folder of the data set that the system runs on
    #[arg(long, value_name = "DIR")]
    data_dir: PathBuf,
    /// The key that the system's users service signs with
    #[arg(long, value_name = "PEM")]
    private_key: PathBuf,
    /// Where to write them
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// Drives a system that runs.
#[derive(clap::Args)]
pub struct Load {
    /// Base URL of the router, or of the posts service
    #[arg(long, value_name = "URL")]
    graph: Url,
    /// What is asked, and in which protocol
    #[arg(long, value_enum, default_value = "router-graph")]
    protocol: Api,
    /// Tokens by `bench tokens`
    #[arg(long, value_name = "FILE")]
    tokens: PathBuf,
    /// Whose timelines
    #[arg(long, value_enum, default_value = "busy")]
    kind: Kind,
    /// How many they follow
    #[arg(long, default_value_t = 1_000)]
    followees: u32,
    /// Connections
    #[arg(long, default_value_t = 16)]
    concurrency: usize,
    /// Requests a second (open loop); without it, each connection sends when it has its answer (closed loop)
    #[arg(long)]
    rate: Option<f64>,
    #[arg(long, default_value_t = 10.0)]
    seconds: f64,
}

#[derive(Serialize, Deserialize)]
struct Entry {
    kind: Kind,
    followees: u32,
    token: String,
}

/// Writes the tokens.
pub fn tokens(tokens: &Tokens) -> Result<()> {
    let shape = Manifest::of(&tokens.data_dir)?.shape;
    let signer = keys::signer(&fs::read_to_string(&tokens.private_key)?.into())?;
    let viewers = ids(&shape).split_off(shape.writers() as usize);
    let entries: Vec<Entry> = shape
        .viewers()
        .into_iter()
        .zip(viewers)
        .map(|(viewer, id)| {
            Ok(Entry {
                kind: viewer.kind,
                followees: viewer.followees,
                token: keys::token(&signer, id)?,
            })
        })
        .collect::<Result<_>>()?;
    fs::write(&tokens.out, serde_json::to_vec_pretty(&entries)?)?;
    println!(
        "{} tokens in {}, good for a day",
        entries.len(),
        tokens.out.display()
    );
    Ok(())
}

/// Drives the load and prints what came of it.
pub async fn load(load: &Load) -> Result<()> {
    let host = load.graph.host_str().unwrap_or("127.0.0.1");
    let port = load.graph.port_or_known_default().unwrap_or(80);
    let address = lookup_host((host, port)).await?.next();
    let target = Target {
        api: load.protocol,
        address: address.ok_or_else(|| Failure::new(format!("{host} has no address")))?,
    };
    let entries: Vec<Entry> = serde_json::from_slice(&fs::read(&load.tokens)?)?;
    let calls: Vec<Arc<Call>> = entries
        .iter()
        .filter(|entry| entry.kind == load.kind && entry.followees == load.followees)
        .map(|entry| target.read(&entry.token, None).map(Arc::new))
        .collect::<Result<_>>()?;
    let measured = Duration::try_from_secs_f64(load.seconds)?;
    let window = Window {
        warm_up: (measured / 4).min(Duration::from_secs(3)),
        measured,
    };
    let probe = Probe::default();
    let measurement = match load.rate {
        None => closed(&calls, load.concurrency, window, &probe).await?,
        Some(rate) => open(&calls, rate, load.concurrency, window, &probe).await?,
    };
    let measurement = measurement.all_right(target.name())?;
    let Latency {
        mean,
        p50,
        p90,
        p95,
        p99,
        p999,
        max,
    } = measurement.latency();
    println!(
        "{}: {} requests, {:.1} a second\nmilliseconds: mean {mean:.2}, p50 {p50:.2}, p90 {p90:.2}, p95 {p95:.2}, p99 {p99:.2}, p99.9 {p999:.2}, max {max:.2}",
        target.name(),
        measurement.requests(),
        measurement.throughput(),
    );
    Ok(())
}
