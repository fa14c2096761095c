//! Reverse proxy for the REST API: `/api/users/me` is `/users/me` of the users service.
//!
//! A request passes [`route`] (the service of a path), [`headers`] (which headers are forwarded), [`upload`] (the request body)
//! and [`download`] (the response body). Bodies are streamed and requests are never retried; [`upstream_failure`] maps
//! failures to errors. Services verify tokens themselves.

mod access_log;
mod download;
mod headers;
mod route;
mod upload;
mod upstream_failure;

use std::{pin::pin, sync::Arc, time::Duration};

use common::service::StartError;
use hive_router::ntex::{
    http::{Payload, Response},
    web::{DefaultError, WebRequest},
};
use reqwest::Client;

pub(crate) use route::{JWKS, Target};

use crate::{
    request::{TraceId, drain_body, http_client},
    subgraphs::Subgraphs,
};
use access_log::AccessLogEntry;
use download::Download;
use upload::{Length, Upload, UploadEnd};
use upstream_failure::UpstreamFailure;

/// State that all workers share.
#[derive(Clone)]
pub(crate) struct Rest(Arc<Settings>);

struct Settings {
    subgraphs: Subgraphs,
    /// Time-out of a service, and of a client that sends a body.
    timeout: Duration,
    /// Made at start, so that a client that cannot be made is a start error.
    client: Client,
}

impl Rest {
    pub(crate) fn new(subgraphs: Subgraphs, timeout: Duration) -> Result<Self, StartError> {
        let client = http_client().map_err(|error| StartError::Other(error.to_string()))?;
        Ok(Self(Arc::new(Settings {
            subgraphs,
            timeout,
            client,
        })))
    }

    /// The proxy of one worker. A connection ends with the thread that opened it: if workers shared connections, the end of an
    /// idle worker at shutdown would cut off responses of the others.
    pub(crate) fn worker(&self) -> Proxy {
        let client = http_client().unwrap_or_else(|error| {
            tracing::warn!(%error, "a worker has no connections of its own");
            self.0.client.clone()
        });
        Proxy {
            settings: self.0.clone(),
            client,
        }
    }
}

/// Forwards requests on the thread of one worker.
pub(crate) struct Proxy {
    settings: Arc<Settings>,
    client: Client,
}

impl Proxy {
    /// The target of a request; `None` if its path belongs to no service.
    pub(crate) fn target(&self, request: &WebRequest<DefaultError>) -> Option<Target> {
        route::target(&self.settings.subgraphs, request.method(), request.uri())
    }

    /// Forwards a request and returns the response, or an error if there is none.
    pub(crate) async fn forward(
        &self,
        request: &mut WebRequest<DefaultError>,
        target: Target,
        trace_id: &TraceId,
    ) -> Response {
        let mut line = AccessLogEntry::begin(request, target.service, trace_id);
        let max_body = target.max_body;
        let mut upload = Upload::none();
        let outcome = self.exchange(request, target, &mut upload).await;
        let failure = match outcome {
            Ok(answer) => {
                line.answered(answer.status());
                let timeout = self.settings.timeout;
                return Download::start(answer, upload, request, timeout, line);
            }
            Err(failure) => failure,
        };
        failure.log(&line);
        let error = failure.client_error(max_body);
        line.answered(error.status);
        let unread = match upload.into_unread() {
            Payload::None => request.take_payload(),
            unread => unread,
        };
        drain_body::respond(error.rest(trace_id), unread)
    }

    /// Sends the request and waits for the response head. The service's time-out starts once it has the whole request, so a slow
    /// upload does not count against it.
    async fn exchange(
        &self,
        request: &mut WebRequest<DefaultError>,
        target: Target,
        upload: &mut Upload,
    ) -> Result<reqwest::Response, UpstreamFailure> {
        let timeout = self.settings.timeout;
        let length = Length::of(request.head());
        if length.is_above(target.max_body) {
            return Err(UpstreamFailure::Upload(UploadEnd::TooLarge));
        }
        let mut outgoing = reqwest::Request::new(request.method().clone(), target.url);
        *outgoing.headers_mut() = headers::for_service(request, target.prefix, length);
        if length != Length::None {
            let io = request.io().cloned();
            let body;
            (body, *upload) = Upload::start(request.take_payload(), io, target.max_body, timeout);
            *outgoing.body_mut() = Some(body);
        }

        let mut answer = pin!(self.client.execute(outgoing));
        let early = tokio::select! {
            // First, so that a client that disconnects is not mistaken for a service that fails.
            biased;
            ended = upload.ended() => {
                ended.map_err(UpstreamFailure::Upload)?;
                None
            }
            answer = &mut answer => Some(answer),
        };
        let answer = match early {
            Some(answer) => answer,
            None => tokio::time::timeout(timeout, answer)
                .await
                .map_err(|_elapsed| UpstreamFailure::TimedOut)?,
        };
        let answer = answer.map_err(UpstreamFailure::of_service)?;
        if answer.status().is_informational() {
            return Err(UpstreamFailure::Broken(format!(
                "it answered {}",
                answer.status()
            )));
        }
        Ok(answer)
    }
}
