//! One subscription of one client: opens the stream, delivers its events in order, and reopens it at its position when the
//! connection is lost.

use std::{future::Future, rc::Rc, time::Duration};

use common::relay::Open;
use futures_util::{StreamExt, TryStreamExt, stream};
use tokio::time::{Instant, timeout_at};

use super::{
    event_outcome::{self, EventOutcome},
    loopback::ClientContext,
    operation::{BoundSubscription, PlannedSubscription, Request},
    relay_client::{Backoff, FeedEvent, RelayClient, RelayStream},
    worker::WorkerState,
};
use crate::{loopback::Purpose, request::ClientError};

/// Time for a new subscription to reach its service.
const OPEN_TIMEOUT: Duration = Duration::from_secs(5);
/// Time that a stream may be interrupted, or an event fail to render, before the subscription fails.
const OUTAGE_TIMEOUT: Duration = Duration::from_secs(30);

/// Events that are rendered concurrently, of the at most sixteen of a batch.
const RENDER_CONCURRENCY: usize = 4;

/// The ID for validation: no entity has it.
const NIL_ID: &str = "00000000-0000-0000-0000-000000000000";

/// Writes events to a client.
pub(super) trait EventSink {
    /// Completes once the response is written to the client, which is the backpressure of the stream: no further events are
    /// requested before. Never completes after the client has disconnected; the reader of the connection then drops the
    /// subscription.
    fn deliver(&self, response: String) -> impl Future<Output = ()>;
}

/// An open subscription.
pub(super) struct Subscription {
    worker: Rc<WorkerState>,
    client: Rc<ClientContext>,
    relay: RelayClient,
    bound: BoundSubscription,
    stream: RelayStream,
    /// Position after the last delivered event.
    position: String,
}

impl Subscription {
    /// Opens the stream of a parsed subscription.
    pub(super) async fn begin(
        worker: Rc<WorkerState>,
        client: Rc<ClientContext>,
        request: &Request,
        planned: PlannedSubscription,
    ) -> Result<Self, ClientError> {
        if let Some(recorder) = &worker.server.settings.recorder {
            request.count(&recorder.of_client(client.info.clone()));
        }
        let given = request.variables.clone().unwrap_or_default();
        let bound = planned.planner.bind(planned.plan, &given)?;
        let relay = worker.server.relays.get(bound.plan.subgraph.as_str());
        let relay = relay.ok_or_else(ClientError::unavailable)?.clone();
        let until = Instant::now() + OPEN_TIMEOUT;
        if !planned.is_validated && validate(&worker, &client, &bound, until).await? {
            planned.planner.cache(request, &bound.plan);
        }
        let (stream, position) = open(&relay, &client, &bound, None, until).await?;
        tracing::debug!(field = bound.plan.field, position, "a stream is open");
        Ok(Self {
            worker,
            client,
            relay,
            bound,
            stream,
            position,
        })
    }

    /// Delivers events until the stream ends. Returns the reason.
    pub(super) async fn run(mut self, sink: &impl EventSink) -> ClientError {
        loop {
            let event = self.stream.next().await;
            // Boxed, so that idle streams do not pay for the size of these futures.
            let outcome = match event {
                FeedEvent::Opened(position) => {
                    self.position = position;
                    Ok(())
                }
                FeedEvent::Batch(events, position) => {
                    Box::pin(self.deliver(events, position, sink)).await
                }
                FeedEvent::Closed(code, message) if !is_transient(&code) => {
                    Err(ClientError::of_service(&code, message))
                }
                FeedEvent::Closed(..) | FeedEvent::Lost => Box::pin(self.reopen()).await,
            };
            if let Err(error) = outcome {
                return error;
            }
        }
    }

    async fn deliver(
        &mut self,
        events: Vec<String>,
        position: String,
        sink: &impl EventSink,
    ) -> Result<(), ClientError> {
        let this = &*self;
        stream::iter(events)
            .map(|event| this.render(event))
            .buffered(RENDER_CONCURRENCY)
            .try_for_each(|rendered| async {
                if let Some(response) = rendered {
                    sink.deliver(response).await;
                }
                Ok(())
            })
            .await?;
        self.position = position;
        self.stream.request_more();
        Ok(())
    }

