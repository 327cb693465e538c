//! The one place that writes to stdout and stderr.
//!
//! Invariants: data goes to stdout, talk to stderr; a reader that went away (`| head`) is no error and no panic; text from a
//! server or an agent never reaches a terminal with control characters in it.

use std::{
    borrow::Cow,
    io::{self, ErrorKind, IsTerminal, Write},
};

use comfy_table::{Table, presets::NOTHING};
use serde::Serialize;

use crate::{
    environment::Variable,
    failure::{Failure, Result},
};

/// Writes one line of data to stdout.
pub fn line(text: &str) -> Result<()> {
    write_stdout(&format!("{}\n", safe(text, io::stdout().is_terminal())))
}

/// Writes `value` to stdout as indented JSON and a line end: exactly one JSON value.
pub fn json(value: &impl Serialize) -> Result<()> {
    let text = serde_json::to_string_pretty(value)?;
    write_stdout(&format!("{text}\n"))
}

/// Writes text to stdout as it is, without adding a line end.
pub fn text(text: &str) -> Result<()> {
    write_stdout(&safe(text, io::stdout().is_terminal()))
}

/// Writes text that its maker has cleared of characters that act on a terminal, and painted with such of its own.
pub fn painted(text: &str) -> Result<()> {
    write_stdout(text)
}

/// Whether stdout is a terminal that takes colours and its user wants them.
pub fn has_colours() -> bool {
    io::stdout().is_terminal()
        && Variable::NoColor.get().is_none()
        && Variable::Term.get().is_none_or(|terminal| terminal != "dumb")
}

/// Writes rows under a header to stdout; cells hold one line each.
pub fn table<const N: usize>(header: [&str; N], rows: impl IntoIterator<Item = [String; N]>) -> Result<()> {
    let mut table = Table::new();
    table.load_style(NOTHING).set_header(header.map(str::to_uppercase));
    for row in rows {
        table.add_row(row.map(|cell| safe(&cell, true).replace(['\n', '\t'], " ")));
    }
    // The preset pads every cell on both sides; the left-most blank and trailing blanks only get in the way of `cut`.
    let text: String = table
        .lines()
        .map(|line| format!("{}\n", line.strip_prefix(' ').unwrap_or(&line).trim_end()))
        .collect();
    write_stdout(&text)
}

/// Writes names and values to stdout, one pair per line, values aligned.
pub fn pairs<'a>(pairs: impl IntoIterator<Item = (&'a str, String)>) -> Result<()> {
    let pairs: Vec<_> = pairs.into_iter().collect();
    let width = pairs.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    for (name, value) in pairs.into_iter().filter(|(_, value)| !value.is_empty()) {
        line(&format!("{name:width$}  {value}"))?;
    }
    Ok(())
}

/// Says something to the person at the terminal, on stderr.
pub fn note(text: &str) {
    // Nobody is left to tell when stderr is gone.
    let _ = writeln!(io::stderr(), "{}", safe(text, io::stderr().is_terminal()));
}

/// Writes a piece of an agent's own output to stderr.
pub fn passthrough(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let _ = io::stderr().write_all(safe(&text, io::stderr().is_terminal()).as_bytes());
}

/// Tells why the command failed.
pub fn failure(failure: &Failure) {
    if !matches!(failure, Failure::Shown) {
        note(&format!("error: {failure}"));
    }
}

fn write_stdout(text: &str) -> Result<()> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(Failure::failed(format!("cannot write to stdout: {error}"))),
        Ok(()) => Ok(()),
    }
}

/// `text` with control characters shown as U+FFFD when it goes to a terminal, where they could move the cursor or more.
fn safe(text: &str, terminal: bool) -> Cow<'_, str> {
    let dangerous = |character: char| character.is_control() && !matches!(character, '\n' | '\t');
    if terminal && text.contains(dangerous) {
        Cow::Owned(text.replace(dangerous, "\u{fffd}"))
    } else {
        Cow::Borrowed(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_do_not_reach_a_terminal() {
        assert_eq!(safe("a\u{1b}[2Jb\r\n\tc", true), "a\u{fffd}[2Jb\u{fffd}\n\tc");
        assert_eq!(safe("a\u{1b}", false), "a\u{1b}");
    }
}
