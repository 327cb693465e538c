//! The tables beside the ledger: receipts, mandates with their intents, payments and wallets, each in one pass.
//!
//! What the ledger says of them too is compared by sums (`sums.rs`); only when those differ are the exact questions asked.

use frameos_domain::{
    canonical,
    mandate::Mandate,
    receipt::{PaymentOutcome, PaymentReceipt},
    signing::{self, KeySet, SignatureError},
};
use frameos_store::{
    StoreError, Tx, Unread,
    gateway::{
        audit::{
            Beside, MandateText, PaymentText, ReceiptText, audit_mandates_unscoped, audit_payments_unscoped,
            mandates_page_unscoped, payments_page_unscoped, receipts_page_unscoped, wallets_page_unscoped,
        },
        chain::RECEIPT_CHAIN,
        x402::audit_x402_unscoped,
    },
};

use super::{
    Audit,
    budgets::{Spent, audit_budgets},
    ledger::Told,
    link::{Link, links_join},
    sums::{Keys, Sums},
    workers::Workers,
};
use crate::{intent::fingerprint, receipt::outcome_name, x402::is_without_account};

const PAGE: i64 = 2_000;

/// The first row of a page that contradicts itself.
type Found = Option<(String, String)>;

/// Walks the receipts' chain. Signatures up to the last checkpoint were checked before that was signed, so there it suffices that
/// the chain leads through it.
pub(super) async fn audit_receipts(
    tx: &mut Tx,
    audit: &mut Audit,
    told: &mut Sums,
) -> Result<(), StoreError> {
    let (keys, trusted) = (audit.keys.clone(), audit.trusted.clone());
    let covered = if audit.every_signature { 0 } else { audit.checkpoints.receipts_covered() };
    let check = move |sums: &mut Sums, page: Unread<ReceiptText<'static>>| {
        let page = page.read()?;
        let (mut link, mut found) = (Link::default(), None);
        for row in &page {
            let hash_fits = canonical::sha256_hex(row.jws.as_bytes()) == row.hash;
            link.add((row.sequence, row.hash), row.previous_hash, row.id, hash_fits);
            match receipt_read(row, (row.sequence > covered).then_some(&trusted)) {
                Ok(receipt) if receipt.status == PaymentOutcome::Success => {
                    receipt_sum(&keys, sums, &receipt);
                }
                Ok(receipt) => note_first(&mut found, row, beside_contradiction(row, &receipt)),
                Err(reason) => note_first(&mut found, row, Some(reason)),
            }
        }
        Ok((link, found, page.len() as u64))
    };
    let mut workers = Workers::start(check)?;
    let mut after = i64::MIN;
    loop {
        let page = receipts_page_unscoped(tx, after, PAGE, Beside::Refusals).await?;
        let Some(last) = page.last()? else { break };
        after = last;
        audit.checkpoints.see_receipts(page.hashes()?);
        workers.push(page)?;
    }
    let (verdicts, states) = workers.finish()?;
    let (mut links, mut contradiction) = (Vec::new(), None);
    for (link, found, count) in verdicts {
        audit.report.receipts += count;
        contradiction = contradiction.or(found);
        links.push(link);
    }
    let report = &mut audit.report;
    let chain = links_join(links, report);
    report.receipts_whole = chain.is_whole && chain.is_head(tx, RECEIPT_CHAIN, report).await?;
    report.receipts_whole &= report.note_found(contradiction);
    states.into_iter().for_each(|state| *told += state);
    Ok(())
}

fn note_first(found: &mut Found, row: &ReceiptText<'_>, reason: Option<String>) {
    if found.is_none() {
        *found = reason.map(|reason| (row.id.to_owned(), reason));
    }
}

