//! Chains in pieces: each page is checked by itself, then the pages are joined.

use frameos_store::{StoreError, Tx, gateway::chain::chain_head_unscoped};

use super::{LedgerReport, ledger::genesis};

/// Where a piece ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct End {
    pub(super) sequence: i64,
    pub(super) hash: String,
}

impl End {
    /// What keeps an entry from following this one.
    fn refuses(&self, sequence: i64, previous_hash: &str) -> Option<&'static str> {
        if self.sequence.checked_add(1) != Some(sequence) {
            Some("an entry before this one is missing")
        } else if previous_hash != self.hash {
            Some("it does not name the hash of the entry before it")
        } else {
            None
        }
    }
}

/// One page's piece of a chain.
#[derive(Debug, Default)]
pub(super) struct Link {
    /// Position, named predecessor and id of its first entry.
    first: Option<(i64, String, String)>,
    last: Option<End>,
    /// The first entry that does not fit, and why.
    broken: Option<(String, &'static str)>,
}

impl Link {
    /// Goes on to the entry at this position, with this hash.
    pub(super) fn add(
        &mut self,
        (sequence, hash): (i64, &str),
        previous_hash: &str,
        id: &str,
        hash_fits: bool,
    ) {
        let refused = match &mut self.last {
            None => {
                self.first = Some((sequence, previous_hash.to_owned(), id.to_owned()));
                self.last = Some(End { sequence, hash: hash.to_owned() });
                None
            }
            Some(last) => {
                let refused = last.refuses(sequence, previous_hash);
                last.sequence = sequence;
                hash.clone_into(&mut last.hash);
                refused
            }
        };
        let changed = (!hash_fits).then_some("it was changed: its hash does not fit");
        if let (None, Some(reason)) = (&self.broken, refused.or(changed)) {
            self.broken = Some((id.to_owned(), reason));
        }
    }
}

/// A whole chain's end.
pub(super) struct Chain {
    pub(super) is_whole: bool,
    end: End,
}

/// Joins the pieces; the first entry that does not fit is noted.
pub(super) fn links_join(links: Vec<Link>, report: &mut LedgerReport) -> Chain {
    let mut chain = Chain { is_whole: true, end: genesis() };
    for link in links {
        let (Some((sequence, previous_hash, id)), Some(last)) = (link.first, link.last) else { continue };
        if let Some(reason) = chain.end.refuses(sequence, &previous_hash) {
            chain.is_whole = false;
            report.note(id, reason);
        }
        if let Some((id, reason)) = link.broken {
            chain.is_whole = false;
            report.note(id, reason);
        }
        chain.end = last;
    }
    chain
}

impl Chain {
    /// Whether this is where the recorded head of the chain is.
    pub(super) async fn is_head(
        &self,
        tx: &mut Tx,
        chain: &str,
        report: &mut LedgerReport,
    ) -> Result<bool, StoreError> {
        let (sequence, hash) = chain_head_unscoped(tx, chain).await?;
        let is_head = sequence == self.end.sequence && hash == self.end.hash;
        if !is_head {
            report.note(
                chain,
                format!("the chain ends at {}, its recorded head is {sequence}", self.end.sequence),
            );
        }
        Ok(is_head)
    }
}
