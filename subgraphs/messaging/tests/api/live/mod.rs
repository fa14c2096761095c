//! Live streams, over real connections to running processes of the service.

mod arriving;
mod ending;
mod migrated;
mod presence;
mod processes;
mod seam;
mod sse;
mod typing;

use std::{net::SocketAddr, sync::Arc};

use common::{
    clock::SharedClock,
    relay::{self, Open, Reply, Request},
    shutdown::Shutdown,
};
use futures_util::{SinkExt, StreamExt};
use messaging::app::{
    App,
    live::{Live, PostgresBus},
    ports::Bus,
};
use serde_json::Value;
use testkit::{Graph, tokens};
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async, tungstenite::Message,
    tungstenite::client::IntoClientRequest,
};

use crate::world::{Person, World};

/// A running process of the service, on the database of a world.
pub struct Process {
    pub address: SocketAddr,
    pub graph: Graph,
    stopping: Shutdown,
    running: JoinHandle<()>,
}

impl Process {
    pub async fn start(world: &World) -> Self {
        Self::on_bus(world, Arc::new(PostgresBus::new(world.pool.clone()))).await
    }

    pub async fn on_bus(world: &World, bus: Arc<dyn Bus>) -> Self {
        let (clock, stopping): (SharedClock, _) = (world.clock.clone(), Shutdown::new());
        let (live, running) = Live::new(&world.pool, &clock, bus, stopping.clone());
        let app = App::new(
            world.pool.clone(),
            clock.clone(),
            world.directory.clone(),
            live,
        );
        let routes = messaging::routes(app, tokens().verifier(clock));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving = common::server::serve(listener, routes.clone(), stopping.clone());
        let running = tokio::spawn(async move {
            let (served, ()) = tokio::join!(serving, running);
            served.unwrap();
        });
        Self {
            address,
            graph: Graph::new(routes),
            stopping,
            running,
        }
    }

    /// Stops it as an operator does.
    pub async fn stop(self) {
        self.stopping.cancel();
        self.running.await.unwrap();
    }

    /// Ends it without a word.
    pub async fn kill(self) {
        self.running.abort();
        assert!(self.running.await.unwrap_err().is_cancelled());
    }

    pub async fn relay(&self) -> Relay {
        Relay(connect(format!("ws://{}{}", self.address, relay::PATH)).await)
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

pub type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

async fn connect(request: impl IntoClientRequest + Unpin) -> Socket {
    connect_async(request).await.unwrap().0
}

/// What the next frame says; `None` when there is none any more.
async fn text(socket: &mut Socket) -> Option<String> {
    loop {
        match socket.next().await?.ok()? {
            Message::Text(text) => return Some(text.as_str().to_owned()),
            Message::Close(_) => return None,
            _ => {}
        }
    }
}

/// A router's connection.
pub struct Relay(Socket);

impl Relay {
    pub async fn say(&mut self, request: Request) {
        let text = serde_json::to_string(&request).unwrap();
        self.0.send(Message::text(text)).await.unwrap();
    }

    pub async fn open(
        &mut self,
        id: u64,
        person: &Person,
        field: &str,
        arguments: &[(&str, &str)],
        position: Option<&str>,
    ) {
        let arguments = arguments
            .iter()
            .map(|(name, value)| ((*name).to_owned(), Value::from(*value)));
        let open = Open {
            id,
            authorization: format!("Bearer {}", person.token()),
            field: field.to_owned(),
            arguments: arguments.collect(),
            position: position.map(str::to_owned),
        };
        self.say(Request::Open(open)).await;
    }

    /// Opens a stream that is not refused; where it begins.
    pub async fn opened(
        &mut self,
        id: u64,
        person: &Person,
        field: &str,
        arguments: &[(&str, &str)],
    ) -> String {
        self.open(id, person, field, arguments, None).await;
        match self.reply().await {
            Reply::Opened { id: of, position } if of == id => position,
            other => panic!("not opened: {other:?}"),
        }
    }

    pub async fn reply(&mut self) -> Reply {
        let text = text(&mut self.0).await.unwrap();
        serde_json::from_str(&text).unwrap()
    }

    /// The events of the next batch, and the position behind it; asks for the one after it.
    pub async fn batch(&mut self) -> (Vec<String>, String) {
        match self.reply().await {
            Reply::Batch {
                id,
                events,
                position,
            } => {
                self.say(Request::More { id }).await;
                (events, position)
            }
            other => panic!("no batch: {other:?}"),
        }
    }

    /// The next events of the only stream, as many.
    pub async fn events(&mut self, count: usize) -> Vec<String> {
        let mut events = Vec::new();
        while events.len() < count {
            events.extend(self.batch().await.0);
        }
        assert_eq!(events.len(), count, "{events:?}");
        events
    }

    /// Why the next stream ends.
    pub async fn code(&mut self) -> String {
        match self.reply().await {
            Reply::Closed { code, .. } => code,
            other => panic!("not closed: {other:?}"),
        }
    }

    /// Waits for the other end to close the connection.
    pub async fn ended(&mut self) {
        while text(&mut self.0).await.is_some() {}
    }
}

/// Ada and Grace, who talk; what Ada sends goes to the process.
async fn talking(process: impl AsyncFnOnce(&World) -> Process) -> (World, Process, Talk) {
    let mut world = World::new().await;
    let process = process(&world).await;
    world.service.graph = process.graph.clone();
    let (ada, grace) = (world.person("ada"), world.person("grace"));
    let conversation = world.conversation(&ada, &grace).await;
    let talk = Talk {
        ada,
        grace,
        conversation,
    };
    (world, process, talk)
}

pub struct Talk {
    pub ada: Person,
    pub grace: Person,
    pub conversation: String,
}
