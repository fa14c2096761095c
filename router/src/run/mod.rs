//! Starts the router, serves, and shuts down without cutting off requests.
//!
//! Each step consumes the one before, so the order cannot change by accident: [`Bound`] (the port is ours) → [`Started`] (the
//! engine runs and logs are written) → [`Assembled`] (the layers of a request are built) → [`Serving`].

mod http_server;

use std::{
    io,
    net::{SocketAddr, TcpListener},
    num::NonZeroUsize,
    sync::Arc,
    time::Duration,
};

use common::{auth::install_crypto, service::StartError, shutdown::Shutdown};
use hive_router::{
    init_rustls_crypto_provider,
    ntex::{
        rt::{DefaultRuntime, System, spawn},
        server::Server,
    },
};

use crate::{
    config::RouterConfig,
    defaults::SHUTDOWN_GRACE,
    engine::{RunningEngine, SupergraphFollower},
    guard::{Guard, GuardState, InternalTokens},
    http_layer::{Cors, HttpLayer, InFlight},
    live::{LiveSettings, SubscriptionServer},
    loopback::LoopbackSecret,
    node_lookup::NodeLookup,
    operations::Operations,
    pages::Pages,
    rate::Rate,
    ready::Readiness,
    rest::Rest,
    supergraph::{Revision, Supergraph},
    usage::Recorder,
};

/// Stack size of a worker. In a debug build the engine needs about 50 KiB for each level of an operation, and its parser
/// allows 50 levels: the usual 2 MiB overflow at level 36 and abort the process. Unused stack costs no memory.
const STACK_BYTES: usize = 16 * 1024 * 1024;

/// Time for the last bytes of responses to reach the sockets.
const FLUSH_TIME: Duration = Duration::from_millis(250);

/// Runs the router until the shutdown signal. `shutdown` is called once, within the router's runtime.
pub fn run(config: RouterConfig, shutdown: fn() -> io::Result<Shutdown>) -> Result<(), StartError> {
    init_rustls_crypto_provider();
    install_crypto();
    // The engine's server runs only within an ntex system, never on a plain tokio runtime.
    System::build()
        .name("router")
        .stack_size(STACK_BYTES)
        .build(DefaultRuntime)
        .block_on(async move {
            let bound = Bound::bind(config, shutdown()?)?;
            let started = bound.start_engine().await?;
            let assembled = started.assemble();
            assembled.serve()?.until_stopped().await
        })
}

/// The port is bound, and everything that needs no engine is made.
struct Bound {
    config: RouterConfig,
    shutdown: Shutdown,
    listener: TcpListener,
    address: SocketAddr,
    readiness: Readiness,
    rest: Rest,
    pages: Pages,
}

impl Bound {
    fn bind(config: RouterConfig, shutdown: Shutdown) -> Result<Self, StartError> {
        let listener = http_server::listen(config.listen)?;
        let keys = config.verifier.keys().clone();
        spawn(keys.clone().follow(shutdown.clone()));
        Ok(Self {
            address: listener.local_addr()?,
            listener,
            readiness: Readiness::new(&config.subgraphs, keys)?,
            rest: Rest::new(config.subgraphs.clone(), config.limits.request_timeout)?,
            pages: Pages::new(config.playground.then_some(playground::BUNDLE)).map_err(other)?,
            config,
            shutdown,
        })
    }

    async fn start_engine(mut self) -> Result<Started, StartError> {
        let internal_tokens = InternalTokens::new();
        let initial = self.config.supergraph.initial().await?;
        let engine =
            RunningEngine::start(&mut self.config, &initial.supergraph, &internal_tokens).await?;
        // The engine has installed the log subscriber: nothing can be logged before.
        if let Some(error) = initial.registry_error {
            tracing::warn!(%error, "the registry cannot be read; SUPERGRAPH_FILE is served for now");
        }
        log_unanswerable_operations(&initial.supergraph, &self.config.operations);
        Ok(Started {
            bound: self,
            supergraph: initial.supergraph,
            revision: initial.revision,
            internal_tokens,
            engine,
        })
    }
}

/// The engine runs with the initial supergraph.
struct Started {
    bound: Bound,
    supergraph: Supergraph,
    revision: Revision,
    internal_tokens: InternalTokens,
    engine: RunningEngine,
}

