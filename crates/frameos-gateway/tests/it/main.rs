//! The gateway on a real database: the conformance suite, concurrency, crashes of callers, expiry and the audit.

mod concurrency;
mod conformance;
mod expiry;
mod harness;
mod interleaving;
mod top_up;
mod verify;
