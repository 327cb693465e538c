//! What surrounds every handler: the request's frame, detached writes, and answers that repeat.

mod detach;
mod frame;
mod idempotency;

pub(crate) use detach::detach;
pub(crate) use frame::{Frame, RequestId, frame, panic_answer, path_note, time_limit};
pub(crate) use idempotency::{Fingerprint, idempotency, idempotency_by_row, replay, replayed};

#[cfg(test)]
mod tests;
