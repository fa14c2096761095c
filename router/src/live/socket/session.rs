//! One WebSocket, from its handshake to its end.

use std::{collections::HashMap, future::poll_fn, pin::Pin, rc::Rc, time::Duration};

use hive_router::ntex::{channel::mpsc, util::Bytes};
use serde_json::Value;
use tokio::{
    task::AbortHandle,
    time::{Instant, Sleep, sleep_until},
};

use super::{
    closing::Closing,
    handshake::{self, Handshake},
    message::{self, Said},
    task::{Client, Outgoing, Serials, Task},
    wire::{Progress, Wire},
};
use crate::{
    live::{
        clients::Seat,
        desk::{Desk, too_much},
        problem::Problem,
    },
    policy,
};

/// Time for the first message.
const INIT: Duration = Duration::from_secs(5);
/// How often a client is pinged, and how long it may be silent.
const PING: Duration = Duration::from_secs(10);
const SILENCE: Duration = Duration::from_secs(25);
/// How long a client may take none of what is written to it.
const STUCK: Duration = Duration::from_secs(30);
/// Operations of one client at once.
const OPERATIONS: usize = 64;

pub(super) struct Session {
    desk: Rc<Desk>,
    seat: Seat,
    wire: Wire,
    handshake: Handshake,
    /// Once it has been acknowledged.
    client: Option<Client>,
    operations: Operations,
    serials: Serials,
    outgoing: (mpsc::Sender<Outgoing>, mpsc::Receiver<Outgoing>),
    /// Whose message is being written.
    writing: Option<hive_router::ntex::channel::oneshot::Sender<()>>,
    begun: Instant,
    heard: Instant,
    pinged: Instant,
    expires: Option<Instant>,
}

/// The operations that are being carried out, which end with the session.
#[derive(Default)]
struct Operations(HashMap<Rc<str>, (u64, AbortHandle)>);

impl Drop for Operations {
    fn drop(&mut self) {
        for (_serial, task) in self.0.values() {
            task.abort();
        }
    }
}

enum Event {
    Stop,
    Wire(Result<Progress, Closing>),
    Goes(Outgoing),
    Tick,
}

impl Session {
    pub(super) fn new(desk: Rc<Desk>, seat: Seat, wire: Wire, handshake: Handshake) -> Self {
        let now = Instant::now();
        Self {
            desk,
            seat,
            wire,
            handshake,
            client: None,
            operations: Operations::default(),
            serials: Serials::default(),
            outgoing: mpsc::channel(),
            writing: None,
            begun: now,
            heard: now,
            pinged: now,
            expires: None,
        }
    }

    /// Serves the client until one of both has had enough.
    pub(super) async fn run(mut self) {
        let why = self.serve().await;
        tracing::debug!(?why, "a WebSocket is closed");
        if why == Closing::Expired {
            let problem = Problem::expired();
            for id in self.operations.0.keys() {
                self.wire.send(message::error(id, &problem));
            }
        }
        let Self {
            wire,
            operations,
            seat,
            ..
        } = self;
        drop(operations);
        wire.close(&why).await;
        drop(seat);
    }

    async fn serve(&mut self) -> Closing {
        let stop = self.desk.live.stop.clone();
        let mut stopped = Box::pin(stop.cancelled());
        let mut timer = Box::pin(sleep_until(self.next_tick()));
        loop {
            let outcome = match self.event(stopped.as_mut(), timer.as_mut()).await {
                Event::Stop => Err(Closing::Restart),
                Event::Wire(Ok(Progress::Written)) => {
                    // Whoever takes what it is sent is there, even when its own words wait behind that.
                    self.heard = Instant::now();
                    if let Some(written) = self.writing.take() {
                        // Nobody waits any more when the client has ended the operation meanwhile.
                        let _ = written.send(());
                    }
                    Ok(())
                }
                Event::Wire(Ok(Progress::Text(text))) => {
                    self.heard = Instant::now();
                    Box::pin(self.hear(text)).await
                }
                Event::Wire(Ok(Progress::Sign)) => {
                    self.heard = Instant::now();
                    Ok(())
                }
                Event::Wire(Err(why)) => Err(why),
                Event::Goes(outgoing) => {
                    self.pass_on(outgoing);
                    Ok(())
                }
                Event::Tick => self.tick(),
            };
            if let Err(why) = outcome {
                return why;
            }
            let next = self.next_tick();
            // One that is too early ticks in vain, once; setting it for each message would cost more.
            if next < timer.deadline() || timer.is_elapsed() {
                timer.as_mut().reset(next);
            }
        }
    }

