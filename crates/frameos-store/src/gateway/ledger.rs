//! The double-entry ledger: append-only transactions in one hash chain.
//!
//! Invariants: every stored transaction balances (only [`Postings`] can be posted); `(kind, reference)` happens once; each
//! hash covers the canonical form of the transaction with its lines and its predecessor's hash. Rows are kept as text where
//! they are read back for verification, so that an altered row is hashed as it stands instead of failing to parse.

use std::borrow::Cow;

use frameos_domain::{canonical, clock::Timestamp, id::TransactionId};
use serde::Serialize;

use super::{chain::LEDGER_CHAIN, posting::Postings};
use crate::{
    Row, Statement, StoreError, Tx, Value,
    chain::{chain_advance, chain_set},
    page::{FromRow, Unread},
    params,
    postponed::{Rows, columns_push, rows},
    tx::Engine,
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
pub struct PostingRow<'a> {
    pub line: i64,
    pub account_kind: Cow<'a, str>,
    pub owner: Cow<'a, str>,
    pub amount: i64,
    pub currency: Cow<'a, str>,
}

/// A stored transaction with its lines in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerRow<'a> {
    /// From 1, without gaps.
    pub sequence: i64,
    pub id: Cow<'a, str>,
    pub kind: Cow<'a, str>,
    pub reference: Cow<'a, str>,
    pub at: Timestamp,
    pub previous_hash: Cow<'a, str>,
    pub hash: Cow<'a, str>,
    pub postings: Vec<PostingRow<'a>>,
}

/// Where a posted transaction stands in the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posted {
    pub sequence: i64,
    pub id: String,
    pub hash: String,
}

