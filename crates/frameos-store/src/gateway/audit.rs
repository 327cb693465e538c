//! Questions for the ledger's audit: where do wallets, mandates and payments disagree with the ledger?
//!
//! Each question is one statement, so that it sees one state of the database, and answers with the first disagreement only:
//! memory stays bounded however large the ledger is.

use crate::{Row, StoreError, Tx, params};

/// A row that contradicts the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disagreement {
    /// The wallet (`owner currency`), mandate or payment.
    pub entry: String,
    /// What is wrong with it.
    pub reason: &'static str,
}

/// How many rows there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditCounts {
    pub wallets: i64,
    pub mandates: i64,
    pub payments: i64,
    pub postings: i64,
    pub refunds: i64,
    pub payouts: i64,
}

pub async fn audit_counts_unscoped(tx: &mut Tx) -> Result<AuditCounts, StoreError> {
    let sql = "SELECT (SELECT COUNT(*) FROM wallets), (SELECT COUNT(*) FROM mandates), \
               (SELECT COUNT(*) FROM payments), (SELECT COUNT(*) FROM ledger_postings), \
               (SELECT COUNT(*) FROM refunds), (SELECT COUNT(*) FROM payouts)";
    let row = tx.query_one(sql, &[]).await?;
    Ok(AuditCounts {
        wallets: row.get(0)?,
        mandates: row.get(1)?,
        payments: row.get(2)?,
        postings: row.get(3)?,
        refunds: row.get(4)?,
        payouts: row.get(5)?,
    })
}

/// The first wallet whose cached balances are not the sums of its postings, or postings without a wallet.
pub async fn audit_wallets_unscoped(tx: &mut Tx) -> Result<Option<Disagreement>, StoreError> {
    const QUESTIONS: [(&str, &str); 3] = [
        (
            "SELECT w.owner || ' ' || w.currency FROM wallets w WHERE w.available <> (SELECT CAST(COALESCE(SUM(p.amount), 0) AS BIGINT) \
             FROM ledger_postings p WHERE p.owner = w.owner AND p.account_kind = 'wallet' AND p.currency = w.currency) \
             ORDER BY w.owner, w.currency LIMIT 1",
            "the available balance is not the sum of its postings",
        ),
        (
            "SELECT w.owner || ' ' || w.currency FROM wallets w WHERE w.held <> (SELECT CAST(COALESCE(SUM(p.amount), 0) AS BIGINT) \
             FROM ledger_postings p WHERE p.owner = w.owner AND p.account_kind = 'hold' AND p.currency = w.currency) \
             ORDER BY w.owner, w.currency LIMIT 1",
            "the held balance is not the sum of its postings",
        ),
        (
            "SELECT p.owner || ' ' || p.currency FROM ledger_postings p WHERE p.account_kind IN ('wallet', 'hold') \
             AND NOT EXISTS (SELECT 1 FROM wallets w WHERE w.owner = p.owner AND w.currency = p.currency) LIMIT 1",
            "there are postings for a wallet that does not exist",
        ),
    ];
    first_of(tx, &QUESTIONS).await
}

/// The first wallet whose hold is not the sum of its owner's issued mandates.
pub async fn audit_holds_unscoped(tx: &mut Tx) -> Result<Option<Disagreement>, StoreError> {
    const QUESTIONS: [(&str, &str); 1] = [(
        "SELECT w.owner || ' ' || w.currency FROM wallets w LEFT JOIN \
         (SELECT agent_id, currency, CAST(SUM(amount) AS BIGINT) AS held FROM mandates WHERE status = 'issued' AND agent_id NOT LIKE 'x402:%' GROUP BY agent_id, currency) m \
         ON m.agent_id = w.owner AND m.currency = w.currency WHERE w.held <> COALESCE(m.held, 0) \
         ORDER BY w.owner, w.currency LIMIT 1",
        "the held balance is not the sum of its issued mandates",
    )];
    first_of(tx, &QUESTIONS).await
}

