//! One subscription of one client: opens the stream, shows its events one after the other, and opens it again where it was
//! when it is lost.

use std::{future::Future, rc::Rc, time::Duration};

use common::relay::Open;
use futures_util::{StreamExt, TryStreamExt, stream};
use tokio::time::{Instant, timeout_at};

use super::{
    answer::{self, Verdict},
    desk::Desk,
    feed::{Backoff, Feed, News, Stream},
    inside::{Asker, Errand},
    operation::{Bound, Planned, Request},
    problem::Problem,
};

/// How long whoever subscribes waits for a service that is not there.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a stream may be away, or an event impossible to show, before the client is told.
const AWAY: Duration = Duration::from_secs(30);

/// Events that are looked up at once, of the at most sixteen of a batch.
const AT_ONCE: usize = 4;

/// What an operation is tried with: the id of nothing.
const NOTHING: &str = "00000000-0000-0000-0000-000000000000";

/// Where a client's events go.
pub(super) trait Outlet {
    /// Takes a GraphQL response, and is done when it has been written to the client. Nothing is asked of the service until
    /// then. Never done when the client is gone: whoever reads for it ends the subscription.
    fn deliver(&self, response: String) -> impl Future<Output = ()>;
}

/// A stream that is open.
pub(super) struct Subscription {
    desk: Rc<Desk>,
    asker: Rc<Asker>,
    feed: Feed,
    bound: Bound,
    stream: Stream,
    /// Behind the last event that the client has.
    position: String,
}

impl Subscription {
    /// Opens the stream that a client asks for.
    pub(super) async fn begin(
        desk: Rc<Desk>,
        asker: Rc<Asker>,
        request: &Request,
        planned: Planned,
    ) -> Result<Self, Problem> {
        let given = request.variables.clone().unwrap_or_default();
        let bound = planned.planner.bind(planned.plan, &given)?;
        let feed = desk.live.feeds.get(&bound.plan.subgraph);
        let feed = feed.ok_or_else(Problem::unavailable)?.clone();
        let until = Instant::now() + PATIENCE;
        if !planned.is_known && try_out(&desk, &asker, &bound, until).await? {
            planned.planner.remember(request, &bound.plan);
        }
        let (stream, position) = open(&feed, &asker, &bound, None, until).await?;
        tracing::debug!(field = bound.plan.field, position, "a stream is open");
        Ok(Self {
            desk,
            asker,
            feed,
            bound,
            stream,
            position,
        })
    }

    /// Delivers events until the stream is over; why it is.
    pub(super) async fn run(mut self, outlet: &impl Outlet) -> Problem {
        loop {
            let news = self.stream.next().await;
            // What is only needed while there is something to do is not kept room for while there is not.
            let outcome = match news {
                News::Opened(position) => {
                    self.position = position;
                    Ok(())
                }
                News::Batch(events, position) => {
                    Box::pin(self.deliver(events, position, outlet)).await
                }
                News::Closed(code, message) if !is_passing(&code) => {
                    Err(Problem::of_service(&code, message))
                }
                News::Closed(..) | News::Lost => Box::pin(self.open_again()).await,
            };
            if let Err(problem) = outcome {
                return problem;
            }
        }
    }

    async fn deliver(
        &mut self,
        events: Vec<String>,
        position: String,
        outlet: &impl Outlet,
    ) -> Result<(), Problem> {
        let this = &*self;
        stream::iter(events)
            .map(|event| this.show(event))
            .buffered(AT_ONCE)
            .try_for_each(|shown| async {
                if let Some(response) = shown {
                    outlet.deliver(response).await;
                }
                Ok(())
            })
            .await?;
        self.position = position;
        self.stream.more();
        Ok(())
    }

    /// The response that shows an event, if the viewer may see it.
    async fn show(&self, event: String) -> Result<Option<String>, Problem> {
        let until = Instant::now() + AWAY;
        let mut backoff = Backoff::default();
        loop {
            let body = self.bound.body(&event);
            let asked = self.desk.loopback.ask(&self.asker, Errand::Event, body);
            let problem = match asked.await {
                Ok(said) => match answer::judge(said, &self.bound.plan.key) {
                    Verdict::Deliver(response) => return Ok(Some(response)),
                    Verdict::Pass(why) => {
                        let field = &self.bound.plan.field;
                        tracing::warn!(field, event, why, "an event is not for its viewer");
                        return Ok(None);
                    }
                    Verdict::End(problem) => return Err(problem),
                    Verdict::Again(problem) => problem,
                },
                Err(error) => {
                    tracing::debug!(%error, "an event could not be asked for");
                    Problem::unavailable()
                }
            };
            if timeout_at(until, backoff.wait()).await.is_err() {
                return Err(problem);
            }
        }
    }

    async fn open_again(&mut self) -> Result<(), Problem> {
        let position = Some(self.position.clone());
        let until = Instant::now() + AWAY;
        let opened = open(&self.feed, &self.asker, &self.bound, position, until).await;
        (self.stream, self.position) = opened?;
        Ok(())
    }
}

/// Whether a service will take the stream again in a moment.
fn is_passing(code: &str) -> bool {
    code == "SERVICE_UNAVAILABLE"
}

/// Opens a stream, as often as it takes, until then.
async fn open(
    feed: &Feed,
    asker: &Asker,
    bound: &Bound,
    position: Option<String>,
    until: Instant,
) -> Result<(Stream, String), Problem> {
    let mut backoff = Backoff::default();
    let attempts = async {
        loop {
            let stream = feed.open(|id| Open {
                id,
                authorization: asker
                    .authorization
                    .as_deref()
                    .unwrap_or_default()
                    .to_owned(),
                field: bound.plan.field.clone(),
                arguments: bound.arguments.clone(),
                position: position.clone(),
            });
            match stream.next().await {
                News::Opened(position) => return Ok((stream, position)),
                News::Closed(code, message) if !is_passing(&code) => {
                    return Err(Problem::of_service(&code, message));
                }
                News::Closed(..) | News::Lost | News::Batch(..) => {}
            }
            drop(stream);
            backoff.wait().await;
        }
    };
    match timeout_at(until, attempts).await {
        Ok(outcome) => outcome,
        Err(_elapsed) => Err(Problem::unavailable()),
    }
}

/// Has the engine say what it has against an operation: whether it may be remembered as good.
async fn try_out(
    desk: &Desk,
    asker: &Rc<Asker>,
    bound: &Bound,
    until: Instant,
) -> Result<bool, Problem> {
    let mut backoff = Backoff::default();
    loop {
        let body = bound.body(NOTHING);
        let answer = desk.loopback.ask(asker, Errand::Free, body);
        let problem = match timeout_at(until, answer).await {
            Ok(Ok(said)) => match answer::judge_trial(&said) {
                Ok(is_good) => return Ok(is_good),
                Err(Verdict::Again(problem)) => problem,
                Err(Verdict::End(problem)) => return Err(problem),
                Err(Verdict::Deliver(_) | Verdict::Pass(_)) => return Ok(false),
            },
            Ok(Err(_)) | Err(_) => Problem::unavailable(),
        };
        if timeout_at(until, backoff.wait()).await.is_err() {
            return Err(problem);
        }
    }
}
