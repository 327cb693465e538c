//! Events of runs, as the contract shows them.

use axum::response::sse::Event;
use frameos_app::{WatchEvent, WatchKind};
use frameos_contract::run_event::{RunEvent, RunEventData};
use frameos_store::run_event::{LogStream, RunEventKind};

/// One event of the stream.
pub(crate) fn event(event: WatchEvent) -> Result<Event, axum::Error> {
    let WatchEvent { id, attempt, at, kind } = event;
    let named = Event::default().id(id.to_string());
    let data = match kind {
        WatchKind::End(run) => return named.event("end").json_data(super::execution::execution(*run)),
        WatchKind::State { status, reason } => RunEventData::State { status, reason },
        WatchKind::Said(RunEventKind::Log { stream, level, message }) => {
            RunEventData::Log { stream: stream_name(stream), level, message }
        }
        WatchKind::Said(RunEventKind::Progress { fraction, message }) => {
            RunEventData::Progress { fraction, message }
        }
        WatchKind::Said(RunEventKind::Charge { event, count, amount }) => {
            RunEventData::Charge { event, count, amount }
        }
        WatchKind::Said(RunEventKind::Resources { used }) => RunEventData::Resources(used),
        WatchKind::Said(RunEventKind::Truncated) => RunEventData::Truncated {},
    };
    named.event(data.name()).json_data(RunEvent { at, attempt, data })
}

const fn stream_name(stream: LogStream) -> &'static str {
    match stream {
        LogStream::Stdout => "stdout",
        LogStream::Stderr => "stderr",
        LogStream::Log => "log",
    }
}
