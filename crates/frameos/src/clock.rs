//! The present, from the workspace's one system clock.

use frameos_domain::clock::{Clock, Timestamp};
use frameos_store::clock::SystemClock;

pub fn now() -> Timestamp {
    SystemClock.now()
}
