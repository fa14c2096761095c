//! `cargo run`: the whole system on this machine. PostgreSQL, the services and the router, each a process of its own,
//! started in order, seeded, watched over, and stopped with Ctrl-C.

mod children;
mod database;
mod error;
mod folder;
mod launch;
mod ports;
mod process;
mod seed;
mod services;
mod system;
mod variables;

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};
use contexts::ROUTER_PORT;

use process::Process;

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

    /// Port of the router; the services take the ports after it.
    #[arg(long, value_name = "N", default_value_t = ROUTER_PORT, value_parser = clap::value_parser!(u16).range(1..=i64::from(ports::MAX_ROUTER_PORT)))]
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
    Process {
        #[arg(value_parser = Process::by_name)]
        process: Process,
    },
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    if let Some(Part::Process { process }) = cli.part {
        return services::run(process);
    }
    match system::run(&cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("rookery: {error}");
            ExitCode::FAILURE
        }
    }
}
