//! The system clock: the one place of the workspace that reads the wall clock.

use std::time::{SystemTime, UNIX_EPOCH};

use frameos_domain::clock::{Clock, Timestamp};

/// The machine's own time.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        #[expect(clippy::disallowed_methods, reason = "the adapter that everybody else takes the time from")]
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_micros(i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX))
    }
}
