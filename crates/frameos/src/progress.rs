//! Telling the person at the terminal that something is going on, on stderr.
//!
//! On a terminal one line that changes; elsewhere one line per new message, so that logs stay readable.

use std::{io::IsTerminal, time::Duration};

use indicatif::{ProgressBar, ProgressStyle};

use crate::output;

/// A running activity. Dropping it clears its line.
pub struct Progress {
    bar: Option<ProgressBar>,
    last: String,
}

impl Progress {
    pub fn start(message: &str) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template("{spinner} {elapsed} {msg}")
                .unwrap_or_else(|_| ProgressStyle::default_spinner());
            let bar = ProgressBar::new_spinner().with_style(style);
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        let mut progress = Self { bar, last: String::new() };
        progress.say(message);
        progress
    }

    /// Replaces the message; the same message again says nothing new.
    pub fn say(&mut self, message: &str) {
        if self.last == message {
            return;
        }
        message.clone_into(&mut self.last);
        match &self.bar {
            Some(bar) => bar.set_message(message.replace(char::is_control, " ")),
            None => output::note(message),
        }
    }

    /// Runs `write`, which writes to the terminal, without the two getting mixed up.
    pub fn suspend(&self, write: impl FnOnce()) {
        match &self.bar {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