impl LedgerRow<'_> {
    /// The hash this transaction must have, computed from its other fields.
    ///
    /// The canonical JSON of its fields (`canonical::to_bytes` gives the same bytes), written by hand because an audit does so a
    /// million times. A number outside of what JSON carries still gets a text of its own: it is hashed as it stands.
    pub fn expected_hash(&self) -> String {
        let mut out = Vec::with_capacity(640);
        out.extend_from_slice(br#"{"at":"#);
        canonical::write_text(&self.at.to_string(), &mut out);
        text_field(r#","id":"#, &self.id, &mut out);
        text_field(r#","kind":"#, &self.kind, &mut out);
        out.extend_from_slice(br#","postings":["#);
        for (index, posting) in self.postings.iter().enumerate() {
            out.extend_from_slice(if index == 0 { b"{" } else { b",{" });
            text_field(r#""account_kind":"#, &posting.account_kind, &mut out);
            number_field(r#","amount":"#, posting.amount, &mut out);
            text_field(r#","currency":"#, &posting.currency, &mut out);
            number_field(r#","line":"#, posting.line, &mut out);
            text_field(r#","owner":"#, &posting.owner, &mut out);
            out.push(b'}');
        }
        out.push(b']');
        text_field(r#","previous_hash":"#, &self.previous_hash, &mut out);
        text_field(r#","reference":"#, &self.reference, &mut out);
        number_field(r#","sequence":"#, self.sequence, &mut out);
        out.push(b'}');
        canonical::sha256_hex(&out)
    }
}

fn text_field(name: &str, text: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(name.as_bytes());
    canonical::write_text(text, out);
}

fn number_field(name: &str, number: i64, out: &mut Vec<u8>) {
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(number.to_string().as_bytes());
}

/// Appends a transaction. When `(kind, reference)` was posted before, nothing changes and that one is returned.
///
/// Takes the lock on the ledger's chain until the transaction ends, if [`super::chain::ledger_lock`] has not.
pub async fn ledger_post(
    tx: &mut Tx,
    kind: LedgerKind,
    reference: &str,
    postings: &Postings,
    at: Timestamp,
) -> Result<Posted, StoreError> {
    let place = chain_advance(tx, LEDGER_CHAIN).await?;
    let mut entry = LedgerRow {
        sequence: place.sequence,
        id: TransactionId::generate(at).to_string().into(),
        kind: kind.as_str().into(),
        reference: reference.into(),
        at,
        previous_hash: place.previous_hash.into(),
        hash: Cow::default(),
        postings: posting_rows(postings),
    };
    entry.hash = entry.expected_hash().into();
    chain_set(tx, LEDGER_CHAIN, entry.sequence, &entry.hash).await?;
    if transaction_postpone(tx, &entry)? {
        return Ok(posted(entry));
    }
    if transactions_insert(tx, std::slice::from_ref(&entry)).await? == 0 {
        if !chain_step_back(tx, LEDGER_CHAIN, &entry) {
            return Err(StoreError::Aborted);
        }
        return transaction_posted(tx, kind, reference).await;
    }
    Ok(posted(entry))
}

fn posted(entry: LedgerRow<'_>) -> Posted {
    Posted { sequence: entry.sequence, id: entry.id.into_owned(), hash: entry.hash.into_owned() }
}

const LINES: Rows = rows!(
    "ledger_postings",
    (sequence BigInt, line BigInt, account_kind Text, owner Text, amount BigInt, currency Text)
);

const TRANSACTIONS: Rows = rows!(
    "ledger_transactions",
    (sequence BigInt, id Text, kind Text, reference Text, at BigInt, previous_hash Text, hash Text)
);

/// Leaves a transaction for the end of the batch, if it may. Its place in the chain stays taken: a batch in which the like was posted
/// before is undone.
fn transaction_postpone(tx: &Tx, entry: &LedgerRow<'_>) -> Result<bool, StoreError> {
    if !tx.postpone(&TRANSACTIONS, &transaction_values(entry))? {
        return Ok(false);
    }
    for posting in &entry.postings {
        tx.postpone(&LINES, &posting_values(entry.sequence, posting))?;
    }
    Ok(true)
}

fn transaction_values(entry: &LedgerRow<'_>) -> [Value; 7] {
    params![
        entry.sequence,
        &*entry.id,
        &*entry.kind,
        &*entry.reference,
        entry.at,
        &*entry.previous_hash,
        &*entry.hash
    ]
}

fn posting_values(sequence: i64, posting: &PostingRow<'_>) -> [Value; 6] {
    params![
        sequence,
        posting.line,
        &*posting.account_kind,
        &*posting.owner,
        posting.amount,
        &*posting.currency
    ]
}

/// Gives a place back, when nothing was appended after all. False when somebody of the same batch has built on it.
fn chain_step_back(tx: &Tx, chain: &str, entry: &LedgerRow<'_>) -> bool {
    let is_head = tx.heads().get(chain).is_some_and(|head| head.sequence == entry.sequence);
    is_head && tx.heads().set(chain, entry.sequence - 1, &entry.previous_hash)
}

fn posting_rows(postings: &Postings) -> Vec<PostingRow<'_>> {
    let rows = (1..).zip(postings.lines()).map(|(line, posting)| PostingRow {
        line,
        account_kind: posting.account.as_str().into(),
        owner: posting.owner.as_str().into(),
        amount: posting.amount.minor,
        currency: posting.amount.currency.as_str().into(),
    });
    rows.collect()
}

/// Writes transactions with their lines, each unless the like was posted before, and returns how many it wrote. PostgreSQL takes lines and
/// transaction in one statement only.
pub(crate) async fn transactions_insert(tx: &mut Tx, entries: &[LedgerRow<'_>]) -> Result<usize, StoreError> {
    if tx.engine() == Engine::Sqlite {
        let mut written = 0;
        for entry in entries {
            let mut statements = postings_insert(entry);
            statements.push(transaction_insert(entry));
            written += usize::from(!tx.execute_all(&statements).await?.contains(&0));
        }
        return Ok(written);
    }
    let sql = "WITH new AS (SELECT * FROM UNNEST(CAST($1 AS BIGINT[]), CAST($2 AS TEXT[]), CAST($3 AS TEXT[]), CAST($4 AS TEXT[]), \
               CAST($5 AS BIGINT[]), CAST($6 AS TEXT[]), CAST($7 AS TEXT[])) \
               AS new (sequence, id, kind, reference, at, previous_hash, hash) WHERE NOT EXISTS \
               (SELECT 1 FROM ledger_transactions t WHERE t.kind = new.kind AND t.reference = new.reference)), \
               lines AS (INSERT INTO ledger_postings (sequence, line, account_kind, owner, amount, currency) \
               SELECT line.* FROM UNNEST(CAST($8 AS BIGINT[]), CAST($9 AS BIGINT[]), CAST($10 AS TEXT[]), CAST($11 AS TEXT[]), \
               CAST($12 AS BIGINT[]), CAST($13 AS TEXT[])) AS line (sequence, line, account_kind, owner, amount, currency) \
               WHERE line.sequence IN (SELECT sequence FROM new)) \
               INSERT INTO ledger_transactions (sequence, id, kind, reference, at, previous_hash, hash) SELECT * FROM new RETURNING sequence";
    let mut columns = TRANSACTIONS.columns();
    let mut of_lines = LINES.columns();
    for entry in entries {
        columns_push(&mut columns, &transaction_values(entry))?;
        for posting in &entry.postings {
            columns_push(&mut of_lines, &posting_values(entry.sequence, posting))?;
        }
    }
    columns.append(&mut of_lines);
    Ok(tx.query_columns(sql, &columns, &[]).await?.len())
}

/// Seals the lines that were just written, if they were: the database refuses it unless they balance. SQLite only, as what follows.
fn transaction_insert(entry: &LedgerRow<'_>) -> Statement {
    let sql = "INSERT INTO ledger_transactions (sequence, id, kind, reference, at, previous_hash, hash) \
               SELECT CAST($1 AS BIGINT), CAST($2 AS TEXT), CAST($3 AS TEXT), CAST($4 AS TEXT), CAST($5 AS BIGINT), \
               CAST($6 AS TEXT), CAST($7 AS TEXT) WHERE EXISTS (SELECT 1 FROM ledger_postings WHERE sequence = $1)";
    (sql, transaction_values(entry).to_vec())
}

async fn transaction_posted(tx: &mut Tx, kind: LedgerKind, reference: &str) -> Result<Posted, StoreError> {
    let sql = "SELECT id, hash, sequence FROM ledger_transactions WHERE kind = $1 AND reference = $2";
    let row = tx.query_one(sql, &params![kind.as_str(), reference]).await?;
    Ok(Posted { id: row.get(0)?, hash: row.get(1)?, sequence: row.get(2)? })
}

macro_rules! postings_insert {
    ($first:literal $(, $next:literal)*) => {
        concat!(
            "INSERT INTO ledger_postings (sequence, line, account_kind, owner, amount, currency) \
             SELECT CAST($1 AS BIGINT), line, account_kind, owner, amount, currency FROM (SELECT ", $first, $(" UNION ALL SELECT ", $next,)*
            ") lines WHERE NOT EXISTS (SELECT 1 FROM ledger_transactions WHERE kind = $2 AND reference = $3)"
        )
    };
}

/// One statement for up to four lines, which is what a capture has: the chain is locked while they are written.
const POSTINGS_INSERT: [&str; 4] = [
    postings_insert!(
        "CAST($4 AS BIGINT) AS line, CAST($5 AS TEXT) AS account_kind, CAST($6 AS TEXT) AS owner, \
         CAST($7 AS BIGINT) AS amount, CAST($8 AS TEXT) AS currency"
    ),
    postings_insert!(
        "CAST($4 AS BIGINT) AS line, CAST($5 AS TEXT) AS account_kind, CAST($6 AS TEXT) AS owner, \
         CAST($7 AS BIGINT) AS amount, CAST($8 AS TEXT) AS currency",
        "CAST($9 AS BIGINT), CAST($10 AS TEXT), CAST($11 AS TEXT), CAST($12 AS BIGINT), CAST($13 AS TEXT)"
    ),
    postings_insert!(
        "CAST($4 AS BIGINT) AS line, CAST($5 AS TEXT) AS account_kind, CAST($6 AS TEXT) AS owner, \
         CAST($7 AS BIGINT) AS amount, CAST($8 AS TEXT) AS currency",
        "CAST($9 AS BIGINT), CAST($10 AS TEXT), CAST($11 AS TEXT), CAST($12 AS BIGINT), CAST($13 AS TEXT)",
        "CAST($14 AS BIGINT), CAST($15 AS TEXT), CAST($16 AS TEXT), CAST($17 AS BIGINT), CAST($18 AS TEXT)"
    ),
    postings_insert!(
        "CAST($4 AS BIGINT) AS line, CAST($5 AS TEXT) AS account_kind, CAST($6 AS TEXT) AS owner, \
         CAST($7 AS BIGINT) AS amount, CAST($8 AS TEXT) AS currency",
        "CAST($9 AS BIGINT), CAST($10 AS TEXT), CAST($11 AS TEXT), CAST($12 AS BIGINT), CAST($13 AS TEXT)",
        "CAST($14 AS BIGINT), CAST($15 AS TEXT), CAST($16 AS TEXT), CAST($17 AS BIGINT), CAST($18 AS TEXT)",
        "CAST($19 AS BIGINT), CAST($20 AS TEXT), CAST($21 AS TEXT), CAST($22 AS BIGINT), CAST($23 AS TEXT)"
    ),
];

/// Writes the lines, unless the like was posted before: then none.
fn postings_insert(entry: &LedgerRow<'_>) -> Vec<Statement> {
    let insert = |chunk: &[PostingRow<'_>]| {
        let mut params = params![entry.sequence, &*entry.kind, &*entry.reference].to_vec();
        for posting in chunk {
            params.extend_from_slice(&posting_values(entry.sequence, posting)[1..]);
        }
        (POSTINGS_INSERT[chunk.len() - 1], params)
    };
    entry.postings.chunks(POSTINGS_INSERT.len()).map(insert).collect()
}

/// Transactions and their lines, not decoded yet.
pub struct LedgerUnread {
    transactions: Unread<LedgerRow<'static>>,
    lines: Unread<PlacedLine>,
}

impl LedgerUnread {
    pub fn read(&self) -> Result<Vec<LedgerRow<'_>>, StoreError> {
        let mut page = self.transactions.read()?;
        let mut lines = self.lines.read()?.into_iter().peekable();
        for entry in &mut page {
            while let Some((_, line)) = lines.next_if(|(sequence, _)| *sequence == entry.sequence) {
                entry.postings.push(line);
            }
        }
        Ok(page)
    }

    /// The position of the last one; None when there are none.
    pub fn last(&self) -> Result<Option<i64>, StoreError> {
        self.transactions.last()
    }

    /// Positions and hashes.
    pub fn hashes(&self) -> Result<Vec<(i64, &str)>, StoreError> {
        self.transactions.texts(6)
    }
}

/// Up to `limit` transactions after position `after`, with their lines, in chain order.
pub async fn ledger_page_unscoped(tx: &mut Tx, after: i64, limit: i64) -> Result<LedgerUnread, StoreError> {
    let sql = "SELECT sequence, id, kind, reference, at, previous_hash, hash FROM ledger_transactions \
               WHERE sequence > $1 ORDER BY sequence LIMIT $2";
    let rows = tx.query(sql, &params![after, limit]).await?;
    let transactions = Unread::<LedgerRow<'static>>::new(rows);
    let mut lines = Vec::new();
    if let Some(last) = transactions.last::<i64>()? {
        let sql = "SELECT sequence, line, account_kind, owner, amount, currency FROM ledger_postings \
                   WHERE sequence > $1 AND sequence <= $2 ORDER BY sequence, line";
        lines = tx.query(sql, &params![after, last]).await?;
    }
    Ok(LedgerUnread { transactions, lines: Unread::new(lines) })
}

impl FromRow for LedgerRow<'static> {
    type From<'a> = LedgerRow<'a>;

    fn from_row(row: &Row) -> Result<LedgerRow<'_>, StoreError> {
        Ok(LedgerRow {
            sequence: row.get(0)?,
            id: row.text(1)?.into(),
            kind: row.text(2)?.into(),
            reference: row.text(3)?.into(),
            at: row.get(4)?,
            previous_hash: row.text(5)?.into(),
            hash: row.text(6)?.into(),
            postings: Vec::new(),
        })
    }
}

/// A line and the position of its transaction.
enum PlacedLine {}

impl FromRow for PlacedLine {
    type From<'a> = (i64, PostingRow<'a>);

    fn from_row(row: &Row) -> Result<(i64, PostingRow<'_>), StoreError> {
        let posting = PostingRow {
            line: row.get(1)?,
            account_kind: row.text(2)?.into(),
            owner: row.text(3)?.into(),
            amount: row.get(4)?,
            currency: row.text(5)?.into(),
        };
        Ok((row.get(0)?, posting))
    }
}
