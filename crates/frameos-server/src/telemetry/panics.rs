//! A panic is a line of the log like any other error, so that whoever reads or is told of errors learns of it.

use std::{backtrace::Backtrace, panic};

/// The target of that line.
pub(super) const PANIC: &str = "frameos_panic";

/// Has panics logged in place of being printed. `RUST_BACKTRACE` works as it does without.
pub(super) fn panics_log() {
    panic::set_hook(Box::new(|panic| {
        let message = panic.payload_as_str().unwrap_or("no message");
        let location = panic.location().map(ToString::to_string).unwrap_or_default();
        let thread = std::thread::current();
        let backtrace = Backtrace::capture().to_string();
        let backtrace = (backtrace != "disabled backtrace").then_some(backtrace);
        tracing::error!(
            target: PANIC,
            location,
            thread = thread.name().unwrap_or("unnamed"),
            backtrace,
            "a thread panicked: {message}"
        );
    }));
}
