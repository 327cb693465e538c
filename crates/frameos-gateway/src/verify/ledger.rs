//! The ledger's own proof: its chain, that each transaction balances, and what its lines sum up to.

use std::collections::BTreeMap;

use frameos_domain::receipt::GENESIS_HASH;
use frameos_store::{
    StoreError, Tx,
    gateway::{
        chain::LEDGER_CHAIN,
        ledger::{LedgerRow, LedgerUnread, PostingRow, ledger_page_unscoped},
        posting::MAX_MINOR,
    },
};

use super::{
    Audit,
    link::{End, Link, links_join},
    sums::{Balances, Keys, Sums},
    workers::Workers,
};

const PAGE: i64 = 2_000;

/// What the ledger's lines say in sum.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) sums: Sums,
    pub(super) wallets: Balances,
    pub(super) holds: Balances,
}

/// One page's verdict.
struct Verdict {
    link: Link,
    unbalanced: Option<(String, String)>,
    transactions: u64,
    postings: u64,
}

/// Walks the chain up to its head. `chain_whole` and `balanced` of the report are set.
pub(super) async fn audit_ledger(tx: &mut Tx, audit: &mut Audit) -> Result<Told, StoreError> {
    let keys = audit.keys.clone();
    let mut workers = Workers::start(move |told: &mut Told, page: LedgerUnread| {
        Ok(page_check(&keys, told, &page.read()?))
    })?;
    let mut after = i64::MIN;
    let mut read = 0;
    loop {
        let page = ledger_page_unscoped(tx, after, PAGE).await?;
        let Some(last) = page.last()? else { break };
        after = last;
        let hashes = page.hashes()?;
        read += hashes.len() as u64;
        audit.checkpoints.see_ledger(hashes);
        workers.push(page)?;
        audit.progress(read);
    }
    let (verdicts, states) = workers.finish()?;
    let report = &mut audit.report;
    report.balanced = true;
    let mut links = Vec::with_capacity(verdicts.len());
    let mut unbalanced = None;
    for verdict in verdicts {
        report.transactions += verdict.transactions;
        report.postings += verdict.postings;
        unbalanced = unbalanced.or(verdict.unbalanced);
        links.push(verdict.link);
    }
    let end = links_join(links, report);
    report.chain_whole = end.is_whole && end.is_head(tx, LEDGER_CHAIN, report).await?;
    if let Some((entry, reason)) = unbalanced {
        report.balanced = false;
        report.note(entry, reason);
    }
    let mut told = Told::default();
    for state in states {
        told.sums += state.sums;
        told.wallets.merge(state.wallets);
        told.holds.merge(state.holds);
    }
    Ok(told)
}

fn page_check(keys: &Keys, told: &mut Told, page: &[LedgerRow<'_>]) -> Verdict {
    let mut link = Link::default();
    let mut unbalanced = None;
    let mut postings = 0;
    for entry in page {
        postings += entry.postings.len() as u64;
        let hash_fits = entry.expected_hash() == entry.hash;
        link.add((entry.sequence, &entry.hash), &entry.previous_hash, &entry.id, hash_fits);
        if unbalanced.is_none() {
            unbalanced = imbalance(entry).map(|reason| (entry.id.to_string(), reason));
        }
        for posting in &entry.postings {
            line_sum(keys, told, entry, posting);
        }
    }
    Verdict { link, unbalanced, transactions: page.len() as u64, postings }
}

fn line_sum(keys: &Keys, told: &mut Told, entry: &LedgerRow<'_>, posting: &PostingRow<'_>) {
    let PostingRow { account_kind, owner, amount, currency, .. } = posting;
    let (reference, sums) = (&*entry.reference, &mut told.sums);
    let taken = amount.wrapping_neg();
    match &**account_kind {
        "wallet" => {
            told.wallets.add(owner, currency, i128::from(*amount));
            if entry.kind == "capture" {
                sums.returned.add(keys, (reference, owner, currency, amount));
            }
        }
        "hold" => {
            told.holds.add(owner, currency, i128::from(*amount));
            match &*entry.kind {
                "hold" => sums.holds.add(keys, (reference, owner, currency, amount)),
                "release" => sums.releases.add(keys, (reference, owner, currency, taken)),
                "capture" => {
                    sums.taken.add(keys, (reference, owner, currency, taken));
                    sums.captures.add(keys, (reference, Some(owner), currency, None::<i64>, moved(entry)));
                }
                _ => {}
            }
        }
        "provider_clearing" if entry.kind == "direct_sale" => {
            sums.captures.add(keys, (reference, None::<&str>, currency, Some(taken), moved(entry)));
        }
        "developer_payable" if is_sale(entry) => {
            sums.splits.add(keys, (&*entry.id, account_kind, Some(owner), amount));
        }
        "platform_revenue" | "orchestrator_payable" if is_sale(entry) => {
            sums.splits.add(keys, (&*entry.id, account_kind, None::<&String>, amount));
        }
        _ => {}
    }
}

fn is_sale(entry: &LedgerRow<'_>) -> bool {
    matches!(&*entry.kind, "capture" | "direct_sale")
}

fn moved<'a>(entry: &'a LedgerRow<'_>) -> (&'a str, &'a str, i64) {
    (&entry.id, &entry.hash, entry.at.as_micros())
}

fn imbalance(entry: &LedgerRow<'_>) -> Option<String> {
    if entry.postings.len() < 2 {
        return Some("it has fewer than two postings".to_owned());
    }
    if entry.postings.iter().any(|posting| !(-MAX_MINOR..=MAX_MINOR).contains(&posting.amount)) {
        return Some("one of its amounts is more than the ledger can carry".to_owned());
    }
    let currency = &entry.postings[0].currency;
    if entry.postings.iter().all(|posting| posting.currency == *currency) {
        let sum: i128 = entry.postings.iter().map(|posting| i128::from(posting.amount)).sum();
        return (sum != 0).then(|| unbalanced(currency, sum));
    }
    let mut sums: BTreeMap<&str, i128> = BTreeMap::new();
    for posting in &entry.postings {
        *sums.entry(&posting.currency).or_default() += i128::from(posting.amount);
    }
    sums.into_iter().find(|(_, sum)| *sum != 0).map(|(currency, sum)| unbalanced(currency, sum))
}

fn unbalanced(currency: &str, sum: i128) -> String {
    format!("its postings in {currency} sum to {sum}, not to zero")
}

/// The end before the first entry.
pub(super) fn genesis() -> End {
    End { sequence: 0, hash: GENESIS_HASH.to_owned() }
}
