//! The HTTP contract: what requests and responses look like, shared by the server and its clients.
//!
//! Plain data with serde, one file per noun. No logic, no I/O; ids and times are the domain's types in their text form.
#![forbid(unsafe_code)]

pub mod account;
pub mod admin;
pub mod agent;
pub mod deployment;
pub mod developer;
pub mod envelope;
pub mod error_code;
pub mod execution;
pub mod operations;
pub mod payout;
pub mod personal_token;
pub mod run_event;
pub mod schema;
pub mod subscription;
pub mod user_review;
pub mod wallet;
pub mod webhook;

pub use envelope::{ApiError, Envelope, Page};
pub use error_code::ErrorCode;
