//! What can go wrong with stored data, in the same words on both engines.
//!
//! Invariants: no variant shows SQL text in its message; a uniqueness violation carries the same constraint name whichever
//! engine refused it. An absent row is not an error: look-ups return `Option`.

use std::sync::Arc;

use thiserror::Error;

use crate::{cipher::CipherError, migrate::MigrationError};

/// A failed read or write.
#[derive(Debug, Error)]
pub enum StoreError {
    /// A row with the same unique key exists. `constraint` is `{table}_{columns}_key` or `{table}_pkey`.
    #[error("a row with the same `{constraint}` exists")]
    Conflict { constraint: String },
    /// A check, a foreign key or a trigger refused the change.
    #[error("the database refused the change: {rule}")]
    Refused { rule: String },
    /// The database cannot be reached, is overloaded or out of space. Trying again later may help.
    ///
    /// When a commit ends this way its outcome is unknown: repeat it under an idempotency key.
    #[error("the database is unavailable: {what}")]
    Unavailable {
        what: &'static str,
        #[source]
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
    /// Stored bytes do not mean what they should.
    #[error("stored data is corrupt: {what}")]
    Corrupt { what: String },
    /// A query returned more or fewer rows than it always should.
    #[error("expected {expected} row, found {found}")]
    RowCount { expected: &'static str, found: usize },
    /// An earlier statement of this transaction failed, so nothing of it can be kept.
    #[error("the transaction was undone because one of its statements failed")]
    Aborted,
    #[error("the transaction panicked and was undone")]
    Panicked,
    #[error("the database refused a statement")]
    Statement(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error(transparent)]
    Cipher(CipherError),
    #[error(transparent)]
    Migration(#[from] MigrationError),
    #[error("the object store failed to {action} an object")]
    Object {
        action: &'static str,
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The object store cannot be reached, or lets this installation not do it. Trying again later may help.
    #[error("the object store cannot {action} an object: {what}")]
    ObjectsUnavailable {
        action: &'static str,
        what: &'static str,
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    #[error("bad store configuration: {what}")]
    Config { what: String },
}

impl From<CipherError> for StoreError {
    fn from(error: CipherError) -> Self {
        match error {
            // The database tells it, and has not answered: that passes.
            CipherError::Stale => {
                Self::Unavailable { what: "no word of the key that writes", source: Some(error.into()) }
            }
            error => Self::Cipher(error),
        }
    }
}

impl StoreError {
    pub(crate) fn corrupt(what: impl Into<String>) -> Self {
        Self::Corrupt { what: what.into() }
    }

    pub(crate) fn unavailable(
        what: &'static str,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self::Unavailable { what, source: Some(source.into()) }
    }

    /// The same error for another who suffers it.
    pub(crate) fn shared(self: &Arc<Self>) -> Self {
        match &**self {
            Self::Corrupt { what } => Self::Corrupt { what: what.clone() },
            Self::Unavailable { what, .. } => Self::unavailable(what, Arc::clone(self)),
            _ => Self::unavailable("a commit failed", Arc::clone(self)),
        }
    }

    /// Whether this is a violation of the named unique constraint.
    pub fn is_conflict_on(&self, name: &str) -> bool {
        matches!(self, Self::Conflict { constraint } if constraint == name)
    }

    /// Whether doing the same again later may succeed.
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable { .. } | Self::ObjectsUnavailable { .. })
    }
}
