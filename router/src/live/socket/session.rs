//! One WebSocket session, from its handshake to its end.

use std::{collections::HashMap, future::poll_fn, pin::Pin, rc::Rc, time::Duration};

use hive_router::ntex::{channel::mpsc, util::Bytes};
use serde_json::Value;
use tokio::{
    task::AbortHandle,
    time::{Instant, Sleep, sleep_until},
};

use super::{
    close_cause::CloseCause,
    handshake::{self, Handshake},
    message::{self, ClientMessage},
    operation_task::{OperationTask, Outgoing, Serials, SessionContext},
    transport::{Transport, TransportEvent},
};
use crate::{
    graphql::exceeds_json_depth,
    live::{connections::ConnectionPermit, worker::WorkerState},
    request::ClientError,
};

/// Time for the first message.
const INIT_TIMEOUT: Duration = Duration::from_secs(5);
/// Heartbeat interval, and the time after which a silent client counts as lost.
const PING_INTERVAL: Duration = Duration::from_secs(10);
const SILENCE_TIMEOUT: Duration = Duration::from_secs(25);
/// Time after which a client that reads nothing is disconnected.
const WRITE_TIMEOUT: Duration = Duration::from_secs(30);
/// Concurrent operations of one session.
const MAX_OPERATIONS: usize = 64;

pub(super) struct Session {
    worker: Rc<WorkerState>,
    permit: ConnectionPermit,
    transport: Transport,
    handshake: Handshake,
    /// Set once `connection_init` is acknowledged.
    client: Option<SessionContext>,
    operations: Operations,
    serials: Serials,
    outgoing: (mpsc::Sender<Outgoing>, mpsc::Receiver<Outgoing>),
    /// Notifies the operation whose message is being written.
    writing: Option<hive_router::ntex::channel::oneshot::Sender<()>>,
    begun: Instant,
    heard: Instant,
    pinged: Instant,
    expires: Option<Instant>,
}

/// Running operations; dropping them aborts their tasks.
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
    Transport(Result<TransportEvent, CloseCause>),
    Send(Outgoing),
    Tick,
}

