//! Starts the engine, serves, and stops without cutting anybody off.

use std::{io, num::NonZeroUsize, sync::Arc, time::Duration};

use common::{auth::install_crypto, service::StartError, shutdown::Shutdown};
use hive_router::{
    RouterPaths, RouterSharedState, SchemaState, build_http_service_config,
    config::HiveRouterConfig,
    configure_ntex_app, init_rustls_crypto_provider, invoke_shutdown_hooks,
    ntex::{
        SharedCfg,
        rt::{DefaultRuntime, System},
        server::Server,
        web::{self, App, HttpServer},
    },
    pipeline::{
        long_lived_client_limit::LongLivedClientLimitService,
        request_identifiers::RequestIdentifiersService, request_summary::RequestSummaryService,
        response_compression::ResponseCompressionService,
    },
    plugins::plugins_service::PluginService,
};
use tokio::net::TcpSocket;

use crate::{
    config::RouterConfig,
    edge::{Cors, Edge, InFlight},
    engine::{GRACE, GRAPHQL_PATH, Started},
    gate::{Gate, Keeper, Tickets},
    inside::Password,
    live::Live,
    nodes::Nodes,
    operations::Operations,
    pages::Pages,
    rate::Rate,
    ready::Readiness,
    rest::Rest,
    supergraph::{First, Follower, Supergraph},
};

/// Connections that may wait to be accepted. The default of 128 refuses clients when thousands come back at once, as
/// they do after a restart.
const BACKLOG: u32 = 4_096;

/// The stack of a worker. In a debug build the engine needs some 50 KiB for a level of an operation, whose parser allows
/// 50 levels: the usual 2 MiB end at 36, and the process with them. Only what is used of it becomes memory.
const STACK: usize = 16 * 1024 * 1024;

/// How long the last bytes of answers may take into the sockets.
const FLUSH: Duration = Duration::from_millis(250);

/// Runs the router until `shutdown`, called once within the router's runtime, says stop.
pub fn run(config: RouterConfig, shutdown: fn() -> io::Result<Shutdown>) -> Result<(), StartError> {
    init_rustls_crypto_provider();
    install_crypto();
    // The engine's server only runs within an ntex system, never on a plain tokio runtime.
    System::build()
        .name("router")
        .stack_size(STACK)
        .build(DefaultRuntime)
        .block_on(serve(config, shutdown))
}

async fn serve(
    mut config: RouterConfig,
    shutdown: fn() -> io::Result<Shutdown>,
) -> Result<(), StartError> {
    let shutdown = shutdown()?;
    let listener = listen(config.listen)?;
    let keys = config.verifier.keys().clone();
    hive_router::ntex::rt::spawn(keys.clone().follow(shutdown.clone()));
    let readiness = Readiness::new(&config.subgraphs, keys)?;
    let rest = Rest::new(config.subgraphs.clone(), config.limits.request_timeout)?;
    let pages = Pages::new(config.playground.then_some(playground::BUNDLE)).map_err(other)?;
    let tickets = Tickets::new();
    let First {
        supergraph,
        seen,
        missed,
    } = config.supergraph.first().await?;
    let Started {
        engine,
        telemetry,
        shared,
        schema,
        mut background,
        files,
    } = Started::with(&mut config, &supergraph, &tickets).await?;
    // Only now is there a log.
    if let Some(error) = missed {
        tracing::warn!(%error, "the supergraph is that of SUPERGRAPH_FILE for now");
    }
    say_what_is_broken(&supergraph, &config.operations);

    let (in_flight, password) = (InFlight::default(), Password::new());
    let address = listener.local_addr()?;
    let live = Arc::new(Live::start(
        &config,
        &supergraph,
        shared.validation_plan.clone(),
        address,
        password.clone(),
        &shutdown,
    ));
    let nodes = Nodes::new(address, password.clone(), config.limits);
    // The engine looks at its file until it has ended.
    let files = Arc::new(files);
    let follower = Follower {
        origin: config.supergraph,
        seen,
        served: supergraph,
        operations: config.operations,
        engine,
        schema: schema.clone(),
        files: files.clone(),
        live: live.clone(),
    };
    hive_router::ntex::rt::spawn(follower.run(shutdown.clone()));
    if let Some(recorder) = &config.recorder {
        hive_router::ntex::rt::spawn(recorder.clone().run(shutdown.clone()));
    }
    let edge = Edge {
        cors: Arc::new(Cors::new(config.allowed_origins)),
        proxies: config.trusted_proxies,
        in_flight: in_flight.clone(),
        password: password.clone(),
    };
    let rate = Rate::new(config.rate_limits);
    hive_router::ntex::rt::spawn(rate.clone().forget_now_and_then());
    let gate = Gate {
        keeper: Arc::new(Keeper {
            verifier: config.verifier,
            tickets,
            readiness,
            pages,
            recorder: config.recorder.clone(),
        }),
        rest,
        rate,
        live: live.clone(),
        nodes,
    };
    let server = server(
        engine,
        &shared,
        &schema,
        gate,
        edge,
        config.workers,
        listener,
    )?;
    tracing::info!(%address, "listening");

    let (stopped, told) = (server.clone(), farewell(shutdown, in_flight.clone(), live));
    hive_router::ntex::rt::spawn(async move {
        told.await;
        stopped.stop(true).await;
    });
    let outcome = server.await;
    finish(&in_flight).await;
    if let Some(recorder) = config.recorder {
        recorder.finish().await;
    }
    background.graceful_shutdown().await;
    drop(files);
    invoke_shutdown_hooks(&shared).await;
    tracing::info!("stopped");
    telemetry.shutdown().await;
    Ok(outcome?)
}

