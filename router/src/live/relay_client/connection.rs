//! One WebSocket to a service: connects when the first stream is requested, and reconnects when the connection is lost.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::Arc,
    time::Duration,
};

use common::relay::{Reply, Request};
use futures_util::{SinkExt, StreamExt};
use tokio::{
    net::TcpStream,
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    time::{MissedTickBehavior, interval, timeout},
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async_with_config,
    tungstenite::{Bytes, Message, protocol::WebSocketConfig},
};

use super::{Backoff, Command, Opening, inbox::FeedEvent, inbox::StreamInbox};

/// An unreachable host does not refuse a connection, so connecting needs a time-out.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// Heartbeat interval, and the number of unanswered pings after which the connection counts as lost.
const PING_INTERVAL: Duration = Duration::from_secs(15);
const MAX_MISSED_PINGS: u32 = 2;

/// Streams that are being opened concurrently. A service queries its database for each; when ten thousand clients reconnect
/// together, the others queue here.
const MAX_OPENING: usize = 64;

/// Larger than any batch.
const MAX_FRAME_BYTES: usize = 256 * 1024;

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

pub(super) struct RelayConnection {
    url: String,
    commands: UnboundedReceiver<Command>,
    /// Streams that have been requested from the service.
    streams: HashMap<u64, Arc<StreamInbox>>,
    /// Requested streams that the service has not answered yet.
    opening: HashSet<u64>,
    /// Streams that are not requested yet.
    waiting: VecDeque<Opening>,
}

impl RelayConnection {
    pub(super) fn new(url: String, commands: UnboundedReceiver<Command>) -> Self {
        Self {
            url,
            commands,
            streams: HashMap::new(),
            opening: HashSet::new(),
            waiting: VecDeque::new(),
        }
    }

    /// Runs until every [`super::RelayClient`] is dropped.
    pub(super) async fn run(mut self) {
        let mut backoff = Backoff::default();
        loop {
            while self.waiting.is_empty() {
                match self.commands.recv().await {
                    Some(command) => self.queue(command),
                    None => return,
                }
            }
            let problem = match self.connect().await {
                Ok(socket) => {
                    tracing::info!(url = self.url, "connected to a relay");
                    let loss = self.serve(socket).await;
                    if loss.was_alive {
                        backoff = Backoff::default();
                    }
                    loss.problem
                }
                Err(problem) => problem,
            };
            let streams = self.streams.len() + self.waiting.len();
            if backoff.is_fresh() {
                tracing::warn!(
                    url = self.url,
                    problem,
                    streams,
                    "a relay connection was lost"
                );
            } else {
                tracing::debug!(
                    url = self.url,
                    problem,
                    streams,
                    "a relay connection is still down"
                );
            }
            self.notify_lost();
            self.pause(&mut backoff).await;
        }
    }

    async fn connect(&self) -> Result<Socket, String> {
        let config = WebSocketConfig::default()
            .max_message_size(Some(MAX_FRAME_BYTES))
            .max_frame_size(Some(MAX_FRAME_BYTES));
        let connecting = connect_async_with_config(self.url.as_str(), Some(config), true);
        match timeout(CONNECT_TIMEOUT, connecting).await {
            Ok(Ok((socket, _response))) => Ok(socket),
            Ok(Err(error)) => Err(error.to_string()),
            Err(elapsed) => Err(elapsed.to_string()),
        }
    }

    /// Waits for the backoff and queues commands meanwhile.
    async fn pause(&mut self, backoff: &mut Backoff) {
        let wait = backoff.wait();
        tokio::pin!(wait);
        loop {
            tokio::select! {
                () = &mut wait => return,
                command = self.commands.recv() => match command {
                    Some(command) => self.queue(command),
                    None => return,
                },
            }
        }
    }

    /// Handles a command while there is no connection.
    fn queue(&mut self, command: Command) {
        match command {
            Command::Open(opening) => self.waiting.push_back(opening),
            Command::Close(id) => self.waiting.retain(|opening| opening.id != id),
            // The stream has been notified of the lost connection.
            Command::More(_) => {}
        }
    }

    /// Notifies the open streams that the connection is lost.
    fn notify_lost(&mut self) {
        self.opening.clear();
        for (_id, inbox) in self.streams.drain() {
            inbox.push(FeedEvent::Lost);
        }
        self.streams.shrink_to_fit();
    }

