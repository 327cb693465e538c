//! The audit: does the ledger prove itself, and does everything else agree with it?
//!
//! Works on one snapshot, in pages, so memory stays bounded; needs no running gateway, only a store and the key set that
//! receipts must verify with. What it cannot see is an ending cut off every table alike: that takes a copy of the last hash.

use std::collections::BTreeMap;

use frameos_domain::{
    canonical,
    receipt::{GENESIS_HASH, PaymentReceipt},
    refund::RefundReceipt,
    signing::KeySet,
};
use frameos_store::{
    Store, StoreError, Tx,
    gateway::{
        audit::{
            Disagreement, ReceiptText, audit_counts_unscoped, audit_holds_unscoped, audit_mandates_unscoped,
            audit_payments_unscoped, audit_wallets_unscoped, receipts_page_unscoped,
        },
        audit_payouts::{audit_payouts_unscoped, audit_refunds_unscoped},
        audit_top_up::audit_top_ups_unscoped,
        chain::{LEDGER_CHAIN, RECEIPT_CHAIN, chain_head_unscoped},
        ledger::{LedgerRow, ledger_page_unscoped},
        refund::{RefundText, refunds_page_unscoped},
        x402::audit_x402_unscoped,
    },
};
use serde::{Deserialize, Serialize};

use crate::{
    error::GatewayError, gateway::Gateway, receipt::outcome_name, verify_mandate::mandate_contradiction,
};

const PAGE: i64 = 1_000;

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
    pub refunds: u64,
    #[serde(default)]
    pub payouts: u64,
    /// Positions have no gap and every hash fits its entry and its predecessor.
    pub chain_whole: bool,
    /// Every transaction sums to zero per currency.
    pub balanced: bool,
    /// Every receipt is signed by a known key, and their chain is whole.
    pub receipts_whole: bool,
    /// Cached balances are the sums of their postings, and holds the sums of the issued mandates.
    pub wallets_agree: bool,
    /// Mandates, payments, receipts and top-ups say what the ledger says.
    pub mandates_agree: bool,
    /// Refunds and payouts say what the ledger says; none is more than its payment or pays what another one pays.
    #[serde(default)]
    pub payouts_agree: bool,
    pub first_bad: Option<BadEntry>,
}

/// An entry that contradicts the rest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BadEntry {
    /// A ledger transaction, receipt, wallet (`owner currency`), mandate, payment, top-up, refund or payout.
    pub entry: String,
    pub reason: String,
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

    fn note_disagreement(&mut self, found: Option<Disagreement>) -> bool {
        let agrees = found.is_none();
        if let Some(Disagreement { entry, reason }) = found {
            self.note(entry, reason);
        }
        agrees
    }
}

impl Gateway {
    /// Audits this gateway's ledger against its own keys.
    pub async fn ledger_verify(&self) -> Result<LedgerReport, GatewayError> {
        ledger_verify(&self.store, self.jwks()).await
    }
}

/// Audits the ledger in `store`, live or a copy. `keys` are the keys receipts must be signed with.
pub async fn ledger_verify(store: &Store, keys: KeySet) -> Result<LedgerReport, GatewayError> {
    Ok(store.read(move |tx| Box::pin(async move { audit(tx, &keys).await })).await?)
}

