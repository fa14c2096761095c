//! What a process counts, as Prometheus reads it.

use axum::{
    Router,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use prometheus::{Registry, TEXT_FORMAT, TextEncoder};

/// `GET /metrics` at the service's own port; the router passes it to nobody.
pub fn routes(registry: Registry) -> Router {
    Router::new().route("/metrics", get(move || async move { answer(&registry) }))
}

fn answer(registry: &Registry) -> Response {
    match TextEncoder::new().encode_to_string(&registry.gather()) {
        Ok(text) => ([(header::CONTENT_TYPE, TEXT_FORMAT)], text).into_response(),
        Err(error) => {
            tracing::error!(%error, "the metrics could not be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