    /// Serves the streams until the connection is lost.
    async fn serve(&mut self, socket: Socket) -> Loss {
        let (mut sink, mut frames) = socket.split();
        let (outgoing, mut to_send) = unbounded_channel();
        // Writing runs beside reading, so that two peers with full buffers cannot deadlock.
        let write = async {
            while let Some(message) = to_send.recv().await {
                if let Err(error) = sink.send(message).await {
                    return error.to_string();
                }
            }
            "it was ended".to_owned()
        };
        tokio::pin!(write);
        let mut pings = interval(PING_INTERVAL);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut missed, mut was_alive) = (0, false);
        self.open_waiting(&outgoing);
        let problem = loop {
            tokio::select! {
                problem = &mut write => break problem,
                frame = frames.next() => {
                    missed = 0;
                    match frame {
                        Some(Ok(Message::Text(text))) => {
                            was_alive = true;
                            if let Err(problem) = self.receive(&text, &outgoing) {
                                break problem;
                            }
                        }
                        Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                        Some(Ok(_)) => break "it closed the connection".to_owned(),
                        Some(Err(error)) => break error.to_string(),
                        None => break "it ended the connection".to_owned(),
                    }
                }
                command = self.commands.recv() => match command {
                    Some(command) => self.execute(command, &outgoing),
                    None => break "no client is left".to_owned(),
                },
                _ = pings.tick() => {
                    if missed > MAX_MISSED_PINGS {
                        break "it does not answer pings".to_owned();
                    }
                    missed += 1;
                    send(&outgoing, Message::Ping(Bytes::new()));
                }
            }
        };
        Loss { problem, was_alive }
    }

    fn execute(&mut self, command: Command, outgoing: &UnboundedSender<Message>) {
        match command {
            Command::Open(opening) => self.waiting.push_back(opening),
            Command::More(id) if self.streams.contains_key(&id) => {
                send_request(outgoing, &Request::More { id });
            }
            Command::More(_) => {}
            Command::Close(id) => {
                self.opening.remove(&id);
                if self.streams.remove(&id).is_some() {
                    send_request(outgoing, &Request::Close { id });
                } else {
                    self.waiting.retain(|opening| opening.id != id);
                }
            }
        }
        self.open_waiting(outgoing);
    }

    fn open_waiting(&mut self, outgoing: &UnboundedSender<Message>) {
        while self.opening.len() < MAX_OPENING
            && let Some(opening) = self.waiting.pop_front()
        {
            self.opening.insert(opening.id);
            self.streams.insert(opening.id, opening.inbox);
            send(outgoing, Message::text(opening.frame));
        }
    }

    fn receive(&mut self, text: &str, outgoing: &UnboundedSender<Message>) -> Result<(), String> {
        let reply = serde_json::from_str(text)
            .map_err(|error| format!("it sent an invalid frame: {error}"))?;
        match reply {
            Reply::Opened { id, position } => {
                self.opening.remove(&id);
                self.dispatch(id, FeedEvent::Opened(position));
            }
            Reply::Batch {
                id,
                events,
                position,
            } => self.dispatch(id, FeedEvent::Batch(events, position)),
            Reply::Closed { id, code, message } => {
                self.opening.remove(&id);
                self.dispatch(id, FeedEvent::Closed(code, message));
                self.streams.remove(&id);
            }
        }
        self.open_waiting(outgoing);
        Ok(())
    }

    /// Ignores events of streams that have been closed here, before the service learned of it.
    fn dispatch(&self, id: u64, event: FeedEvent) {
        if let Some(inbox) = self.streams.get(&id) {
            inbox.push(event);
        }
    }
}

/// Why a connection was lost.
struct Loss {
    problem: String,
    /// Whether the service sent anything. If it only ever accepts the connection, the backoff grows.
    was_alive: bool,
}

fn send_request(outgoing: &UnboundedSender<Message>, request: &Request) {
    // Requests with numbers only always serialize.
    if let Ok(text) = serde_json::to_string(request) {
        send(outgoing, Message::text(text));
    }
}

fn send(outgoing: &UnboundedSender<Message>, message: Message) {
    // The receiver lives as long as the connection.
    let _ = outgoing.send(message);
}
