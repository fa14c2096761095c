//! The frame of a service's `main`: environment, logs, signals, one line for what prevents the start.

use std::{future::Future, net::SocketAddr, process::ExitCode, time::Duration};

use tokio::net::TcpListener;

use crate::{
    config::{ConfigError, Env},
    server::listen_addr,
    shutdown::{self, Shutdown},
    telemetry,
};

/// Why a service did not start, or ended.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error("cannot listen on {address}: {source}; choose another address with LISTEN_ADDR")]
    Listen {
        address: SocketAddr,
        source: std::io::Error,
    },
    #[error("cannot use the database: {0}")]
    Database(#[from] sqlx::Error),
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// Anything else, in words for the operator.
    #[error("{0}")]
    Other(String),
}

/// Binds the address a service listens on.
pub async fn bind(address: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(address)
        .await
        .map_err(|source| StartError::Listen { address, source })
}

/// Runs a service's binary. `--health-check` asks the running service at `LISTEN_ADDR` instead whether it is ready, for
/// container health checks, and exits with 0 or 1.
pub fn main<F, Run>(name: &'static str, default_address: SocketAddr, run: Run) -> ExitCode
where
    Run: FnOnce(Env, Shutdown) -> F,
    F: Future<Output = Result<(), StartError>>,
{
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments
        .iter()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .as_slice()
    {
        [] => start(name, shutdown::on_signal, run),
        ["--health-check"] => health_check(name, default_address),
        _ => misused(
            name,
            "it takes its configuration from the environment; the only argument is --health-check",
        ),
    }
}

/// Says how a binary is to be called. Exit code 2.
pub fn misused(name: &'static str, usage: &str) -> ExitCode {
    eprintln!("{name}: {usage}");
    ExitCode::from(2)
}

/// Runs a service until `shutdown` says stop. Exit codes: 0 stopped as asked, 1 failed, 2 wrong configuration.
pub fn start<F, Run>(
    name: &'static str,
    shutdown: fn() -> std::io::Result<Shutdown>,
    run: Run,
) -> ExitCode
where
    Run: FnOnce(Env, Shutdown) -> F,
    F: Future<Output = Result<(), StartError>>,
{
    command(name, async |env| run(env, shutdown()?).await)
}

/// Does one thing for an operator in place of serving, with the service's environment and its log. Exit codes as
/// [`start`]'s.
pub fn command<Run>(name: &'static str, run: Run) -> ExitCode
where
    Run: AsyncFnOnce(Env) -> Result<(), StartError>,
{
    let env = Env::process();
    let result = runtime().and_then(|runtime| {
        runtime.block_on(async {
            let _telemetry = telemetry::init(name, &env)?;
            run(env).await
        })
    });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{name}: {error}");
            ExitCode::from(if matches!(error, StartError::Config(_)) {
                2
            } else {
                1
            })
        }
    }
}

fn runtime() -> Result<tokio::runtime::Runtime, StartError> {
    Ok(tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?)
}

/// Asks the service that runs at `LISTEN_ADDR` whether it is ready; exit code 0 or 1.
pub fn health_check(name: &'static str, default_address: SocketAddr) -> ExitCode {
    let ready = runtime().and_then(|runtime| {
        runtime.block_on(async {
            let mut address = listen_addr(&Env::process(), default_address)?;
            if address.ip().is_unspecified() {
                address.set_ip([127, 0, 0, 1].into());
            }
            let client = reqwest::Client::builder()
                .timeout(Duration::from_secs(3))
                .no_proxy()
                .build()
                .map_err(|error| StartError::Other(error.to_string()))?;
            let answer = client.get(format!("http://{address}/ready")).send().await;
            match answer {
                Ok(response) if response.status().is_success() => Ok(()),
                Ok(response) => Err(StartError::Other(format!(
                    "{address} answers {}",
                    response.status()
                ))),
                Err(error) => Err(StartError::Other(format!(
                    "{address} does not answer: {error}"
                ))),
            }
        })
    });
    match ready {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{name}: not ready: {error}");
            ExitCode::FAILURE
        }
    }
}
