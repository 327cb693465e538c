//! The gateway on a real database: the conformance suite, concurrency, crashes of callers, expiry and the audit.
#![expect(clippy::unwrap_used, reason = "a test that does not get its answer has failed")]

mod ap2;
mod client;
mod concurrency;
mod conformance;
mod expiry;
mod harness;
mod interleaving;
mod purchase;
mod top_up;
mod verify;
