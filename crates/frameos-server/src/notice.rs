//! Lines for the person, or script, that started the process: to stderr, whatever the log level and format are.

use std::io::Write;

/// Prints one line. A stderr that is closed is nobody's to read.
pub(crate) fn notice(line: &str) {
    let _closed = writeln!(std::io::stderr(), "{line}");
}
