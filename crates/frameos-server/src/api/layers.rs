//! What surrounds every handler: the request's frame, detached writes, and answers that repeat.

mod body_time;
mod compression;
mod cors;
mod detach;
mod frame;
mod idempotency;
mod limit;

pub(crate) use body_time::{body_time, is_slow};
pub(crate) use compression::{compression, compression_mark};
pub(crate) use cors::cors;
pub(crate) use detach::detach;
pub(crate) use frame::{Frame, RequestId, frame, panic_answer, path_note, time_limit};
pub(crate) use idempotency::{Fingerprint, idempotency, idempotency_by_row, repeated, replay};
pub(crate) use limit::{Limited, RequestLimits, limit};

#[cfg(test)]
mod tests;
