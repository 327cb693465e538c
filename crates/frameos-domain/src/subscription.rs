//! Subscriptions: when a month begins, when a failed renewal is tried again, and when a new price holds.
//!
//! Invariant: every period begins where the anchor says, so a month that was short, late or failed shifts none after it.

use std::time::Duration;

use chrono::{DateTime, Months};

use crate::clock::Timestamp;

const DAY: Duration = Duration::from_secs(24 * 3600);
/// Days after a period's beginning on which a renewal that was refused is tried again; after the last it ends.
pub const RETRY_DAYS: [u32; 3] = [1, 3, 5];
/// How long before a period a new price must have been told to hold for it.
pub const NOTICE: Duration = Duration::from_secs(7 * 24 * 3600);

/// When period `index` begins, counted from 0: the anchor's day and time in its month, or the last day of a shorter month.
pub fn period_start(anchor: Timestamp, index: i64) -> Timestamp {
    let months = Months::new(u32::try_from(index.clamp(0, 12_000)).unwrap_or(0));
    let begin =
        DateTime::from_timestamp_micros(anchor.as_micros()).and_then(|at| at.checked_add_months(months));
    begin.map_or(anchor, |at| Timestamp::from_micros(at.timestamp_micros()))
}

/// When a renewal of the period that began at `start` is tried again after `failed` tries; `None` when it was the last.
pub fn retry_at(start: Timestamp, failed: i64) -> Option<Timestamp> {
    let step = usize::try_from(failed.checked_sub(1)?).ok()?;
    RETRY_DAYS.get(step).map(|days| start.plus(DAY * *days))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        serde_json::from_value(serde_json::Value::from(text)).unwrap()
    }

    #[test]
    fn months_begin_on_the_anchors_day_or_the_last_there_is() {
        let anchor = at("2027-01-31T10:20:30.000004Z");
        let starts: Vec<String> = (0..6).map(|index| period_start(anchor, index).day()).collect();
        assert_eq!(
            starts,
            ["2027-01-31", "2027-02-28", "2027-03-31", "2027-04-30", "2027-05-31", "2027-06-30"]
        );
        assert_eq!(period_start(anchor, 13), at("2028-02-29T10:20:30.000004Z"), "a leap year");
    }

    #[test]
    fn a_refused_renewal_is_tried_three_times_more() {
        let start = at("2027-01-31T00:00:00Z");
        let days: Vec<_> = (1..=4).map(|failed| retry_at(start, failed).map(Timestamp::day)).collect();
        assert_eq!(
            days,
            [Some("2027-02-01".into()), Some("2027-02-03".into()), Some("2027-02-05".into()), None]
        );
        assert_eq!(retry_at(start, 0), None, "nothing failed, nothing to repeat");
    }
}
