//! What a payout consists of: the ledger's entries on its payee's payable accounts, in one range.
//!
//! A payout's own entry takes a range to zero and belongs to none; what a failed or returned one gave back is part of the
//! range it falls into.

use frameos_domain::{clock::Timestamp, money::Currency};

use crate::{Row, StoreError, Tx, page::Page, params};

/// What entries made payable, in minor units; negative when more was refunded than earned.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Payable {
    /// Earned as developer.
    pub developer: i64,
    /// Earned as orchestrator.
    pub orchestrator: i64,
}

/// What the entries after `from` and up to `to` made payable to the payee.
pub async fn payable_sum(
    tx: &mut Tx,
    payee: &str,
    currency: Currency,
    (from, to): (i64, i64),
) -> Result<Payable, StoreError> {
    let sql = "SELECT CAST(COALESCE(SUM(CASE WHEN p.account_kind = 'developer_payable' THEN p.amount ELSE 0 END), 0) AS BIGINT), \
               CAST(COALESCE(SUM(CASE WHEN p.account_kind = 'orchestrator_payable' THEN p.amount ELSE 0 END), 0) AS BIGINT) \
               FROM ledger_postings p JOIN ledger_transactions t ON t.sequence = p.sequence \
               WHERE p.owner = $1 AND p.account_kind IN ('developer_payable', 'orchestrator_payable') AND p.currency = $2 \
               AND p.sequence > $3 AND p.sequence <= $4 AND t.kind <> 'payout'";
    let row = tx.query_one(sql, &params![payee, currency, from, to]).await?;
    Ok(Payable { developer: row.get(0)?, orchestrator: row.get(1)? })
}

/// The entries of one kind in a range, added up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatementPart {
    /// The ledger's kind: `capture`, `direct_sale`, `refund`, `payout_return`.
    pub kind: String,
    /// `developer_payable` or `orchestrator_payable`.
    pub account_kind: String,
    pub entries: i64,
    /// What users paid for it; 0 where that is counted with the developer's share.
    pub gross: i64,
    /// What of it is the payee's.
    pub amount: i64,
}

/// A range of the ledger, by kind.
pub async fn statement_parts(
    tx: &mut Tx,
    payee: &str,
    currency: Currency,
    (from, to): (i64, i64),
) -> Result<Vec<StatementPart>, StoreError> {
    let sql = "SELECT t.kind, p.account_kind, COUNT(*), \
               CAST(COALESCE(SUM(CASE WHEN p.account_kind = 'developer_payable' THEN COALESCE(y.amount, -r.amount) ELSE 0 END), 0) AS BIGINT), \
               CAST(SUM(p.amount) AS BIGINT) \
               FROM ledger_postings p JOIN ledger_transactions t ON t.sequence = p.sequence \
               LEFT JOIN payments y ON y.ledger_transaction_id = t.id \
               LEFT JOIN refunds r ON r.ledger_transaction_id = t.id \
               WHERE p.owner = $1 AND p.account_kind IN ('developer_payable', 'orchestrator_payable') AND p.currency = $2 \
               AND p.sequence > $3 AND p.sequence <= $4 AND t.kind <> 'payout' \
               GROUP BY t.kind, p.account_kind ORDER BY t.kind, p.account_kind";
    let read = |row: &Row| {
        Ok(StatementPart {
            kind: row.get(0)?,
            account_kind: row.get(1)?,
            entries: row.get(2)?,
            gross: row.get(3)?,
            amount: row.get(4)?,
        })
    };
    tx.query(sql, &params![payee, currency, from, to]).await?.iter().map(read).collect()
}

/// One entry of a payout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PayoutLine {
    pub at: Timestamp,
    pub kind: String,
    /// The mandate, payment, refund or payout it belongs to.
    pub reference: String,
    pub account_kind: String,
    /// Of the payment that was made or refunded.
    pub execution_id: Option<String>,
    /// What the user paid, negative for a refund; 0 for a return and for an orchestrator's share.
    pub gross: i64,
    pub amount: i64,
}

/// A page of the entries of a range, oldest first, and how many there are.
pub async fn payout_lines(
    tx: &mut Tx,
    payee: &str,
    currency: Currency,
    (from, to): (i64, i64),
    page: Page,
) -> Result<(Vec<PayoutLine>, i64), StoreError> {
    let count = "SELECT COUNT(*) FROM ledger_postings p JOIN ledger_transactions t ON t.sequence = p.sequence \
                 WHERE p.owner = $1 AND p.account_kind IN ('developer_payable', 'orchestrator_payable') AND p.currency = $2 \
                 AND p.sequence > $3 AND p.sequence <= $4 AND t.kind <> 'payout'";
    let total = tx.query_one(count, &params![payee, currency, from, to]).await?.get(0)?;
    let sql = "SELECT t.at, t.kind, t.reference, p.account_kind, COALESCE(m.execution_id, rm.execution_id), \
               COALESCE(CASE WHEN p.account_kind = 'developer_payable' THEN COALESCE(y.amount, -r.amount) END, 0), p.amount \
               FROM ledger_postings p JOIN ledger_transactions t ON t.sequence = p.sequence \
               LEFT JOIN payments y ON y.ledger_transaction_id = t.id LEFT JOIN mandates m ON m.id = y.mandate_id \
               LEFT JOIN refunds r ON r.ledger_transaction_id = t.id LEFT JOIN payments ry ON ry.id = r.payment_id \
               LEFT JOIN mandates rm ON rm.id = ry.mandate_id \
               WHERE p.owner = $1 AND p.account_kind IN ('developer_payable', 'orchestrator_payable') AND p.currency = $2 \
               AND p.sequence > $3 AND p.sequence <= $4 AND t.kind <> 'payout' \
               ORDER BY p.sequence, p.line LIMIT $5 OFFSET $6";
    let params = params![payee, currency, from, to, page.limit_value(), page.offset_value()];
    let read = |row: &Row| -> Result<PayoutLine, StoreError> {
        Ok(PayoutLine {
            at: row.get(0)?,
            kind: row.get(1)?,
            reference: row.get(2)?,
            account_kind: row.get(3)?,
            execution_id: row.get(4)?,
            gross: row.get(5)?,
            amount: row.get(6)?,
        })
    };
    let lines = tx.query(sql, &params).await?.iter().map(read).collect::<Result<Vec<_>, StoreError>>()?;
    Ok((lines, total))
}