    /// The response for an event, if the viewer may see it.
    async fn render(&self, event: String) -> Result<Option<String>, ClientError> {
        let until = Instant::now() + OUTAGE_TIMEOUT;
        let mut backoff = Backoff::default();
        loop {
            let body = self.bound.body(&event);
            let response = self
                .worker
                .loopback
                .send(&self.client, Purpose::Event, body);
            let error = match response.await {
                Ok(response) => match event_outcome::classify(response, &self.bound.plan.key) {
                    EventOutcome::Deliver(response) => return Ok(Some(response)),
                    EventOutcome::Skip(reason) => {
                        let field = &self.bound.plan.field;
                        tracing::warn!(field, event, reason, "the viewer may not see an event");
                        return Ok(None);
                    }
                    EventOutcome::Terminate(error) => return Err(error),
                    EventOutcome::Retry(error) => error,
                },
                Err(error) => {
                    tracing::debug!(%error, "a loopback request failed");
                    ClientError::unavailable()
                }
            };
            if timeout_at(until, backoff.wait()).await.is_err() {
                return Err(error);
            }
        }
    }

    async fn reopen(&mut self) -> Result<(), ClientError> {
        let position = Some(self.position.clone());
        let until = Instant::now() + OUTAGE_TIMEOUT;
        let opened = open(&self.relay, &self.client, &self.bound, position, until).await;
        (self.stream, self.position) = opened?;
        Ok(())
    }
}

/// Whether the service is expected to accept the stream again soon.
fn is_transient(code: &str) -> bool {
    code == "SERVICE_UNAVAILABLE"
}

/// Opens a stream, with retries until `until`.
async fn open(
    relay: &RelayClient,
    client: &ClientContext,
    bound: &BoundSubscription,
    position: Option<String>,
    until: Instant,
) -> Result<(RelayStream, String), ClientError> {
    let mut backoff = Backoff::default();
    let attempts = async {
        loop {
            let stream = relay.open(|id| Open {
                id,
                authorization: client
                    .authorization
                    .as_deref()
                    .unwrap_or_default()
                    .to_owned(),
                field: bound.plan.field.clone(),
                arguments: bound.arguments.clone(),
                position: position.clone(),
            });
            match stream.next().await {
                FeedEvent::Opened(position) => return Ok((stream, position)),
                FeedEvent::Closed(code, message) if !is_transient(&code) => {
                    return Err(ClientError::of_service(&code, message));
                }
                FeedEvent::Closed(..) | FeedEvent::Lost | FeedEvent::Batch(..) => {}
            }
            drop(stream);
            backoff.wait().await;
        }
    };
    match timeout_at(until, attempts).await {
        Ok(outcome) => outcome,
        Err(_elapsed) => Err(ClientError::unavailable()),
    }
}

/// Validates an operation by executing its query for an ID that does not exist. Returns whether it may be cached as valid.
async fn validate(
    worker: &WorkerState,
    client: &Rc<ClientContext>,
    bound: &BoundSubscription,
    until: Instant,
) -> Result<bool, ClientError> {
    let mut backoff = Backoff::default();
    loop {
        let body = bound.body(NIL_ID);
        let response = worker.loopback.send(client, Purpose::Validation, body);
        let error = match timeout_at(until, response).await {
            Ok(Ok(response)) => match event_outcome::classify_validation(&response) {
                Ok(is_valid) => return Ok(is_valid),
                Err(EventOutcome::Retry(error)) => error,
                Err(EventOutcome::Terminate(error)) => return Err(error),
                Err(EventOutcome::Deliver(_) | EventOutcome::Skip(_)) => return Ok(false),
            },
            Ok(Err(_)) | Err(_) => ClientError::unavailable(),
        };
        if timeout_at(until, backoff.wait()).await.is_err() {
            return Err(error);
        }
    }
}
