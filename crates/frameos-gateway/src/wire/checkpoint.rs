//! Checkpoints of the ledger, as the gateway publishes them.

use frameos_domain::checkpoint::LedgerCheckpoint;
use serde::{Deserialize, Serialize};

/// A checkpoint, readable and signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    pub checkpoint: LedgerCheckpoint,
    /// What to keep: `frameos ledger verify --checkpoint` takes it.
    pub jws: String,
}

/// The newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckpointPage {
    pub checkpoints: Vec<Checkpoint>,
    pub total: i64,
    /// From 1.
    pub page: u32,
    pub limit: u32,
}
