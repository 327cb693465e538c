//! An agent of the catalogue, and answers in the form they are sent in, made once.
//!
//! Invariant: how much is kept is bounded; what does not fit is made again.

use std::{
    collections::HashMap,
    fmt,
    sync::{
        Arc, OnceLock, PoisonError, RwLock,
        atomic::{AtomicUsize, Ordering},
    },
};

use frameos_domain::canonical;
use frameos_store::agent::Agent;

use crate::search::WordId;

/// Bytes of agents' pages that are kept in all.
const MOST_PAGES: usize = 24 << 20;
/// Bytes of lists that are kept with a copy.
const MOST_ANSWERS: usize = 8 << 20;
/// Longer questions are not asked twice.
const LONGEST_KEY: usize = 256;

/// A published agent.
pub struct Listed {
    /// Without its long description, which only its page shows.
    pub agent: Agent,
    /// What its current version is written in.
    pub language: String,
    pub(crate) words: Box<[(WordId, f32)]>,
    entry: OnceLock<Box<[u8]>>,
    page: OnceLock<Body>,
    kept: Arc<AtomicUsize>,
}

impl fmt::Debug for Listed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Listed").field(&self.agent.slug).finish()
    }
}

impl Listed {
    pub(crate) fn new(
        agent: Agent,
        language: String,
        words: Box<[(WordId, f32)]>,
        kept: Arc<AtomicUsize>,
    ) -> Self {
        let agent = Agent { long_description: None, ..agent };
        Self { agent, language, words, entry: OnceLock::new(), page: OnceLock::new(), kept }
    }

    /// Its entry in lists, as `write` writes it.
    pub fn entry(&self, write: impl FnOnce(&Agent) -> Vec<u8>) -> &[u8] {
        self.entry.get_or_init(|| write(&self.agent).into_boxed_slice())
    }

    /// Its page, if it is kept.
    pub fn page(&self) -> Option<Body> {
        self.page.get().cloned()
    }

    /// Keeps its page, if there is room.
    pub fn page_keep(&self, body: &Body) {
        let size = body.bytes.len();
        if self.kept.fetch_add(size, Ordering::Relaxed) + size > MOST_PAGES
            || self.page.set(body.clone()).is_err()
        {
            self.kept.fetch_sub(size, Ordering::Relaxed);
        }
    }
}

impl Drop for Listed {
    fn drop(&mut self) {
        if let Some(page) = self.page.get() {
            self.kept.fetch_sub(page.bytes.len(), Ordering::Relaxed);
        }
    }
}

/// An answer's bytes with what names exactly them.
#[derive(Debug, Clone)]
pub struct Body {
    pub bytes: Arc<[u8]>,
    /// With its quotes, for `ETag`.
    pub tag: Arc<str>,
}

impl Body {
    pub fn new(bytes: &[u8]) -> Self {
        let digest = canonical::sha256_hex(bytes);
        let tag = format!("\"{}\"", digest.get(..32).unwrap_or(&digest));
        Self { bytes: bytes.into(), tag: tag.into() }
    }
}

/// Whole answers by their questions. Clones share them.
#[derive(Clone, Default)]
pub struct Answers(Arc<RwLock<Kept>>);

#[derive(Default)]
struct Kept {
    bodies: HashMap<Box<str>, Body>,
    bytes: usize,
}

impl Answers {
    pub fn get(&self, question: &str) -> Option<Body> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).bodies.get(question).cloned()
    }

    pub fn keep(&self, question: &str, body: &Body) {
        let size = body.bytes.len() + question.len();
        if question.len() > LONGEST_KEY {
            return;
        }
        let mut kept = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if kept.bytes + size > MOST_ANSWERS {
            // Begun anew: what is asked often is soon there again.
            *kept = Kept::default();
        }
        if kept.bodies.insert(question.into(), body.clone()).is_none() {
            kept.bytes += size;
        }
    }
}
