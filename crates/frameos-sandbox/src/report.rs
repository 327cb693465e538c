//! What the runner tells on descriptor 4: results, errors, progress, log entries, and what it counts.
//!
//! The writer is as hostile as the agent: lines are bounded, nonsense is ignored, the number of events is bounded, and
//! nothing here can fail. Nor can it keep the server busy: results are parsed once, at the end, and everything else only
//! within a budget; counting has one of its own, so that talk cannot crowd it out. A result that came but cannot be read is never taken for none: it is told in `outputs_error`.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use tokio::io::AsyncReadExt as _;
use tokio::net::unix::pipe::Receiver;

use crate::meter::{Meter, Metering};
use crate::outcome::RunEvent;
use crate::pace::Pace;
use crate::program::OUTPUTS_MAX;
use crate::sink::Sink;

/// The longest result, and the words around it.
const LINE_MAX: usize = OUTPUTS_MAX + 1024;
const ERROR_MAX: usize = 2000;
const MESSAGE_MAX: usize = 8 * 1024;
const LEVEL_MAX: usize = 16;
/// Log and progress events passed on in one run.
const EVENTS_MAX: u32 = 10_000;
/// Lines, and bytes in them, that are looked into in one run; results and errors come on top.
const PARSED_LINES_MAX: u32 = 20_000;
const PARSED_BYTES_MAX: usize = 64 << 20;
/// Lines that count something, good or bad, looked into in one run, and how long one may be.
const CHARGES_MAX: u32 = 200_000;
const CHARGE_LINE_MAX: usize = 512;
/// After so much, nothing is looked at any more.
const READ_MAX: u64 = 256 << 20;
/// How much of a line tells its kind, spaces between the words included.
const HEAD: usize = 64;

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Message {
    Form { handler: bool },
    Progress { fraction: f64, message: String },
    Log { level: String, message: String },
}

#[derive(Deserialize)]
struct ChargeLine {
    event: String,
    count: u64,
}

#[derive(Deserialize)]
struct OutputsLine {
    value: Value,
}

#[derive(Deserialize)]
struct ErrorLine {
    message: String,
}

/// What was told so far.
#[derive(Default)]
pub(crate) struct Reports {
    handler: bool,
    /// The last line that was a result, as it came.
    outputs: Option<Raw>,
    /// The last line that was an error, likewise.
    error: Option<Vec<u8>>,
    line: Vec<u8>,
    overlong: bool,
    events: u32,
    lines_parsed: u32,
    bytes_parsed: usize,
    read: u64,
    metering: Metering,
    charges_parsed: u32,
}

enum Raw {
    Line(Vec<u8>),
    Overlong,
}

/// What was told in all.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Told {
    /// The entry point is a handler, so what it prints is no result.
    pub(crate) handler: bool,
    pub(crate) outputs: Option<Value>,
    /// Why there are no outputs although there was a result.
    pub(crate) outputs_error: Option<String>,
    pub(crate) error: Option<String>,
    pub(crate) counts: BTreeMap<String, u64>,
}

impl Reports {
    pub(crate) fn new(meter: Option<Meter>) -> Self {
        Self { metering: Metering::new(meter), ..Self::default() }
    }

