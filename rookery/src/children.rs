//! The processes of the system: started, waited for until they are ready, watched over, stopped.

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

use crate::{Process, error::Error, local};

const READY_WITHIN: Duration = Duration::from_mins(1);
const POLL: Duration = Duration::from_millis(50);
/// A process may take this long to finish what it is doing.
const STOP_WITHIN: Duration = Duration::from_secs(20);
/// A process that ended by itself is started again after this, and after twice as long each time it ends at once.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// One that ran this long did not end at once.
const SETTLED: Duration = Duration::from_secs(30);

/// What a process is started with.
pub struct Plan {
    pub process: Process,
    pub port: u16,
    /// Set in its environment, over what the launcher has.
    pub set: BTreeMap<&'static str, String>,
    /// Not for it.
    pub unset: Vec<&'static str>,
}

/// A process that runs as long as its standard input is open, which is here for that.
struct Running {
    child: tokio::process::Child,
    stdin: Option<ChildStdin>,
}

/// A process of the system, kept running.
pub struct Child {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Plan {
    /// Starts it and waits until it is ready.
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
            // Its other end is here: when the launcher is gone, however it went, the process sees the end of it.
            .stdin(Stdio::piped())
            // Ctrl-C in the terminal is for the launcher, which stops the processes in order.
            .process_group(0);
        for name in &self.unset {
            command.env_remove(name);
        }
        let mut child = command.spawn().map_err(failed)?;
        // Waiting for the process would close what is still with it.
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
        while begin.elapsed() < READY_WITHIN {
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
            sleep(POLL).await;
        }
        Err(Error::NotReady {
            name,
            seconds: READY_WITHIN.as_secs(),
        })
    }

    /// Starts it again whenever it ends, as any supervisor in production would, until it is to stop.
    async fn keep_running(self: Arc<Self>, mut running: Running, mut stop: watch::Receiver<bool>) {
        let name = self.process.name();
        let mut pause = FIRST_PAUSE;
        loop {
            let begin = Instant::now();
            let ended = tokio::select! {
                status = running.child.wait() => status,
                _ = stop.changed() => return end(name, running).await,
            };
            let status = ended.map_or_else(|error| error.to_string(), |status| status.to_string());
            pause = if begin.elapsed() > SETTLED {
                FIRST_PAUSE
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
                pause = (pause * 2).min(LONGEST_PAUSE);
                match self.spawn() {
                    Ok(again) => break running = again,
                    Err(error) => eprintln!("rookery: {error}"),
                }
            }
        }
    }
}

/// Lets a process finish what it is doing; kills it when it does not.
async fn end(name: &'static str, mut running: Running) {
    drop(running.stdin.take());
    if tokio::time::timeout(STOP_WITHIN, running.child.wait())
        .await
        .is_err()
    {
        eprintln!(
            "rookery: {name} did not stop within {} seconds and was killed",
            STOP_WITHIN.as_secs()
        );
        // It can only have ended in the meantime.
        let _ = running.child.kill().await;
    }
}

impl Child {
    /// Stops it and waits for its end.
    pub async fn stop(self) {
        // The task ends only by this.
        let _ = self.stop.send(true);
        let _ = self.task.await;
    }
}
