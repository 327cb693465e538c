//! Tests of the `frameos` binary as a process: what it prints, its exit codes, and what survives when it is killed.
//!
//! They need `frameos-jail` beside the binary. A workspace build makes both; for this package alone, build it first:
//! `cargo build -p frameos-sandbox && cargo nextest run -p frameos`.
#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up fails right there")]

mod backup;
mod bundled_agents;
mod client;
mod crash;
mod faults;
mod gateway_crash;
mod local;
mod mandates;
mod master_keys;
mod nodes;
mod operator;
mod program;
mod random;
mod receipts;
mod remote;
mod s3;
mod sandbox;
mod scan;
mod server;
mod telemetry;
mod tls;
mod webhook;
mod worker_status;
mod x402;
