//! The audit: does the ledger prove itself, and does everything else agree with it?
//!
//! Works on one snapshot, in pages that are checked on all processors, so memory stays bounded by the number of accounts; needs no
//! running gateway, only a store and the key set that receipts must verify with. What it cannot see is an ending cut off every
//! table alike: that takes a checkpoint kept elsewhere.

mod budgets;
mod checkpoints;
mod ledger;
mod link;
mod refunds;
mod sums;
mod tables;
mod workers;

use std::sync::Arc;

use frameos_domain::signing::KeySet;
use frameos_store::{
    Store, StoreError, Tx,
    gateway::{
        audit::{Disagreement, audit_counts_unscoped, audit_executions_unscoped, audit_holds_unscoped},
        audit_payouts::{audit_payouts_unscoped, audit_refunds_unscoped},
        audit_top_up::audit_top_ups_unscoped,
    },
};
use serde::{Deserialize, Serialize};

use self::{checkpoints::Points, sums::Keys};
use crate::{error::GatewayError, gateway::Gateway};

/// What the audit found. `first_bad` is the first contradiction met, in the order of the fields.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerReport {
    pub transactions: u64,
    pub postings: u64,
    pub receipts: u64,
    pub wallets: u64,
    pub mandates: u64,
    pub payments: u64,
    #[serde(default)]
    pub checkpoints: u64,
    #[serde(default)]
    pub refunds: u64,
    #[serde(default)]
    pub payouts: u64,
    /// Positions have no gap and every hash fits its entry and its predecessor.
    pub chain_whole: bool,
    /// Every transaction sums to zero per currency.
    pub balanced: bool,
    /// Every receipt is signed by a known key, and their chain is whole.
    pub receipts_whole: bool,
    /// Every checkpoint is signed by a known key, and the chains lead through what it names.
    pub checkpoints_whole: bool,
    /// Cached balances are the sums of their postings, and holds the sums of the issued mandates.
    pub wallets_agree: bool,
    /// Mandates, payments, receipts and top-ups say what the ledger says, and budgets count what the mandates do.
    pub mandates_agree: bool,
    /// Runs were charged what their payments say, and their authors credited their part.
    pub executions_agree: bool,
    /// Refunds and payouts say what the ledger says; none is more than its payment or pays what another one pays.
    #[serde(default)]
    pub payouts_agree: bool,
    pub first_bad: Option<BadEntry>,
    /// The newest checkpoint, to be kept elsewhere.
    pub checkpoint: Option<String>,
}

/// An entry that contradicts the rest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BadEntry {
    /// A ledger transaction, receipt, checkpoint, wallet (`owner currency`), budget (`owner currency period`), mandate, payment, top-up, run, refund or payout.
    pub entry: String,
    pub reason: String,
}

/// How to audit.
#[derive(Clone, Default)]
pub struct LedgerAudit {
    /// What receipts, mandates and checkpoints must be signed with.
    pub keys: KeySet,
    /// Checkpoints that were kept elsewhere.
    pub kept: Vec<String>,
    /// Check the signatures too that a checkpoint vouches for.
    pub every_signature: bool,
    /// Told how many ledger transactions were read, from time to time.
    pub progress: Option<Arc<dyn Fn(u64) + Send + Sync>>,
}

impl LedgerReport {
    /// Whether nothing was found.
    pub const fn is_whole(&self) -> bool {
        self.first_bad.is_none()
    }

    fn note(&mut self, entry: impl Into<String>, reason: impl Into<String>) {
        if self.first_bad.is_none() {
            self.first_bad = Some(BadEntry { entry: entry.into(), reason: reason.into() });
        }
    }

    fn note_found(&mut self, found: Option<(String, String)>) -> bool {
        let agrees = found.is_none();
        if let Some((entry, reason)) = found {
            self.note(entry, reason);
        }
        agrees
    }

    fn note_disagreement(&mut self, found: Option<Disagreement>) -> bool {
        self.note_found(found.map(|found| (found.entry, found.reason.to_owned())))
    }
}

impl Gateway {
    /// Audits this gateway's ledger against its own keys.
    pub async fn ledger_verify(&self) -> Result<LedgerReport, GatewayError> {
        ledger_verify(&self.store, LedgerAudit { keys: self.jwks(), ..LedgerAudit::default() }).await
    }
}

/// Audits the ledger in `store`, live or a copy.
pub async fn ledger_verify(store: &Store, how: LedgerAudit) -> Result<LedgerReport, GatewayError> {
    Ok(store.read(move |tx| Box::pin(audit(tx, how))).await?)
}

/// An audit under way.
struct Audit {
    report: LedgerReport,
    checkpoints: Points,
    keys: Keys,
    trusted: KeySet,
    every_signature: bool,
    progress: Option<Arc<dyn Fn(u64) + Send + Sync>>,
}

impl Audit {
    fn progress(&self, transactions: u64) {
        if let Some(tell) = &self.progress {
            tell(transactions);
        }
    }
}

async fn audit(tx: &mut Tx, how: LedgerAudit) -> Result<LedgerReport, StoreError> {
    tx.take_long();
    let mut report = LedgerReport::default();
    let checkpoints = Points::read(tx, &how.keys, &how.kept, &mut report).await?;
    let mut audit = Audit {
        report,
        checkpoints,
        keys: Keys::generate(),
        trusted: how.keys,
        every_signature: how.every_signature,
        progress: how.progress,
    };
    match passes(tx, &mut audit).await {
        // A row that cannot even be read is a finding, not a failure of the audit.
        Err(StoreError::Corrupt { what }) => audit.report.note("the database", what),
        passed => passed?,
    }
    Ok(audit.report)
}

async fn passes(tx: &mut Tx, audit: &mut Audit) -> Result<(), StoreError> {
    let mut told = ledger::audit_ledger(tx, audit).await?;
    tables::audit_receipts(tx, audit, &mut told.sums).await?;
    let checkpoints = std::mem::take(&mut audit.checkpoints);
    checkpoints.finish(&mut audit.report);
    let sums = told.sums;
    let wallets = tables::audit_wallets(tx, audit, told).await?;
    let holds = audit_holds_unscoped(tx).await?;
    audit.report.wallets_agree = wallets & audit.report.note_disagreement(holds);
    tables::audit_mandates(tx, audit, &sums).await?;
    let top_ups = audit_top_ups_unscoped(tx).await?;
    audit.report.mandates_agree &= audit.report.note_disagreement(top_ups);
    let executions = audit_executions_unscoped(tx).await?;
    audit.report.executions_agree = audit.report.note_disagreement(executions);
    money_back_and_out(tx, audit).await?;
    let counts = audit_counts_unscoped(tx).await?;
    audit.report.refunds = counts.refunds.unsigned_abs();
    audit.report.payouts = counts.payouts.unsigned_abs();
    if counts.postings.unsigned_abs() != audit.report.postings {
        audit.report.chain_whole = false;
        audit.report.note("ledger", "there are postings without a transaction");
    }
    Ok(())
}

async fn money_back_and_out(tx: &mut Tx, audit: &mut Audit) -> Result<(), StoreError> {
    let signed = refunds::audit_refund_receipts(tx, audit).await?;
    let refunds = audit_refunds_unscoped(tx).await?;
    let payouts = audit_payouts_unscoped(tx).await?;
    audit.report.payouts_agree =
        signed & audit.report.note_disagreement(refunds) & audit.report.note_disagreement(payouts);
    Ok(())
}
