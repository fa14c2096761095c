//! The REST API of the services, under the origin of the router: `/api/users/me` is `/users/me` of the users service.
//!
//! A request passes [`route`] (where does it go, and may it), [`headers`] (what may be said), [`upload`] (its body, as it
//! comes in) and, on the way back, [`download`]. Nothing is buffered, nothing is sent twice, and what goes wrong is a
//! [`failure`] with an answer of its own. Tokens are not looked at: each service verifies them itself.

mod client;
mod download;
mod failure;
mod headers;
mod log;
mod route;
mod upload;

use std::{pin::pin, sync::Arc, time::Duration};

use common::service::StartError;
use hive_router::ntex::{
    http::{Payload, Response},
    web::{DefaultError, WebRequest},
};
use reqwest::Client;

pub(crate) use client::build as client;
pub(crate) use route::{JWKS, Target};

use crate::{config::Subgraphs, edge::TraceId, linger};
use download::Download;
use failure::Failure;
use log::Line;
use upload::{End, Length, Upload};

/// What every worker passes requests on with.
#[derive(Clone)]
pub(crate) struct Rest(Arc<Settings>);

struct Settings {
    subgraphs: Subgraphs,
    /// How long a service, or a client that sends a body, may let us wait for anything at all.
    patience: Duration,
    /// The first one, which shows at the start that there can be one.
    client: Client,
}

impl Rest {
    pub(crate) fn new(subgraphs: Subgraphs, patience: Duration) -> Result<Self, StartError> {
        let client = client::build().map_err(|error| StartError::Other(error.to_string()))?;
        Ok(Self(Arc::new(Settings {
            subgraphs,
            patience,
            client,
        })))
    }

    /// What one worker passes requests on with. A connection ends with the thread that opened it: if all workers shared
    /// theirs, a stop would end an idle worker and with it what the others are still being sent.
    pub(crate) fn worker(&self) -> Proxy {
        let client = client::build().unwrap_or_else(|error| {
            tracing::warn!(%error, "a worker has no connections of its own");
            self.0.client.clone()
        });
        Proxy {
            settings: self.0.clone(),
            client,
        }
    }
}

/// Passes requests on, on the thread of one worker.
pub(crate) struct Proxy {
    settings: Arc<Settings>,
    client: Client,
}

impl Proxy {
    /// Where a request goes, if one of the services has something there.
    pub(crate) fn target(&self, request: &WebRequest<DefaultError>) -> Option<Target> {
        route::target(&self.settings.subgraphs, request.method(), request.uri())
    }

    /// The answer of a service, or of its absence.
    pub(crate) async fn forward(
        &self,
        request: &mut WebRequest<DefaultError>,
        target: Target,
        trace_id: &TraceId,
    ) -> Response {
        let mut line = Line::begin(request, target.service, trace_id);
        let max_body = target.max_body;
        let mut upload = Upload::none();
        let outcome = self.exchange(request, target, &mut upload).await;
        let failure = match outcome {
            Ok(answer) => {
                line.answered(answer.status());
                let patience = self.settings.patience;
                return Download::start(answer, upload, request, patience, line);
            }
            Err(failure) => failure,
        };
        failure.log(&line);
        let refusal = failure.refusal(max_body);
        line.answered(refusal.status);
        let leftover = match upload.into_leftover() {
            Payload::None => request.take_payload(),
            leftover => leftover,
        };
        linger::answer(refusal.rest(trace_id), leftover)
    }

    /// Sends the request and waits for the head of the answer. The time of the service runs while it has all there is
    /// of the request; the client takes the time it needs to send it.
    async fn exchange(
        &self,
        request: &mut WebRequest<DefaultError>,
        target: Target,
        upload: &mut Upload,
    ) -> Result<reqwest::Response, Failure> {
        let patience = self.settings.patience;
        let length = Length::of(request.head());
        if length.is_above(target.max_body) {
            return Err(Failure::Upload(End::TooLarge));
        }
        let mut outgoing = reqwest::Request::new(request.method().clone(), target.url);
        *outgoing.headers_mut() = headers::for_service(request, target.prefix, length);
        if length != Length::None {
            let io = request.io().cloned();
            let body;
            (body, *upload) = Upload::start(request.take_payload(), io, target.max_body, patience);
            *outgoing.body_mut() = Some(body);
        }

        let mut answer = pin!(self.client.execute(outgoing));
        let early = tokio::select! {
            // First, so that a client that breaks off is not mistaken for a service that does.
            biased;
            ended = upload.ended() => {
                ended.map_err(Failure::Upload)?;
                None
            }
            answer = &mut answer => Some(answer),
        };
        let answer = match early {
            Some(answer) => answer,
            None => tokio::time::timeout(patience, answer)
                .await
                .map_err(|_elapsed| Failure::Silent)?,
        };
        let answer = answer.map_err(Failure::of_service)?;
        if answer.status().is_informational() {
            return Err(Failure::Broken(format!("it answered {}", answer.status())));
        }
        Ok(answer)
    }
}
