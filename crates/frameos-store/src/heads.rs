//! The heads of the hash chains a transaction has taken: read and locked once, advanced in memory, written before the commit.
//!
//! Invariants: a head in here is locked in the database until the transaction ends; what is undone is undone here as well,
//! with a copy taken before. Jobs of one batch share the heads, so each appends after the one before it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// One chain's last entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) name: &'static str,
    pub(crate) sequence: i64,
    pub(crate) hash: String,
    /// The sequence in the database; another one than `sequence` has to be written.
    pub(crate) stored: i64,
}

/// The heads of one transaction, or of one batch. Clones share them.
#[derive(Clone, Default)]
pub(crate) struct Heads(Arc<Mutex<Vec<Head>>>);

impl Heads {
    pub(crate) fn get(&self, name: &str) -> Option<Head> {
        self.lock().iter().find(|head| head.name == name).cloned()
    }

    /// Notes a head as it was just read; one that is known already stays, because it may have been advanced.
    pub(crate) fn learn(&self, name: &'static str, sequence: i64, hash: String) -> Head {
        let mut heads = self.lock();
        if let Some(known) = heads.iter().find(|head| head.name == name) {
            return known.clone();
        }
        let head = Head { name, sequence, hash, stored: sequence };
        heads.push(head.clone());
        head
    }

    /// Moves a head. False when it is not there.
    pub(crate) fn set(&self, name: &str, sequence: i64, hash: &str) -> bool {
        let mut heads = self.lock();
        let Some(head) = heads.iter_mut().find(|head| head.name == name) else { return false };
        head.sequence = sequence;
        hash.clone_into(&mut head.hash);
        true
    }

    /// What has to be written.
    pub(crate) fn moved(&self) -> Vec<Head> {
        self.lock().iter().filter(|head| head.sequence != head.stored).cloned().collect()
    }

    pub(crate) fn copy(&self) -> Vec<Head> {
        self.lock().clone()
    }

    pub(crate) fn restore(&self, copy: Vec<Head>) {
        *self.lock() = copy;
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Head>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
