//! The router's side of `common::relay`: the streams of all clients over a few connections to each service.

mod connection;
mod mailbox;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use common::{relay::PATH, shutdown::Shutdown};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use url::Url;

use connection::Connection;
use mailbox::Mailbox;
pub(crate) use mailbox::News;

/// Connections to one service, over which the streams are spread. One would do; with two a loss is half of one.
const CONNECTIONS: usize = 2;

/// What a connection is asked for.
enum Command {
    Open(Opening),
    More(u64),
    Close(u64),
}

/// A stream to be opened.
struct Opening {
    id: u64,
    /// What the service is sent.
    frame: String,
    mailbox: Arc<Mailbox>,
}

/// The streams of one service.
#[derive(Clone)]
pub(crate) struct Feed {
    connections: Arc<[UnboundedSender<Command>]>,
    ids: Arc<AtomicU64>,
}

/// The connections of a feed, which somebody has to run.
pub(crate) struct Lines {
    url: String,
    commands: Vec<UnboundedReceiver<Command>>,
}

impl Feed {
    /// Of the service with this base URL.
    pub(crate) fn new(base: &Url) -> (Self, Lines) {
        let base = base.as_str().trim_end_matches('/');
        let url = format!("{}{PATH}", base.replacen("http", "ws", 1));
        let (connections, commands): (Vec<_>, Vec<_>) =
            (0..CONNECTIONS).map(|_| unbounded_channel()).unzip();
        let feed = Self {
            connections: connections.into(),
            ids: Arc::default(),
        };
        (feed, Lines { url, commands })
    }

    /// Asks for a stream. What becomes of it is its news.
    pub(crate) fn open(&self, open: impl FnOnce(u64) -> common::relay::Open) -> Stream {
        let id = self.ids.fetch_add(1, Ordering::Relaxed);
        let mailbox = Arc::<Mailbox>::default();
        let request = common::relay::Request::Open(open(id));
        let opening = Opening {
            id,
            // It is made of text and JSON values, which can always be written.
            frame: serde_json::to_string(&request).unwrap_or_default(),
            mailbox: mailbox.clone(),
        };
        let nth = usize::try_from(id).unwrap_or_default() % self.connections.len().max(1);
        let commands = self.connections.get(nth).cloned();
        let stream = Stream {
            id,
            mailbox,
            commands,
        };
        stream.command(Command::Open(opening));
        stream
    }
}

impl Lines {
    /// Runs the connections until the process stops.
    pub(crate) fn run(self, shutdown: &Shutdown) {
        for commands in self.commands {
            let connection = Connection::new(self.url.clone(), commands);
            let shutdown = shutdown.clone();
            hive_router::ntex::rt::spawn(async move {
                tokio::select! {
                    () = connection.run() => {}
                    () = shutdown.cancelled() => {}
                }
            });
        }
    }
}

/// One stream, which the service is told the end of when it is dropped.
pub(crate) struct Stream {
    id: u64,
    mailbox: Arc<Mailbox>,
    commands: Option<UnboundedSender<Command>>,
}

impl Stream {
    pub(crate) async fn next(&self) -> News {
        self.mailbox.next().await
    }

    /// The last batch has been delivered.
    pub(crate) fn more(&self) {
        self.command(Command::More(self.id));
    }

    fn command(&self, command: Command) {
        let is_sent = self
            .commands
            .as_ref()
            .is_some_and(|commands| commands.send(command).is_ok());
        if !is_sent {
            self.mailbox.put(News::Lost);
        }
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        if let Some(commands) = &self.commands {
            // Nobody there means that the process stops.
            let _ = commands.send(Command::Close(self.id));
        }
    }
}

/// Waits between attempts: longer after each, up to a bound, and never the same for two who failed together.
#[derive(Debug, Default)]
pub(crate) struct Backoff(u32);

impl Backoff {
    const FIRST: Duration = Duration::from_millis(100);
    const LONGEST: Duration = Duration::from_secs(5);

    /// Whether nothing has failed yet.
    fn is_fresh(&self) -> bool {
        self.0 == 0
    }

    pub(crate) async fn wait(&mut self) {
        let longest = (Self::FIRST * 2_u32.saturating_pow(self.0)).min(Self::LONGEST);
        self.0 = (self.0 + 1).min(10);
        let time = longest.mul_f64(rand::random_range(0.5..=1.0));
        tokio::time::sleep(time).await;
    }
}