/// The layers of a request, and the threads that serve them.
fn server(
    engine: &'static HiveRouterConfig,
    shared: &Arc<RouterSharedState>,
    schema: &Arc<SchemaState>,
    gate: Gate,
    edge: Edge,
    workers: Option<NonZeroUsize>,
    listener: std::net::TcpListener,
) -> io::Result<Server> {
    let paths = RouterPaths::new(GRAPHQL_PATH.to_owned(), None, None);
    let long_lived = LongLivedClientLimitService::new(engine);
    let compression = ResponseCompressionService::new(engine);

    let app = {
        let (shared, schema) = (shared.clone(), schema.clone());
        async move || {
            App::new()
                // From the innermost to the outermost.
                .middleware(long_lived.clone())
                .middleware(gate.clone())
                .middleware(PluginService::new(paths.clone(), None))
                .middleware(RequestSummaryService::new(GRAPHQL_PATH))
                .middleware(RequestIdentifiersService)
                .middleware(compression.clone())
                .middleware(edge.clone())
                .state(shared.clone())
                .state(schema.clone())
                .state(shared.telemetry_context.clone())
                .state(schema.callback_subscriptions.clone())
                .configure(|app| configure_ntex_app(app, &paths, None))
                // The gate answers other paths; the engine's landing page must not, whatever happens to the gate.
                .default_service(web::to(|| async { web::HttpResponse::NotFound() }))
        }
    };
    let mut server = HttpServer::new(app)
        .disable_signals()
        .config(SharedCfg::new("router").add(build_http_service_config(engine)))
        .shutdown_timeout(engine.shutdown_timeout());
    if let Some(workers) = workers {
        server = server.workers(workers.get());
    }
    Ok(server.listen(listener)?.run())
}

/// At the start there is no supergraph before it that would do better.
fn say_what_is_broken(supergraph: &Supergraph, operations: &Operations) {
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

/// Binds before the engine starts, so that a port that is taken is said at once and by name.
fn listen(address: std::net::SocketAddr) -> Result<std::net::TcpListener, StartError> {
    let bind = || {
        let socket = if address.is_ipv4() {
            TcpSocket::new_v4()?
        } else {
            TcpSocket::new_v6()?
        };
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        socket.listen(BACKLOG)?.into_std()
    };
    bind().map_err(|source| StartError::Listen { address, source })
}

/// Waits until the router is to stop, and tells those who would not find out by themselves.
async fn farewell(shutdown: Shutdown, in_flight: InFlight, live: Arc<Live>) {
    shutdown.cancelled().await;
    tracing::info!("stopping");
    in_flight.stop();
    // The server would end the threads that serve them without a word.
    live.end().await;
}

/// Waits for what the server did not wait for.
async fn finish(in_flight: &InFlight) {
    if tokio::time::timeout(GRACE, in_flight.idle()).await.is_err() {
        tracing::warn!("requests still open after the time of grace were cut off");
    }
    tokio::time::sleep(FLUSH).await;
}

fn other(error: impl std::fmt::Display) -> StartError {
    StartError::Other(error.to_string())
}
