//! The store's suite: the same tests on SQLite and on PostgreSQL.
//!
//! `cargo nextest run -p frameos-store` wants `FRAMEOS_TEST_POSTGRES_URL`; `-E 'not test(postgres::)'` leaves that half out.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod account;
mod agent;
mod batch;
mod chain;
mod charge;
mod deployment;
mod directory;
mod execution;
mod finding;
mod fixture;
mod free_run;
mod idempotency;
mod job_queue;
mod lane;
mod ledger;
mod live;
mod mail_token;
mod notification;
mod object;
mod overview;
mod personal_token;
mod recovery_code;
mod rekey;
mod revenue;
mod review;
mod run_event;
mod s3;
mod schema;
mod session;
mod signal;
mod stats;
mod subscription;
mod throttle;
mod ticket;
mod transaction;
mod version;
mod webhook;
mod worker;
