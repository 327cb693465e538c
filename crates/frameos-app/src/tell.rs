//! From what the sandbox tells of a run to events that may be stored: whole lines, cleared of secrets, each told once, bounded.
//!
//! Invariants: stdout is never told, because it may be the result that is not paid yet (ADR 0010); no text leaves before it was
//! cleared, and lines are cleared as one stream, so a secret that was written in pieces is found.

use std::collections::VecDeque;

use frameos_domain::{
    clock::Timestamp,
    redact::{RedactStream, Redactor},
};
use frameos_sandbox::RunEvent as Heard;
use frameos_store::{
    live::Progress,
    run_event::{LogStream, RunEvent, RunEventKind},
};

use crate::{
    bare_run::{run_resources, saturate},
    outcome::message_clean,
};

/// Events with a text that one attempt may tell, and bytes of them.
const TEXTS_MAX: usize = 5_000;
const BYTES_MAX: usize = 1 << 20;
/// What an event takes besides its text, about.
const EVENT_BYTES: usize = 64;
/// A longer line is told in parts.
const LINE_MAX: usize = 8 * 1024;
/// Characters of a progress message.
const PROGRESS_MAX: usize = 500;
/// Lines remembered to be recognised when they come again.
const TWINS_MAX: usize = 256;

/// What to do with what was heard.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Told {
    New(RunEvent),
    /// An entry of `ctx.log` whose lines were told as stderr's: it says more than they do.
    Instead(RunEvent),
}

impl Told {
    pub(crate) const fn kind(&self) -> &RunEventKind {
        let (Self::New(event) | Self::Instead(event)) = self;
        &event.kind
    }

    /// Adds it to events that nobody has seen yet; what was seen stays as it is.
    pub(crate) fn add_to(self, events: &mut Vec<RunEvent>) {
        let entry = match self {
            Self::New(event) => return events.push(event),
            Self::Instead(event) => event,
        };
        let RunEventKind::Log { message, .. } = &entry.kind else { return };
        let lines: Vec<&str> = message.split('\n').collect();
        let printed = |event: &RunEvent, line: &str| matches!(&event.kind, RunEventKind::Log { stream: LogStream::Stderr, message, .. } if message == line);
        let at = events
            .windows(lines.len())
            .rposition(|window| window.iter().zip(&lines).all(|(event, line)| printed(event, line)));
        if let Some(at) = at {
            events.splice(at..at + lines.len(), [entry]);
        }
    }
}

/// Makes the events of one attempt.
pub(crate) struct Teller {
    redactor: Redactor,
    stderr: RedactStream,
    /// What stderr has of a line that is not over.
    line: Vec<u8>,
    twins: Twins,
    texts: usize,
    bytes: usize,
    truncated: bool,
}

impl Teller {
    pub(crate) fn new(redactor: Redactor) -> Self {
        Self {
            stderr: redactor.stream(),
            redactor,
            line: Vec::new(),
            twins: Twins::default(),
            texts: 0,
            bytes: 0,
            truncated: false,
        }
    }

    /// What to tell of what was heard.
    pub(crate) fn tell(&mut self, heard: Heard, at: Timestamp) -> Vec<Told> {
        let mut told = Vec::new();
        match heard {
            Heard::Sample(used) => {
                let kind = RunEventKind::Resources { used: run_resources(&used) };
                told.push(Told::New(RunEvent { at, kind }));
            }
            Heard::Progress { fraction, message } => {
                let Progress { fraction, message } = progress_clean(&self.redactor, fraction, &message);
                self.text(&mut told, at, RunEventKind::Progress { fraction, message });
            }
            Heard::Log { level, message } => {
                let (level, message) = (self.redactor.redact_cut(&level), self.redactor.redact_cut(&message));
                let printed = self.twins.printed_already(&message);
                let kind = log(LogStream::Log, Some(level), message);
                if printed {
                    told.push(Told::Instead(RunEvent { at, kind }));
                } else {
                    self.text(&mut told, at, kind);
                }
            }
            Heard::Stderr(bytes) => {
                let cleared = self.stderr.push(&bytes);
                self.lines(&mut told, at, &cleared);
            }
            Heard::Charge { event, count, total } => {
                let (count, amount) = (saturate(count), saturate(total));
                self.text(&mut told, at, RunEventKind::Charge { event, count, amount });
            }
            Heard::Started | Heard::Stdout(_) => {}
        }
        told
    }

