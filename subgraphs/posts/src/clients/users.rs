//! The users service as the social graph and as the user directory.
//!
//! Every read of the graph asks it for the version of the list, together with whoever reads at the same time; it answers by
//! reading one row. So a list crosses the wire once a change, and nobody ever reads an old one.

use std::time::Duration;

use async_trait::async_trait;
use common::{
    auth::Viewer,
    upstream::{Answer, Call, DEADLINE, Upstream},
};
use moka::sync::Cache;
use reqwest::{
    StatusCode,
    header::{ETAG, HeaderValue},
};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use uuid::Uuid;

use super::versions::{Version, Versions};
use crate::{
    app::ports::{DirectoryError, SocialGraph, SocialGraphError, UserDirectory},
    domain::{Followees, UserId, UserSummary},
};

/// Ids that all cached lists together may have: 64 MiB of them.
const MAX_CACHED_IDS: u64 = 4 * 1024 * 1024;
/// How long a page waits for the names on it. It is answered without them after that.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(1);
/// What a list costs beside its ids, counted in ids: its entry, version and allocation.
const ENTRY_OVERHEAD: u32 = 16;

#[derive(Clone)]
struct Known {
    version: i64,
    /// The same as it came in a header, to be sent back as it is.
    etag: HeaderValue,
    followees: Followees,
}

/// Asks the users service whom its caller follows, and who people are.
pub struct UsersService {
    upstream: Upstream,
    versions: Versions,
    lists: Cache<Uuid, Known>,
}

impl UsersService {
    pub fn new(upstream: Upstream) -> Self {
        Self::with_capacity(upstream, MAX_CACHED_IDS)
    }

    /// With another bound on the ids of all cached lists together.
    pub fn with_capacity(upstream: Upstream, max_ids: u64) -> Self {
        let weight = |known: &Known| {
            u32::try_from(known.followees.len())
                .unwrap_or(u32::MAX)
                .saturating_add(ENTRY_OVERHEAD)
        };
        let lists = Cache::builder()
            .max_capacity(max_ids)
            .weigher(move |_viewer, known| weight(known))
            .build();
        Self {
            versions: Versions::new(upstream.clone()),
            upstream,
            lists,
        }
    }

    /// The list in full, or the one that is known if the users service says that it is still the present one.
    async fn list(
        &self,
        viewer: &Viewer,
        known: Option<Known>,
        deadline: Instant,
    ) -> Result<Followees, SocialGraphError> {
        let mut call = Call::get("/internal/followee-ids")
            .on_behalf_of(viewer.authorization())
            .within(deadline.saturating_duration_since(Instant::now()));
        if let Some(known) = &known {
            call = call.if_none_match(known.etag.clone());
        }
        let answer = self.upstream.call(&call).await;
        let answer = answer.map_err(SocialGraphError::unavailable)?;
        match (answer.status, known) {
            (StatusCode::OK, _) => self.keep(viewer.id, &answer),
            (StatusCode::NOT_MODIFIED, Some(known)) => Ok(known.followees),
            (StatusCode::UNAUTHORIZED, _) => Err(SocialGraphError::Unauthenticated),
            (status, _) => Err(SocialGraphError::unavailable(format!(
                "the users service answered {status} to the question whom somebody follows"
            ))),
        }
    }

    /// Keeps a list that came in full. Who reads at the same time may put an older one over it; the next read finds out.
    fn keep(&self, viewer: Uuid, answer: &Answer) -> Result<Followees, SocialGraphError> {
        let list: List =
            serde_json::from_slice(&answer.body).map_err(SocialGraphError::unavailable)?;
        let followees = Followees::new(list.followee_ids);
        if let Some(etag) = answer.headers.get(ETAG) {
            let known = Known {
                version: list.version,
                etag: etag.clone(),
                followees: followees.clone(),
            };
            self.lists.insert(viewer, known);
        }
        Ok(followees)
    }
}

#[derive(Deserialize)]
struct List {
    version: i64,
    followee_ids: Vec<Uuid>,
}

#[async_trait]
impl SocialGraph for UsersService {
    async fn followees(&self, viewer: &Viewer) -> Result<Followees, SocialGraphError> {
        let deadline = Instant::now() + DEADLINE;
        // Held until the answer is here: that the cache drops the entry meanwhile does not matter.
        let Some(known) = self.lists.get(&viewer.id) else {
            return self.list(viewer, None, deadline).await;
        };
        match self.versions.of(viewer.id, deadline).await? {
            Version::Is(version) if version == known.version => Ok(known.followees),
            // Nothing would be gained by a condition. Who is gone is told so by the answer to their token.
            Version::Is(_) | Version::Gone => self.list(viewer, None, deadline).await,
            Version::NotTold => self.list(viewer, Some(known), deadline).await,
        }
    }
}

#[derive(Serialize)]
struct Question<'a> {
    ids: &'a [UserId],
}

#[derive(Deserialize)]
struct Found {
    items: Vec<UserSummary>,
}

#[async_trait]
impl UserDirectory for UsersService {
    async fn people(
        &self,
        viewer: Option<&Viewer>,
        ids: &[UserId],
    ) -> Result<Vec<UserSummary>, DirectoryError> {
        let mut call = Call::lookup("/internal/users/lookup", &Question { ids })
            .map_err(DirectoryError::new)?
            .within(REQUEST_TIMEOUT);
        if let Some(viewer) = viewer {
            call = call.on_behalf_of(viewer.authorization());
        }
        let answer = self.upstream.call(&call).await;
        let answer = answer.map_err(DirectoryError::new)?;
        if answer.status != StatusCode::OK {
            return Err(DirectoryError::new(format!(
                "the users service answered {} to the question who people are",
                answer.status
            )));
        }
        let found: Found = serde_json::from_slice(&answer.body).map_err(DirectoryError::new)?;
        Ok(found.items)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ids_of_all_lists_together_are_bounded() {
        let upstream = Upstream::new("users", "http://127.0.0.1:1".parse().unwrap()).unwrap();
        let client = UsersService::with_capacity(upstream, 10_000);
        let ids: Vec<_> = (0..1_000).map(Uuid::from_u128).collect();
        for viewer in 0..100 {
            let known = Known {
                version: 1,
                etag: HeaderValue::from_static("\"1\""),
                followees: Followees::new(ids.clone()),
            };
            client.lists.insert(Uuid::from_u128(viewer), known);
        }
        client.lists.run_pending_tasks();
        let (lists, weight) = (client.lists.entry_count(), client.lists.weighted_size());
        assert!(
            lists > 0 && weight <= 10_000,
            "{lists} lists of weight {weight}"
        );
    }
}