    async fn event(
        &mut self,
        stopped: Pin<&mut impl Future<Output = ()>>,
        timer: Pin<&mut Sleep>,
    ) -> Event {
        let Self { wire, outgoing, .. } = self;
        // One message at a time, so that it is known when it has gone out.
        let is_free = !wire.is_waiting();
        tokio::select! {
            biased;
            () = stopped => Event::Stop,
            progress = wire.next() => Event::Wire(progress),
            Some(item) = poll_fn(|cx| outgoing.1.poll_recv(cx)), if is_free => Event::Goes(item),
            () = timer => Event::Tick,
        }
    }

    /// When something has to be done although nothing happens.
    fn next_tick(&self) -> Instant {
        let init = self.client.is_none().then(|| self.begun + INIT);
        let stuck = self.wire.stuck_since().map(|since| since + STUCK);
        [init, stuck, self.expires, self.silent_at()]
            .into_iter()
            .flatten()
            .fold(self.pinged + PING, Instant::min)
    }

    /// When the client will have been silent for too long. While it is being sent something, whether it takes that counts.
    fn silent_at(&self) -> Option<Instant> {
        (!self.wire.is_waiting()).then(|| self.heard + SILENCE)
    }

    fn tick(&mut self) -> Result<(), Closing> {
        let now = Instant::now();
        if self.expires.is_some_and(|expires| expires <= now) {
            return Err(Closing::Expired);
        }
        if self.client.is_none() && self.begun + INIT <= now {
            return Err(Closing::NoInit);
        }
        if self.silent_at().is_some_and(|silent| silent <= now) {
            return Err(Closing::Silent);
        }
        let is_stuck = self.wire.stuck_since();
        if is_stuck.is_some_and(|since| since + STUCK <= now) && self.wire.is_still_stuck() {
            return Err(Closing::TooSlow);
        }
        if self.pinged + PING <= now {
            self.pinged = now;
            // Whoever does not take what it is sent is not sent more.
            if !self.wire.is_waiting() {
                self.wire.ping();
            }
        }
        Ok(())
    }

    fn pass_on(&mut self, outgoing: Outgoing) {
        let Outgoing {
            serial,
            id,
            text,
            written,
        } = outgoing;
        let current = self.operations.0.get(&id).map(|(serial, _task)| *serial);
        // Of an operation that the client has ended nothing more is said.
        if current != Some(serial) {
            return;
        }
        if written.is_none() {
            self.operations.0.remove(&id);
        }
        self.writing = written;
        self.wire.send(text);
    }

    async fn hear(&mut self, text: Bytes) -> Result<(), Closing> {
        if policy::is_too_deep(&text) {
            return Err(Closing::InvalidMessage("values nest too deep"));
        }
        let said = serde_json::from_slice(&text)
            .map_err(|_error| Closing::InvalidMessage("not of graphql-transport-ws"))?;
        match said {
            Said::ConnectionInit { payload } => self.init(&payload).await,
            Said::Ping { payload } => {
                self.wire.send(message::pong(&payload));
                Ok(())
            }
            Said::Pong {} => Ok(()),
            Said::Subscribe { id, payload } => self.subscribe(id.into(), payload),
            Said::Complete { id } => {
                if let Some((_serial, task)) = self.operations.0.remove(id.as_str()) {
                    task.abort();
                }
                Ok(())
            }
        }
    }

    async fn init(&mut self, payload: &Value) -> Result<(), Closing> {
        if self.client.is_some() {
            return Err(Closing::TooManyInits);
        }
        let client =
            handshake::admit(&self.desk, &mut self.seat, &mut self.handshake, payload).await?;
        let viewer = client.identity.viewer().map(AsRef::as_ref);
        self.expires = self.desk.live.expiry(viewer);
        self.client = Some(client);
        self.wire.send(message::ACKNOWLEDGED.to_owned());
        Ok(())
    }

    fn subscribe(&mut self, id: Rc<str>, payload: Value) -> Result<(), Closing> {
        let Some(client) = &self.client else {
            return Err(Closing::TooEarly);
        };
        if self.operations.0.contains_key(&id) {
            return Err(Closing::Taken(id.to_string()));
        }
        if self.operations.0.len() >= OPERATIONS {
            let problem = too_much("Too many operations at once on this connection.");
            self.wire.send(message::error(&id, &problem));
            return Ok(());
        }
        let task = Task {
            client: client.clone(),
            serial: self.serials.next(),
            id: id.clone(),
            outgoing: self.outgoing.0.clone(),
        };
        let serial = task.serial;
        let task = tokio::task::spawn_local(task.run(payload));
        self.operations.0.insert(id, (serial, task.abort_handle()));
        Ok(())
    }
}
