//! What routers have counted, as operations for a check.

use std::future::Future;

use chrono::{Days, NaiveDate};
use common::Timestamp;
use common::config::Env;
use common::objects::{EXPECTS, Objects, Place};
use registry::usage::{Usage, Use};

use super::check::inputs::{self, Policy, Source};
use crate::failure::{Failure, Result};

/// The objects at a place that somebody has written after this option, to be read.
pub fn objects(place: &str, option: &'static str) -> Result<Objects> {
    // Credentials are in the variables that other programs read them from.
    Objects::to_read(&parsed(place, option)?, &Env::process(), option)
        .map_err(|error| Failure::new(error.to_string()))
}

/// The same, to be written; a folder is made.
pub fn objects_to_write(place: &str, option: &'static str) -> Result<Objects> {
    Objects::at(&parsed(place, option)?, &Env::process(), option)
        .map_err(|error| Failure::new(error.to_string()))
}

fn parsed(place: &str, option: &str) -> Result<Place> {
    place
        .parse()
        .map_err(|error| Failure::new(format!("{option} {place}: {error}; expected {EXPECTS}")))
}

/// The operations that routers have counted within the days that count.
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

/// Runs what waits for an object store.
pub fn block_on<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Failure::new(format!("no runtime: {error}")))?
        .block_on(work)
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
