//! What the runner tells on descriptor 4: results, errors, progress, log entries.
//!
//! The writer is as hostile as the agent: lines are bounded, nonsense is ignored, the number of events is bounded, and
//! nothing here can fail.

use serde::Deserialize;
use serde_json::Value;
use tokio::io::AsyncReadExt as _;
use tokio::net::unix::pipe::Receiver;

use crate::outcome::RunEvent;
use crate::program::OUTPUTS_MAX;
use crate::sink::Sink;

/// The longest result, and the words around it.
const LINE_MAX: usize = OUTPUTS_MAX + 1024;
const ERROR_MAX: usize = 2000;
const MESSAGE_MAX: usize = 8 * 1024;
const LEVEL_MAX: usize = 16;
/// Log and progress events passed on in one run.
const EVENTS_MAX: u32 = 10_000;

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Message {
    Form { handler: bool },
    Outputs { value: Value },
    Error { message: String },
    Progress { fraction: f64, message: String },
    Log { level: String, message: String },
}

/// What was told so far.
#[derive(Default)]
pub(crate) struct Reports {
    /// The entry point is a handler, so what it prints is no result.
    pub(crate) handler: bool,
    pub(crate) outputs: Option<Value>,
    pub(crate) error: Option<String>,
    line: Vec<u8>,
    overlong: bool,
    events: u32,
}

impl Reports {
    /// Until the last writer is gone.
    pub(crate) async fn drain(&mut self, mut pipe: Receiver, sink: &Sink) {
        let mut buffer = vec![0_u8; 1 << 16];
        loop {
            let count = match pipe.read(&mut buffer).await {
                Ok(0) | Err(_) => return,
                Ok(count) => count,
            };
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

    fn extend(&mut self, bytes: &[u8]) {
        if self.line.len() + bytes.len() > LINE_MAX {
            self.overlong = true;
            self.line.clear();
        }
        if !self.overlong {
            self.line.extend_from_slice(bytes);
        }
    }

    fn end_line(&mut self) -> Option<RunEvent> {
        let line = std::mem::take(&mut self.line);
        if std::mem::take(&mut self.overlong) {
            return None;
        }
        match serde_json::from_slice(&line).ok()? {
            Message::Form { handler } => self.handler = handler,
            Message::Outputs { value } => {
                self.handler = true;
                self.outputs = Some(value);
            }
            Message::Error { message } => self.error = Some(clip(message, ERROR_MAX)),
            Message::Progress { fraction, message } => {
                let fraction = if fraction.is_finite() { fraction.clamp(0.0, 1.0) } else { 0.0 };
                return self.event(RunEvent::Progress { fraction, message: clip(message, MESSAGE_MAX) });
            }
            Message::Log { level, message } => {
                return self.event(RunEvent::Log {
                    level: clip(level, LEVEL_MAX),
                    message: clip(message, MESSAGE_MAX),
                });
            }
        }
        None
    }

    fn event(&mut self, event: RunEvent) -> Option<RunEvent> {
        self.events = self.events.saturating_add(1);
        (self.events <= EVENTS_MAX).then_some(event)
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
        assert_eq!(reports.outputs, Some(serde_json::json!({"a": 1})));
        assert_eq!(reports.error, None);
    }

    #[test]
    fn overlong_lines_are_dropped_whole() {
        let long = vec![b' '; LINE_MAX];
        let mut reports = Reports::default();
        reports.extend(&long);
        reports.extend(b"{\"type\":\"error\",\"message\":\"x\"}");
        reports.end_line();
        assert_eq!(reports.error, None);
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
    fn clipping_keeps_characters_whole() {
        assert_eq!(clip("aé".to_owned(), 2), "a");
    }
}