/// The receipt as it was signed, if it says what its row says.
fn receipt_read(row: &ReceiptText<'_>, trusted: Option<&KeySet>) -> Result<PaymentReceipt, String> {
    let read = match trusted {
        Some(keys) => PaymentReceipt::verify(row.jws, Some(keys)),
        None => signing::read_unverified(row.jws),
    };
    let receipt = read.map_err(|error| error.to_string())?;
    let columns_agree = receipt.sequence == row.sequence
        && receipt.id.to_string() == row.id
        && receipt.previous_hash == row.previous_hash
        && receipt.mandate_id.to_string() == row.mandate_id
        && receipt.payment_id.map(|id| id.to_string()).as_deref() == row.payment_id
        && outcome_name(receipt.status) == row.status
        && receipt.issued_at == row.created_at;
    if columns_agree { Ok(receipt) } else { Err("the signed receipt says otherwise than its row".to_owned()) }
}

/// What a payment and a mandate say of their success too.
fn receipt_sum(keys: &Keys, sums: &mut Sums, receipt: &PaymentReceipt) {
    let mandate = receipt.mandate_id.to_string();
    let payment = receipt.payment_id.map(|id| id.to_string());
    let paid = (receipt.amount, receipt.currency.as_str(), receipt.ledger_hash.as_deref());
    sums.receipts.add(keys, (receipt.id.to_string(), payment, &mandate, paid));
    sums.hashes.add(keys, (&mandate, &receipt.mandate_hash));
}

/// What payment and mandate say otherwise.
fn beside_contradiction(row: &ReceiptText<'_>, receipt: &PaymentReceipt) -> Option<String> {
    // A refusal moved no money: there is no payment for it to agree with.
    let payment_agrees = receipt.ledger_hash.as_deref() == row.ledger_hash
        && row.amount.is_none_or(|amount| amount == receipt.amount)
        && row.currency.is_none_or(|currency| currency == receipt.currency.as_str());
    if Some(&*receipt.mandate_hash) != row.mandate_hash {
        Some("the signed receipt says otherwise than its mandate".to_owned())
    } else if !payment_agrees {
        Some("the signed receipt says otherwise than its payment".to_owned())
    } else {
        None
    }
}

/// Looks up what is beside each receipt, and names the first that does not agree.
async fn receipts_exact(tx: &mut Tx, audit: &mut Audit) -> Result<(), StoreError> {
    let mut after = i64::MIN;
    loop {
        let page = receipts_page_unscoped(tx, after, PAGE, Beside::Everything).await?;
        let Some(last) = page.last()? else { return Ok(()) };
        after = last;
        for row in page.read()? {
            // One that cannot be read was found before.
            let Ok(receipt) = receipt_read(&row, None) else { continue };
            if let Some(reason) = beside_contradiction(&row, &receipt) {
                audit.report.receipts_whole = audit.report.note_found(Some((row.id.to_owned(), reason)));
                return Ok(());
            }
        }
    }
}

/// Reads mandates and payments, each against what it signed or repeats, and all against the ledger.
pub(super) async fn audit_mandates(tx: &mut Tx, audit: &mut Audit, told: &Sums) -> Result<(), StoreError> {
    let (mandates, spent, found) = mandates_pass(tx, audit).await?;
    let mut agree = audit.report.note_found(found);
    let payments = payments_pass(tx, audit).await?;
    let x402 = audit_x402_unscoped(tx).await?;
    agree &= audit.report.note_disagreement(x402);
    if !mandates.agrees(told) || !payments.agrees(told) || mandates.executed != payments.executed {
        receipts_exact(tx, audit).await?;
        let mandates = audit_mandates_unscoped(tx).await?;
        let payments = audit_payments_unscoped(tx).await?;
        if agree && mandates.is_none() && payments.is_none() {
            audit.report.note("ledger", "mandates or payments say otherwise than the ledger");
        }
        audit.report.note_disagreement(mandates);
        audit.report.note_disagreement(payments);
        agree = false;
    }
    // Last: a mandate that was altered explains a budget that does not fit.
    agree &= audit_budgets(tx, audit, spent).await?;
    audit.report.mandates_agree = agree;
    Ok(())
}

