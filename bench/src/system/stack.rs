//! Which processes a system has.

use std::net::SocketAddr;

use clap::ValueEnum;
use contexts::Context;

use super::{
    Choice, Plan, System,
    environment::{self, Environment},
};
use crate::failure::Result;

/// 1 when the posts service answers from its index; absent in a version that has none.
const INDEX_READY: &str = "timeline_index_ready";

/// The two processes of the messaging service. The router knows the first one.
pub const MESSAGING: [&str; 2] = ["messaging-1", "messaging-2"];

/// The processes beside users, posts and the router.
#[derive(Clone)]
pub enum Stack {
    /// One messaging service, and the opponent.
    Timeline,
    /// Two processes of the messaging service.
    Live { events: Events, clients: usize },
}

/// How the processes of the messaging service tell one another what has arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Events {
    /// By LISTEN and NOTIFY
    Postgres,
    /// By a nats-server, which has to be installed
    Nats,
}

impl System {
    pub(super) async fn start_processes(&mut self, choice: &Choice) -> Result<()> {
        let mut services = Vec::new();
        for context in Context::ALL {
            let environment =
                environment::service(&self.keys, &self.database, self.files(), context, &services);
            let address = match (context, &choice.stack) {
                (Context::Messaging, Stack::Live { events, .. }) => {
                    self.launch_messaging(choice, *events, environment).await?
                }
                _ => self.launch(choice, context.name(), environment).await?,
            };
            services.push((context, address));
        }
        let mut router = environment::router(&self.keys, &services);
        match choice.stack {
            Stack::Timeline => {
                let (_, process) = self.process("posts")?;
                process.until_gauge(INDEX_READY).await?;
                self.launch(choice, "router", router).await?;
                self.launch_opponent(choice).await
            }
            Stack::Live { clients, .. } => {
                // While clients of a killed router reconnect, their old connections may still be counted.
                let max = clients.saturating_add(1_000).max(15_000);
                router.insert("LIVE_MAX_CLIENTS".to_owned(), max.to_string());
                self.launch(choice, "router", router).await.map(drop)
            }
        }
    }

    /// Starts both processes of messaging and returns the address of the one that the router knows.
    async fn launch_messaging(
        &mut self,
        choice: &Choice,
        events: Events,
        mut environment: Environment,
    ) -> Result<SocketAddr> {
        let events = match events {
            Events::Postgres => "postgres".to_owned(),
            Events::Nats => format!("nats://{}", self.start_plan(Plan::nats()?).await?),
        };
        environment.insert("EVENTS_URL".to_owned(), events);
        let program = choice.bin_dir.join(Context::Messaging.name());
        let [first, second] = MESSAGING;
        let known = self
            .launch_program(choice, first, program.clone(), environment.clone())
            .await?;
        self.launch_program(choice, second, program, environment)
            .await?;
        Ok(known)
    }

    async fn launch_opponent(&mut self, choice: &Choice) -> Result<()> {
        let mut environment = environment::verifying(&self.keys);
        let url = self.database.admin_url().to_owned();
        environment.insert("DATABASE_URL".to_owned(), url);
        let plan = Plan {
            arguments: vec!["opponent".to_owned()],
            environment: environment::with(environment, &choice.set, "opponent"),
            ..Plan::new("opponent", std::env::current_exe()?)?
        };
        self.start_plan(plan).await.map(drop)
    }
}
