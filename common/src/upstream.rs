//! The client for another service: one deadline for a call, a bounded retry, a circuit breaker. Another service being
//! down costs a caller little and never cascades.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use bytes::Bytes;
use recloser::{AsyncRecloser, Recloser};
use reqwest::{Client, Url};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;

use crate::{
    config::{ConfigError, Env, malformed},
    trace,
};

/// For everything together: connecting, the retry, reading the answer. A page waits no longer for another context.
pub const DEADLINE: Duration = Duration::from_secs(2);
/// For one attempt, so that a retry still fits into the deadline.
const ATTEMPT: Duration = Duration::from_millis(900);
const CONNECT: Duration = Duration::from_millis(250);
/// Idle connections that are kept. Calls that many share are few, and a service works on a handful at a time (its pool of
/// database connections): more than this are left over from a burst, and are cheaper to open anew than to keep.
const IDLE_CONNECTIONS: usize = 32;
/// A service of ours closes no idle connection before it stops. What may stand between (balancers, NAT) forgets them after
/// a minute or more, without a word: a call on one would wait for its time to run out.
const IDLE: Duration = Duration::from_secs(50);
/// Retries may add a tenth to the load of an ailing service, not more: a call earns a tenth of a retry.
const RETRY_COST: u32 = 10;
const RETRY_SAVINGS: u32 = 100;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum UpstreamError {
    #[error("{service} is not asked: too many of the last calls failed")]
    CircuitOpen { service: &'static str },
    #[error("{service} did not answer in time")]
    Deadline { service: &'static str },
    #[error("{service} cannot be reached: {source}")]
    Transport {
        service: &'static str,
        source: reqwest::Error,
    },
    #[error("{service} answered {status}")]
    Failed {
        service: &'static str,
        status: StatusCode,
    },
}

/// A complete answer with a status below 500.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

/// A call that may safely be sent twice.
#[derive(Clone, Debug)]
pub struct Call {
    method: Method,
    path: &'static str,
    headers: HeaderMap,
    body: Option<Bytes>,
    deadline: Duration,
}

impl Call {
    pub fn get(path: &'static str) -> Self {
        Self {
            method: Method::GET,
            path,
            headers: HeaderMap::new(),
            body: None,
            deadline: DEADLINE,
        }
    }

    /// A look-up whose question is too large for a URL; it must not change anything.
    pub fn lookup(
        path: &'static str,
        question: &impl Serialize,
    ) -> Result<Self, serde_json::Error> {
        let body = Bytes::from(serde_json::to_vec(question)?);
        let headers = HeaderMap::from_iter([(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        )]);
        Ok(Self {
            method: Method::POST,
            path,
            headers,
            body: Some(body),
            deadline: DEADLINE,
        })
    }

    /// Waits less long than the 2 seconds of other calls. An answer that is late by this measure counts as a failure of
    /// the service, which a time-out around the call would not.
    #[must_use]
    pub fn within(mut self, deadline: Duration) -> Self {
        self.deadline = deadline.min(DEADLINE);
        self
    }

    /// Sends the viewer's own token along.
    #[must_use]
    pub fn on_behalf_of(mut self, authorization: &SecretString) -> Self {
        if let Ok(mut value) = HeaderValue::from_str(authorization.expose_secret()) {
            value.set_sensitive(true);
            self.headers.insert(header::AUTHORIZATION, value);
        }
        self
    }

    #[must_use]
    pub fn if_none_match(mut self, etag: HeaderValue) -> Self {
        self.headers.insert(header::IF_NONE_MATCH, etag);
        self
    }
}

/// Another service, and how it has been doing.
#[derive(Clone)]
pub struct Upstream {
    service: &'static str,
    base: Url,
    client: Client,
    breaker: AsyncRecloser,
    savings: Arc<AtomicU32>,
}

impl Upstream {
    /// The service at the base URL in `variable`, such as `USERS_URL`.
    pub fn from_env(
        service: &'static str,
        variable: &'static str,
        env: &Env,
    ) -> Result<Self, ConfigError> {
        const EXPECTS: &str = "the base URL of the service, such as http://127.0.0.1:4001";
        let base: Url = env
            .required(variable, EXPECTS)?
            .parse()
            .map_err(|error| malformed(variable, EXPECTS, error))?;
        if base.cannot_be_a_base() || !matches!(base.scheme(), "http" | "https") {
            return Err(malformed(variable, EXPECTS, "not an http URL"));
        }
        Self::new(service, base).map_err(|error| malformed(variable, EXPECTS, error))
    }

    pub fn new(service: &'static str, base: Url) -> Result<Self, reqwest::Error> {
        let client = Client::builder()
            .connect_timeout(CONNECT)
            .timeout(ATTEMPT)
            .pool_max_idle_per_host(IDLE_CONNECTIONS)
            .pool_idle_timeout(IDLE)
            .no_proxy()
            // Nothing of ours redirects; following one would carry a token somewhere else.
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        let breaker = Recloser::custom()
            .closed_len(20)
            .error_rate(0.5)
            // Long enough to spare an ailing service, short enough that nobody notices the end of an outage late.
            .open_wait(Duration::from_millis(500))
            .half_open_len(1)
            .build();
        Ok(Self {
            service,
            base,
            client,
            breaker: AsyncRecloser::from(breaker),
            savings: Arc::new(AtomicU32::new(RETRY_SAVINGS)),
        })
    }

    /// Makes a call. Every status below 500 is an answer.
    pub async fn call(&self, call: &Call) -> Result<Answer, UpstreamError> {
        let service = self.service;
        let guarded = self.breaker.call(async {
            tokio::time::timeout(call.deadline, self.attempts(call))
                .await
                .unwrap_or_else(|_elapsed| Err(UpstreamError::Deadline { service }))
        });
        guarded.await.map_err(|error| match error {
            recloser::Error::Inner(inner) => inner,
            recloser::Error::Rejected => UpstreamError::CircuitOpen { service },
        })
    }

    async fn attempts(&self, call: &Call) -> Result<Answer, UpstreamError> {
        self.earn();
        match self.attempt(call).await {
            Err(error) if self.may_retry() => {
                tracing::debug!(%error, "retrying");
                // Spread out, so that callers that failed together do not come back together.
                tokio::time::sleep(Duration::from_millis(rand::random_range(10..60))).await;
                self.attempt(call).await
            }
            result => result,
        }
    }

    async fn attempt(&self, call: &Call) -> Result<Answer, UpstreamError> {
        let service = self.service;
        let transport = |source: reqwest::Error| {
            if source.is_timeout() && !source.is_connect() {
                UpstreamError::Deadline { service }
            } else {
                UpstreamError::Transport {
                    service,
                    source: source.without_url(),
                }
            }
        };
        let mut headers = call.headers.clone();
        trace::inject(&mut headers);
        let mut url = self.base.clone();
        url.set_path(&format!(
            "{}{}",
            self.base.path().trim_end_matches('/'),
            call.path
        ));
        let mut request = self
            .client
            .request(call.method.clone(), url)
            .headers(headers);
        if let Some(body) = &call.body {
            request = request.body(body.clone());
        }
        let response = request.send().await.map_err(transport)?;
        let (status, headers) = (response.status(), response.headers().clone());
        if status.is_server_error() {
            return Err(UpstreamError::Failed { service, status });
        }
        let body = response.bytes().await.map_err(transport)?;
        Ok(Answer {
            status,
            headers,
            body,
        })
    }

    /// Spends a retry, if enough calls were made since to have earned one.
    fn may_retry(&self) -> bool {
        let change = |savings: u32| savings.checked_sub(RETRY_COST);
        self.savings
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, change)
            .is_ok()
    }

    /// Every call earns a part of a retry.
    fn earn(&self) {
        let change = |savings: u32| (savings < RETRY_SAVINGS).then_some(savings + 1);
        // An error means that the savings are full.
        let _ = self
            .savings
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, change);
    }
}
