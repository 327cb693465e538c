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

mod cipher;
pub mod clock;
mod dialect;
mod error;
pub mod gateway;
mod key;
mod migrate;
mod objects;
mod postgres;
mod row;
mod signal;
mod sqlite;
mod store;
#[cfg(feature = "test-util")]
pub mod testing;
mod tx;
mod value;

pub use cipher::{Cipher, CipherError, Place};
pub use error::StoreError;
pub use key::{KeyError, MasterKey};
pub use migrate::MigrationError;
pub use objects::{Objects, ObjectsConfig};
pub use row::Row;
pub use store::{Store, StoreConfig};
pub use tx::{BoxFuture, Tx};
pub use value::{FromValue, Value};
