//! The router's side of `common::relay`: multiplexes the streams of all clients over a few connections to each service.

mod connection;
mod inbox;

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

use connection::RelayConnection;
pub(crate) use inbox::FeedEvent;
use inbox::StreamInbox;

/// Connections to one service. One would suffice; with two, a lost connection interrupts half of the streams.
const CONNECTIONS: usize = 2;

/// A command to a connection.
enum Command {
    Open(Opening),
    More(u64),
    Close(u64),
}

/// A stream to be opened.
struct Opening {
    id: u64,
    /// The request frame.
    frame: String,
    inbox: Arc<StreamInbox>,
}

/// Opens streams at one service.
#[derive(Clone)]
pub(crate) struct RelayClient {
    connections: Arc<[UnboundedSender<Command>]>,
    ids: Arc<AtomicU64>,
}

/// The connections of a relay client, which the caller has to run.
pub(crate) struct RelayConnections {
    url: String,
    commands: Vec<UnboundedReceiver<Command>>,
}

impl RelayClient {
    /// Makes a client for the service with this base URL.
    pub(crate) fn new(base: &Url) -> (Self, RelayConnections) {
        let base = base.as_str().trim_end_matches('/');
        let url = format!("{}{PATH}", base.replacen("http", "ws", 1));
        let (connections, commands): (Vec<_>, Vec<_>) =
            (0..CONNECTIONS).map(|_| unbounded_channel()).unzip();
        let feed = Self {
            connections: connections.into(),
            ids: Arc::default(),
        };
        (feed, RelayConnections { url, commands })
    }

    /// Requests a stream. Its first event tells whether it is open.
    pub(crate) fn open(&self, open: impl FnOnce(u64) -> common::relay::Open) -> RelayStream {
        let id = self.ids.fetch_add(1, Ordering::Relaxed);
        let inbox = Arc::<StreamInbox>::default();
        let request = common::relay::Request::Open(open(id));
        let opening = Opening {
            id,
            // Strings and JSON values always serialize.
            frame: serde_json::to_string(&request).unwrap_or_default(),
            inbox: inbox.clone(),
        };
        let nth = usize::try_from(id).unwrap_or_default() % self.connections.len().max(1);
        let commands = self.connections.get(nth).cloned();
        let stream = RelayStream {
            id,
            inbox,
            commands,
        };
        stream.command(Command::Open(opening));
        stream
    }
}

impl RelayConnections {
    /// Runs the connections until shutdown.
    pub(crate) fn run(self, shutdown: &Shutdown) {
        for commands in self.commands {
            let connection = RelayConnection::new(self.url.clone(), commands);
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

/// One stream. Dropping it closes the stream at the service.
pub(crate) struct RelayStream {
    id: u64,
    inbox: Arc<StreamInbox>,
    commands: Option<UnboundedSender<Command>>,
}

impl RelayStream {
    pub(crate) async fn next(&self) -> FeedEvent {
        self.inbox.next().await
    }

    /// Requests the next batch, once the last one is delivered.
    pub(crate) fn request_more(&self) {
        self.command(Command::More(self.id));
    }

    fn command(&self, command: Command) {
        let is_sent = self
            .commands
            .as_ref()
            .is_some_and(|commands| commands.send(command).is_ok());
        if !is_sent {
            self.inbox.push(FeedEvent::Lost);
        }
    }
}

impl Drop for RelayStream {
    fn drop(&mut self) {
        if let Some(commands) = &self.commands {
            // No receiver means that the process stops.
            let _ = commands.send(Command::Close(self.id));
        }
    }
}

/// Exponential backoff with jitter.
#[derive(Debug, Default)]
pub(crate) struct Backoff(u32);

impl Backoff {
    const FIRST: Duration = Duration::from_millis(100);
    const MAX: Duration = Duration::from_secs(5);

    /// Whether no attempt has failed yet.
    fn is_fresh(&self) -> bool {
        self.0 == 0
    }

    pub(crate) async fn wait(&mut self) {
        let max = (Self::FIRST * 2_u32.saturating_pow(self.0)).min(Self::MAX);
        self.0 = (self.0 + 1).min(10);
        let time = max.mul_f64(rand::random_range(0.5..=1.0));
        tokio::time::sleep(time).await;
    }
}
