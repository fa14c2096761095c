//! `bench`: data sets, load, an opponent, and the numbers. See `bench/README.md`.

mod check;
mod database;
mod dataset;
mod driver;
mod failure;
mod live;
mod load;
mod machine;
mod opponent;
mod pgbench;
mod proc;
mod report;
mod results;
mod run;
mod scenarios;
mod system;
mod truth;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use failure::Result;

/// How fast Rookery's timeline is, and beside what; and whether live messages arrive.
#[derive(Parser)]
#[command(version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Makes a data set in a folder
    Generate(dataset::Generate),
    /// Starts the system on a data set, measures, and stops it
    Run(run::Run),
    /// Drives a system that is already running
    Load(load::Load),
    /// Thousands of clients that watch messages arrive while processes are killed: is any lost?
    Live(live::Live),
    /// Writes tokens of the viewers, for `load`
    Tokens(load::Tokens),
    /// Writes tables from files of results
    Report(report::Report),
    /// Whether all of this works, on a tiny data set; says nothing about times
    Check(check::Check),
    /// Serves the timeline as one process with one statement would; its environment: `LISTEN_ADDR`, `DATABASE_URL` of a role
    /// that may read both schemas, `JWT_PUBLIC_KEY_FILE`
    Opponent,
}

fn main() -> ExitCode {
    match run(Cli::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("bench: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<()> {
    // The load generator is one thread, so that it takes little from what it measures. The opponent is a service.
    let mut runtime = match command {
        Command::Opponent => tokio::runtime::Builder::new_multi_thread(),
        _ => tokio::runtime::Builder::new_current_thread(),
    };
    runtime.enable_all().build()?.block_on(async {
        match command {
            Command::Generate(arguments) => dataset::generate(&arguments).await.map(drop),
            Command::Run(arguments) => run::run(&arguments).await.map(drop),
            Command::Load(arguments) => load::load(&arguments).await,
            Command::Live(arguments) => live::live(&arguments).await,
            Command::Tokens(arguments) => load::tokens(&arguments),
            Command::Report(arguments) => report::report(&arguments),
            Command::Check(arguments) => check::check(&arguments).await,
            Command::Opponent => opponent::run().await,
        }
    })
}