    /// What was held back, at the end.
    pub(crate) fn finish(mut self, at: Timestamp) -> Vec<Told> {
        let mut told = Vec::new();
        let rest = std::mem::replace(&mut self.stderr, self.redactor.stream()).finish(true);
        self.lines(&mut told, at, &rest);
        if !self.line.is_empty() {
            self.line_end(&mut told, at);
        }
        told
    }

    fn lines(&mut self, told: &mut Vec<Told>, at: Timestamp, mut bytes: &[u8]) {
        while let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
            self.extend(told, at, &bytes[..end]);
            self.line_end(told, at);
            bytes = &bytes[end + 1..];
        }
        self.extend(told, at, bytes);
    }

    fn extend(&mut self, told: &mut Vec<Told>, at: Timestamp, bytes: &[u8]) {
        self.line.extend_from_slice(bytes);
        while self.line.len() > LINE_MAX {
            let rest = self.line.split_off(boundary(&self.line));
            self.line_end(told, at);
            self.line = rest;
        }
    }

    fn line_end(&mut self, told: &mut Vec<Told>, at: Timestamp) {
        let line = String::from_utf8_lossy(self.line.strip_suffix(b"\r").unwrap_or(&self.line)).into_owned();
        self.line.clear();
        if !self.twins.logged_already(&line) {
            self.text(told, at, log(LogStream::Stderr, None, line));
        }
    }

    fn text(&mut self, told: &mut Vec<Told>, at: Timestamp, kind: RunEventKind) {
        let length = match &kind {
            RunEventKind::Log { message, .. } | RunEventKind::Progress { message, .. } => message.len(),
            RunEventKind::Charge { event, .. } => event.len(),
            RunEventKind::Resources { .. } | RunEventKind::Truncated => return,
        };
        if self.truncated {
            return;
        }
        self.texts += 1;
        self.bytes += length + EVENT_BYTES;
        self.truncated = self.texts > TEXTS_MAX || self.bytes > BYTES_MAX;
        let kind = if self.truncated { RunEventKind::Truncated } else { kind };
        told.push(Told::New(RunEvent { at, kind }));
    }
}

const fn log(stream: LogStream, level: Option<String>, message: String) -> RunEventKind {
    RunEventKind::Log { stream, level, message }
}

/// What an agent says of its progress, fit to store.
pub(crate) fn progress_clean(redactor: &Redactor, fraction: f64, message: &str) -> Progress {
    // Cut last: half a secret would not be found.
    let message = message_clean(&redactor.redact_cut(message));
    Progress { fraction, message: message.chars().take(PROGRESS_MAX).collect() }
}

/// The last place at or before [`LINE_MAX`] that is not within a character.
fn boundary(line: &[u8]) -> usize {
    let within = |at: &usize| line.get(*at).is_some_and(|byte| byte & 0xC0 == 0x80);
    (LINE_MAX - 3..=LINE_MAX).rev().find(|at| !within(at)).unwrap_or(LINE_MAX)
}

/// `ctx.log` tells an entry and prints it to stderr as well; whichever of the two is heard first is told.
#[derive(Default)]
struct Twins {
    logged: VecDeque<String>,
    printed: VecDeque<String>,
}

impl Twins {
    fn printed_already(&mut self, message: &str) -> bool {
        let lines: Vec<&str> = message.split('\n').collect();
        // Most often it was the last that was printed.
        let start = self.printed.len().checked_sub(lines.len());
        let at = start.and_then(|start| {
            (0..=start).rev().find(|at| self.printed.range(*at..at + lines.len()).eq(lines.iter()))
        });
        match at {
            Some(at) => drop(self.printed.drain(at..at + lines.len())),
            None => lines.iter().for_each(|line| remember(&mut self.logged, (*line).to_owned())),
        }
        at.is_some()
    }

    fn logged_already(&mut self, line: &str) -> bool {
        if let Some(at) = self.logged.iter().position(|logged| logged == line) {
            self.logged.remove(at);
            return true;
        }
        remember(&mut self.printed, line.to_owned());
        false
    }
}

