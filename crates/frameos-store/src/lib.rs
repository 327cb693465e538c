//! Everything FrameOS keeps: SQL on SQLite and PostgreSQL, migrations, the run queue, column encryption and blobs.
//!
//! Invariants: all SQL of the workspace is in this crate; every statement runs on both engines from one text, and what must
//! differ stands in `dialect.rs`; whatever reads or writes a tenant's row takes the owner as its first argument, and the
//! unscoped variant is named `*_unscoped`; a transaction never waits for the network or for a person.
//!
//! The core is [`Store`], [`Tx`], [`Value`] and [`Row`]. One module per noun holds plain `noun_verb` functions over
//! `&mut Tx`, so that a caller composes several of them into one transaction. It knows no HTTP, no payment provider and
//! decides no business question.
#![forbid(unsafe_code)]

pub mod account;
pub mod admin;
pub mod agent;
pub mod audit;
pub mod backup;
pub mod chain;
pub mod charge;
mod cipher;
pub mod clock;
pub mod deployment;
pub mod developer;
mod dialect;
pub mod directory;
pub mod erasure;
mod error;
pub mod execution;
mod filter;
pub mod finding;
pub mod free_run;
pub mod gateway;
mod gathered;
mod heads;
pub mod idempotency;
pub mod job;
mod key;
pub mod live;
pub mod mail_token;
mod metrics;
mod migrate;
pub mod notification;
mod objects;
pub mod overview;
pub mod page;
pub mod payout;
pub mod payout_account;
pub mod personal_token;
mod postgres;
mod postponed;
pub mod profile;
pub mod recovery_code;
pub mod refund_request;
pub mod rekey;
pub mod revenue;
pub mod review;
mod row;
pub mod run_event;
pub mod run_share;
pub mod run_token;
pub mod session;
pub mod setting;
mod signal;
pub mod signing_key;
pub mod spending;
mod sqlite;
pub mod stats;
pub mod status;
mod store;
pub mod subscription;
#[cfg(feature = "test-util")]
pub mod testing;
pub mod throttle;
pub mod ticket;
mod tx;
pub mod user;
mod value;
pub mod version;
pub mod webhook;
pub mod worker;

pub use cipher::{Cipher, CipherError, KeySource, Place};
pub use error::StoreError;
pub use key::{KeyError, MasterKey};
pub use migrate::MigrationError;
pub use objects::{Objects, ObjectsConfig, S3Config};
pub use page::{FromRow, Page, Paged, Unread};
pub use row::Row;
pub use store::{Store, StoreConfig};
pub use tx::{BoxFuture, Lane, Statement, Tx};
pub use value::{FromValue, Value};
