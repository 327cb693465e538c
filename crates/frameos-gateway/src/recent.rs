//! Intents that were just stored and have no mandate yet, so that the mandate which usually follows need not read them again.
//!
//! Invariants: an intent never changes, so what is remembered is what is stored; it is only a shortcut, and bounded.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, PoisonError},
};

use frameos_domain::id::IntentId;
use frameos_store::gateway::intent::IntentRow;

/// Intents that are remembered.
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
