//! `cargo run`: the whole system on this machine. PostgreSQL, the three services and the router, each a process of its
//! own, started in order, seeded, watched over, and stopped with Ctrl-C.

mod children;
mod database;
mod error;
mod folder;
mod ports;
mod seed;
mod system;

use std::{net::SocketAddr, path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand, ValueEnum};
use common::{service, shutdown};

/// Rookery: a social network's backend as a federated graph, whole, on this machine.
#[derive(Parser)]
#[command(version, max_term_width = 100)]
struct Cli {
    /// Start with an empty database instead of the demo accounts.
    #[arg(long)]
    no_seed: bool,

    /// Where the database, the keys and the mails stay between runs [default: /var/tmp/rookery-<uid>/<port>].
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,

    /// Port of the router; the services take the three ports after it.
    #[arg(long, value_name = "N", default_value_t = 4000, value_parser = clap::value_parser!(u16).range(1..=65532))]
    port: u16,

    /// Stop when standard input ends, and not at Ctrl-C: for a parent that may be killed.
    #[arg(long, hide = true)]
    with_parent: bool,

    #[command(subcommand)]
    part: Option<Part>,
}

#[derive(Subcommand)]
enum Part {
    /// Runs one process of the system; the launcher starts itself with this.
    #[command(hide = true)]
    Process { process: Process },
}

/// A process of the system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Process {
    Users,
    Posts,
    Messaging,
    Router,
}

impl Process {
    const SERVICES: [Self; 3] = [Self::Users, Self::Posts, Self::Messaging];

    fn name(self) -> &'static str {
        match self {
            Self::Users => "users",
            Self::Posts => "posts",
            Self::Messaging => "messaging",
            Self::Router => "router",
        }
    }

    /// Runs it in this process, until told to stop or the launcher is gone.
    fn run(self) -> ExitCode {
        let until = shutdown::with_parent;
        match self {
            Self::Users => service::start(self.name(), until, users::run),
            Self::Posts => service::start(self.name(), until, posts::run),
            Self::Messaging => service::start(self.name(), until, messaging::run),
            Self::Router => router::start(until),
        }
    }
}

/// Where a process of the system listens.
fn local(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    if let Some(Part::Process { process }) = cli.part {
        return process.run();
    }
    match system::run(&cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("rookery: {error}");
            ExitCode::FAILURE
        }
    }
}