    /// Until the last writer is gone.
    pub(crate) async fn drain(&mut self, mut pipe: Receiver, sink: &Sink) {
        let mut buffer = vec![0_u8; 1 << 16];
        let mut pace = Pace::default();
        loop {
            let count = match pipe.read(&mut buffer).await {
                Ok(0) | Err(_) => return,
                Ok(count) => count,
            };
            pace.after(count).await;
            self.read += count as u64;
            if self.read > READ_MAX {
                continue;
            }
            let mut rest = &buffer[..count];
            while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
                self.extend(&rest[..end]);
                rest = &rest[end + 1..];
                if let Some(event) = self.end_line() {
                    sink.emit(event).await;
                }
            }
            self.extend(rest);
        }
    }

    /// Reads what was kept.
    pub(crate) fn finish(self) -> Told {
        let mut told = Told { handler: self.handler, counts: self.metering.finish(), ..Told::default() };
        let line = self.error.and_then(|line| serde_json::from_slice(&line).ok());
        told.error = line.map(|line: ErrorLine| clip(line.message, ERROR_MAX));
        let unreadable = |reason: &str| Some(format!("the outputs cannot be read: {reason}"));
        match self.outputs {
            Some(Raw::Line(line)) => match serde_json::from_slice(&line) {
                Ok(OutputsLine { value }) => told.outputs = Some(value),
                Err(error) => told.outputs_error = unreadable(&clip(error.to_string(), ERROR_MAX)),
            },
            Some(Raw::Overlong) => {
                told.outputs_error = unreadable(&format!("they are larger than {OUTPUTS_MAX} bytes"));
            }
            None if self.read > READ_MAX => {
                told.outputs_error = unreadable(&format!("more than {READ_MAX} bytes were reported"));
            }
            None => {}
        }
        told.handler |= told.outputs.is_some() || told.outputs_error.is_some();
        told
    }

    fn extend(&mut self, bytes: &[u8]) {
        if self.overlong {
            return;
        }
        if self.line.len() + bytes.len() > LINE_MAX {
            self.overlong = true;
            self.line.extend_from_slice(&bytes[..bytes.len().min(HEAD)]);
            self.line.truncate(HEAD);
            return;
        }
        self.line.extend_from_slice(bytes);
    }

    fn end_line(&mut self) -> Option<RunEvent> {
        let overlong = std::mem::take(&mut self.overlong);
        match kind(&self.line) {
            Kind::Outputs if overlong => self.outputs = Some(Raw::Overlong),
            Kind::Outputs => match &mut self.outputs {
                // A flood of results must not be a flood of allocations.
                Some(Raw::Line(old)) => std::mem::swap(old, &mut self.line),
                none => *none = Some(Raw::Line(std::mem::take(&mut self.line))),
            },
            Kind::Error if !overlong => self.error = Some(std::mem::take(&mut self.line)),
            Kind::Charge if !overlong => {
                let event = self.charge();
                self.line.clear();
                return event;
            }
            Kind::Other if !overlong => {
                let event = self.other();
                self.line.clear();
                return event;
            }
            Kind::Error | Kind::Charge | Kind::Other => {}
        }
        self.line.clear();
        None
    }

    fn charge(&mut self) -> Option<RunEvent> {
        if self.charges_parsed >= CHARGES_MAX || self.line.len() > CHARGE_LINE_MAX {
            return None;
        }
        self.charges_parsed += 1;
        let ChargeLine { event, count } = serde_json::from_slice(&self.line).ok()?;
        let total = self.metering.count(&event, count)?;
        self.event(RunEvent::Charge { event, count, total })
    }

    fn other(&mut self) -> Option<RunEvent> {
        if self.line.is_empty()
            || self.lines_parsed >= PARSED_LINES_MAX
            || self.bytes_parsed >= PARSED_BYTES_MAX
        {
            return None;
        }
        self.lines_parsed += 1;
        self.bytes_parsed += self.line.len();
        match serde_json::from_slice(&self.line).ok()? {
            Message::Form { handler } => {
                self.handler = handler;
                None
            }
            Message::Progress { fraction, message } => {
                let fraction = if fraction.is_finite() { fraction.clamp(0.0, 1.0) } else { 0.0 };
                self.event(RunEvent::Progress { fraction, message: clip(message, MESSAGE_MAX) })
            }
            Message::Log { level, message } => self
                .event(RunEvent::Log { level: clip(level, LEVEL_MAX), message: clip(message, MESSAGE_MAX) }),
        }
    }

    fn event(&mut self, event: RunEvent) -> Option<RunEvent> {
        self.events = self.events.saturating_add(1);
        (self.events <= EVENTS_MAX).then_some(event)
    }
}

enum Kind {
    Outputs,
    Error,
    Charge,
    Other,
}

/// By its first words, so that a line need not be readable to count. The runners write `type` first.
fn kind(line: &[u8]) -> Kind {
    let head = line.iter().take(HEAD).filter(|byte| !byte.is_ascii_whitespace());
    let starts = |words: &[u8]| head.clone().take(words.len()).eq(words);
    if starts(br#"{"type":"outputs""#) {
        Kind::Outputs
    } else if starts(br#"{"type":"error""#) {
        Kind::Error
    } else if starts(br#"{"type":"charge""#) {
        Kind::Charge
    } else {
        Kind::Other
    }
}

