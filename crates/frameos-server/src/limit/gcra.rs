//! The generic cell rate algorithm: one number per key says how far its owner is ahead of an even pace.
//!
//! Each request moves the pace on by one interval; who would get more than a burst of intervals ahead of the clock is refused,
//! and is not moved on. The same arithmetic is in `shared.lua`. Times are microseconds.

use std::time::Duration;

use axum::{
    http::{HeaderName, HeaderValue},
    response::Response,
};

use crate::config::Rate;

/// Between two requests at an even pace.
pub(super) fn interval(rate: Rate) -> u64 {
    u64::from(rate.seconds) * 1_000_000 / u64::from(rate.count.max(1))
}

/// What may be ahead of the clock.
pub(super) fn allowed(rate: Rate) -> u64 {
    interval(rate) * u64::from(rate.burst)
}

/// Where the pace is after a request at `now`, or how far ahead it was when there was no room for one more.
pub(super) fn step(rate: Rate, pace: u64, now: u64) -> Result<u64, u64> {
    let pace = pace.max(now);
    let next = pace + interval(rate);
    if next - now > allowed(rate) { Err(pace - now) } else { Ok(next) }
}

/// Until somebody who is so far ahead may ask again.
pub(super) fn wait(rate: Rate, ahead: u64) -> u64 {
    (ahead + interval(rate)).saturating_sub(allowed(rate))
}

/// Where somebody stands after a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Standing {
    rate: Rate,
    remaining: u64,
    /// Seconds until the whole burst is there again.
    reset: u64,
}

/// A request too many.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TooMany {
    pub standing: Standing,
    pub wait: Duration,
}

impl Standing {
    pub(super) fn of(rate: Rate, ahead: u64) -> Self {
        let remaining = allowed(rate).saturating_sub(ahead) / interval(rate).max(1);
        Self { rate, remaining, reset: ahead.div_ceil(1_000_000) }
    }

    /// Says it in the answer's headers: draft 6 of the RateLimit header fields, which is what clients know.
    pub(crate) fn tell(self, response: &mut Response) {
        let Self { rate, remaining, reset } = self;
        let mut policy = format!("{};w={}", rate.count, rate.seconds);
        if rate.burst != rate.count {
            policy.push_str(&format!(";burst={}", rate.burst));
        }
        let policy = HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static(""));
        let values = [
            ("ratelimit-limit", HeaderValue::from(rate.burst)),
            ("ratelimit-remaining", HeaderValue::from(remaining)),
            ("ratelimit-reset", HeaderValue::from(reset)),
            ("ratelimit-policy", policy),
        ];
        for (name, value) in values {
            response.headers_mut().insert(HeaderName::from_static(name), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_then_one_an_interval() {
        let rate = Rate::hourly(10);
        let mut pace = 0;
        let start = 5_000_000;
        for left in (0..10).rev() {
            pace = step(rate, pace, start).unwrap();
            assert_eq!(Standing::of(rate, pace - start).remaining, left);
        }
        let ahead = step(rate, pace, start).unwrap_err();
        assert_eq!((ahead, wait(rate, ahead)), (3_600_000_000, 360_000_000));
        assert!(step(rate, pace, start + 359_999_999).is_err());
        pace = step(rate, pace, start + 360_000_000).unwrap();
        assert!(step(rate, pace, start + 360_000_000).is_err());
        // After an hour's rest it is all there again, and no more.
        let later = start + 2 * 3_600_000_000;
        let passed = (0..20).filter(|_| step(rate, pace, later).map(|next| pace = next).is_ok()).count();
        assert_eq!(passed, 10);
    }
}
