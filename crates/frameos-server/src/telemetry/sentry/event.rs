//! From a line of the log to an event: its message, fields, error with causes, and request.

use std::{error::Error, fmt};

use frameos_domain::clock::Timestamp;
use serde_json::{Map, Value, json};
use tracing::{
    Metadata,
    field::{Field, Visit},
};

use crate::telemetry::{panics::PANIC, scrub::scrub};

/// Causes of an error that are told.
const CAUSES: usize = 8;

/// The request's id, in a span that knows it.
#[derive(Default)]
pub(super) struct RequestIdFound(pub(super) Option<String>);

impl Visit for RequestIdFound {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "request_id" {
            self.0 = Some(format!("{value:?}"));
        }
    }
}

/// What a line says.
#[derive(Default)]
pub(super) struct Seen {
    message: String,
    fields: Map<String, Value>,
    /// The error first, then what it came of.
    errors: Vec<Value>,
}

impl Visit for Seen {
    fn record_i64(&mut self, field: &Field, value: i64) {
        self.fields.insert(field.name().to_owned(), value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.fields.insert(field.name().to_owned(), value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.fields.insert(field.name().to_owned(), value.into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        // An id of ours, or one that the client made for us to be found by.
        let is_id = field.name() == "request_id";
        let text = if is_id { value.to_owned() } else { scrub(value) };
        self.fields.insert(field.name().to_owned(), text.into());
    }

    fn record_error(&mut self, _field: &Field, value: &(dyn Error + 'static)) {
        let mut error = Some(value);
        while let Some(one) = error.filter(|_| self.errors.len() < CAUSES) {
            self.errors.push(json!({"type": kind(one), "value": scrub(&one.to_string())}));
            error = one.source();
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let text = scrub(&format!("{value:?}"));
        if field.name() == "message" {
            self.message = text;
        } else {
            self.fields.insert(field.name().to_owned(), text.into());
        }
    }
}

/// The name an error's type or variant prints itself with, without what it holds.
fn kind(error: &(dyn Error + 'static)) -> String {
    let text = format!("{error:?}");
    let end = text.find(|letter: char| !(letter.is_ascii_alphanumeric() || "_:".contains(letter)));
    let name = &text[..end.unwrap_or(text.len())];
    if name.is_empty() || name.len() > 64 { "error".to_owned() } else { name.to_owned() }
}

/// The event, with what all of this process say.
pub(super) fn event_build(
    of_all: &Value,
    metadata: &Metadata<'_>,
    seen: Seen,
    request_id: Option<String>,
    now: Timestamp,
) -> Value {
    let Seen { message, mut fields, mut errors } = seen;
    let is_panic = metadata.target() == PANIC;
    let place = match fields.get("location").and_then(Value::as_str) {
        Some(location) if is_panic => location.to_owned(),
        _ => format!("{}:{}", metadata.file().unwrap_or("unknown"), metadata.line().unwrap_or_default()),
    };
    if is_panic {
        errors = vec![
            json!({"type": "panic", "value": message, "mechanism": {"type": "panic", "handled": false}}),
        ];
    }
    // Sentry wants the cause first.
    errors.reverse();
    let mut event = of_all.clone();
    event["event_id"] = event_id().into();
    event["timestamp"] = now.to_string().into();
    event["level"] = if is_panic { "fatal" } else { "error" }.into();
    event["logger"] = metadata.target().into();
    event["culprit"] = place.clone().into();
    event["logentry"] = json!({"formatted": message});
    // One issue for each place and kind of error, whatever its words say.
    let kinds: Vec<&str> = errors.iter().filter_map(|error| error["type"].as_str()).collect();
    event["fingerprint"] = json!([place, kinds.join("<")]);
    if !errors.is_empty() {
        event["exception"] = json!({"values": errors});
    }
    for tag in ["request_id", "execution"] {
        let value = fields
            .remove(tag)
            .or_else(|| request_id.clone().filter(|_| tag == "request_id").map(Value::from));
        if let Some(value) = value {
            event["tags"][tag] = value;
        }
    }
    event["extra"] = fields.into();
    event
}

/// 32 hexadecimal digits. Without randomness they are all 0, which is an id, too.
fn event_id() -> String {
    let mut bytes = [0_u8; 16];
    let _ = aws_lc_rs::rand::fill(&mut bytes);
    hex::encode(bytes)
}
