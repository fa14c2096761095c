//! The HTTP server: binds the port and stacks the layers of a request.

use std::{
    io,
    net::{SocketAddr, TcpListener},
    num::NonZeroUsize,
    sync::Arc,
};

use common::service::StartError;
use hive_router::{
    RouterPaths, RouterSharedState, SchemaState, build_http_service_config,
    config::HiveRouterConfig,
    configure_ntex_app,
    ntex::{
        SharedCfg,
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

use crate::{defaults::GRAPHQL_PATH, guard::Guard, http_layer::HttpLayer};

/// Accept backlog. The default of 128 refuses clients when thousands reconnect at once, as they do after a restart.
const BACKLOG: u32 = 4_096;

/// Binds before the engine starts, so that a port in use is reported at once and by name.
pub(super) fn listen(address: SocketAddr) -> Result<TcpListener, StartError> {
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

/// Starts the worker threads.
pub(super) fn start(
    engine: &'static HiveRouterConfig,
    shared: &Arc<RouterSharedState>,
    schema: &Arc<SchemaState>,
    guard: Guard,
    http_layer: HttpLayer,
    workers: Option<NonZeroUsize>,
    listener: TcpListener,
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
                .middleware(guard.clone())
                .middleware(PluginService::new(paths.clone(), None))
                .middleware(RequestSummaryService::new(GRAPHQL_PATH))
                .middleware(RequestIdentifiersService)
                .middleware(compression.clone())
                .middleware(http_layer.clone())
                .state(shared.clone())
                .state(schema.clone())
                .state(shared.telemetry_context.clone())
                .state(schema.callback_subscriptions.clone())
                .configure(|app| configure_ntex_app(app, &paths, None))
                // The guard answers other paths. Without this default the engine's landing page would, if the guard failed.
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
