//! Reading a program's stdout or stderr: the beginning is kept, the rest is counted and dropped.
//!
//! Reading never stops before the end, so a program is never blocked or killed for printing. Of stdout the last line
//! that is a JSON object is kept as well, wherever it stands: the last few that look like one are remembered, and parsed
//! once, at the end. Memory: the limit, plus lines of three times the size of a result.

use std::collections::VecDeque;

use serde_json::{Map, Value};
use tokio::io::AsyncReadExt as _;
use tokio::net::unix::pipe::Receiver;

use crate::outcome::{Captured, RunEvent};
use crate::pace::Pace;
use crate::program::OUTPUTS_MAX;
use crate::sink::Sink;

/// One stream being read.
pub(crate) struct Capture {
    kept: Captured,
    limit: usize,
    results: Option<LastObject>,
    event: fn(Vec<u8>) -> RunEvent,
}

impl Capture {
    pub(crate) fn stdout(limit: usize) -> Self {
        Self {
            kept: Captured::default(),
            limit,
            results: Some(LastObject::default()),
            event: RunEvent::Stdout,
        }
    }

    pub(crate) fn stderr(limit: usize) -> Self {
        Self { kept: Captured::default(), limit, results: None, event: RunEvent::Stderr }
    }

    /// Until the last writer is gone.
    pub(crate) async fn drain(&mut self, mut pipe: Receiver, sink: &Sink) {
        let mut buffer = vec![0_u8; 1 << 16];
        let mut pace = Pace::default();
        loop {
            match pipe.read(&mut buffer).await {
                Ok(0) | Err(_) => return,
                Ok(count) => {
                    let news = self.take(&buffer[..count]);
                    if !news.is_empty() {
                        sink.emit((self.event)(news)).await;
                    }
                    pace.after(count).await;
                }
            }
        }
    }

    /// What was captured, and the last JSON object printed on a line of its own.
    pub(crate) fn finish(self) -> (Captured, Option<Value>) {
        (self.kept, self.results.and_then(LastObject::finish))
    }

    /// Returns the part that was kept.
    fn take(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.kept.total += bytes.len() as u64;
        if let Some(results) = &mut self.results {
            results.take(bytes);
        }
        let room = self.limit.saturating_sub(self.kept.bytes.len());
        let kept = &bytes[..room.min(bytes.len())];
        self.kept.bytes.extend_from_slice(kept);
        kept.to_vec()
    }
}

/// Lines remembered that look like an object: a log line after the result may do so too.
const CANDIDATES_MAX: usize = 8;
const CANDIDATE_BYTES_MAX: usize = 2 * OUTPUTS_MAX;

/// The last line that is a JSON object.
#[derive(Default)]
struct LastObject {
    line: Vec<u8>,
    /// The current line is longer than a result may be.
    overlong: bool,
    /// Oldest first.
    candidates: VecDeque<Vec<u8>>,
}

impl LastObject {
    fn take(&mut self, bytes: &[u8]) {
        let newline = |byte: &u8| *byte == b'\n';
        let (Some(first), Some(last)) = (bytes.iter().position(newline), bytes.iter().rposition(newline))
        else {
            return self.extend(bytes);
        };
        self.extend(&bytes[..first]);
        self.end_line();
        if first < last {
            // From the end: of thousands of lines only the last few matter.
            let whole = bytes[first + 1..last].rsplit(newline).map(<[u8]>::trim_ascii);
            let newest: Vec<&[u8]> =
                whole.filter(|line| looks_like_object(line)).take(CANDIDATES_MAX).collect();
            newest.into_iter().rev().for_each(|line| self.remember(line.to_vec()));
        }
        self.extend(&bytes[last + 1..]);
    }

    fn extend(&mut self, bytes: &[u8]) {
        if self.line.len() + bytes.len() > OUTPUTS_MAX {
            self.overlong = true;
            self.line.clear();
        }
        if !self.overlong {
            self.line.extend_from_slice(bytes);
        }
    }

