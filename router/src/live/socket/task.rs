//! One operation of a WebSocket, on a task of its own.

use std::{cell::Cell, rc::Rc};

use common::{auth::Identity, client_address::ClientAddress};
use hive_router::ntex::channel::{mpsc::Sender, oneshot};
use serde::Deserialize;
use serde_json::Value;

use super::message;
use crate::live::{
    desk::{Desk, too_much},
    inside::{Asker, Errand},
    operation::Request,
    problem::Problem,
    subscription::{Outlet, Subscription},
};

/// What an operation has its session send.
pub(super) struct Outgoing {
    /// Which operation it is of: a client may use a name again for the next one.
    pub(super) serial: u64,
    pub(super) id: Rc<str>,
    pub(super) text: String,
    /// Told when it has been written; nobody waits for the last one.
    pub(super) written: Option<oneshot::Sender<()>>,
}

/// What is known of the client whose operation it is.
#[derive(Clone)]
pub(super) struct Client {
    pub(super) desk: Rc<Desk>,
    pub(super) identity: Identity,
    pub(super) address: ClientAddress,
    pub(super) asker: Rc<Asker>,
}

/// An operation that is being carried out.
pub(super) struct Task {
    pub(super) client: Client,
    pub(super) serial: u64,
    pub(super) id: Rc<str>,
    pub(super) outgoing: Sender<Outgoing>,
}

impl Task {
    pub(super) async fn run(self, payload: Value) {
        let last = match Box::pin(self.begin(payload)).await {
            Ok(Begun::Stream(subscription)) => {
                let problem = subscription.run(&self).await;
                tracing::debug!(?problem, "a stream is over");
                message::error(&self.id, &problem)
            }
            Ok(Begun::Done) => message::complete(&self.id),
            Err(problem) => message::error(&self.id, &problem),
        };
        self.send(last, None);
    }

    async fn begin(&self, payload: Value) -> Result<Begun, Problem> {
        let Client {
            desk,
            identity,
            address,
            asker,
        } = &self.client;
        let mut request = Request::deserialize(&payload).map_err(|_error| {
            Problem::of_request(
                "BAD_REQUEST",
                "An operation has a query, and may have operationName and variables.",
            )
        })?;
        request.resolve(&desk.live.operations)?;
        if let Some(planned) = desk.live.planner().plan(&request)? {
            // Any other operation is counted by the gate, which it passes.
            if desk.excess(identity, *address).await.is_some() {
                return Err(too_much("Too many requests. Please wait a moment."));
            }
            let (desk, asker) = (desk.clone(), asker.clone());
            let subscription = Subscription::begin(desk, asker, &request, planned).await?;
            return Ok(Begun::Stream(subscription));
        }
        let said = desk
            .loopback
            .ask(asker, Errand::Operation, request.body())
            .await
            .map_err(|_error| Problem::unavailable())?;
        let answer: Answer =
            serde_json::from_str(&said.body).map_err(|_error| Problem::unavailable())?;
        if !answer.has_data {
            return Err(Problem {
                errors: answer.errors,
                ..Problem::unavailable()
            });
        }
        self.deliver(said.body).await;
        Ok(Begun::Done)
    }

    fn send(&self, text: String, written: Option<oneshot::Sender<()>>) {
        // Nobody there means that the session is over, which ends this task.
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

impl Outlet for Task {
    async fn deliver(&self, response: String) {
        let (written, is_written) = oneshot::channel();
        self.send(message::next(&self.id, &response), Some(written));
        if is_written.await.is_err() {
            // The session is over, and this task will be.
            std::future::pending::<()>().await;
        }
    }
}

/// As much of an answer as says how it is told.
struct Answer {
    has_data: bool,
    errors: Vec<Value>,
}

impl<'de> Deserialize<'de> for Answer {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Members {
            data: Option<serde::de::IgnoredAny>,
            #[serde(default)]
            errors: Vec<Value>,
        }
        let members = Members::deserialize(deserializer)?;
        Ok(Self {
            has_data: members.data.is_some(),
            errors: members.errors,
        })
    }
}

/// Serials of the operations of one session.
#[derive(Default)]
pub(super) struct Serials(Cell<u64>);

impl Serials {
    pub(super) fn next(&self) -> u64 {
        self.0.set(self.0.get() + 1);
        self.0.get()
    }
}
