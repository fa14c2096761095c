//! The HTTP server of a service: trace context, access log, limits, health, graceful stop.

mod drain;

use std::{net::SocketAddr, panic::AssertUnwindSafe, time::Duration};

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request},
    http::{HeaderValue, StatusCode, header},
    middleware::{Next, from_fn},
    response::{IntoResponse, Response},
    routing::get,
    serve::{ListenerExt, TapIo},
};
use futures_util::FutureExt;
use serde::Serialize;
use tokio::net::{TcpListener, TcpStream};
use tracing::Instrument;

use crate::{
    config::{ConfigError, Env},
    error::{BAD_REQUEST, Class, Error, Fault, NOT_FOUND, Violation},
    respond::json,
    shutdown::Shutdown,
    trace::{self, TraceContext},
};

/// The most a request body may have, unless a route says otherwise.
pub const MAX_BODY_BYTES: usize = 1024 * 1024;

/// How long requests in flight may take to finish once the process is asked to stop.
const GRACE: Duration = Duration::from_secs(10);

/// `LISTEN_ADDR`, or the default of the service.
pub fn listen_addr(env: &Env, default: SocketAddr) -> Result<SocketAddr, ConfigError> {
    Ok(env
        .parsed("LISTEN_ADDR", "an address and port such as 127.0.0.1:4000")?
        .unwrap_or(default))
}

/// Puts what every service shares around its routes: `/health`, `/ready`, 404 and 405 in the error envelope, the body
/// limit, the trace and the access log. `ready` tells whether the service can do its work now.
pub fn with_basics<F>(
    routes: Router,
    ready: impl Fn() -> F + Clone + Send + Sync + 'static,
) -> Router
where
    F: Future<Output = bool> + Send + 'static,
{
    routes
        .route(
            "/health",
            get(|| async { json(StatusCode::OK, &State { status: "ok" }) }),
        )
        .route("/ready", get(move || readiness(ready())))
        .method_not_allowed_fallback(|| async {
            let mut response = Violation::new(
                Class::BadRequest,
                BAD_REQUEST,
                "This path does not take this method; see Allow.",
            )
            .into_response();
            *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
            response
        })
        .fallback(|| async {
            Violation::new(Class::NotFound, NOT_FOUND, "There is nothing at this path.")
        })
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(from_fn(observe))
}

#[derive(Serialize)]
struct State {
    status: &'static str,
}

async fn readiness(ready: impl Future<Output = bool>) -> Response {
    if ready.await {
        json(StatusCode::OK, &State { status: "ready" })
    } else {
        Error::from(Fault::unavailable("not ready")).into_response()
    }
}

/// Runs a request in its trace, logs it, and turns a panic into an answer.
async fn observe(request: Request, next: Next) -> Response {
    let context = TraceContext::of(request.headers());
    let trace_id = context.trace_id().to_owned();
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let span = tracing::info_span!("request", %method, path, trace_id);
    let (request, rest) = drain::keep(request);
    let answer = async move {
        let start = tokio::time::Instant::now();
        let mut response = AssertUnwindSafe(next.run(request))
            .catch_unwind()
            .await
            .unwrap_or_else(|_panic| {
                Error::from(Fault::internal("a request handler panicked")).into_response()
            });
        if let Some(rest) = rest {
            rest.drain().await;
        }
        let headers = response.headers_mut();
        if let Ok(value) = HeaderValue::from_str(&trace::current_id()) {
            headers.insert(trace::TRACE_ID_HEADER, value);
        }
        // Answers are about a person, and may hold tokens.
        headers
            .entry(header::CACHE_CONTROL)
            .or_insert(HeaderValue::from_static("no-store"));
        let micros = start.elapsed().as_micros();
        if matches!(path.as_str(), "/health" | "/ready" | "/metrics") {
            tracing::debug!(status = response.status().as_u16(), micros, "answered");
        } else {
            tracing::info!(status = response.status().as_u16(), micros, "answered");
        }
        response
    };
    context.scope(answer.instrument(span)).await
}

/// Sends what is written at once. Otherwise the end of an answer that is written in several pieces waits until its
/// receiver has confirmed the beginning, which receivers put off for 40 ms (Nagle's algorithm, RFC 1122, 4.2.3.2 and 4.2.3.4).
fn without_delay(
    listener: TcpListener,
) -> TapIo<TcpListener, impl FnMut(&mut TcpStream) + Send + 'static> {
    listener.tap_io(|connection| {
        if let Err(error) = connection.set_nodelay(true) {
            tracing::debug!(%error, "a connection sends with delay");
        }
    })
}

/// Serves until asked to stop, then lets requests in flight finish, for a bounded time.
pub async fn serve(
    listener: TcpListener,
    routes: Router,
    shutdown: Shutdown,
) -> std::io::Result<()> {
    tracing::info!(address = %listener.local_addr()?, "listening");
    let stopping = shutdown.clone();
    let server = axum::serve(
        without_delay(listener),
        routes.into_make_service_with_connect_info::<SocketAddr>(),
    )
    .with_graceful_shutdown(stopping.cancelled_owned());
    tokio::select! {
        result = server => result,
        () = async { shutdown.cancelled().await; tokio::time::sleep(GRACE).await } => {
            tracing::warn!("requests still open after the time of grace were cut off");
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::serve::Listener;

    use super::*;

    #[tokio::test]
    async fn connections_send_at_once() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut listener = without_delay(listener);
        let (client, accepted) = tokio::join!(TcpStream::connect(address), listener.accept());
        assert!(accepted.0.nodelay().unwrap());
        drop(client);
    }
}
