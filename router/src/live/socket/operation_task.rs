//! One operation of a WebSocket session, executed in a task of its own.

use std::{cell::Cell, rc::Rc};

use common::{auth::Identity, client_address::ClientAddress};
use hive_router::ntex::channel::{mpsc::Sender, oneshot};
use serde::{Deserialize, de::IgnoredAny};
use serde_json::Value;

use super::message;
use crate::{
    live::{
        loopback::ClientContext,
        operation::Request,
        subscription::{EventSink, Subscription},
        worker::WorkerState,
    },
    loopback::Purpose,
    request::ClientError,
};

/// A message that an operation passes to its session for sending.
pub(super) struct Outgoing {
    /// Identifies the operation, because a client may reuse an operation ID.
    pub(super) serial: u64,
    pub(super) id: Rc<str>,
    pub(super) text: String,
    /// Notified when the message is written; `None` for the last message.
    pub(super) written: Option<oneshot::Sender<()>>,
}

/// The authenticated client of a session.
#[derive(Clone)]
pub(super) struct SessionContext {
    pub(super) worker: Rc<WorkerState>,
    pub(super) identity: Identity,
    pub(super) address: ClientAddress,
    pub(super) context: Rc<ClientContext>,
}

/// An operation in execution.
pub(super) struct OperationTask {
    pub(super) client: SessionContext,
    pub(super) serial: u64,
    pub(super) id: Rc<str>,
    pub(super) outgoing: Sender<Outgoing>,
}

impl OperationTask {
    pub(super) async fn run(self, payload: Value) {
        let last = match Box::pin(self.begin(payload)).await {
            Ok(Begun::Stream(subscription)) => {
                let error = subscription.run(&self).await;
                tracing::debug!(?error, "a stream has ended");
                message::error(&self.id, &error)
            }
            Ok(Begun::Done) => message::complete(&self.id),
            Err(error) => message::error(&self.id, &error),
        };
        self.send(last, None);
    }

    async fn begin(&self, payload: Value) -> Result<Begun, ClientError> {
        let SessionContext {
            worker,
            identity,
            address,
            context,
        } = &self.client;
        let mut request = Request::deserialize(&payload).map_err(|_error| {
            ClientError::bad_request(
                "BAD_REQUEST",
                "An operation has a query, and may have operationName and variables.",
            )
        })?;
        request.resolve(&worker.server.settings.operations)?;
        if let Some(planned) = worker.server.planner().plan(&request)? {
            // Other operations are counted by the guard when their loopback request passes it.
            if worker.rate_limit(identity, *address).await.is_some() {
                return Err(ClientError::too_many_requests(
                    "Too many requests. Please wait a moment.",
                ));
            }
            let (worker, context) = (worker.clone(), context.clone());
            let subscription = Subscription::begin(worker, context, &request, planned).await?;
            return Ok(Begun::Stream(subscription));
        }
        let response = worker
            .loopback
            .send(context, Purpose::Operation, request.body())
            .await
            .map_err(|_error| ClientError::unavailable())?;
        let summary: ResponseSummary =
            serde_json::from_str(&response.body).map_err(|_error| ClientError::unavailable())?;
        if summary.data.is_none() {
            return Err(ClientError::of_service_errors(summary.errors));
        }
        self.deliver(response.body).await;
        Ok(Begun::Done)
    }

    fn send(&self, text: String, written: Option<oneshot::Sender<()>>) {
        // No receiver means that the session has ended, which ends this task.
        let _ = self.outgoing.send(Outgoing {
            serial: self.serial,
            id: self.id.clone(),
            text,
            written,
        });
    }
}

enum Begun {
    Stream(Subscription),
    Done,
}

impl EventSink for OperationTask {
    async fn deliver(&self, response: String) {
        let (written, is_written) = oneshot::channel();
        self.send(message::next(&self.id, &response), Some(written));
        if is_written.await.is_err() {
            // The session has ended and will abort this task.
            std::future::pending::<()>().await;
        }
    }
}

/// Decides whether a response is sent as `next` or as `error`.
#[derive(Deserialize)]
struct ResponseSummary {
    data: Option<IgnoredAny>,
    #[serde(default)]
    errors: Vec<Value>,
}

/// Numbers the operations of one session.
#[derive(Default)]
pub(super) struct Serials(Cell<u64>);

impl Serials {
    pub(super) fn next(&self) -> u64 {
        self.0.set(self.0.get() + 1);
        self.0.get()
    }
}
