//! What a run may count with `ctx.charge`, and what it has counted.
//!
//! The counting is the program's own word, and the program is hostile: only names that were declared are kept, so memory is
//! bounded, sums saturate, and what it comes to never exceeds the limit.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Reports looked at in one run; whoever has more to count counts several at once.
const REPORTS_MAX: u32 = 100_000;
/// The most that one report may count.
const COUNT_MAX: u64 = 1_000_000_000;

/// What may be counted, and what each count weighs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meter {
    /// Weight before anything was counted.
    pub start: u64,
    /// What all counts may weigh.
    pub limit: u64,
    /// Weight of one of each.
    pub events: BTreeMap<String, u64>,
}

/// A meter that runs.
#[derive(Debug, Default)]
pub(crate) struct Metering {
    meter: Meter,
    counts: BTreeMap<String, u64>,
    reports: u32,
}

impl Metering {
    pub(crate) fn new(meter: Option<Meter>) -> Self {
        Self { meter: meter.unwrap_or_default(), ..Self::default() }
    }

    /// Counts, if it may be counted; what all counts weigh now.
    pub(crate) fn count(&mut self, event: &str, count: u64) -> Option<u64> {
        if self.reports >= REPORTS_MAX || !(1..=COUNT_MAX).contains(&count) {
            return None;
        }
        let (name, _) = self.meter.events.get_key_value(event)?;
        self.reports += 1;
        let counted = self.counts.entry(name.clone()).or_default();
        *counted = counted.saturating_add(count);
        let weights = self
            .counts
            .iter()
            .map(|(name, count)| count.saturating_mul(self.meter.events.get(name).copied().unwrap_or(0)));
        Some(weights.fold(self.meter.start, u64::saturating_add).min(self.meter.limit))
    }

    pub(crate) fn finish(self) -> BTreeMap<String, u64> {
        self.counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metering() -> Metering {
        let events = [("page".to_owned(), 25), ("kb".to_owned(), 1)].into_iter().collect();
        Metering::new(Some(Meter { start: 10, limit: 100, events }))
    }

    #[test]
    fn only_what_was_declared_is_counted_and_never_beyond_the_limit() {
        let mut metering = metering();
        assert_eq!(metering.count("page", 2), Some(60));
        for (event, count) in [("word", 1), ("page", 0), ("page", COUNT_MAX + 1), ("page", u64::MAX)] {
            assert_eq!(metering.count(event, count), None, "{event} {count}");
        }
        assert_eq!(metering.count("kb", 5), Some(65));
        for _ in 0..50 {
            assert_eq!(metering.count("page", COUNT_MAX), Some(100));
        }
        let counts = metering.finish();
        assert_eq!(counts["kb"], 5);
        assert_eq!(counts["page"], 2 + 50 * COUNT_MAX);
    }

    #[test]
    fn a_flood_is_not_looked_at() {
        let mut metering = metering();
        for _ in 0..REPORTS_MAX {
            metering.count("kb", 1);
        }
        assert_eq!(metering.count("kb", 1), None);
        assert_eq!(metering.finish()["kb"], u64::from(REPORTS_MAX));
    }

    #[test]
    fn without_a_meter_nothing_counts() {
        let mut metering = Metering::new(None);
        assert_eq!(metering.count("page", 1), None);
        assert!(metering.finish().is_empty());
    }
}
