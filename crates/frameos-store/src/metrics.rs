//! What the database costs: how long transactions take, and which fail.
//!
//! Invariant: labels are few and fixed; nothing of a statement or a tenant is in them.

use std::time::Duration;

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, histogram::Histogram},
    registry::Registry,
};

use crate::{StoreError, tx::Mode};

/// Seconds: 0.1 ms to 30 s.
const BUCKETS: [f64; 15] =
    [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ModeLabel {
    mode: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ErrorLabels {
    mode: &'static str,
    error: &'static str,
}

/// One store's numbers.
pub(crate) struct StoreMetrics {
    transactions: Family<ModeLabel, Histogram>,
    errors: Family<ErrorLabels, Counter>,
}

impl StoreMetrics {
    pub(crate) fn new() -> Self {
        let transactions = Family::new_with_constructor((|| Histogram::new(BUCKETS)) as fn() -> Histogram);
        Self { transactions, errors: Family::default() }
    }

    pub(crate) fn register(&self, registry: &mut Registry) {
        let transactions =
            "Time of database transactions from asking for a connection to the end of the commit";
        registry.register("frameos_db_transaction_seconds", transactions, self.transactions.clone());
        let errors = "Database transactions that failed, by the kind of error";
        registry.register("frameos_db_errors", errors, self.errors.clone());
    }

    pub(crate) fn finished<T>(&self, mode: Mode, took: Duration, result: &Result<T, StoreError>) {
        let mode = match mode {
            Mode::Read => "read",
            Mode::Write | Mode::WriteLane | Mode::WriteOnce => "write",
        };
        self.transactions.get_or_create(&ModeLabel { mode }).observe(took.as_secs_f64());
        if let Err(error) = result {
            self.errors.get_or_create(&ErrorLabels { mode, error: kind(error) }).inc();
        }
    }
}

const fn kind(error: &StoreError) -> &'static str {
    match error {
        StoreError::Unavailable { .. } | StoreError::ObjectsUnavailable { .. } => "unavailable",
        StoreError::Conflict { .. } | StoreError::Refused { .. } => "refused",
        StoreError::Corrupt { .. } | StoreError::Cipher(_) | StoreError::RowCount { .. } => "corrupt",
        StoreError::Migration(_) => "schema",
        StoreError::Aborted
        | StoreError::Panicked
        | StoreError::Statement(_)
        | StoreError::Object { .. }
        | StoreError::Config { .. } => "internal",
    }
}