async fn audit(tx: &mut Tx, keys: &KeySet) -> Result<LedgerReport, StoreError> {
    tx.take_long();
    let mut report = LedgerReport { balanced: true, ..LedgerReport::default() };
    let found = audit_ledger(tx, &mut report).await;
    report.chain_whole = unless_corrupt(&mut report, "ledger", found)?;
    let found = audit_receipts(tx, keys, &mut report).await;
    report.receipts_whole = unless_corrupt(&mut report, "receipts", found)?;
    let wallets = audit_wallets_unscoped(tx).await?;
    let holds = audit_holds_unscoped(tx).await?;
    report.wallets_agree = report.note_disagreement(wallets) & report.note_disagreement(holds);
    let mandates = audit_mandates_unscoped(tx).await?;
    let payments = audit_payments_unscoped(tx).await?;
    let x402 = audit_x402_unscoped(tx).await?;
    let top_ups = audit_top_ups_unscoped(tx).await?;
    report.mandates_agree = report.note_disagreement(mandates)
        & report.note_disagreement(payments)
        & report.note_disagreement(top_ups)
        & report.note_disagreement(x402);
    let found = mandate_contradiction(tx, keys).await.map(|found| {
        let whole = found.is_none();
        found.into_iter().for_each(|(entry, reason)| report.note(entry, reason));
        whole
    });
    report.mandates_agree &= unless_corrupt(&mut report, "mandates", found)?;
    let refunds_signed = audit_refund_receipts(tx, keys, &mut report).await?;
    let refunds = audit_refunds_unscoped(tx).await?;
    let payouts = audit_payouts_unscoped(tx).await?;
    report.payouts_agree =
        refunds_signed & report.note_disagreement(refunds) & report.note_disagreement(payouts);
    let counts = audit_counts_unscoped(tx).await?;
    report.refunds = counts.refunds.unsigned_abs();
    report.payouts = counts.payouts.unsigned_abs();
    report.wallets = counts.wallets.unsigned_abs();
    report.mandates = counts.mandates.unsigned_abs();
    report.payments = counts.payments.unsigned_abs();
    if counts.postings.unsigned_abs() != report.postings {
        report.chain_whole = false;
        report.note("ledger", "there are postings without a transaction");
    }
    Ok(report)
}

/// A row that cannot even be read is a finding, not a failure of the audit.
fn unless_corrupt(
    report: &mut LedgerReport,
    table: &str,
    found: Result<bool, StoreError>,
) -> Result<bool, StoreError> {
    match found {
        Err(StoreError::Corrupt { what }) => {
            report.note(table, what);
            Ok(false)
        }
        other => other,
    }
}

/// Walks the ledger's chain. Returns whether it is whole.
async fn audit_ledger(tx: &mut Tx, report: &mut LedgerReport) -> Result<bool, StoreError> {
    let mut whole = true;
    let mut last = Last::none();
    loop {
        let page = ledger_page_unscoped(tx, last.read_from, PAGE).await?;
        if page.is_empty() {
            break;
        }
        for entry in page {
            let expected = entry.expected_hash().ok();
            let hash_fits = expected.as_deref() == Some(&*entry.hash);
            if let Some(reason) = last.breaks(entry.sequence, &entry.previous_hash, hash_fits) {
                whole = false;
                report.note(entry.id.as_str(), reason);
            }
            if let Some(reason) = imbalance(&entry) {
                report.balanced = false;
                report.note(entry.id.as_str(), reason);
            }
            report.transactions += 1;
            report.postings += entry.postings.len() as u64;
            last = Last::at(entry.sequence, entry.hash);
        }
    }
    Ok(last.is_head(tx, LEDGER_CHAIN, report).await? && whole)
}

/// Walks the receipts' chain. Returns whether it is whole and every signature holds.
async fn audit_receipts(tx: &mut Tx, keys: &KeySet, report: &mut LedgerReport) -> Result<bool, StoreError> {
    let mut whole = true;
    let mut last = Last::none();
    loop {
        let page = receipts_page_unscoped(tx, last.read_from, PAGE).await?;
        if page.is_empty() {
            break;
        }
        for row in page {
            let hash_fits = canonical::sha256_hex(row.jws.as_bytes()) == row.hash;
            let broken = last.breaks(row.sequence, &row.previous_hash, hash_fits).map(str::to_owned);
            if let Some(reason) = broken.or_else(|| receipt_contradiction(&row, keys)) {
                whole = false;
                report.note(row.id.as_str(), reason);
            }
            report.receipts += 1;
            last = Last::at(row.sequence, row.hash);
        }
    }
    Ok(last.is_head(tx, RECEIPT_CHAIN, report).await? && whole)
}

/// Checks the signed statement of every refund. Returns whether all hold and say what their rows say.
async fn audit_refund_receipts(
    tx: &mut Tx,
    keys: &KeySet,
    report: &mut LedgerReport,
) -> Result<bool, StoreError> {
    let (mut whole, mut after) = (true, String::new());
    loop {
        let page = refunds_page_unscoped(tx, &after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(whole) };
        after.clone_from(&last.id);
        for row in page {
            if let Some(reason) = refund_contradiction(&row, keys) {
                whole = false;
                report.note(row.id.as_str(), reason);
            }
        }
    }
}