fn clip(mut text: String, max: usize) -> String {
    if text.len() > max {
        text.truncate(text.floor_char_boundary(max));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(lines: &[&[u8]]) -> Reports {
        let mut reports = Reports::default();
        for line in lines {
            reports.extend(line);
            reports.end_line();
        }
        reports
    }

    #[test]
    fn nonsense_is_ignored() {
        let reports = told(&[
            b"",
            b"\xff\xfe",
            b"{}",
            b"{\"type\":\"outputs\"}",
            b"{\"type\":\"launch\"}",
            b"[[[[",
            b"{\"type\":\"outputs\",\"value\":{\"a\":1}}",
        ]);
        let told = reports.finish();
        assert_eq!(told.outputs, Some(serde_json::json!({"a": 1})));
        assert_eq!((told.error, told.outputs_error, told.handler), (None, None, true));
    }

    #[test]
    fn overlong_lines_are_dropped_whole() {
        let long = vec![b' '; LINE_MAX];
        let mut reports = Reports::default();
        reports.extend(&long);
        reports.extend(b"{\"type\":\"error\",\"message\":\"x\"}");
        reports.end_line();
        assert_eq!(reports.finish(), Told::default());
    }

    #[test]
    fn unreadable_outputs_are_told() {
        let deep = format!("{{\"type\":\"outputs\",\"value\":{}{}}}", "[".repeat(200), "]".repeat(200));
        let long = format!("{{ \"type\" : \"outputs\", \"value\": \"{}\"}}", "x".repeat(LINE_MAX));
        let huge = format!("{{\"type\":\"outputs\",\"value\":1{}}}", "0".repeat(400));
        let surrogate = "{\"type\": \"outputs\", \"value\": \"\\ud800\"}";
        let readable: &[u8] = b"{\"type\":\"outputs\",\"value\":1}";
        for bad in [deep.as_str(), &long, &huge, surrogate, "{\"type\":\"outputs\""] {
            // The last one counts.
            let told_bad = told(&[readable, bad.as_bytes()]).finish();
            assert_eq!(told_bad.outputs, None);
            assert!(told_bad.handler && told_bad.outputs_error.is_some(), "{told_bad:?}");
            assert_eq!(told(&[bad.as_bytes(), readable]).finish().outputs_error, None);
        }
    }

    #[test]
    fn results_and_errors_count_when_the_budget_is_spent() {
        let mut reports = Reports::default();
        for _ in 0..PARSED_LINES_MAX + 5 {
            reports.extend(b"{}");
            reports.end_line();
        }
        assert_eq!(reports.lines_parsed, PARSED_LINES_MAX);
        for line in [&b"{\"type\":\"error\",\"message\":\"x\"}"[..], b"{\"type\":\"outputs\",\"value\":1}"] {
            reports.extend(line);
            reports.end_line();
        }
        let told = reports.finish();
        assert_eq!((told.error.as_deref(), told.outputs), (Some("x"), Some(1.into())));
    }

    #[test]
    fn events_are_bounded() {
        let mut reports = Reports::default();
        let line = b"{\"type\":\"log\",\"level\":\"info\",\"message\":\"x\"}";
        let mut passed = 0;
        for _ in 0..EVENTS_MAX + 5 {
            reports.extend(line);
            passed += u32::from(reports.end_line().is_some());
        }
        assert_eq!(passed, EVENTS_MAX);
    }

    #[test]
    fn counting_is_bounded_and_not_crowded_out() {
        let events = [("page".to_owned(), 25)].into_iter().collect();
        let mut reports = Reports::new(Some(Meter { start: 0, limit: 60, events }));
        for _ in 0..PARSED_LINES_MAX + 5 {
            reports.extend(b"{}");
            reports.end_line();
        }
        let mut say = |line: &str| {
            reports.extend(line.as_bytes());
            reports.end_line()
        };
        let charge = |total| Some(RunEvent::Charge { event: "page".to_owned(), count: 2, total });
        let good = r#"{"type": "charge", "event": "page", "count": 2}"#;
        assert_eq!((say(good), say(good)), (charge(50), charge(60)));
        for bad in ["-1", "1.5", "1e300", "NaN", "null", "\"2\"", "18446744073709551616", "0", "1000000001"] {
            assert_eq!(say(&format!(r#"{{"type":"charge","event":"page","count":{bad}}}"#)), None, "{bad}");
        }
        assert_eq!(say(r#"{"type":"charge","event":"word","count":1}"#), None, "not declared");
        assert_eq!(say(&format!(r#"{{"type":"charge","event":"{}","count":1}}"#, "x".repeat(600))), None);
        assert_eq!(reports.finish().counts, [("page".to_owned(), 4)].into_iter().collect());
    }

    #[test]
    fn clipping_keeps_characters_whole() {
        assert_eq!(clip("aé".to_owned(), 2), "a");
    }
}
