//! The server's tests: a real server on a free port, a real database, real sandboxes, reached over HTTP only.
//!
//! The engine is SQLite, or PostgreSQL when `FRAMEOS_TEST_DATABASE=postgres`; `make test` runs both.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod access;
mod account_end;
mod agent_check;
mod analytics;
mod bundles;
mod config;
mod contract;
mod directory;
mod discovery;
mod doctor;
mod envelope;
mod error_pages;
mod failed_runs;
mod findings;
mod gateway_clients;
mod gateway_http;
mod hardening;
mod harness;
mod hostile_agents;
mod idempotency;
mod keys;
mod limits;
mod live_runs;
mod mails;
mod main_flow;
mod news;
mod notifications;
mod operations;
mod passwords;
mod payouts;
mod personal_tokens;
mod platform_faults;
mod policies;
mod pricing;
mod process;
mod providers;
mod queue;
mod registry;
mod run_events;
mod second_factors;
mod security_page;
mod sessions;
mod subscriptions;
mod user_reviews;
mod versions;
mod webhooks;
mod x402;