fn refund_contradiction(row: &RefundText, keys: &KeySet) -> Option<String> {
    if canonical::sha256_hex(row.jws.as_bytes()) != row.hash {
        return Some("it was changed: its hash does not fit".to_owned());
    }
    let receipt = match RefundReceipt::verify(&row.jws, Some(keys)) {
        Ok(receipt) => receipt,
        Err(error) => return Some(error.to_string()),
    };
    let agrees = receipt.id.to_string() == row.id
        && receipt.payment_id.to_string() == row.payment_id
        && receipt.agent_id == row.agent_id
        && receipt.amount == row.amount
        && receipt.refunded_total == row.refunded_total
        && receipt.ledger_hash == row.ledger_hash;
    (!agrees).then(|| "the signed receipt says otherwise than its row".to_owned())
}

/// The entry before the one being looked at.
struct Last {
    /// Positions start at 1, but an entry smuggled in below must be seen too.
    read_from: i64,
    sequence: i64,
    hash: String,
}

impl Last {
    fn none() -> Self {
        Self { read_from: i64::MIN, sequence: 0, hash: GENESIS_HASH.to_owned() }
    }

    const fn at(sequence: i64, hash: String) -> Self {
        Self { read_from: sequence, sequence, hash }
    }

    fn breaks(&self, sequence: i64, previous_hash: &str, hash_fits: bool) -> Option<&'static str> {
        if self.sequence.checked_add(1) != Some(sequence) {
            Some("an entry before this one is missing")
        } else if previous_hash != self.hash {
            Some("it does not name the hash of the entry before it")
        } else if !hash_fits {
            Some("it was changed: its hash does not fit")
        } else {
            None
        }
    }

    async fn is_head(&self, tx: &mut Tx, chain: &str, report: &mut LedgerReport) -> Result<bool, StoreError> {
        let (sequence, hash) = chain_head_unscoped(tx, chain).await?;
        let is_head = sequence == self.sequence && hash == self.hash;
        if !is_head {
            report
                .note(chain, format!("the chain ends at {}, its recorded head is {sequence}", self.sequence));
        }
        Ok(is_head)
    }
}

fn imbalance(entry: &LedgerRow) -> Option<String> {
    let mut sums: BTreeMap<&str, i128> = BTreeMap::new();
    for posting in &entry.postings {
        *sums.entry(&posting.currency).or_default() += i128::from(posting.amount);
    }
    let unbalanced = sums.into_iter().find(|(_, sum)| *sum != 0);
    match unbalanced {
        Some((currency, sum)) => Some(format!("its postings in {currency} sum to {sum}, not to zero")),
        None if entry.postings.len() < 2 => Some("it has fewer than two postings".to_owned()),
        None => None,
    }
}

fn receipt_contradiction(row: &ReceiptText, keys: &KeySet) -> Option<String> {
    let receipt = match PaymentReceipt::verify(&row.jws, Some(keys)) {
        Ok(receipt) => receipt,
        Err(error) => return Some(error.to_string()),
    };
    let columns_agree = receipt.sequence == row.sequence
        && receipt.id.to_string() == row.id
        && receipt.previous_hash == row.previous_hash
        && receipt.mandate_id.to_string() == row.mandate_id
        && receipt.payment_id.map(|id| id.to_string()) == row.payment_id
        && outcome_name(receipt.status) == row.status
        && Some(&receipt.mandate_hash) == row.mandate_hash.as_ref();
    // A refusal moved no money: there is no payment for it to agree with.
    let payment_agrees = receipt.ledger_hash == row.ledger_hash
        && row.amount.is_none_or(|amount| amount == receipt.amount)
        && row.currency.as_ref().is_none_or(|currency| *currency == receipt.currency.as_str());
    if !columns_agree {
        Some("the signed receipt says otherwise than its row".to_owned())
    } else if !payment_agrees {
        Some("the signed receipt says otherwise than its payment".to_owned())
    } else {
        None
    }
}