fn remember(lines: &mut VecDeque<String>, line: String) {
    if lines.len() == TWINS_MAX {
        lines.pop_front();
    }
    lines.push_back(line);
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Timestamp = Timestamp::from_micros(1_795_000_000_000_000);

    fn texts(told: Vec<Told>) -> Vec<String> {
        let mut events = Vec::new();
        told.into_iter().for_each(|told| told.add_to(&mut events));
        events
            .into_iter()
            .map(|event| match event.kind {
                RunEventKind::Log { stream: LogStream::Log, level, message } => {
                    format!("{}: {message}", level.unwrap_or_default())
                }
                RunEventKind::Log { message, .. } => message,
                RunEventKind::Progress { fraction, message } => format!("{fraction} {message}"),
                other => format!("{other:?}"),
            })
            .collect()
    }

    fn told(teller: &mut Teller, heard: &[Heard]) -> Vec<String> {
        texts(heard.iter().flat_map(|heard| teller.tell(heard.clone(), AT)).collect())
    }

    fn printed(text: &str) -> Heard {
        Heard::Stderr(text.as_bytes().to_vec())
    }

    fn logged(message: &str) -> Heard {
        Heard::Log { level: "info".into(), message: message.into() }
    }

    #[test]
    fn lines_are_whole_and_clear_however_they_came() {
        let mut teller = Teller::new(Redactor::new(["hunter2-hunter2"]));
        let heard =
            [printed("a\r\nkey hunt"), printed("er2-hun"), printed("ter2 é"), printed("\n\nrest hunter2")];
        assert_eq!(told(&mut teller, &heard), ["a", "key [redacted] é", ""]);
        assert_eq!(
            texts(teller.finish(AT)),
            ["rest [redacted]"],
            "what was cut off may have been the secret"
        );
    }

    #[test]
    fn stdout_is_never_told() {
        let mut teller = Teller::new(Redactor::default());
        assert_eq!(teller.tell(Heard::Stdout(b"result\n".to_vec()), AT), []);
        assert_eq!(teller.finish(AT), []);
    }

    #[test]
    fn an_entry_and_its_line_are_told_once() {
        let mut teller = Teller::new(Redactor::default());
        let first = [logged("a\nb"), printed("a\nb\n"), printed("c\n"), logged("c"), printed("a\n")];
        assert_eq!(told(&mut teller, &first), ["info: a\nb", "info: c", "a"]);
        assert_eq!(
            told(&mut teller, &[logged("x"), logged("x"), printed("x\nx\nx\n")]),
            ["info: x", "info: x", "x"]
        );
        teller.tell(printed("seen\n"), AT);
        assert_eq!(told(&mut teller, &[logged("seen")]), [""; 0], "what was told is not told again");
    }

    #[test]
    fn progress_is_cleared_of_secrets_and_of_what_terminals_obey() {
        let mut teller = Teller::new(Redactor::new(["hunter2-hunter2"]));
        let said = |message: String| Heard::Progress { fraction: 0.5, message };
        let long = said(format!("{}hunter2-hunter2\u{1b}[2J", "x".repeat(PROGRESS_MAX - 5)));
        let message = told(&mut teller, &[long]).pop().unwrap();
        assert!(message.ends_with("x[reda") && message.len() == PROGRESS_MAX + 4, "{message}");
        assert_eq!(told(&mut teller, &[said("\u{1b}[2Jhunter2-hunter2".into())]), ["0.5  [2J[redacted]"]);
    }

    #[test]
    fn a_flood_is_cut_and_said_so_once() {
        let mut teller = Teller::new(Redactor::default());
        let lines = told(&mut teller, &[printed(&"x\n".repeat(TEXTS_MAX + 9)), logged("y")]);
        assert_eq!((lines.len(), lines.last().unwrap().as_str()), (TEXTS_MAX + 1, "Truncated"));
        assert_eq!(teller.tell(Heard::Sample(frameos_sandbox::Resources::default()), AT).len(), 1);
        let mut teller = Teller::new(Redactor::default());
        let long = "é".repeat(LINE_MAX) + "\n";
        let lines = told(&mut teller, &[printed(&long.repeat(100))]);
        assert!(lines.iter().map(String::len).sum::<usize>() <= BYTES_MAX);
        assert!(lines.iter().all(|line| line == "Truncated" || line.chars().all(|letter| letter == 'é')));
    }
}
