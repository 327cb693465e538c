//! Removing secret values from text before it is stored or shown, at once or as it comes.
//!
//! Invariants: a value is found as it is and in the forms of `redact/forms.rs`, wherever it stands and however the text was cut
//! into pieces on its way: a stream holds back exactly what may still become a value. All that is covered by any form is masked.
//! Values shorter than four bytes are not searched for: they would blank out ordinary text.

mod forms;
mod search;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use serde_json::Value;

use search::Search;

const MASK: &str = "[redacted]";
const SHORTEST: usize = 4;

/// Replaces known secret values by `[redacted]`. Cheap to clone.
#[derive(Clone, Default)]
pub struct Redactor {
    search: Arc<Search>,
}

impl Redactor {
    /// A redactor for the given secret values.
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Self {
        let mut secrets: Vec<&str> = secrets.into_iter().filter(|secret| secret.len() >= SHORTEST).collect();
        secrets.sort_unstable();
        secrets.dedup();
        Self { search: Arc::new(Search::new(&forms::needles(&secrets))) }
    }

    pub fn redact(&self, text: &str) -> String {
        self.whole(text, false)
    }

    /// Clears a text that may have been cut at its end: what begins a value there is masked too.
    pub fn redact_cut(&self, text: &str) -> String {
        self.whole(text, true)
    }

    /// Clears every string, key and number of a JSON value.
    pub fn redact_json(&self, value: Value) -> Value {
        if self.search.is_empty() {
            return value;
        }
        match value {
            Value::String(text) => Value::String(self.redact(&text)),
            Value::Array(items) => items.into_iter().map(|item| self.redact_json(item)).collect(),
            Value::Object(fields) => {
                fields.into_iter().map(|(key, value)| (self.redact(&key), self.redact_json(value))).collect()
            }
            // A part of another number is no secret.
            Value::Number(number) if self.redact(&number.to_string()) == MASK => Value::String(MASK.into()),
            other => other,
        }
    }

    /// Clears a text that comes in pieces.
    pub fn stream(&self) -> RedactStream {
        RedactStream {
            search: Arc::clone(&self.search),
            node: 0,
            held: Vec::new(),
            found: Vec::new(),
            masked: false,
        }
    }

    fn whole(&self, text: &str, cut: bool) -> String {
        if self.search.is_empty() {
            return text.to_owned();
        }
        let mut stream = self.stream();
        let mut cleared = stream.push(text.as_bytes());
        cleared.extend(stream.finish(cut));
        // Values are whole characters, so what is left is too.
        String::from_utf8(cleared)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
    }
}

/// A text on its way; bytes, because it may be cut within a character.
pub struct RedactStream {
    search: Arc<Search>,
    node: u32,
    /// What came and was not given back: it may be the beginning of a value.
    held: Vec<u8>,
    /// Where values are in it: in order, apart from each other.
    found: Vec<(usize, usize)>,
    /// What was given back ends with a mask.
    masked: bool,
}

impl RedactStream {
    /// Takes a piece and gives back what is certain by now.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<u8> {
        if self.search.is_empty() {
            return bytes.to_vec();
        }
        let before = self.held.len();
        self.held.extend_from_slice(bytes);
        for (index, byte) in bytes.iter().enumerate() {
            self.node = self.search.step(self.node, *byte);
            let length = self.search.found(self.node);
            if length > 0 {
                let end = before + index + 1;
                self.cover(end - length, end);
            }
        }
        // Whatever is found later begins within the longest beginning of a value that ends here.
        self.give(self.held.len() - self.search.depth(self.node))
    }

    /// The rest. With `cut`, the text went on and the rest of a value may be missing.
    pub fn finish(mut self, cut: bool) -> Vec<u8> {
        let (end, begun) = (self.held.len(), self.search.depth(self.node));
        if cut && begun >= SHORTEST {
            self.cover(end - begun, end);
        }
        self.give(end)
    }

    fn cover(&mut self, mut start: usize, end: usize) {
        while let Some((earlier, _)) = self.found.pop_if(|(_, until)| *until >= start) {
            start = start.min(earlier);
        }
        self.found.push((start, end));
    }

    fn give(&mut self, until: usize) -> Vec<u8> {
        let mut given = Vec::with_capacity(until);
        let mut at = 0;
        for (start, end) in &self.found {
            if *start >= until {
                break;
            }
            if *start > at {
                given.extend_from_slice(&self.held[at..*start]);
                self.masked = false;
            }
            if !self.masked {
                given.extend_from_slice(MASK.as_bytes());
                self.masked = true;
            }
            at = until.min(*end);
        }
        if at < until {
            given.extend_from_slice(&self.held[at..until]);
            self.masked = false;
        }
        self.held.drain(..until);
        self.found.retain_mut(|(start, end)| {
            (*start, *end) = (start.saturating_sub(until), end.saturating_sub(until));
            *end > 0
        });
        given
    }
}
