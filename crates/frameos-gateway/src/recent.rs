//! What was just seen and is likely needed again: intents without a mandate, so that the mandate which usually follows need not read
//! them; mandates that were just signed, so that whoever moves money for them need not verify the signature; payers' policies.
//!
//! Invariants: intents and signed mandates never change, so what is remembered is what was stored; a policy that is remembered is
//! compared with the stored one in the transaction that relies on it; all are only shortcuts, and bounded.

use std::{
    collections::{HashMap, VecDeque},
    hash::Hash,
    sync::{Mutex, MutexGuard, PoisonError},
};

use frameos_domain::policy::Policy;

/// How many policies are remembered.
const POLICIES: usize = 1_024;

/// The newest, so many of them, by their ids.
pub(crate) struct Recent<K, V> {
    most: usize,
    known: Mutex<(HashMap<K, V>, VecDeque<K>)>,
}

impl<K: Copy + Eq + Hash, V> Recent<K, V> {
    pub(crate) fn new(most: usize) -> Self {
        Self { most, known: Mutex::default() }
    }

    pub(crate) fn note(&self, id: K, value: V) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let (values, order) = &mut *known;
        if order.len() >= self.most
            && let Some(oldest) = order.pop_front()
        {
            values.remove(&oldest);
        }
        order.push_back(id);
        values.insert(id, value);
    }

    /// Takes one out: who asks again looks for itself.
    pub(crate) fn take(&self, id: K) -> Option<V> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).0.remove(&id)
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
        if policies.len() >= POLICIES {
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