impl Started {
    /// Builds the layers of a request and spawns the background tasks.
    fn assemble(self) -> Assembled {
        let Bound {
            config,
            shutdown,
            listener,
            address,
            readiness,
            rest,
            pages,
        } = self.bound;
        let engine = self.engine;
        let secret = LoopbackSecret::new();
        let live = Arc::new(SubscriptionServer::start(
            LiveSettings {
                limits: config.limits,
                introspection: config.introspection,
                operations: config.operations.clone(),
                recorder: config.recorder.clone(),
                max_clients: config.live_max_clients,
                verifier: config.verifier.clone(),
                origins: config.allowed_origins.clone(),
                rules: engine.shared.validation_plan.clone(),
                address,
                secret: secret.clone(),
            },
            &config.subgraphs,
            &self.supergraph,
            &shutdown,
        ));
        let follower = SupergraphFollower {
            origin: config.supergraph,
            revision: self.revision,
            served: self.supergraph,
            operations: config.operations,
            engine: engine.config,
            schema: engine.schema.clone(),
            files: engine.files.clone(),
            live: live.clone(),
        };
        spawn(follower.run(shutdown.clone()));
        if let Some(recorder) = &config.recorder {
            spawn(recorder.clone().run(shutdown.clone()));
        }
        let rate = Rate::new(config.rate_limits);
        spawn(rate.clone().evict_periodically());
        let in_flight = InFlight::default();
        let guard = Guard {
            state: Arc::new(GuardState {
                verifier: config.verifier,
                internal_tokens: self.internal_tokens,
                readiness,
                pages,
                recorder: config.recorder.clone(),
            }),
            rest,
            rate,
            live: live.clone(),
            nodes: NodeLookup::new(address, secret.clone(), config.limits),
        };
        let http_layer = HttpLayer {
            cors: Arc::new(Cors::new(config.allowed_origins)),
            proxies: config.trusted_proxies,
            in_flight: in_flight.clone(),
            loopback_secret: secret,
        };
        Assembled {
            listener,
            address,
            workers: config.workers,
            guard,
            http_layer,
            stopping: Stopping {
                engine,
                live,
                in_flight,
                recorder: config.recorder,
                shutdown,
            },
        }
    }
}

/// The layers of a request are built; nothing is accepted yet.
struct Assembled {
    listener: TcpListener,
    address: SocketAddr,
    workers: Option<NonZeroUsize>,
    guard: Guard,
    http_layer: HttpLayer,
    stopping: Stopping,
}

impl Assembled {
    fn serve(self) -> Result<Serving, StartError> {
        let engine = &self.stopping.engine;
        let server = http_server::start(
            engine.config,
            &engine.shared,
            &engine.schema,
            self.guard,
            self.http_layer,
            self.workers,
            self.listener,
        )?;
        tracing::info!(address = %self.address, "listening");
        Ok(Serving {
            server,
            stopping: self.stopping,
        })
    }
}

/// Requests are accepted.
struct Serving {
    server: Server,
    stopping: Stopping,
}

/// What shutdown needs, in the order of its fields' use.
struct Stopping {
    shutdown: Shutdown,
    in_flight: InFlight,
    live: Arc<SubscriptionServer>,
    recorder: Option<Arc<Recorder>>,
    engine: RunningEngine,
}

impl Serving {
    async fn until_stopped(self) -> Result<(), StartError> {
        let Stopping {
            shutdown,
            in_flight,
            live,
            recorder,
            engine,
        } = self.stopping;
        let (server, stop) = (self.server.clone(), in_flight.clone());
        spawn(async move {
            shutdown.cancelled().await;
            tracing::info!("stopping");
            stop.stop();
            // Streams first: the server ends the worker threads without notice to the streams on them.
            live.end().await;
            server.stop(true).await;
        });
        let outcome = self.server.await;
        drain(&in_flight).await;
        if let Some(recorder) = recorder {
            recorder.finish().await;
        }
        engine.stop().await;
        Ok(outcome?)
    }
}

/// Waits for requests that the server did not wait for.
async fn drain(in_flight: &InFlight) {
    if tokio::time::timeout(SHUTDOWN_GRACE, in_flight.idle())
        .await
        .is_err()
    {
        tracing::warn!("requests that outlasted the grace period were cut off");
    }
    tokio::time::sleep(FLUSH_TIME).await;
}

/// At the start an unanswerable operation is only logged, because no earlier supergraph could answer it instead.
fn log_unanswerable_operations(supergraph: &Supergraph, operations: &Operations) {
    for operation in operations.iter() {
        if let Err(error) = supergraph.plan(&operation.document) {
            let (client, name) = (&operation.client, &operation.name);
            tracing::error!(
                client,
                name,
                error,
                "a recorded operation cannot be answered"
            );
        }
    }
}

fn other(error: impl std::fmt::Display) -> StartError {
    StartError::Other(error.to_string())
}
