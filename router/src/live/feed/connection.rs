//! One connection to the feed of a service: made when the first stream is wanted, made again when it is lost.

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

use super::{Backoff, Command, Opening, mailbox::Mailbox, mailbox::News};

/// A machine that is gone does not refuse a connection.
const CONNECT: Duration = Duration::from_secs(2);

/// How often the service is pinged, and how many times it may leave that without an answer.
const PING: Duration = Duration::from_secs(15);
const MISSED: u32 = 2;

/// Streams that are being opened at once. A service looks each up in its database; when ten thousand clients come back
/// together, the ones after these wait here.
const OPENING: usize = 64;

/// More than a batch can be.
const LONGEST: usize = 256 * 1024;

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

pub(super) struct Connection {
    url: String,
    commands: UnboundedReceiver<Command>,
    /// Streams that the service has been told of.
    streams: HashMap<u64, Arc<Mailbox>>,
    /// Those of them that it has not answered yet.
    opening: HashSet<u64>,
    /// Streams that it will be told of.
    waiting: VecDeque<Opening>,
}

impl Connection {
    pub(super) fn new(url: String, commands: UnboundedReceiver<Command>) -> Self {
        Self {
            url,
            commands,
            streams: HashMap::new(),
            opening: HashSet::new(),
            waiting: VecDeque::new(),
        }
    }

    /// Never ends but with those who could ask for a stream.
    pub(super) async fn run(mut self) {
        let mut backoff = Backoff::default();
        loop {
            while self.waiting.is_empty() {
                match self.commands.recv().await {
                    Some(command) => self.note(command),
                    None => return,
                }
            }
            let problem = match self.connect().await {
                Ok(socket) => {
                    tracing::info!(url = self.url, "connected to a feed");
                    let answered = self.serve(socket).await;
                    if answered.was_alive {
                        backoff = Backoff::default();
                    }
                    answered.problem
                }
                Err(problem) => problem,
            };
            let streams = self.streams.len() + self.waiting.len();
            if backoff.is_fresh() {
                tracing::warn!(url = self.url, problem, streams, "a feed was lost");
            } else {
                tracing::debug!(
                    url = self.url,
                    problem,
                    streams,
                    "a feed is still not there"
                );
            }
            self.lose();
            self.pause(&mut backoff).await;
        }
    }

    async fn connect(&self) -> Result<Socket, String> {
        let config = WebSocketConfig::default()
            .max_message_size(Some(LONGEST))
            .max_frame_size(Some(LONGEST));
        let connecting = connect_async_with_config(self.url.as_str(), Some(config), true);
        match timeout(CONNECT, connecting).await {
            Ok(Ok((socket, _response))) => Ok(socket),
            Ok(Err(error)) => Err(error.to_string()),
            Err(elapsed) => Err(elapsed.to_string()),
        }
    }

    /// Waits, and takes down what is asked for meanwhile.
    async fn pause(&mut self, backoff: &mut Backoff) {
        let wait = backoff.wait();
        tokio::pin!(wait);
        loop {
            tokio::select! {
                () = &mut wait => return,
                command = self.commands.recv() => match command {
                    Some(command) => self.note(command),
                    None => return,
                },
            }
        }
    }

    /// While there is no connection.
    fn note(&mut self, command: Command) {
        match command {
            Command::Open(opening) => self.waiting.push_back(opening),
            Command::Close(id) => self.waiting.retain(|opening| opening.id != id),
            // Of a stream that has been told that it is lost.
            Command::More(_) => {}
        }
    }

    fn lose(&mut self) {
        self.opening.clear();
        for (_id, mailbox) in self.streams.drain() {
            mailbox.put(News::Lost);
        }
        self.streams.shrink_to_fit();
    }

    /// Carries the streams until the connection is lost.
    async fn serve(&mut self, socket: Socket) -> Loss {
        let (mut sink, mut frames) = socket.split();
        let (outgoing, mut to_send) = unbounded_channel();
        // What is to be sent is written beside what is read, so that two sides that are both full still get on.
        let write = async {
            while let Some(message) = to_send.recv().await {
                if let Err(error) = sink.send(message).await {
                    return error.to_string();
                }
            }
            "it was ended".to_owned()
        };
        tokio::pin!(write);
        let mut pings = interval(PING);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut missed, mut was_alive) = (0, false);
        self.open_some(&outgoing);
        let problem = loop {
            tokio::select! {
                problem = &mut write => break problem,
                frame = frames.next() => {
                    missed = 0;
                    match frame {
                        Some(Ok(Message::Text(text))) => {
                            was_alive = true;
                            if let Err(problem) = self.hear(&text, &outgoing) {
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
                    Some(command) => self.carry_out(command, &outgoing),
                    None => break "nobody is left".to_owned(),
                },
                _ = pings.tick() => {
                    if missed > MISSED {
                        break "it does not answer pings".to_owned();
                    }
                    missed += 1;
                    tell(&outgoing, Message::Ping(Bytes::new()));
                }
            }
        };
        Loss { problem, was_alive }
    }

    fn carry_out(&mut self, command: Command, outgoing: &UnboundedSender<Message>) {
        match command {
            Command::Open(opening) => self.waiting.push_back(opening),
            Command::More(id) if self.streams.contains_key(&id) => {
                say(outgoing, &Request::More { id });
            }
            Command::More(_) => {}
            Command::Close(id) => {
                self.opening.remove(&id);
                if self.streams.remove(&id).is_some() {
                    say(outgoing, &Request::Close { id });
                } else {
                    self.waiting.retain(|opening| opening.id != id);
                }
            }
        }
        self.open_some(outgoing);
    }

    fn open_some(&mut self, outgoing: &UnboundedSender<Message>) {
        while self.opening.len() < OPENING
            && let Some(opening) = self.waiting.pop_front()
        {
            self.opening.insert(opening.id);
            self.streams.insert(opening.id, opening.mailbox);
            tell(outgoing, Message::text(opening.frame));
        }
    }

    fn hear(&mut self, text: &str, outgoing: &UnboundedSender<Message>) -> Result<(), String> {
        let reply = serde_json::from_str(text)
            .map_err(|error| format!("it said what is not of a feed: {error}"))?;
        match reply {
            Reply::Opened { id, position } => {
                self.opening.remove(&id);
                self.pass_on(id, News::Opened(position));
            }
            Reply::Batch {
                id,
                events,
                position,
            } => self.pass_on(id, News::Batch(events, position)),
            Reply::Closed { id, code, message } => {
                self.opening.remove(&id);
                self.pass_on(id, News::Closed(code, message));
                self.streams.remove(&id);
            }
        }
        self.open_some(outgoing);
        Ok(())
    }

    /// A stream that is not there has been closed, and the service has not heard of it yet.
    fn pass_on(&self, id: u64, news: News) {
        if let Some(mailbox) = self.streams.get(&id) {
            mailbox.put(news);
        }
    }
}

/// How a connection ended.
struct Loss {
    problem: String,
    /// Whether it said anything: one that is only ever accepted is tried less and less often.
    was_alive: bool,
}

fn say(outgoing: &UnboundedSender<Message>, request: &Request) {
    // It is made of numbers, which can always be written.
    if let Ok(text) = serde_json::to_string(request) {
        tell(outgoing, Message::text(text));
    }
}

fn tell(outgoing: &UnboundedSender<Message>, message: Message) {
    // The other end lives as long as the connection does.
    let _ = outgoing.send(message);
}
