//! What was just seen and is likely needed again: intents without a mandate, so that the mandate which usually follows need not read
//! them, and payers' policies.
//!
//! Invariants: an intent never changes, so what is remembered is what is stored; a policy that is remembered is compared with the stored
//! one in the transaction that relies on it; both are only shortcuts, and bounded.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
};

use frameos_domain::{id::IntentId, policy::Policy};
use frameos_store::gateway::intent::IntentRow;

/// How many of each are remembered.
const MOST: usize = 1_024;

#[derive(Default)]
pub(crate) struct Recent(Mutex<(HashMap<IntentId, IntentRow>, VecDeque<IntentId>)>);

impl Recent {
    pub(crate) fn note(&self, intent: &IntentRow) {
        let mut recent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (intents, order) = &mut *recent;
        if order.len() >= MOST
            && let Some(oldest) = order.pop_front()
        {
            intents.remove(&oldest);
        }
        order.push_back(intent.id);
        intents.insert(intent.id, intent.clone());
    }

    /// Takes an intent out: what is asked for again is read, with its mandate.
    pub(crate) fn take(&self, id: IntentId) -> Option<IntentRow> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).0.remove(&id)
    }
}

/// A payer's policy as it was last read.
#[derive(Debug, Clone)]
pub(crate) struct KnownPolicy {
    pub(crate) policy: Policy,
    /// As it is stored; empty when none is.
    pub(crate) document: String,
}

#[derive(Default)]
pub(crate) struct Policies(Mutex<HashMap<String, KnownPolicy>>);

impl Policies {
    pub(crate) fn get(&self, owner: &str) -> Option<KnownPolicy> {
        self.lock().get(owner).cloned()
    }

    pub(crate) fn note(&self, owner: &str, known: KnownPolicy) {
        let mut policies = self.lock();
        if policies.len() >= MOST {
            policies.clear();
        }
        policies.insert(owner.to_owned(), known);
    }

    pub(crate) fn forget(&self, owner: &str) {
        self.lock().remove(owner);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, KnownPolicy>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
