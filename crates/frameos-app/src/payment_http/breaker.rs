//! Keeps calls from waiting for a gateway that has just failed to answer, several times in a row.
//!
//! Invariant: it only ever spares a call that would most likely have waited in vain; such a call is `Unavailable`, as it would
//! have been. After the pause calls go out again, and the first answer closes it.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Calls without an answer, one after another, before it opens.
const FAILURES: u32 = 5;
const PAUSE: Duration = Duration::from_secs(2);

#[derive(Default)]
pub(super) struct Breaker(Mutex<State>);

#[derive(Default)]
struct State {
    failures: u32,
    open_until: Option<Instant>,
}

impl Breaker {
    pub(super) fn is_open(&self, now: Instant) -> bool {
        self.state().open_until.is_some_and(|until| now < until)
    }

    /// Notes what became of a call.
    pub(super) fn note(&self, answered: bool, now: Instant) {
        let mut state = self.state();
        if answered {
            *state = State::default();
            return;
        }
        state.failures = state.failures.saturating_add(1);
        if state.failures >= FAILURES {
            state.open_until = Some(now + PAUSE);
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_opens_after_failures_in_a_row_and_closes_with_an_answer() {
        let (breaker, start) = (Breaker::default(), Instant::now());
        for _ in 1..FAILURES {
            breaker.note(false, start);
            assert!(!breaker.is_open(start));
        }
        breaker.note(false, start);
        assert!(breaker.is_open(start));
        assert!(!breaker.is_open(start + PAUSE), "after the pause calls go out again");
        breaker.note(false, start + PAUSE);
        assert!(breaker.is_open(start + PAUSE), "one more failure opens it again");
        breaker.note(true, start + PAUSE);
        assert!(!breaker.is_open(start + PAUSE));
        breaker.note(false, start + PAUSE);
        assert!(!breaker.is_open(start + PAUSE));
    }
}
