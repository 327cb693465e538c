//! The server's tests: a real server on a free port, a real database, real sandboxes, reached over HTTP only.
//!
//! The engine is SQLite, or PostgreSQL when `FRAMEOS_TEST_DATABASE=postgres`; `make test` runs both.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod access;
mod analytics;
mod bundles;
mod config;
mod doctor;
mod envelope;
mod error_pages;
mod failed_runs;
mod gateway_clients;
mod gateway_http;
mod hardening;
mod harness;
mod hostile_agents;
mod idempotency;
mod keys;
mod limits;
mod live_runs;
mod main_flow;
mod operations;
mod payouts;
mod platform_faults;
mod policies;
mod pricing;
mod process;
mod providers;
mod queue;
mod registry;
mod run_events;
mod sessions;
mod subscriptions;
mod webhooks;
mod x402;