async fn mandates_pass(tx: &mut Tx, audit: &mut Audit) -> Result<(Tables, Spent, Found), StoreError> {
    let (keys, trusted) = (audit.keys.clone(), audit.trusted.clone());
    let every = audit.every_signature;
    let check = move |(sums, spent): &mut (Sums, Spent), page: Unread<MandateText<'static>>| {
        let page = page.read()?;
        let mut found = None;
        for row in &page {
            mandate_sum(&keys, sums, row);
            spent.count(row);
            if found.is_none() {
                // Of an executed mandate the signed receipt holds the hash.
                let trusted = (every || row.status != "executed").then_some(&trusted);
                found = mandate_contradiction(row, trusted).map(|reason| (row.id.to_owned(), reason));
            }
        }
        Ok((found, page.len() as u64))
    };
    let mut workers = Workers::start(check)?;
    let mut after = String::new();
    loop {
        let page = mandates_page_unscoped(tx, &after, PAGE).await?;
        let Some(last) = page.last()? else { break };
        after = last;
        workers.push(page)?;
    }
    let (verdicts, states) = workers.finish()?;
    let mut first = None;
    for (found, count) in verdicts {
        audit.report.mandates += count;
        first = first.or(found);
    }
    let (mut sums, mut spent) = (Sums::default(), Spent::default());
    for (told, counted) in states {
        sums += told;
        spent.merge(counted);
    }
    let holds = Some([sums.holds, sums.releases, sums.taken, sums.returned, sums.hashes]);
    Ok((Tables { holds, paid: None, executed: sums.executed }, spent, first))
}

fn mandate_sum(keys: &Keys, sums: &mut Sums, row: &MandateText<'_>) {
    let MandateText { agent_id: owner, currency, amount, .. } = row;
    let (id, captured) = (row.id, row.captured_amount);
    if row.status == "executed" {
        sums.executed.add(keys, (id, owner, currency, captured));
        sums.hashes.add(keys, (id, &row.mandate_hash));
    }
    if is_without_account(owner) {
        // Nothing is held for it: what the ledger says of it is a direct sale.
        return;
    }
    sums.holds.add(keys, (id, owner, currency, amount));
    match row.status {
        "voided" | "expired" => sums.releases.add(keys, (id, owner, currency, amount)),
        "executed" => {
            sums.taken.add(keys, (id, owner, currency, amount));
            let rest = amount.wrapping_sub(captured.unwrap_or(0));
            // Lines of zero are left out of the ledger.
            if rest != 0 {
                sums.returned.add(keys, (id, owner, currency, rest));
            }
        }
        _ => {}
    }
}

fn mandate_contradiction(row: &MandateText<'_>, trusted: Option<&KeySet>) -> Option<String> {
    if canonical::sha256_hex(row.jws.as_bytes()) != row.mandate_hash {
        return Some("the mandate was changed: its hash does not fit".to_owned());
    }
    let read: Result<Mandate, SignatureError> = match trusted {
        Some(keys) => Mandate::verify(row.jws, keys),
        None => signing::read_unverified(row.jws),
    };
    let mandate = match read {
        Ok(mandate) => mandate,
        Err(error) => return Some(error.to_string()),
    };
    if row.captured_amount.is_some() && row.status != "executed" {
        return Some("the mandate was not executed, but something is said to be taken of it".to_owned());
    }
    let columns_agree = mandate.id.to_string() == row.id
        && mandate.intent_id.to_string() == row.intent_id
        && mandate.terms() == row.terms();
    if !columns_agree {
        return Some("the signed mandate says otherwise than its row".to_owned());
    }
    let Some(intent) = &row.intent else { return Some("the mandate's intent does not exist".to_owned()) };
    let Ok(metadata) = serde_json::from_str::<serde_json::Value>(intent.metadata) else {
        return Some("its intent's metadata cannot be read".to_owned());
    };
    let intent_agrees = intent.agent_id == row.agent_id
        && intent.amount == row.amount
        && intent.currency == row.currency
        && intent.vendor == mandate.vendor;
    if !intent_agrees {
        Some("the mandate says otherwise than its intent".to_owned())
    } else if fingerprint(intent, metadata) != intent.fingerprint {
        Some("its intent was changed: the fingerprint does not fit".to_owned())
    } else {
        None
    }
}