impl Session {
    pub(super) fn new(
        worker: Rc<WorkerState>,
        permit: ConnectionPermit,
        transport: Transport,
        handshake: Handshake,
    ) -> Self {
        let now = Instant::now();
        Self {
            worker,
            permit,
            transport,
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

    /// Serves the client until the connection closes.
    pub(super) async fn run(mut self) {
        let cause = self.serve().await;
        tracing::debug!(?cause, "a WebSocket is closed");
        if cause == CloseCause::Expired {
            let error = ClientError::token_expired();
            for id in self.operations.0.keys() {
                self.transport.send(message::error(id, &error));
            }
        }
        let Self {
            transport,
            operations,
            permit,
            ..
        } = self;
        drop(operations);
        transport.close(&cause).await;
        drop(permit);
    }

    async fn serve(&mut self) -> CloseCause {
        let stop = self.worker.server.stop.clone();
        let mut stopped = Box::pin(stop.cancelled());
        let mut timer = Box::pin(sleep_until(self.next_tick()));
        loop {
            let outcome = match self.event(stopped.as_mut(), timer.as_mut()).await {
                Event::Stop => Err(CloseCause::Restart),
                Event::Transport(Ok(TransportEvent::Written)) => {
                    // A client that reads is alive, even if its own messages are queued behind the data it reads.
                    self.heard = Instant::now();
                    if let Some(written) = self.writing.take() {
                        // No receiver if the client has completed the operation meanwhile.
                        let _ = written.send(());
                    }
                    Ok(())
                }
                Event::Transport(Ok(TransportEvent::Text(text))) => {
                    self.heard = Instant::now();
                    Box::pin(self.receive(text)).await
                }
                Event::Transport(Ok(TransportEvent::Activity)) => {
                    self.heard = Instant::now();
                    Ok(())
                }
                Event::Transport(Err(cause)) => Err(cause),
                Event::Send(outgoing) => {
                    self.write(outgoing);
                    Ok(())
                }
                Event::Tick => self.tick(),
            };
            if let Err(cause) = outcome {
                return cause;
            }
            let next = self.next_tick();
            // The timer is not reset to a later time: one early tick costs less than a reset for each message.
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
        let Self {
            transport,
            outgoing,
            ..
        } = self;
        // One message at a time, so that its operation learns when it is written.
        let is_free = !transport.is_waiting();
        tokio::select! {
            biased;
            () = stopped => Event::Stop,
            event = transport.next() => Event::Transport(event),
            Some(item) = poll_fn(|cx| outgoing.1.poll_recv(cx)), if is_free => Event::Send(item),
            () = timer => Event::Tick,
        }
    }

    /// When the next time-out or heartbeat is due.
    fn next_tick(&self) -> Instant {
        let init = self.client.is_none().then(|| self.begun + INIT_TIMEOUT);
        let stuck = self
            .transport
            .stuck_since()
            .map(|since| since + WRITE_TIMEOUT);
        [init, stuck, self.expires, self.silent_at()]
            .into_iter()
            .flatten()
            .fold(self.pinged + PING_INTERVAL, Instant::min)
    }

    /// When the silence time-out is due. While a message is being written, the write time-out applies instead.
    fn silent_at(&self) -> Option<Instant> {
        (!self.transport.is_waiting()).then(|| self.heard + SILENCE_TIMEOUT)
    }

    fn tick(&mut self) -> Result<(), CloseCause> {
        let now = Instant::now();
        if self.expires.is_some_and(|expires| expires <= now) {
            return Err(CloseCause::Expired);
        }
        if self.client.is_none() && self.begun + INIT_TIMEOUT <= now {
            return Err(CloseCause::NoInit);
        }
        if self.silent_at().is_some_and(|silent| silent <= now) {
            return Err(CloseCause::Silent);
        }
        let is_stuck = self.transport.stuck_since();
        if is_stuck.is_some_and(|since| since + WRITE_TIMEOUT <= now)
            && self.transport.is_still_stuck()
        {
            return Err(CloseCause::TooSlow);
        }
        if self.pinged + PING_INTERVAL <= now {
            self.pinged = now;
            // Skips the ping while the client is not reading.
            if !self.transport.is_waiting() {
                self.transport.ping();
            }
        }
        Ok(())
    }

    fn write(&mut self, outgoing: Outgoing) {
        let Outgoing {
            serial,
            id,
            text,
            written,
        } = outgoing;
        let current = self.operations.0.get(&id).map(|(serial, _task)| *serial);
        // Drops messages of an operation that the client has completed.
        if current != Some(serial) {
            return;
        }
        if written.is_none() {
            self.operations.0.remove(&id);
        }
        self.writing = written;
        self.transport.send(text);
    }

    async fn receive(&mut self, text: Bytes) -> Result<(), CloseCause> {
        if exceeds_json_depth(&text) {
            return Err(CloseCause::InvalidMessage("values nest too deep"));
        }
        let message = serde_json::from_slice(&text)
            .map_err(|_error| CloseCause::InvalidMessage("not of graphql-transport-ws"))?;
        match message {
            ClientMessage::ConnectionInit { payload } => self.init(&payload).await,
            ClientMessage::Ping { payload } => {
                self.transport.send(message::pong(&payload));
                Ok(())
            }
            ClientMessage::Pong {} => Ok(()),
            ClientMessage::Subscribe { id, payload } => self.subscribe(id.into(), payload),
            ClientMessage::Complete { id } => {
                if let Some((_serial, task)) = self.operations.0.remove(id.as_str()) {
                    task.abort();
                }
                Ok(())
            }
        }
    }

    async fn init(&mut self, payload: &Value) -> Result<(), CloseCause> {
        if self.client.is_some() {
            return Err(CloseCause::TooManyInits);
        }
        let client =
            handshake::admit(&self.worker, &mut self.permit, &mut self.handshake, payload).await?;
        let viewer = client.identity.viewer().map(AsRef::as_ref);
        self.expires = self.worker.server.expiry(viewer);
        self.client = Some(client);
        self.transport.send(message::ACKNOWLEDGED.to_owned());
        Ok(())
    }

    fn subscribe(&mut self, id: Rc<str>, payload: Value) -> Result<(), CloseCause> {
        let Some(client) = &self.client else {
            return Err(CloseCause::TooEarly);
        };
        if self.operations.0.contains_key(&id) {
            return Err(CloseCause::Taken(id.to_string()));
        }
        if self.operations.0.len() >= MAX_OPERATIONS {
            let error =
                ClientError::too_many_requests("Too many operations at once on this connection.");
            self.transport.send(message::error(&id, &error));
            return Ok(());
        }
        let task = OperationTask {
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
