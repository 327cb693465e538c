//! The counters of this process.
//!
//! A counter whose owner is back at an even pace says nothing and is forgotten. Should there be more owners than there is room
//! for, newcomers share counters: what is short then is their limit, never the memory.

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    sync::{Mutex, PoisonError},
};

use super::{Check, Counted, gcra};

const MOST: usize = 200_000;
/// Counters that those share who come when there is no room.
const SHARED: u64 = 4_096;
const SWEEP_AT: usize = 1_024;
/// How often at most it is looked for who can be forgotten when there is no room.
const FULL_SWEEP: u64 = 1_000_000;

/// By the hash of their keys, which nobody outside can choose.
pub(super) struct Local {
    hasher: RandomState,
    paces: Mutex<Paces>,
}

#[derive(Default)]
struct Paces {
    of: HashMap<u64, u64>,
    sweep_at: usize,
    /// When it may be looked again although there is no room.
    full_at: u64,
}

impl Default for Local {
    fn default() -> Self {
        Self { hasher: RandomState::new(), paces: Mutex::default() }
    }
}

impl Local {
    pub(super) fn count(&self, checks: &[Check], now: u64) -> Counted {
        let mut paces = self.paces.lock().unwrap_or_else(PoisonError::into_inner);
        paces.sweep(now);
        let mut moved = Vec::with_capacity(checks.len());
        for (which, check) in checks.iter().enumerate() {
            let key = paces.place(self.hasher.hash_one(&check.key));
            match gcra::step(check.rate, paces.of.get(&key).copied().unwrap_or(0), now) {
                Ok(pace) => moved.push((key, pace)),
                Err(ahead) => return Counted::Refused { which, ahead },
            }
        }
        paces.of.extend(moved.iter().copied());
        Counted::Passed(moved.into_iter().map(|(_, pace)| pace - now).collect())
    }

    /// Counts what was allowed elsewhere, whether or not there is room here.
    pub(super) fn note(&self, checks: &[Check], now: u64) {
        let mut paces = self.paces.lock().unwrap_or_else(PoisonError::into_inner);
        paces.sweep(now);
        for check in checks {
            let key = paces.place(self.hasher.hash_one(&check.key));
            if let Ok(pace) = gcra::step(check.rate, paces.of.get(&key).copied().unwrap_or(0), now) {
                paces.of.insert(key, pace);
            }
        }
    }
}

impl Paces {
    /// Forgets who is back at an even pace, each time there are twice as many as after the last time, or once a second when
    /// there is no room.
    fn sweep(&mut self, now: u64) {
        let is_full = self.of.len() >= MOST && now >= self.full_at;
        if is_full || self.of.len() >= self.sweep_at.max(SWEEP_AT) {
            self.full_at = now.saturating_add(FULL_SWEEP);
            self.of.retain(|_, pace| *pace > now);
            self.sweep_at = self.of.len() * 2;
            if self.of.capacity() > 4 * self.sweep_at.max(SWEEP_AT) {
                self.of.shrink_to(self.sweep_at);
            }
        }
    }

    fn place(&self, hash: u64) -> u64 {
        if self.of.len() < MOST || self.of.contains_key(&hash) { hash } else { hash % SHARED }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Rate;

    fn check(key: &str, count: u32) -> Check {
        Check { key: key.to_owned(), rate: Rate::hourly(count) }
    }

    #[test]
    fn a_request_counts_under_all_checks_or_none() {
        let local = Local::default();
        let both = [check("a", 2), check("b", 1)];
        assert!(
            matches!(local.count(&both, 0), Counted::Passed(ahead) if ahead == [1_800_000_000, 3_600_000_000])
        );
        assert_eq!(local.count(&both, 0), Counted::Refused { which: 1, ahead: 3_600_000_000 });
        assert!(matches!(local.count(&both[..1], 0), Counted::Passed(_)), "the refused one did not count");
        assert!(matches!(local.count(&both[..1], 0), Counted::Refused { which: 0, .. }));
    }

    #[test]
    fn memory_is_bounded_and_newcomers_are_still_limited() {
        let local = Local::default();
        for who in 0..MOST + 10_000 {
            local.count(&[check(&format!("{who}"), 1)], 0);
        }
        let size = || local.paces.lock().unwrap().of.len();
        assert!(size() <= MOST + usize::try_from(SHARED).unwrap(), "{}", size());
        let late = |who: i32| local.count(&[check(&format!("late-{who}"), 1)], 0);
        let refused = (0..100).filter(|who| matches!(late(*who), Counted::Refused { .. })).count();
        assert!(refused > 50, "newcomers share counters: {refused}");
        // An hour later everybody is forgotten.
        for who in 0..MOST {
            local.count(&[check(&format!("x{who}"), 1)], 3_600_000_001);
        }
        assert!(size() <= MOST + 1, "{}", size());
    }
}
