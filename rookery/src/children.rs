//! Starts the processes of the system, waits until they are ready, restarts those that end, and stops them.

use std::{
    collections::BTreeMap,
    process::Stdio,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{
    process::{ChildStdin, Command},
    sync::watch,
    task::JoinHandle,
    time::sleep,
};

use crate::{
    error::Error,
    process::{Process, local},
};

const READY_TIMEOUT: Duration = Duration::from_mins(1);
const POLL_INTERVAL: Duration = Duration::from_millis(50);
/// Time that a process has for its open requests when it is stopped.
const STOP_TIMEOUT: Duration = Duration::from_secs(20);
/// Pause before a process that ended is started again. It doubles up to the maximum while the process keeps ending early.
const MIN_RESTART_PAUSE: Duration = Duration::from_millis(500);
const MAX_RESTART_PAUSE: Duration = Duration::from_secs(10);
/// A process that ran this long starts again with the minimum pause.
const STABLE_AFTER: Duration = Duration::from_secs(30);

/// Port and environment of a process.
pub struct Plan {
    pub process: Process,
    pub port: u16,
    /// Variables that replace or extend those of the launcher.
    pub set: BTreeMap<&'static str, String>,
    /// Variables of the launcher that the process must not get.
    pub unset: Vec<&'static str>,
}

/// A running process. It ends when its standard input is closed.
struct Running {
    child: tokio::process::Child,
    stdin: Option<ChildStdin>,
}

/// A process of the system that is restarted whenever it ends.
pub struct Child {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Plan {
    /// Starts the process and waits until it is ready.
    pub async fn start(self) -> Result<Child, Error> {
        let plan = Arc::new(self);
        let mut running = plan.spawn()?;
        plan.until_ready(&mut running).await?;
        let (stop, stopped) = watch::channel(false);
        Ok(Child {
            stop,
            task: tokio::spawn(plan.keep_running(running, stopped)),
        })
    }

    fn spawn(&self) -> Result<Running, Error> {
        let name = self.process.name();
        let failed = |source| Error::Spawn { name, source };
        let mut command = Command::new(std::env::current_exe().map_err(failed)?);
        command
            .args(["process", name])
            .envs(&self.set)
            .env("LISTEN_ADDR", local(self.port).to_string())
            // The launcher holds the other end: if it is killed, the process sees the end of its input and stops.
            .stdin(Stdio::piped())
            // Ctrl-C in the terminal must reach the launcher only, which stops the processes in order.
            .process_group(0);
        for name in &self.unset {
            command.env_remove(name);
        }
        let mut child = command.spawn().map_err(failed)?;
        // `Child::wait` closes an input that is still part of the child.
        let stdin = child.stdin.take();
        Ok(Running { child, stdin })
    }

    async fn until_ready(&self, running: &mut Running) -> Result<(), Error> {
        let name = self.process.name();
        let begin = Instant::now();
        let client = reqwest::Client::builder()
            .timeout(Duration::from_secs(2))
            .no_proxy()
            .build()
            .map_err(std::io::Error::other)?;
        let url = format!("http://{}/ready", local(self.port));
        while begin.elapsed() < READY_TIMEOUT {
            if let Some(status) = running.child.try_wait()? {
                return Err(Error::EndedEarly { name, status });
            }
            if client
                .get(&url)
                .send()
                .await
                .is_ok_and(|answer| answer.status().is_success())
            {
                return Ok(());
            }
            sleep(POLL_INTERVAL).await;
        }
        Err(Error::NotReady {
            name,
            seconds: READY_TIMEOUT.as_secs(),
        })
    }

    /// Restarts the process whenever it ends, as a supervisor in production does, until `stop` changes.
    async fn keep_running(self: Arc<Self>, mut running: Running, mut stop: watch::Receiver<bool>) {
        let name = self.process.name();
        let mut pause = MIN_RESTART_PAUSE;
        loop {
            let begin = Instant::now();
            let ended = tokio::select! {
                status = running.child.wait() => status,
                _ = stop.changed() => return end(name, running).await,
            };
            let status = ended.map_or_else(|error| error.to_string(), |status| status.to_string());
            pause = if begin.elapsed() > STABLE_AFTER {
                MIN_RESTART_PAUSE
            } else {
                pause
            };
            loop {
                eprintln!(
                    "rookery: {name} ended ({status}); starting it again in {} ms",
                    pause.as_millis()
                );
                tokio::select! {
                    () = sleep(pause) => {}
                    _ = stop.changed() => return,
                }
                pause = (pause * 2).min(MAX_RESTART_PAUSE);
                match self.spawn() {
                    Ok(again) => break running = again,
                    Err(error) => eprintln!("rookery: {error}"),
                }
            }
        }
    }
}

/// Asks a process to stop, and kills it after [`STOP_TIMEOUT`].
async fn end(name: &'static str, mut running: Running) {
    drop(running.stdin.take());
    if tokio::time::timeout(STOP_TIMEOUT, running.child.wait())
        .await
        .is_err()
    {
        eprintln!(
            "rookery: {name} did not stop within {} seconds and was killed",
            STOP_TIMEOUT.as_secs()
        );
        // This fails only if the process has ended in the meantime.
        let _ = running.child.kill().await;
    }
}

impl Child {
    /// Stops the process and waits for its end.
    pub async fn stop(self) {
        // Both fail only if the task has ended already.
        let _ = self.stop.send(true);
        let _ = self.task.await;
    }
}
