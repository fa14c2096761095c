//! A process of the system.

use std::{
    collections::BTreeMap,
    fs::File,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    time::{Duration, Instant},
};

use common::config::Env;
use tokio::{
    net::TcpStream,
    process::{Child, Command},
    time::{sleep, timeout},
};

use crate::failure::{Failure, Result};

const NATS: &str = "nats-server";
const READY_WITHIN: Duration = Duration::from_mins(2);
const STOP_WITHIN: Duration = Duration::from_secs(20);
const POLL: Duration = Duration::from_millis(50);

/// How to start one.
#[derive(Clone)]
pub struct Plan {
    pub name: &'static str,
    pub program: PathBuf,
    pub arguments: Vec<String>,
    pub address: SocketAddr,
    /// All of its environment but `PATH`.
    pub environment: BTreeMap<String, String>,
    /// Whether it answers at `/ready`; otherwise it is ready when it listens.
    pub(super) answers: bool,
}

/// A running one; it is killed when this value is dropped.
pub struct Process {
    name: &'static str,
    address: SocketAddr,
    pub id: u32,
    child: Child,
    log: PathBuf,
}

/// An address below the ports that Linux assigns to clients. A process that is killed and started again at one of those may
/// find it taken by a client, even by one that connects to itself.
fn kept_address() -> Result<SocketAddr> {
    for _ in 0..1_000 {
        let address = (Ipv4Addr::LOCALHOST, rand::random_range(20_000..32_000)).into();
        if TcpListener::bind(address).is_ok() {
            return Ok(address);
        }
    }
    Err(Failure::new("no port between 20,000 and 32,000 is free"))
}

impl Plan {
    pub fn new(name: &'static str, program: PathBuf) -> Result<Self> {
        Ok(Self {
            name,
            program,
            arguments: Vec::new(),
            address: kept_address()?,
            environment: BTreeMap::new(),
            answers: true,
        })
    }

    pub fn nats() -> Result<Self> {
        let plan = Self::new(NATS, NATS.into())?;
        let port = plan.address.port().to_string();
        Ok(Self {
            arguments: ["-a", "127.0.0.1", "-p", &port].map(str::to_owned).into(),
            answers: false,
            ..plan
        })
    }

    /// Starts it, with its output in a file of the folder, and waits until it is ready.
    pub async fn start(&self, logs: &Path) -> Result<Process> {
        let log = logs.join(format!("{}.log", self.name));
        let output = File::options().create(true).append(true).open(&log)?;
        let path = Env::process()
            .optional("PATH")
            .unwrap_or_default()
            .to_owned();
        let child = Command::new(&self.program)
            .args(&self.arguments)
            .env_clear()
            .env("PATH", path)
            .env("LISTEN_ADDR", self.address.to_string())
            .envs(&self.environment)
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            // Ctrl-C in the terminal is for the bench, which stops the processes in order.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| {
                Failure::new(format!("cannot start {}: {error}", self.program.display()))
            })?;
        let id = child.id().unwrap_or_default();
        let mut process = Process {
            name: self.name,
            address: self.address,
            id,
            child,
            log,
        };
        process.until_ready(self.answers).await?;
        Ok(process)
    }
}

impl Process {
    async fn until_ready(&mut self, answers: bool) -> Result<()> {
        let client = client()?;
        let begin = Instant::now();
        while begin.elapsed() < READY_WITHIN {
            if let Some(status) = self.child.try_wait()? {
                return Err(self.ended(status));
            }
            let is_ready = if answers {
                let ready = client.get(format!("http://{}/ready", self.address)).send();
                ready.await.is_ok_and(|answer| answer.status().is_success())
            } else {
                TcpStream::connect(self.address).await.is_ok()
            };
            if is_ready {
                return Ok(());
            }
            sleep(POLL).await;
        }
        Err(Failure::new(format!(
            "{} is not ready; see {}",
            self.name,
            self.log.display()
        )))
    }

    fn ended(&self, status: ExitStatus) -> Failure {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        let last = log.lines().last().unwrap_or_default();
        Failure::new(format!("{} ended at once ({status}): {last}", self.name))
    }

    /// Waits until a gauge at `/metrics` is 1, where there is one of that name.
    pub async fn until_gauge(&self, name: &str) -> Result<()> {
        let client = client()?;
        let begin = Instant::now();
        loop {
            let answer = client
                .get(format!("http://{}/metrics", self.address))
                .send()
                .await?;
            let text = answer.text().await?;
            match gauge(&text, name) {
                None | Some(1.0..) => return Ok(()),
                Some(_) if begin.elapsed() > READY_WITHIN * 5 => {
                    return Err(Failure::new(format!("{name} of {} is never 1", self.name)));
                }
                Some(_) => sleep(POLL).await,
            }
        }
    }

    /// Ends it at once, as a machine that fails does.
    pub async fn kill(mut self) -> Result<()> {
        Ok(self.child.kill().await?)
    }

    /// Lets it finish what it is doing; kills it when it does not.
    pub async fn stop(mut self) -> Result<()> {
        // std has no other signal than the one that kills.
        let told = Command::new("kill")
            .args(["-TERM", &self.id.to_string()])
            .status()
            .await;
        if told.is_ok_and(|status| status.success())
            && timeout(STOP_WITHIN, self.child.wait()).await.is_ok()
        {
            return Ok(());
        }
        Ok(self.child.kill().await?)
    }
}

fn client() -> Result<reqwest::Client> {
    Ok(reqwest::Client::builder()
        .timeout(Duration::from_secs(10))
        .no_proxy()
        .build()?)
}

/// The value of a sample without labels in the text format of Prometheus.
fn gauge(metrics: &str, name: &str) -> Option<f64> {
    metrics.lines().find_map(|line| {
        let value = line.strip_prefix(name)?.strip_prefix(' ')?;
        value.split_whitespace().next()?.parse().ok()
    })
}

#[cfg(test)]
mod tests {
    use super::gauge;

    #[test]
    fn a_gauge_is_found_by_its_whole_name() {
        let text = "# HELP ready x\nready_too 0\nready 1\n";
        assert_eq!(gauge(text, "ready"), Some(1.0));
        assert_eq!(gauge(text, "rea"), None);
    }
}
