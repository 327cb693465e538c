//! How fast a flood is read: hostile output must cost its writer time, not the server.
//!
//! Reading goes on to the end in any case. The first bytes are read as fast as they come; a program that writes more is
//! held to some ten to thirty megabytes a second, which keeps what is done with them to a small part of one processor.

use std::time::Duration;

/// Read at full speed, bytes per stream and run: more than a program writes that means to be read.
const FREE: u64 = 4 << 20;
/// After each read beyond, of 64 KiB at most.
const PAUSE: Duration = Duration::from_millis(2);

/// One stream's account.
#[derive(Default)]
pub(crate) struct Pace {
    read: u64,
}

impl Pace {
    /// To be awaited after each read; lets others run in any case.
    pub(crate) async fn after(&mut self, count: usize) {
        self.read += count as u64;
        if self.read > FREE {
            tokio::time::sleep(PAUSE).await;
        } else {
            tokio::task::yield_now().await;
        }
    }
}
