//! `bench live`: thousands of clients that watch, people who write to one another, processes that are killed; and whether
//! every message that was acknowledged has arrived at both, once and in order.

mod board;
mod client;
mod people;
mod phase;
mod results;
mod sending;
mod victim;
mod world;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use clap::ValueEnum;
use tokio::{sync::Semaphore, task::JoinSet, time::sleep};

use self::{
    client::Client,
    people::People,
    results::{Memory, Results},
    sending::Senders,
    victim::Victim,
    world::World,
};
use crate::{
    failure::{Failure, Result},
    machine::Machine,
    proc::open_files,
    system::{Choice, Events, MESSAGING, Setting, Stack, System, beside_this_program, with_system},
};

/// Files that a process has open beside its clients.
const OTHER_FILES: usize = 200;
/// Clients that connect for the first time at once.
const CONNECTING: usize = 48;
/// How long it may take until so many are connected.
const CONNECTED_WITHIN: Duration = Duration::from_mins(10);
/// Before memory is looked at.
const SETTLE: Duration = Duration::from_secs(3);
const POLL: Duration = Duration::from_millis(50);

/// Watches, writes and kills.
#[derive(clap::Args, Clone)]
pub struct Live {
    /// Clients, each of its own account
    #[arg(long, default_value_t = 10_000)]
    pub clients: usize,
    /// Messages a second
    #[arg(long, default_value_t = 100.0)]
    pub rate: f64,
    /// How long is sent in each phase; what is killed is killed after a third
    #[arg(long, default_value_t = 30.0)]
    pub seconds: f64,
    /// What to kill, a phase each; may be given several times [default: everything in turn, first nothing]
    #[arg(long, value_enum)]
    pub kill: Vec<Victim>,
    /// How messaging processes tell one another
    #[arg(long, value_enum, default_value = "postgres")]
    pub events: Events,
    /// Folder for the database and for what the processes say [default: one that is removed afterwards]
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Where to write the results
    #[arg(long, value_name = "FILE", default_value = "live.json")]
    pub out: PathBuf,
    /// Folder of users, posts, messaging and router [default: that of this program]
    #[arg(long, value_name = "DIR")]
    pub bin_dir: Option<PathBuf>,
    /// A variable for one process (messaging-1, …), over what the bench sets; may be given several times
    #[arg(long, value_name = "PROCESS:NAME=VALUE")]
    pub set: Vec<Setting>,
}

/// Runs, prints, writes the file, and fails when a message did not arrive.
pub async fn live(live: &Live) -> Result<()> {
    live.validate()?;
    let temporary = tempfile::Builder::new()
        .prefix("rookery-bench-live")
        .tempdir()?;
    // PostgreSQL's account has to get through.
    let permissions = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(temporary.path(), permissions)?;
    let data_dir = match &live.data_dir {
        Some(folder) => folder.clone(),
        None => temporary.path().join("data"),
    };
    fs::create_dir_all(&data_dir)?;
    let choice = Choice {
        data_dir,
        bin_dir: match &live.bin_dir {
            Some(folder) => folder.clone(),
            None => beside_this_program()?,
        },
        set: live.set.clone(),
        stack: Stack::Live {
            events: live.events,
            clients: live.clients,
        },
    };
    let results = with_system(&choice, async |system| live.on(system).await).await?;
    results.write(&live.out)?;
    println!("\n{results}\n\n{}", live.out.display());
    results
        .problem()
        .map_or(Ok(()), |problem| Err(Failure::new(problem)))
}

impl Live {
    /// As much as shows that all of it works, in a folder.
    pub fn small(folder: &Path, bin_dir: PathBuf) -> Self {
        Self {
            clients: 40,
            rate: 20.0,
            seconds: 3.0,
            kill: vec![Victim::Messaging1, Victim::Router],
            events: Events::Postgres,
            data_dir: Some(folder.join("live")),
            out: folder.join("live.json"),
            bin_dir: Some(bin_dir),
            set: Vec::new(),
        }
    }

