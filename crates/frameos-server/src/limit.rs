//! How many requests an account, and an address, may send: counted in this process, or in Redis by all processes together.
//!
//! Invariants: a request is counted under all of its checks or, refused by one, under none; what Redis does not answer in
//! time is counted here, so that a limit is never off and never waits; memory is bounded.

mod client;
mod gcra;
mod local;
mod shared;

use std::time::{Duration, Instant};

pub(crate) use client::{ClientAddress, Proxies};
pub(crate) use gcra::{Standing, TooMany};
use local::Local;
pub(crate) use shared::Shared;

use crate::config::Rate;

/// One of the limits a request counts under.
#[derive(Debug, Clone)]
pub(crate) struct Check {
    /// The class and whose it is; nobody else's begins alike.
    pub key: String,
    pub rate: Rate,
}

/// All counters of this process.
pub(crate) struct Limits {
    started: Instant,
    local: Local,
    shared: Option<Shared>,
}

/// How the checks of one request ended: for each how far ahead of an even pace it is now, or which one refused.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Counted {
    Passed(Vec<u64>),
    Refused { which: usize, ahead: u64 },
}

impl Limits {
    pub(crate) fn new(shared: Option<Shared>) -> Self {
        Self { started: Instant::now(), local: Local::default(), shared }
    }

    pub(crate) fn shared(&self) -> Option<&Shared> {
        self.shared.as_ref()
    }

    /// Counts a request. `Ok` tells how the first of `checks` stands; none when there are none.
    pub(crate) async fn count(&self, checks: &[Check]) -> Result<Option<Standing>, TooMany> {
        let now = u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX);
        let counted = match &self.shared {
            Some(shared) => match shared.count(checks).await {
                Some(counted) => {
                    // So that this process knows where everyone stands should Redis go away.
                    if matches!(counted, Counted::Passed(_)) {
                        self.local.note(checks, now);
                    }
                    counted
                }
                None => self.local.count(checks, now),
            },
            None => self.local.count(checks, now),
        };
        match counted {
            Counted::Passed(ahead) => {
                Ok(checks.first().zip(ahead.first()).map(|(check, ahead)| Standing::of(check.rate, *ahead)))
            }
            Counted::Refused { which, ahead } => {
                let rate = checks.get(which).map_or(Rate::OFF, |check| check.rate);
                let wait = Duration::from_micros(gcra::wait(rate, ahead));
                Err(TooMany { standing: Standing::of(rate, ahead), wait })
            }
        }
    }
}
