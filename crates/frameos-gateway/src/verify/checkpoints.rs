//! Checkpoints: each is signed, they form a chain, and the ledger's and the receipts' chains lead through what they name.

use frameos_domain::{
    canonical,
    checkpoint::LedgerCheckpoint,
    signing::{self, KeySet},
};
use frameos_store::{
    StoreError, Tx,
    gateway::{
        chain::CHECKPOINT_CHAIN,
        checkpoint::{CheckpointRow, checkpoints_page_unscoped},
    },
};

use super::{
    LedgerReport,
    link::{Link, links_join},
};

const PAGE: i64 = 1_000;

/// A point that a chain must lead through.
struct Point {
    sequence: i64,
    hash: String,
    /// The checkpoint that says so.
    name: String,
}

/// The points of all checkpoints, by position.
#[derive(Default)]
pub(super) struct Points {
    ledger: Vec<Point>,
    receipts: Vec<Point>,
    seen: [usize; 2],
    broken: Option<(String, String)>,
    newest: Option<String>,
}

impl Points {
    /// Reads and checks the stored checkpoints, and those kept elsewhere.
    pub(super) async fn read(
        tx: &mut Tx,
        keys: &KeySet,
        kept: &[String],
        report: &mut LedgerReport,
    ) -> Result<Self, StoreError> {
        let mut points = Self::default();
        let mut link = Link::default();
        let mut after = i64::MIN;
        loop {
            let page = checkpoints_page_unscoped(tx, after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = last.number;
            for row in &page {
                report.checkpoints += 1;
                points.add_stored(row, keys, &mut link);
            }
            points.newest = Some(last.jws.clone());
        }
        for (index, jws) in kept.iter().enumerate() {
            points.add_kept(&format!("kept checkpoint {}", index + 1), jws, keys);
        }
        points.ledger.sort_by_key(|point| point.sequence);
        points.receipts.sort_by_key(|point| point.sequence);
        let chain = links_join(vec![link], report);
        report.checkpoints_whole = chain.is_whole && chain.is_head(tx, CHECKPOINT_CHAIN, report).await?;
        report.checkpoint.clone_from(&points.newest);
        Ok(points)
    }

    /// Receipts up to here are vouched for by a checkpoint.
    pub(super) fn receipts_covered(&self) -> i64 {
        self.receipts.last().map_or(0, |point| point.sequence)
    }

    /// Positions and hashes of the next part of the ledger.
    pub(super) fn see_ledger(&mut self, page: Vec<(i64, &str)>) {
        self.see(0, page);
    }

    /// The same of the receipts.
    pub(super) fn see_receipts(&mut self, page: Vec<(i64, &str)>) {
        self.see(1, page);
    }

    /// Tells what did not fit, after both chains were seen.
    pub(super) fn finish(mut self, report: &mut LedgerReport) {
        for (chain, points, seen) in
            [("ledger", &self.ledger, self.seen[0]), ("receipts", &self.receipts, self.seen[1])]
        {
            if let Some(point) = points.get(seen) {
                let reason =
                    format!("the chain of the {chain} does not reach its position {}", point.sequence);
                self.broken.get_or_insert((point.name.clone(), reason));
            }
        }
        if let Some((entry, reason)) = self.broken {
            report.checkpoints_whole = false;
            report.note(entry, reason);
        }
    }

    fn add_stored(&mut self, row: &CheckpointRow, keys: &KeySet, link: &mut Link) {
        let name = format!("checkpoint {}", row.number);
        let hash_fits = canonical::sha256_hex(row.jws.as_bytes()) == row.hash;
        match LedgerCheckpoint::verify(&row.jws, Some(keys)) {
            Err(error) => {
                let read = signing::read_unverified::<LedgerCheckpoint>(&row.jws);
                let previous_hash = read.map_or_else(|_| String::new(), |read| read.previous_hash);
                link.add((row.number, &row.hash), &previous_hash, &name, hash_fits);
                self.broken.get_or_insert((name, error.to_string()));
            }
            Ok(signed) => {
                link.add((row.number, &row.hash), &signed.previous_hash, &name, hash_fits);
                let agrees = (signed.number, signed.ledger_sequence, signed.issued_at)
                    == (row.number, row.sequence, row.created_at);
                if !agrees {
                    let reason = "the signed checkpoint says otherwise than its row".to_owned();
                    self.broken.get_or_insert((name.clone(), reason));
                }
                self.add(name, signed);
            }
        }
    }

    fn add_kept(&mut self, name: &str, jws: &str, keys: &KeySet) {
        match LedgerCheckpoint::verify(jws, Some(keys)) {
            Ok(signed) => self.add(name.to_owned(), signed),
            Err(error) => drop(self.broken.get_or_insert((name.to_owned(), error.to_string()))),
        }
    }

    fn add(&mut self, name: String, signed: LedgerCheckpoint) {
        let LedgerCheckpoint { ledger_sequence, ledger_hash, receipt_sequence, receipt_hash, .. } = signed;
        let places = [
            (&mut self.ledger, ledger_sequence, ledger_hash),
            (&mut self.receipts, receipt_sequence, receipt_hash),
        ];
        for (points, sequence, hash) in places {
            // Position 0 is the empty chain's.
            if sequence > 0 {
                points.push(Point { sequence, hash, name: name.clone() });
            }
        }
    }

    fn see(&mut self, chain: usize, page: Vec<(i64, &str)>) {
        let points = if chain == 0 { &self.ledger } else { &self.receipts };
        let seen = &mut self.seen[chain];
        for (sequence, hash) in page {
            while let Some(point) = points.get(*seen).filter(|point| point.sequence <= sequence) {
                if (point.sequence, point.hash.as_str()) != (sequence, hash) {
                    let reason = format!("it names another entry at position {}", point.sequence);
                    self.broken.get_or_insert((point.name.clone(), reason));
                }
                *seen += 1;
            }
        }
    }
}
