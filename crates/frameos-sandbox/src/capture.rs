//! Reading a program's stdout or stderr: the beginning is kept, the rest is counted and dropped.
//!
//! Reading never stops before the end, so a program is never blocked or killed for printing. Of stdout the last line
//! that is a JSON object is kept as well, wherever it stands. Memory: the limit, plus one line of bounded length, twice.

use serde::de::IgnoredAny;
use serde_json::Value;
use tokio::io::AsyncReadExt as _;
use tokio::net::unix::pipe::Receiver;

use crate::outcome::{Captured, RunEvent};
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
        loop {
            match pipe.read(&mut buffer).await {
                Ok(0) | Err(_) => return,
                Ok(count) => {
                    let news = self.take(&buffer[..count]);
                    if !news.is_empty() {
                        sink.emit((self.event)(news)).await;
                    }
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

/// The last line that is a JSON object.
#[derive(Default)]
struct LastObject {
    line: Vec<u8>,
    /// The current line is longer than a result may be.
    overlong: bool,
    last: Option<Vec<u8>>,
}

impl LastObject {
    fn take(&mut self, mut bytes: &[u8]) {
        while let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
            self.extend(&bytes[..end]);
            self.end_line();
            bytes = &bytes[end + 1..];
        }
        self.extend(bytes);
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
        let candidate = !self.overlong && line.starts_with(b"{") && line.ends_with(b"}");
        if candidate && serde_json::from_slice::<IgnoredAny>(line).is_ok() {
            self.last = Some(line.to_vec());
        }
        self.line.clear();
        self.overlong = false;
    }

    fn finish(mut self) -> Option<Value> {
        self.end_line();
        serde_json::from_slice(&self.last?).ok()
    }
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
