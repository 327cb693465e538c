//! The double-entry ledger: append-only transactions in one hash chain.
//!
//! Invariants: every stored transaction balances (only [`Postings`] can be posted); `(kind, reference)` happens once; each
//! hash covers the canonical form of the transaction with its lines and its predecessor's hash. Rows are kept as text where
//! they are read back for verification, so that an altered row is hashed as it stands instead of failing to parse.

use frameos_domain::{
    canonical::{self, CanonicalError},
    clock::Timestamp,
    id::TransactionId,
};
use serde::Serialize;

use super::{
    chain::{LEDGER_CHAIN, chain_step_back},
    posting::Postings,
};
use crate::{
    Row, StoreError, Tx, Value,
    chain::{chain_advance, chain_set},
    params,
};

/// Why money moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LedgerKind {
    /// Provider → wallet; the reference is a charge of a top-up, the first of which has the top-up's id.
    TopUp,
    /// Wallet → hold; the reference is a mandate, as in the next two.
    Hold,
    /// Hold → wallet.
    Release,
    /// Hold → developer, platform, orchestrator, and what was not taken → wallet.
    Capture,
    /// Developer, platform, orchestrator → refunds → wallet; the reference is a refund.
    Refund,
    /// Developer payable → payout clearing; the reference is a payout, as in the next.
    Payout,
    /// Payout clearing → developer payable: the bank sent it back.
    PayoutReturn,
    /// Wallet → provider: a charge that the provider took back, or the way back; the reference is the taking.
    TopUpReversal,
    /// Provider → developer, platform, orchestrator: paid outside any wallet; the reference is the payment.
    DirectSale,
}

impl LedgerKind {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TopUp => "top_up",
            Self::Hold => "hold",
            Self::Release => "release",
            Self::Capture => "capture",
            Self::Refund => "refund",
            Self::Payout => "payout",
            Self::PayoutReturn => "payout_return",
            Self::TopUpReversal => "top_up_reversal",
            Self::DirectSale => "direct_sale",
        }
    }
}

/// One line of a stored transaction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PostingRow {
    pub line: i64,
    pub account_kind: String,
    pub owner: String,
    pub amount: i64,
    pub currency: String,
}

/// A stored transaction with its lines in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerRow {
    /// From 1, without gaps.
    pub sequence: i64,
    pub id: String,
    pub kind: String,
    pub reference: String,
    pub at: Timestamp,
    pub previous_hash: String,
    pub hash: String,
    pub postings: Vec<PostingRow>,
}

/// Where a posted transaction stands in the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posted {
    pub sequence: i64,
    pub id: String,
    pub hash: String,
}

#[derive(Serialize)]
struct Hashed<'a> {
    sequence: i64,
    id: &'a str,
    kind: &'a str,
    reference: &'a str,
    at: Timestamp,
    previous_hash: &'a str,
    postings: &'a [PostingRow],
}

impl LedgerRow {
    /// The hash this transaction must have, computed from its other fields.
    pub fn expected_hash(&self) -> Result<String, CanonicalError> {
        let hashed = Hashed {
            sequence: self.sequence,
            id: &self.id,
            kind: &self.kind,
            reference: &self.reference,
            at: self.at,
            previous_hash: &self.previous_hash,
            postings: &self.postings,
        };
        canonical::to_bytes(&hashed).map(|bytes| canonical::sha256_hex(&bytes))
    }
}

/// Appends a transaction. When `(kind, reference)` was posted before, nothing changes and that one is returned.
///
/// Takes the lock on the ledger's chain until the transaction ends: call it last.
pub async fn ledger_post(
    tx: &mut Tx,
    kind: LedgerKind,
    reference: &str,
    postings: &Postings,
    at: Timestamp,
) -> Result<Posted, StoreError> {
    let head = chain_advance(tx, LEDGER_CHAIN).await?;
    let mut entry = LedgerRow {
        sequence: head.sequence,
        id: TransactionId::generate(at).to_string(),
        kind: kind.as_str().to_owned(),
        reference: reference.to_owned(),
        at,
        previous_hash: head.previous_hash,
        hash: String::new(),
        postings: posting_rows(postings),
    };
    entry.hash = entry.expected_hash().map_err(|source| StoreError::corrupt(source.to_string()))?;
    if !transaction_insert(tx, &entry).await? {
        chain_step_back(tx, LEDGER_CHAIN).await?;
        return transaction_posted(tx, kind, reference).await;
    }
    postings_insert(tx, entry.sequence, &entry.postings).await?;
    chain_set(tx, LEDGER_CHAIN, entry.sequence, &entry.hash).await?;
    Ok(Posted { sequence: entry.sequence, id: entry.id, hash: entry.hash })
}

