//! The versions of the lists of followees. All who read at once share a call: it costs the users service one statement.

use std::time::Duration;

use common::{
    coalesce::{Coalescer, Limits, NoAnswer},
    upstream::{Call, Upstream, UpstreamError},
};
use reqwest::StatusCode;
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, timeout_at};
use uuid::Uuid;

use crate::app::ports::SocialGraphError;

const LIMITS: Limits = Limits {
    // What the users service takes.
    keys: 500,
    // One call at a time has the most readers in it. A second one is for when the users service is slow with one, and so
    // many that a few slow ones hold up nobody.
    calls: 8,
    patience: Duration::from_millis(20),
};

/// What the users service says of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    Is(i64),
    /// There is no such account.
    Gone,
    /// It does not answer this question: it is one from before there was the question, as there may be while services are
    /// deployed one after the other.
    NotTold,
}

pub(super) struct Versions(Coalescer<Uuid, Version, Failure>);

impl Versions {
    pub(super) fn new(upstream: Upstream) -> Self {
        Self(Coalescer::new(LIMITS, move |ids| {
            let upstream = upstream.clone();
            async move { ask(&upstream, &ids).await }
        }))
    }

    /// The version that somebody's list has now, or later: never one from before the question.
    pub(super) async fn of(
        &self,
        viewer: Uuid,
        deadline: Instant,
    ) -> Result<Version, SocialGraphError> {
        match timeout_at(deadline, self.0.ask(viewer)).await {
            Ok(Ok(version)) => Ok(version),
            Ok(Err(NoAnswer::Failed(failure))) => Err(SocialGraphError::unavailable(failure)),
            Ok(Err(NoAnswer::Lost)) => {
                let reason = "the question for the version of a list was lost";
                Err(SocialGraphError::unavailable(reason))
            }
            // It waited for its turn behind calls that are not answered.
            Err(_elapsed) => {
                let error = UpstreamError::Deadline { service: "users" };
                Err(SocialGraphError::unavailable(error))
            }
        }
    }
}

/// Why there are no versions.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("{0}")]
    Upstream(#[from] UpstreamError),
    #[error("the users service answered the question for the versions of lists with nonsense: {0}")]
    Json(#[from] serde_json::Error),
    #[error("the users service answered {answered} versions of {asked} lists")]
    Count { asked: usize, answered: usize },
}

#[derive(Serialize)]
struct Question<'a> {
    ids: &'a [Uuid],
}

#[derive(Deserialize)]
struct Answer {
    versions: Vec<Option<i64>>,
}

async fn ask(upstream: &Upstream, ids: &[Uuid]) -> Result<Vec<Version>, Failure> {
    let call = Call::lookup("/internal/followee-versions", &Question { ids })?;
    let answer = upstream.call(&call).await?;
    if answer.status != StatusCode::OK {
        tracing::debug!(status = %answer.status, "versions of lists are not told");
        return Ok(vec![Version::NotTold; ids.len()]);
    }
    let Answer { versions } = serde_json::from_slice(&answer.body)?;
    if versions.len() != ids.len() {
        return Err(Failure::Count {
            asked: ids.len(),
            answered: versions.len(),
        });
    }
    let of = |version: Option<i64>| version.map_or(Version::Gone, Version::Is);
    Ok(versions.into_iter().map(of).collect())
}
