//! `cargo run -p embedded-postgres [DIR]`: a PostgreSQL for the developer, with no Docker and nothing to install.
//!
//! Prints the superuser's URL and runs until standard input ends (Ctrl-D) or the process does. With a folder the data
//! stays there; without one it is gone afterwards.

use std::io::{self, Read, Write};
use std::process::ExitCode;

use embedded_postgres::{Cluster, Error, Search, Storage};

fn main() -> ExitCode {
    let storage = std::env::args_os()
        .nth(1)
        .map_or(Storage::Ephemeral, |folder| Storage::Durable(folder.into()));
    match run(&storage) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("embedded-postgres: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(storage: &Storage) -> Result<(), Error> {
    let cluster = Cluster::start(storage, &Search::from_env()?)?;
    let mut out = io::stdout();
    // A reader that went away wants nothing more; the end of standard input still decides.
    writeln!(out, "{}", cluster.url("postgres")).ok();
    out.flush().ok();
    io::copy(&mut io::stdin().take(u64::MAX), &mut io::sink()).ok();
    cluster.stop()
}