/// The first mandate or payment that the ledger tells otherwise.
pub async fn audit_mandates_unscoped(tx: &mut Tx) -> Result<Option<Disagreement>, StoreError> {
    const QUESTIONS: [(&str, &str); 7] = [
        (
            "SELECT m.id FROM mandates m WHERE m.agent_id NOT LIKE 'x402:%' AND NOT EXISTS (SELECT 1 FROM ledger_transactions t \
             JOIN ledger_postings p ON p.sequence = t.sequence WHERE t.kind = 'hold' AND t.reference = m.id \
             AND p.account_kind = 'hold' AND p.owner = m.agent_id AND p.amount = m.amount AND p.currency = m.currency) \
             ORDER BY m.id LIMIT 1",
            "the mandate has no hold of its amount",
        ),
        (
            "SELECT m.id FROM mandates m WHERE m.status = 'executed' AND m.agent_id NOT LIKE 'x402:%' AND NOT EXISTS (SELECT 1 FROM payments y \
             JOIN ledger_transactions t ON t.id = y.ledger_transaction_id JOIN ledger_postings p ON p.sequence = t.sequence \
             WHERE y.mandate_id = m.id AND y.amount = m.captured_amount AND y.currency = m.currency AND y.agent_id = m.agent_id \
             AND t.kind = 'capture' AND t.reference = m.id AND t.hash = y.ledger_hash \
             AND p.account_kind = 'hold' AND p.owner = m.agent_id AND p.amount = -m.amount AND p.currency = m.currency) \
             ORDER BY m.id LIMIT 1",
            "the executed mandate has no payment and capture of its amount",
        ),
        (
            "SELECT m.id FROM mandates m JOIN ledger_transactions t ON t.reference = m.id AND t.kind = 'capture' \
             WHERE m.captured_amount IS NULL OR m.captured_amount > m.amount OR m.amount - m.captured_amount <> \
             (SELECT CAST(COALESCE(SUM(p.amount), 0) AS BIGINT) FROM ledger_postings p WHERE p.sequence = t.sequence \
             AND p.account_kind = 'wallet' AND p.owner = m.agent_id AND p.currency = m.currency) ORDER BY m.id LIMIT 1",
            "what was not captured of the mandate did not go back to the wallet",
        ),
        (
            "SELECT y.id FROM payments y WHERE NOT EXISTS (SELECT 1 FROM mandates m WHERE m.id = y.mandate_id \
             AND m.status = 'executed') ORDER BY y.id LIMIT 1",
            "the payment's mandate was not executed",
        ),
        (
            "SELECT m.id FROM mandates m WHERE m.status IN ('voided', 'expired') AND m.agent_id NOT LIKE 'x402:%' AND NOT EXISTS (SELECT 1 \
             FROM ledger_transactions t JOIN ledger_postings p ON p.sequence = t.sequence WHERE t.kind = 'release' AND t.reference = m.id \
             AND p.account_kind = 'hold' AND p.owner = m.agent_id AND p.amount = -m.amount AND p.currency = m.currency) \
             ORDER BY m.id LIMIT 1",
            "the closed mandate's hold was not released",
        ),
        (
            "SELECT m.id FROM mandates m JOIN ledger_transactions t ON t.reference = m.id \
             WHERE (t.kind = 'capture' AND m.status <> 'executed') \
             OR (t.kind = 'release' AND m.status NOT IN ('voided', 'expired')) ORDER BY m.id LIMIT 1",
            "the ledger moved the hold, but the mandate's status says otherwise",
        ),
        (
            "SELECT t.id FROM ledger_transactions t WHERE t.kind IN ('hold', 'capture', 'release') \
             AND NOT EXISTS (SELECT 1 FROM mandates m WHERE m.id = t.reference) ORDER BY t.sequence LIMIT 1",
            "the ledger entry's mandate does not exist",
        ),
    ];
    first_of(tx, &QUESTIONS).await
}

/// The first payment without its receipt, or whose split or receipt does not fit.
pub async fn audit_payments_unscoped(tx: &mut Tx) -> Result<Option<Disagreement>, StoreError> {
    const QUESTIONS: [(&str, &str); 2] = [
        (
            "SELECT y.id FROM payments y JOIN ledger_transactions t ON t.id = y.ledger_transaction_id \
             WHERE y.developer_amount <> (SELECT CAST(COALESCE(SUM(p.amount), 0) AS BIGINT) FROM ledger_postings p \
             WHERE p.sequence = t.sequence AND p.account_kind = 'developer_payable' AND p.owner = y.developer) ORDER BY y.id LIMIT 1",
            "the developer's part is not what the ledger credited",
        ),
        (
            "SELECT y.id FROM payments y WHERE NOT EXISTS (SELECT 1 FROM payment_receipts r WHERE r.id = y.receipt_id \
             AND r.payment_id = y.id AND r.mandate_id = y.mandate_id AND r.status = 'success') ORDER BY y.id LIMIT 1",
            "the payment has no receipt",
        ),
    ];
    first_of(tx, &QUESTIONS).await
}

/// A receipt beside its payment, as text: an altered row must be reported, not fail to parse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptText {
    pub sequence: i64,
    pub id: String,
    pub mandate_id: String,
    pub payment_id: Option<String>,
    pub status: String,
    pub jws: String,
    pub previous_hash: String,
    pub hash: String,
    /// Amount, currency, ledger hash and mandate hash as payment and mandate have them; none for a refusal.
    pub amount: Option<i64>,
    pub currency: Option<String>,
    pub ledger_hash: Option<String>,
    pub mandate_hash: Option<String>,
}

/// Up to `limit` receipts after position `after`, in chain order.
pub async fn receipts_page_unscoped(
    tx: &mut Tx,
    after: i64,
    limit: i64,
) -> Result<Vec<ReceiptText>, StoreError> {
    let sql = "SELECT r.sequence, r.id, r.mandate_id, r.payment_id, r.status, r.jws, r.previous_hash, r.hash, \
               y.amount, y.currency, y.ledger_hash, m.mandate_hash FROM payment_receipts r \
               LEFT JOIN payments y ON y.receipt_id = r.id LEFT JOIN mandates m ON m.id = r.mandate_id \
               WHERE r.sequence > $1 ORDER BY r.sequence LIMIT $2";
    let read = |row: &Row| {
        Ok(ReceiptText {
            sequence: row.get(0)?,
            id: row.get(1)?,
            mandate_id: row.get(2)?,
            payment_id: row.get(3)?,
            status: row.get(4)?,
            jws: row.get(5)?,
            previous_hash: row.get(6)?,
            hash: row.get(7)?,
            amount: row.get(8)?,
            currency: row.get(9)?,
            ledger_hash: row.get(10)?,
            mandate_hash: row.get(11)?,
        })
    };
    tx.query(sql, &params![after, limit]).await?.iter().map(read).collect()
}

pub(super) async fn first_of(
    tx: &mut Tx,
    questions: &'static [(&'static str, &'static str)],
) -> Result<Option<Disagreement>, StoreError> {
    for (sql, reason) in questions {
        if let Some(row) = tx.query_opt(sql, &params![]).await? {
            return Ok(Some(Disagreement { entry: row.get(0)?, reason }));
        }
    }
    Ok(None)
}
