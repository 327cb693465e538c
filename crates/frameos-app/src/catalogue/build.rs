//! What a copy is built from: all published agents with their words, kept between copies.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, atomic::AtomicUsize},
};

use frameos_domain::{clock::Timestamp, id::AgentId};
use frameos_store::agent::{AgentChange, CatalogueAgent};

use super::Listed;
use crate::search::{Lexicon, LexiconBuilder, words_weigh};

#[derive(Default)]
pub(super) struct Builder {
    agents: BTreeMap<AgentId, Arc<Listed>>,
    words: LexiconBuilder,
    lexicon: Option<Arc<Lexicon>>,
    /// The last change of each agent that was taken over, also of those that are not published.
    known: Arc<HashMap<AgentId, Timestamp>>,
}

impl Builder {
    pub(super) fn fill(&mut self, all: Vec<CatalogueAgent>, kept: &Arc<AtomicUsize>) {
        for agent in all {
            let change = AgentChange { id: agent.agent.id, changed_at: agent.changed_at };
            self.take(change, Some(agent), kept);
        }
    }

    /// Takes a change over: what the agent is now, or that it is not published.
    pub(super) fn take(
        &mut self,
        change: AgentChange,
        agent: Option<CatalogueAgent>,
        kept: &Arc<AtomicUsize>,
    ) {
        Arc::make_mut(&mut self.known).insert(change.id, change.changed_at);
        let Some(found) = agent else {
            self.agents.remove(&change.id);
            return;
        };
        let words = words_weigh(&found.agent);
        let words = words.iter().map(|(word, weight)| (self.words.id(word), *weight)).collect();
        let listed = Listed::new(found.agent, found.language, words, Arc::clone(kept));
        self.agents.insert(change.id, Arc::new(listed));
    }

    pub(super) fn known(&self) -> Arc<HashMap<AgentId, Timestamp>> {
        Arc::clone(&self.known)
    }

    /// The agents by their ids, and a lexicon that has all their words.
    pub(super) fn parts(&mut self) -> (Vec<Arc<Listed>>, Arc<Lexicon>) {
        let kept = self.lexicon.take().filter(|lexicon| lexicon.len() == self.words.len());
        let lexicon = kept.unwrap_or_else(|| Arc::new(self.words.finish()));
        self.lexicon = Some(Arc::clone(&lexicon));
        (self.agents.values().cloned().collect(), lexicon)
    }
}
