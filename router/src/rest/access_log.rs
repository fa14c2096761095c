//! One log line for each REST request, like the engine's line for the graph. It contains no query string and no header.

use std::time::Instant;

use hive_router::{
    ntex::web::{DefaultError, WebRequest},
    telemetry::logging::request_id::REQUEST_IDENTIFIERS,
};
use http::{Method, StatusCode};

use crate::request::{REQUEST_ID, TraceId};

/// Writes the log line when it is dropped: at the end of the response, or when the client disconnects.
pub(super) struct AccessLogEntry {
    method: Method,
    path: String,
    service: &'static str,
    started: Instant,
    status: Option<StatusCode>,
    request_id: String,
    trace_id: TraceId,
}

impl AccessLogEntry {
    pub(super) fn begin(
        request: &WebRequest<DefaultError>,
        service: &'static str,
        trace_id: &TraceId,
    ) -> Self {
        let request_id = request.headers().get(REQUEST_ID);
        let request_id = request_id.and_then(|value| value.to_str().ok());
        Self {
            method: request.method().clone(),
            path: request.path().to_owned(),
            service,
            started: Instant::now(),
            status: None,
            request_id: request_id.unwrap_or_default().to_owned(),
            trace_id: trace_id.clone(),
        }
    }

    pub(super) fn answered(&mut self, status: StatusCode) {
        self.status = Some(status);
    }

    /// Logs a failure of the service.
    pub(super) fn warn(&self, cause: &str) {
        let (request_id, trace_id) = self.ids();
        tracing::warn!(
            service = self.service,
            cause,
            request_id,
            trace_id,
            "a service failed"
        );
    }

    /// The IDs of the request, if the log line needs them. The engine adds them to every line while the request is handled,
    /// but not while the response is sent.
    fn ids(&self) -> (Option<&str>, Option<&str>) {
        let is_added = REQUEST_IDENTIFIERS.try_with(|_ids| ()).is_ok();
        if is_added {
            (None, None)
        } else {
            (Some(&self.request_id), Some(self.trace_id.as_str()))
        }
    }
}

impl Drop for AccessLogEntry {
    fn drop(&mut self) {
        let Self {
            method,
            path,
            service,
            ..
        } = &*self;
        let micros = u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX);
        let (request_id, trace_id) = self.ids();
        if let Some(status) = self.status {
            let status = status.as_u16();
            tracing::info!(
                %method, path, service, status, micros, request_id, trace_id, "answered"
            );
        } else {
            tracing::info!(
                %method, path, service, micros, request_id, trace_id, "the client left"
            );
        }
    }
}
