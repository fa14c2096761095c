//! Points in time as every interface of the system shows them.

use std::fmt;

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use utoipa::ToSchema;

/// A point in time, UTC, with the microseconds PostgreSQL keeps. Printed as RFC 3339 with six decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, sqlx::Type, ToSchema)]
#[sqlx(transparent)]
#[schema(value_type = String, format = DateTime, example = "2026-01-31T12:00:00.000000Z")]
pub struct Timestamp(DateTime<Utc>);

impl Timestamp {
    /// Microseconds since 1970-01-01T00:00:00Z; `None` outside the years chrono can hold.
    pub fn from_micros(micros: i64) -> Option<Self> {
        DateTime::from_timestamp_micros(micros).map(Self)
    }

    /// Microseconds since 1970-01-01T00:00:00Z.
    pub fn as_micros(self) -> i64 {
        self.0.timestamp_micros()
    }

    /// Whole seconds since 1970-01-01T00:00:00Z, as tokens count them (RFC 7519, `NumericDate`).
    pub fn as_seconds(self) -> i64 {
        self.0.timestamp()
    }

    /// This time, later by `seconds`; the end of time when that cannot be held.
    #[must_use]
    pub fn plus_seconds(self, seconds: i64) -> Self {
        TimeDelta::try_seconds(seconds)
            .and_then(|delta| self.0.checked_add_signed(delta))
            .map_or(Self(DateTime::<Utc>::MAX_UTC), Self)
    }
}

impl From<DateTime<Utc>> for Timestamp {
    /// Cuts off what PostgreSQL would not keep, so that a value is the same before and after it was stored.
    fn from(time: DateTime<Utc>) -> Self {
        Self::from_micros(time.timestamp_micros()).unwrap_or(Self(time))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_rfc3339_opts(SecondsFormat::Micros, true))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse(&text).ok_or_else(|| de::Error::custom("expected an RFC 3339 time"))
    }
}

/// An RFC 3339 time in UTC with microseconds, such as `2026-01-31T12:00:00.000000Z`.
#[Scalar(
    name = "DateTime",
    specified_by_url = "https://scalars.graphql.org/andimarek/date-time"
)]
impl ScalarType for Timestamp {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::String(text) => parse(text).ok_or_else(|| {
                InputValueError::custom(
                    "expected an RFC 3339 time such as 2026-01-31T12:00:00.000000Z",
                )
            }),
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.to_string())
    }
}

fn parse(text: &str) -> Option<Timestamp> {
    DateTime::parse_from_rfc3339(text)
        .ok()
        .map(|time| time.with_timezone(&Utc).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_prints_as_utc_with_microseconds() {
        let time = Timestamp::from_micros(1_700_000_000_000_001).unwrap();
        assert_eq!(time.to_string(), "2023-11-14T22:13:20.000001Z");
    }

    #[test]
    fn a_time_survives_json_and_loses_nothing_finer_than_it_keeps() {
        let time: Timestamp =
            serde_json::from_str("\"2023-11-14T23:13:20.0000019+01:00\"").unwrap();
        assert_eq!(
            serde_json::to_string(&time).unwrap(),
            "\"2023-11-14T22:13:20.000001Z\""
        );
    }
}
