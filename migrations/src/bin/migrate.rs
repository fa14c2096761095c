//! `migrate`: prepares the database. Runs before the services, with rights that they never have.

use std::process::ExitCode;
use std::str::FromStr;

use clap::{Parser, Subcommand};
use common::config::{ConfigError, Env, malformed};
use migrations::{Context, PasswordVerifier, Passwords, PerContext};
use sqlx::postgres::PgConnectOptions;

const ADMIN_URL: &str = "the PostgreSQL URL of an administrator (superuser, or CREATEROLE and owner of the database), such as postgres://postgres:password@127.0.0.1:5432/rookery";
const MIGRATOR_URL: &str = "the PostgreSQL URL of role migrator, such as postgres://migrator:password@127.0.0.1:5432/rookery";
const PASSWORD: &str = "a password of at least 8 printable ASCII characters";

/// Prepares the database: roles and grants once, migrations at every release.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Clone, Copy, Subcommand)]
#[expect(clippy::doc_markdown, reason = "clap prints these lines as they are")]
enum Command {
    #[command(about = bootstrap_help())]
    Bootstrap,
    /// Apply the migrations that are missing (MIGRATION_DATABASE_URL); the default
    Up,
    /// Show applied and known versions (MIGRATION_DATABASE_URL); exit code 1 when some are missing
    Status,
}

/// The reason why the command failed.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Database(#[from] migrations::Error),
    #[error(transparent)]
    Io(#[from] std::io::Error),
    #[error("migrations are missing; apply them with `migrate up`")]
    Behind,
}

fn main() -> ExitCode {
    let command = Arguments::parse().command.unwrap_or(Command::Up);
    match run(command, &Env::process()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("migrate: {failure}");
            ExitCode::from(if matches!(failure, Failure::Config(_)) {
                2
            } else {
                1
            })
        }
    }
}

/// Names all variables, so the text follows the list of contexts.
fn bootstrap_help() -> String {
    let passwords = Context::ALL.map(Context::database_password_variable);
    format!(
        "Make roles, schemas and grants (ADMIN_DATABASE_URL, {}, MIGRATOR_DB_PASSWORD); as often as one likes",
        passwords.join(", ")
    )
}

fn run(command: Command, env: &Env) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    match command {
        Command::Bootstrap => {
            let url = url(env, "ADMIN_DATABASE_URL", ADMIN_URL)?;
            let passwords = Passwords {
                migrator: password(env, "MIGRATOR_DB_PASSWORD")?,
                services: PerContext::try_new(|context| {
                    password(env, context.database_password_variable())
                })?,
            };
            runtime.block_on(migrations::bootstrap(url, &passwords))?;
            println!("roles, schemas and grants are in place");
        }
        Command::Up => {
            let url = url(env, "MIGRATION_DATABASE_URL", MIGRATOR_URL)?;
            runtime.block_on(migrations::migrate(url))?;
            show(&runtime.block_on(migrations::status(url))?);
        }
        Command::Status => {
            let url = url(env, "MIGRATION_DATABASE_URL", MIGRATOR_URL)?;
            let found = runtime.block_on(migrations::status(url))?;
            show(&found);
            if found
                .iter()
                .any(|context| context.applied.unwrap_or(0) < context.known)
            {
                return Err(Failure::Behind);
            }
        }
    }
    Ok(())
}

fn url<'e>(
    env: &'e Env,
    name: &'static str,
    expects: &'static str,
) -> Result<&'e str, ConfigError> {
    let url = env.required(name, expects)?;
    PgConnectOptions::from_str(url).map_err(|error| malformed(name, expects, error))?;
    // sqlx accepts any scheme.
    if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
        return Err(malformed(name, expects, "it is no postgres:// URL"));
    }
    Ok(url)
}

fn password(env: &Env, name: &'static str) -> Result<PasswordVerifier, ConfigError> {
    let password = env.required(name, PASSWORD)?;
    PasswordVerifier::of(&password.into())
        .map_err(|_unusable| malformed(name, PASSWORD, "it is shorter or has other characters"))
}

fn show(contexts: &[migrations::ContextStatus]) {
    for status in contexts {
        let applied = status
            .applied
            .map_or_else(|| "none".to_owned(), |version| version.to_string());
        println!(
            "{}: applied {applied}, known {}",
            status.context, status.known
        );
    }
}