    fn end_line(&mut self) {
        let line = self.line.trim_ascii();
        if !self.overlong && looks_like_object(line) {
            self.remember(line.to_vec());
        }
        self.line.clear();
        self.overlong = false;
    }

    fn remember(&mut self, line: Vec<u8>) {
        self.candidates.push_back(line);
        let mut bytes: usize = self.candidates.iter().map(Vec::len).sum();
        while self.candidates.len() > CANDIDATES_MAX || bytes > CANDIDATE_BYTES_MAX {
            bytes -= self.candidates.pop_front().map_or(bytes, |line| line.len());
        }
    }

    fn finish(mut self) -> Option<Value> {
        self.end_line();
        let mut objects = self.candidates.iter().rev().map(|line| serde_json::from_slice(line));
        objects.find_map(|object: Result<Map<String, Value>, _>| object.ok().map(Value::Object))
    }
}

/// Without a parser: `{`, then a name or the end.
fn looks_like_object(line: &[u8]) -> bool {
    let inside = line.strip_prefix(b"{").and_then(|line| line.strip_suffix(b"}"));
    inside.is_some_and(|inside| matches!(inside.trim_ascii_start().first(), None | Some(b'"')))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn last(chunks: &[&str]) -> Option<Value> {
        let mut capture = Capture::stdout(4);
        for chunk in chunks {
            capture.take(chunk.as_bytes());
        }
        capture.finish().1
    }

    #[test]
    fn the_last_object_line_wins_wherever_it_stands() {
        let expect = Some(serde_json::json!({"a": 2}));
        assert_eq!(last(&["{\"a\":1}\nlog\n{\"a\"", ":2}\nbye\n{broken}\n[1]\n"]), expect);
        assert_eq!(last(&["{\"a\":2}"]), expect);
        assert_eq!(last(&["no result\n"]), None);
    }

    #[test]
    fn lines_that_only_look_like_objects_do_not_hide_the_last_one() {
        let expect = Some(serde_json::json!({"a": 2}));
        assert_eq!(last(&["x\n{\"a\":2}\n{\"b\": }\n{\"c\"}\n{'d': 1}\n{}}\n"]), expect);
        assert_eq!(last(&["{\"a\":1}\n", "{\"a\":2}\n{\"x\"}", "\n"]), expect);
        assert_eq!(last(&["{ }\n"]), Some(serde_json::json!({})));
    }

    #[test]
    fn a_flood_of_objects_is_not_kept() {
        let mut results = LastObject::default();
        let line = format!("{{\"a\":\"{}\"}}\n", "x".repeat(OUTPUTS_MAX / 2));
        for _ in 0..20 {
            results.take(line.as_bytes());
            results.take(b"{}\n{}\n{}\n");
        }
        assert!(results.candidates.len() <= CANDIDATES_MAX);
        assert!(results.candidates.iter().map(Vec::len).sum::<usize>() <= CANDIDATE_BYTES_MAX);
        assert_eq!(results.finish(), Some(serde_json::json!({})));
    }

    #[test]
    fn an_overlong_line_is_no_result_and_costs_no_memory() {
        let mut results = LastObject::default();
        results.take(b"{\"a\":2}\n{\"b\":\"");
        for _ in 0..64 {
            results.take(&vec![b'x'; OUTPUTS_MAX / 16]);
            assert!(results.line.capacity() <= 2 * OUTPUTS_MAX);
        }
        results.take(b"\"}\n");
        assert_eq!(results.finish(), Some(serde_json::json!({"a": 2})));
    }

    #[test]
    fn the_rest_is_counted_and_dropped() {
        let mut capture = Capture::stderr(4);
        assert_eq!(capture.take(b"abcdef"), b"abcd");
        assert_eq!(capture.take(b"gh"), b"");
        let (kept, _) = capture.finish();
        assert_eq!((kept.bytes.as_slice(), kept.total, kept.truncated()), (&b"abcd"[..], 8, true));
    }
}