async fn payments_pass(tx: &mut Tx, audit: &mut Audit) -> Result<Tables, StoreError> {
    let keys = audit.keys.clone();
    let mut workers = Workers::start(move |sums: &mut Sums, page: Unread<PaymentText<'static>>| {
        let page = page.read()?;
        page.iter().for_each(|row| payment_sum(&keys, sums, row));
        Ok(page.len() as u64)
    })?;
    let mut after = String::new();
    loop {
        let page = payments_page_unscoped(tx, &after, PAGE).await?;
        let Some(last) = page.last()? else { break };
        after = last;
        workers.push(page)?;
    }
    let (counts, states) = workers.finish()?;
    audit.report.payments += counts.into_iter().sum::<u64>();
    let mut sums = Sums::default();
    states.into_iter().for_each(|state| sums += state);
    let paid = Some((sums.captures, sums.splits, sums.receipts));
    Ok(Tables { holds: None, paid, executed: sums.executed })
}

fn payment_sum(keys: &Keys, sums: &mut Sums, row: &PaymentText<'_>) {
    let (mandate, owner, currency) = (row.mandate_id, &row.agent_id, &row.currency);
    let moved = (row.ledger_transaction_id, row.ledger_hash, row.created_at.as_micros());
    if is_without_account(owner) {
        sums.captures.add(keys, (row.id, None::<&String>, currency, Some(row.amount), moved));
    } else {
        sums.captures.add(keys, (mandate, Some(owner), currency, None::<i64>, moved));
    }
    sums.executed.add(keys, (mandate, owner, currency, Some(row.amount)));
    let paid = (row.amount, &**currency, Some(row.ledger_hash));
    sums.receipts.add(keys, (row.receipt_id, Some(row.id), mandate, paid));
    let parts = [
        ("developer_payable", Some(&row.developer), row.developer_amount),
        ("platform_revenue", None, row.platform_amount),
        ("orchestrator_payable", None, row.orchestrator_amount),
    ];
    // Lines of zero are left out of the ledger.
    for (kind, owner, amount) in parts.into_iter().filter(|(_, _, amount)| *amount != 0) {
        sums.splits.add(keys, (row.ledger_transaction_id, kind, owner, &amount));
    }
}

/// What one table says in sum; none where it is silent.
struct Tables {
    holds: Option<[super::sums::Sum; 5]>,
    paid: Option<(super::sums::Sum, super::sums::Sum, super::sums::Sum)>,
    executed: super::sums::Sum,
}

impl Tables {
    fn agrees(&self, told: &Sums) -> bool {
        let held = [told.holds, told.releases, told.taken, told.returned, told.hashes];
        self.holds.is_none_or(|holds| holds == held)
            && self.paid.is_none_or(|paid| paid == (told.captures, told.splits, told.receipts))
    }
}

/// Cached balances against the sums of the lines.
pub(super) async fn audit_wallets(tx: &mut Tx, audit: &mut Audit, told: Told) -> Result<bool, StoreError> {
    let Told { mut wallets, mut holds, .. } = told;
    let (mut owner, mut currency) = (String::new(), String::new());
    let mut agree = true;
    loop {
        let page = wallets_page_unscoped(tx, (&owner, &currency), PAGE).await?;
        let Some(last) = page.last() else { break };
        owner.clone_from(&last.owner);
        currency.clone_from(&last.currency);
        for row in page {
            audit.report.wallets += 1;
            let available = wallets.take(&row.owner, &row.currency).unwrap_or(0);
            let held = holds.take(&row.owner, &row.currency).unwrap_or(0);
            let name = format!("{} {}", row.owner, row.currency);
            if available != i128::from(row.available) {
                agree = false;
                audit.report.note(&*name, "the available balance is not the sum of its postings");
            }
            if held != i128::from(row.held) {
                agree = false;
                audit.report.note(name, "the held balance is not the sum of its postings");
            }
        }
    }
    if let Some((owner, currency, _)) = wallets.into_rows().into_iter().chain(holds.into_rows()).next() {
        agree = false;
        audit
            .report
            .note(format!("{owner} {currency}"), "there are postings for a wallet that does not exist");
    }
    Ok(agree)
}
