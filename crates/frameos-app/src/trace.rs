//! Traces: how a span goes on in another process, and spans of what is over when it is known.
//!
//! Spans of traces have [`TRACE`] as their target and the level TRACE, so that nothing looks at them, and they cost a comparison,
//! unless the process exports them (docs/adr/0030). What goes into one is an id, a name or a number of ours: never an input, an
//! output, a token, an address or a name of a person's.

use std::time::{Duration, SystemTime};

use frameos_domain::clock::Timestamp;
use frameos_store::ticket::Ticket;
use opentelemetry::{
    Context, KeyValue, global,
    trace::{
        Span as _, SpanBuilder, SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState, Tracer,
    },
};
use serde_json::{Value, json};
use tracing::{
    Span,
    field::{Empty, display},
    trace_span,
};
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// The target of spans that belong to traces.
pub const TRACE: &str = "frameos_trace";

/// The name a ticket's payload has for the trace.
const IN_TICKET: &str = "trace";

/// The current span as W3C writes it (`traceparent`); `None` when it is not traced.
pub fn trace_parent() -> Option<String> {
    let context = Span::current().context();
    let span = context.span().span_context().clone();
    let flags = span.trace_flags().to_u8();
    span.is_valid().then(|| format!("00-{}-{}-{flags:02x}", span.trace_id(), span.span_id()))
}

/// Makes `span`, which is new, go on where `parent` was. What is no `traceparent` is passed over, as W3C asks.
pub fn trace_follow(span: &Span, parent: &str) {
    if !span.is_disabled()
        && let Some(parent) = parent_read(parent)
    {
        // Fails for a span that nobody exports only.
        let _ = span.set_parent(Context::new().with_remote_span_context(parent));
    }
}

/// Gives `span`, which may have begun, another name.
pub fn trace_name(span: &Span, name: String) {
    span.context().span().update_name(name);
}

/// Says that what `span` stands for went wrong, as which kind of error.
pub fn trace_failed(span: &Span, kind: &str) {
    span.record("otel.status_code", "ERROR").record("error.type", kind);
}

/// The span of what a worker does with a ticket; it goes on where the ticket was made.
pub(crate) fn ticket_span(ticket: &Ticket) -> Span {
    let span = trace_span!(
        target: TRACE,
        "process run",
        otel.kind = "consumer",
        otel.name = Empty,
        otel.status_code = Empty,
        error.type = Empty,
        messaging.system = "frameos",
        messaging.destination.name = "runs",
        messaging.operation.name = "process",
        frameos.execution.id = Empty,
        frameos.ticket.attempt = ticket.attempt,
    );
    if !span.is_disabled() {
        span.record("otel.name", format!("process {}", ticket.kind));
        span.record("frameos.execution.id", display(ticket.execution_id));
        if let Some(parent) = ticket.payload[IN_TICKET].as_str() {
            trace_follow(&span, parent);
        }
    }
    span
}

/// The payload of a ticket that is to settle `end`, and of the same trace as the ticket of `before`.
pub(crate) fn settle_payload(end: impl serde::Serialize, before: &Value) -> Value {
    match &before[IN_TICKET] {
        Value::Null => json!({"end": end}),
        trace => json!({"end": end, IN_TICKET: trace}),
    }
}

/// Notes, below the current span, something that took from `begun` to `ended`.
pub(crate) fn trace_past(
    name: &'static str,
    (begun, ended): (Timestamp, Timestamp),
    attributes: Vec<KeyValue>,
) {
    let context = Span::current().context();
    if !context.span().span_context().is_sampled() {
        return;
    }
    let builder = SpanBuilder::from_name(name).with_start_time(time(begun)).with_attributes(attributes);
    let mut span = global::tracer("frameos").build_with_context(builder, &context);
    span.end_with_timestamp(time(ended));
}

fn time(at: Timestamp) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_micros(u64::try_from(at.as_micros()).unwrap_or(0))
}

/// The rules of <https://www.w3.org/TR/trace-context/>: a later version may have more behind a hyphen.
fn parent_read(text: &str) -> Option<SpanContext> {
    let is_hex = |text: &str| text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let mut parts = text.trim().splitn(5, '-');
    let (version, trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let lengths = (version.len(), trace.len(), span.len(), flags.len());
    if lengths != (2, 32, 16, 2) || ![version, trace, span, flags].into_iter().all(is_hex) {
        return None;
    }
    if version == "ff" || (version == "00" && parts.next().is_some()) {
        return None;
    }
    let flags = TraceFlags::new(u8::from_str_radix(flags, 16).ok()?) & TraceFlags::SAMPLED;
    let (trace, span) = (TraceId::from_hex(trace).ok()?, SpanId::from_hex(span).ok()?);
    let context = SpanContext::new(trace, span, flags, true, TraceState::NONE);
    context.is_valid().then_some(context)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_traceparent_is_read_as_w3c_says() {
        let given = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let read = parent_read(given).unwrap();
        assert_eq!(read.trace_id().to_string(), "0af7651916cd43dd8448eb211c80319c");
        assert_eq!(read.span_id().to_string(), "b7ad6b7169203331");
        assert!(read.is_sampled() && read.is_remote());
        let unsampled = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";
        assert!(!parent_read(unsampled).unwrap().is_sampled());
        assert!(parent_read(&given.replacen("00-", "01-", 1)).is_some(), "a later version");
        assert!(parent_read(&format!("{}-more", given.replacen("00-", "01-", 1))).is_some());
        for wrong in [
            "",
            "00",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-é",
        ] {
            assert!(parent_read(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn without_an_exporter_there_is_no_trace() {
        assert_eq!(trace_parent(), None);
        let payload = settle_payload("success", &json!({}));
        assert_eq!(payload, json!({"end": "success"}));
        let trace = json!({"trace": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"});
        assert_eq!(settle_payload("failed", &trace)["trace"], trace["trace"]);
    }
}
