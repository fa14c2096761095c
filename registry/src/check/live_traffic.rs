//! Operations that routers have counted, as operations of a check.

use chrono::{Days, NaiveDate};
use common::Timestamp;
use common::objects::Objects;

use super::inputs::{self, Policy, Source};
use crate::failure::{Failure, Result};
use crate::usage::{Usage, Use};

/// The operations that routers have counted within the policy's days.
pub async fn read(objects: Objects, policy: &Policy) -> Result<Vec<inputs::Use>> {
    let from = policy
        .today
        .checked_sub_days(Days::new(policy.usage_days))
        .and_then(|day| day.and_hms_opt(0, 0, 0))
        .map_or(Timestamp::from_micros(0), |begin| {
            Timestamp::from_micros(begin.and_utc().timestamp_micros())
        });
    let Some(from) = from else {
        return Err(Failure::new("the days of usage reach back before all time"));
    };
    let uses = Usage::new(objects)
        .since(from)
        .await
        .map_err(|error| Failure::new(error.to_string()))?;
    Ok(uses.into_iter().map(seen).collect())
}

fn seen(counted: Use) -> inputs::Use {
    let named = |name: String, unnamed: &str| {
        if name.is_empty() {
            unnamed.to_owned()
        } else {
            name
        }
    };
    let version = Some(counted.client_version).filter(|version| !version.is_empty());
    let client = named(counted.client, "(no client name)");
    inputs::Use {
        client: version.map_or(client.clone(), |version| format!("{client}@{version}")),
        name: named(counted.name, "(no operation name)"),
        document: counted.document,
        source: Source::Live {
            last_seen: day(counted.last_seen),
            count: counted.count,
        },
    }
}

fn day(time: Timestamp) -> NaiveDate {
    chrono::DateTime::from_timestamp_micros(time.as_micros())
        .map(|time| time.date_naive())
        .unwrap_or_default()
}
