//! Points in time as integers, and the port through which the process learns the present.
//!
//! Invariant: a `Timestamp` is microseconds since the Unix epoch, UTC. Only an adapter outside this crate reads a real clock.

use std::{fmt, time::Duration};

use chrono::{DateTime, Datelike, SecondsFormat};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Microseconds since the Unix epoch, UTC. Shown as RFC 3339 with microseconds, so that text loses nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    pub const fn as_micros(self) -> i64 {
        self.0
    }

    pub const fn as_millis(self) -> i64 {
        self.0.div_euclid(1000)
    }

    pub const fn as_secs(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// This moment plus `duration`, saturating at the end of time.
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)))
    }

    /// This moment less `duration`, saturating at the beginning of time.
    pub fn minus(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)))
    }

    /// Whole milliseconds from `earlier` to this moment; 0 when `earlier` is later.
    pub const fn millis_since(self, earlier: Self) -> i64 {
        let millis = (self.0 - earlier.0) / 1000;
        if millis < 0 { 0 } else { millis }
    }

    /// The UTC calendar month as `2026-11`: the window of monthly budgets and free tiers.
    pub fn month(self) -> String {
        let date = self.datetime();
        format!("{:04}-{:02}", date.year(), date.month())
    }

    /// The UTC calendar day as `2026-11-22`.
    pub fn day(self) -> String {
        let date = self.datetime();
        format!("{:04}-{:02}-{:02}", date.year(), date.month(), date.day())
    }

    fn datetime(self) -> DateTime<chrono::Utc> {
        DateTime::from_timestamp_micros(self.0).unwrap_or_default()
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.datetime().to_rfc3339_opts(SecondsFormat::Micros, true))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        DateTime::parse_from_rfc3339(&text)
            .map(|date| Self(date.timestamp_micros()))
            .map_err(|_| de::Error::custom("expected an RFC 3339 time such as 2026-11-22T10:00:00Z"))
    }
}

/// Where the process takes the present from; a test sets it by hand.
pub trait Clock: Send + Sync {
    fn now(&self) -> Timestamp;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_rfc3339_and_reads_it_back() {
        let at = Timestamp::from_micros(1_795_000_000_123_000);
        let json = serde_json::to_string(&at).unwrap();
        assert_eq!(json, "\"2026-11-18T11:06:40.123000Z\"");
        assert_eq!(serde_json::from_str::<Timestamp>(&json).unwrap(), at);
        assert_eq!(at.month(), "2026-11");
        assert_eq!(at.day(), "2026-11-18");
    }
}