    fn validate(&self) -> Result<()> {
        if self.clients == 0 || !self.clients.is_multiple_of(2) {
            return Err(Failure::new("--clients has to be even: they talk in pairs"));
        }
        if !(self.rate > 0.0 && self.seconds > 0.0 && self.seconds <= 3_600.0) {
            return Err(Failure::new(
                "--rate and --seconds have to be above 0, and an hour is the most",
            ));
        }
        let (needed, most) = (self.clients + OTHER_FILES, open_files()?);
        if needed > most {
            return Err(Failure::new(format!(
                "{} clients need {needed} open files, in the driver as in the router, and there may be {most}: \
                 fewer --clients, or a higher ulimit -n",
                self.clients
            )));
        }
        Ok(())
    }

    async fn on(&self, system: &mut System) -> Result<Results> {
        let people = People::make(&system.database, self.clients / 2).await?;
        let [first, second] = MESSAGING;
        let messaging = [system.address(first)?, system.address(second)?];
        let world = World::new(system.address("router")?, messaging, self.clients);
        let world = Arc::new(world);
        let tokens: Vec<String> = people
            .ids
            .iter()
            .map(|id| system.keys.token(*id))
            .collect::<Result<_>>()?;
        let before = system.memory();
        let begun = Instant::now();
        // They end with this value.
        let _clients = self.connect(&world, &people, &tokens).await?;
        let connected_after_seconds = begun.elapsed().as_secs_f64();
        println!(
            "{} clients are subscribed after {connected_after_seconds:.1} s",
            self.clients
        );
        let connecting = world.take_incidents();
        if !connecting.is_empty() {
            println!("meanwhile: {connecting:?}");
        }
        sleep(SETTLE).await;
        let memory = compare(before, &system.memory());
        let conversations = people.conversations.iter().flat_map(|id| [*id, *id]);
        let senders = tokens.into_iter().zip(conversations);
        let mut senders = Senders::new(world.clone(), senders)?;
        let all: &[Victim] = if self.kill.is_empty() {
            Victim::value_variants()
        } else {
            &self.kill
        };
        let mut phases = Vec::new();
        for (number, victim) in all.iter().enumerate() {
            let phase = self.phase(number, *victim, system, &world, &mut senders);
            let phase = phase.await?;
            println!("{phase}");
            phases.push(phase);
        }
        let version = crate::truth::Truth::connect(&system.database)
            .await?
            .text("SHOW server_version")
            .await?;
        Ok(Results {
            machine: Machine::this(version),
            clients: self.clients,
            rate: self.rate,
            seconds: self.seconds,
            events: format!("{:?}", self.events).to_lowercase(),
            connected_after_seconds,
            memory,
            phases,
            faults: world.board.faults(),
        })
    }

    /// Connects everybody, some at once, and waits until each has had an event.
    async fn connect(
        &self,
        world: &Arc<World>,
        people: &People,
        tokens: &[String],
    ) -> Result<JoinSet<()>> {
        let (mut clients, gate) = (JoinSet::new(), Arc::new(Semaphore::new(CONNECTING)));
        let begun = Instant::now();
        let firsts = people.first_messages.iter().flat_map(|id| [*id, *id]);
        for (number, (token, first)) in tokens.iter().zip(firsts).enumerate() {
            let client = Client {
                number,
                token: token.clone(),
                last: first.to_string(),
                world: world.clone(),
            };
            clients.spawn(client.run(gate.clone().acquire_owned().await?));
        }
        while world.ready() < self.clients {
            if begun.elapsed() > CONNECTED_WITHIN {
                return Err(Failure::new(format!(
                    "only {} of {} clients are subscribed: {:?}",
                    world.ready(),
                    self.clients,
                    world.take_incidents()
                )));
            }
            sleep(POLL).await;
        }
        Ok(clients)
    }
}

/// What each process grew by.
fn compare(
    before: BTreeMap<String, u64>,
    after: &BTreeMap<String, u64>,
) -> BTreeMap<String, Memory> {
    before
        .into_iter()
        .map(|(name, without_clients)| {
            let with_clients = after.get(&name).copied().unwrap_or_default();
            let memory = Memory {
                without_clients,
                with_clients,
            };
            (name, memory)
        })
        .collect()
}
