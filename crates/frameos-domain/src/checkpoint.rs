//! Checkpoints of the ledger: a signed statement of where the gateway's chains stood.
//!
//! Whoever keeps one can tell later that no entry before it was changed, taken away or put in, even by somebody who can write
//! to the database: the chains must still lead through the hashes it names. Checkpoints form a chain themselves.

use serde::{Deserialize, Serialize};

use crate::{
    clock::Timestamp,
    signing::{KeySet, SignatureError, SigningKey, verify},
};

/// The JWS `typ` of a checkpoint.
pub const CHECKPOINT_TYPE: &str = "frameos-ledger-checkpoint+jws";

/// Where the chains stood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LedgerCheckpoint {
    /// From 1, without gaps.
    pub number: i64,
    /// SHA-256 of the checkpoint before, as compact JWS.
    pub previous_hash: String,
    /// The last ledger transaction and its hash.
    pub ledger_sequence: i64,
    pub ledger_hash: String,
    /// The last payment receipt and its hash; 0 and zeros when there is none.
    pub receipt_sequence: i64,
    pub receipt_hash: String,
    pub issued_at: Timestamp,
}

impl LedgerCheckpoint {
    pub fn sign(&self, key: &SigningKey) -> Result<String, SignatureError> {
        key.sign(CHECKPOINT_TYPE, self)
    }

    pub fn verify(jws: &str, trusted: Option<&KeySet>) -> Result<Self, SignatureError> {
        verify(jws, CHECKPOINT_TYPE, trusted).map(|(checkpoint, _)| checkpoint)
    }
}
