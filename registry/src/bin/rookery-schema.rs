//! `rookery-schema`: checks and publishes the schemas of a federated graph. It needs the files or a registry, and neither a
//! checkout nor a Rust toolchain.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use registry::{check, commands};

#[derive(Parser)]
#[command(
    name = "rookery-schema",
    about = "Checks and publishes the schemas of a federated graph",
    version
)]
struct Arguments {
    /// Folder of supergraph.yaml, schema/ and operations/
    #[arg(long, value_name = "DIR", default_value = ".", global = true)]
    folder: PathBuf,
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Compares the graph with an earlier one, and reports which operation of which client would break
    Check(check::Arguments),
    #[command(flatten)]
    Registry(commands::Action),
}

fn main() -> ExitCode {
    let Arguments { folder, action } = Arguments::parse();
    match action {
        Action::Check(arguments) => check::command(&folder, &arguments, None),
        Action::Registry(action) => commands::command(&folder, &action),
    }
}
