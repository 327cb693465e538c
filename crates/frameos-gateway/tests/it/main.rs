//! The gateway on a real database: the conformance suite, concurrency, crashes of callers, expiry and the audit.
#![expect(clippy::unwrap_used, reason = "a test that does not get its answer has failed")]

mod altered;
mod ap2;
mod cashfree_payouts;
mod checkpoint;
mod client;
mod concurrency;
mod conformance;
mod double;
mod expiry;
mod harness;
mod interleaving;
mod payouts;
mod policy;
mod providers;
mod purchase;
mod refunds;
mod storm;
mod top_up;
mod top_up_orders;
mod verify;
mod x402;
