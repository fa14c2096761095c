//! `cargo xtask`: the developer's command line. Every generated contract comes from here, and every check of CI that is
//! not the compiler's.

mod features;
mod keys;
mod layers;
mod licences;
mod queries;
mod schema;
mod workspace;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use keys::Bits;
use registry::failure::Result;
use workspace::Workspace;

#[derive(Parser)]
#[command(name = "cargo xtask", about, version)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Writes schema/: SDL and OpenAPI of each subgraph, the supergraph, the API schema, the whole OpenAPI document; checks them
    /// against the contracts
    Schema(Box<schema::Arguments>),
    /// Checks that the code points one way: adapters, application, database; context to context by API only
    Layers,
    /// Writes subgraphs/*/.sqlx: every checked query, described by a real PostgreSQL with the migrations applied
    Sqlx {
        /// Writes nothing and fails when a query or the schema has changed since
        #[arg(long)]
        check: bool,
    },
    /// Writes an RSA key pair for signing tokens: jwt-private.pem and jwt-public.pem
    Keys {
        /// Folder for the two files, made when missing
        folder: PathBuf,
        /// Bits of the modulus
        #[arg(long, value_enum, default_value = "2048")]
        bits: Bits,
    },
    /// Checks licences and origin of every dependency
    Licences,
    /// Checks that `cargo run` and `cargo test --workspace` build the same dependencies
    Features,
}

fn main() -> ExitCode {
    match run(Arguments::parse().task) {
        Ok(code) => code,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> Result<ExitCode> {
    match task {
        Task::Schema(arguments) => {
            return match Workspace::load() {
                Ok(workspace) => schema::run(workspace.root(), &arguments),
                Err(failure) => arguments.not_done(failure),
            };
        }
        Task::Layers => layers::run(&Workspace::load()?),
        Task::Sqlx { check } => queries::run(&Workspace::load()?, check),
        Task::Keys { folder, bits } => keys::run(&folder, bits),
        Task::Licences => licences::run(&Workspace::load_with_dependencies()?),
        Task::Features => features::run(Workspace::load()?.root()),
    }
    .map(|()| ExitCode::SUCCESS)
}