fn posting_rows(postings: &Postings) -> Vec<PostingRow> {
    let rows = (1..).zip(postings.lines()).map(|(line, posting)| PostingRow {
        line,
        account_kind: posting.account.as_str().to_owned(),
        owner: posting.owner.clone(),
        amount: posting.amount.minor,
        currency: posting.amount.currency.to_string(),
    });
    rows.collect()
}

async fn transaction_insert(tx: &mut Tx, entry: &LedgerRow) -> Result<bool, StoreError> {
    let sql = "INSERT INTO ledger_transactions (sequence, id, kind, reference, at, previous_hash, hash) \
               VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (kind, reference) DO NOTHING";
    let params = params![
        entry.sequence,
        entry.id.as_str(),
        entry.kind.as_str(),
        entry.reference.as_str(),
        entry.at,
        entry.previous_hash.as_str(),
        entry.hash.as_str()
    ];
    Ok(tx.execute(sql, &params).await? == 1)
}

async fn transaction_posted(tx: &mut Tx, kind: LedgerKind, reference: &str) -> Result<Posted, StoreError> {
    let sql = "SELECT id, hash, sequence FROM ledger_transactions WHERE kind = $1 AND reference = $2";
    let row = tx.query_one(sql, &params![kind.as_str(), reference]).await?;
    Ok(Posted { id: row.get(0)?, hash: row.get(1)?, sequence: row.get(2)? })
}

/// One statement for up to four lines, which is what a capture has: the chain is locked while they are written.
const POSTINGS_INSERT: [&str; 4] = [
    "INSERT INTO ledger_postings (sequence, line, account_kind, owner, amount, currency) \
     VALUES ($1, $2, $3, $4, $5, $6)",
    "INSERT INTO ledger_postings (sequence, line, account_kind, owner, amount, currency) \
     VALUES ($1, $2, $3, $4, $5, $6), ($1, $7, $8, $9, $10, $11)",
    "INSERT INTO ledger_postings (sequence, line, account_kind, owner, amount, currency) \
     VALUES ($1, $2, $3, $4, $5, $6), ($1, $7, $8, $9, $10, $11), ($1, $12, $13, $14, $15, $16)",
    "INSERT INTO ledger_postings (sequence, line, account_kind, owner, amount, currency) \
     VALUES ($1, $2, $3, $4, $5, $6), ($1, $7, $8, $9, $10, $11), ($1, $12, $13, $14, $15, $16), \
     ($1, $17, $18, $19, $20, $21)",
];

async fn postings_insert(tx: &mut Tx, sequence: i64, postings: &[PostingRow]) -> Result<(), StoreError> {
    for chunk in postings.chunks(POSTINGS_INSERT.len()) {
        let mut params = vec![Value::from(sequence)];
        for posting in chunk {
            params.extend(params![
                posting.line,
                posting.account_kind.as_str(),
                posting.owner.as_str(),
                posting.amount,
                posting.currency.as_str()
            ]);
        }
        tx.execute(POSTINGS_INSERT[chunk.len() - 1], &params).await?;
    }
    Ok(())
}

/// Up to `limit` transactions after position `after` with their lines, in chain order.
pub async fn ledger_page_unscoped(tx: &mut Tx, after: i64, limit: i64) -> Result<Vec<LedgerRow>, StoreError> {
    let sql = "SELECT sequence, id, kind, reference, at, previous_hash, hash FROM ledger_transactions \
               WHERE sequence > $1 ORDER BY sequence LIMIT $2";
    let rows = tx.query(sql, &params![after, limit]).await?;
    let mut page = rows.iter().map(transaction_read).collect::<Result<Vec<_>, _>>()?;
    let (Some(first), Some(last)) = (page.first(), page.last()) else { return Ok(page) };
    let sql = "SELECT sequence, line, account_kind, owner, amount, currency FROM ledger_postings \
               WHERE sequence >= $1 AND sequence <= $2 ORDER BY sequence, line";
    let lines = tx.query(sql, &params![first.sequence, last.sequence]).await?;
    let mut lines = lines.iter().map(posting_read).collect::<Result<Vec<_>, _>>()?.into_iter().peekable();
    for entry in &mut page {
        while let Some((_, line)) = lines.next_if(|(sequence, _)| *sequence == entry.sequence) {
            entry.postings.push(line);
        }
    }
    Ok(page)
}

fn transaction_read(row: &Row) -> Result<LedgerRow, StoreError> {
    Ok(LedgerRow {
        sequence: row.get(0)?,
        id: row.get(1)?,
        kind: row.get(2)?,
        reference: row.get(3)?,
        at: row.get(4)?,
        previous_hash: row.get(5)?,
        hash: row.get(6)?,
        postings: Vec::new(),
    })
}

fn posting_read(row: &Row) -> Result<(i64, PostingRow), StoreError> {
    let posting = PostingRow {
        line: row.get(1)?,
        account_kind: row.get(2)?,
        owner: row.get(3)?,
        amount: row.get(4)?,
        currency: row.get(5)?,
    };
    Ok((row.get(0)?, posting))
}
