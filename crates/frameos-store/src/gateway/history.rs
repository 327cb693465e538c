//! What happened to a wallet: the ledger as its owner sees it.

use frameos_domain::{clock::Timestamp, money::Currency};

use crate::{Row, StoreError, Tx, params};

/// One ledger transaction's effect on a wallet, in minor units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WalletEntryRow {
    pub transaction_id: String,
    /// `top_up`, `hold`, `release`, `capture` or `refund`.
    pub kind: String,
    /// The top-up, mandate or refund it belongs to.
    pub reference: String,
    pub at: Timestamp,
    pub currency: Currency,
    pub available_change: i64,
    pub held_change: i64,
    /// Of the mandate, when there is one, or of the mandate whose payment was refunded.
    pub execution_id: Option<String>,
    pub description: Option<String>,
}

impl WalletEntryRow {
    fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            transaction_id: row.get(0)?,
            kind: row.get(1)?,
            reference: row.get(2)?,
            at: row.get(3)?,
            currency: row.get(4)?,
            available_change: row.get(5)?,
            held_change: row.get(6)?,
            execution_id: row.get(7)?,
            description: row.get(8)?,
        })
    }
}

/// A page of the owner's entries, newest first.
pub async fn wallet_entries(
    tx: &mut Tx,
    owner: &str,
    limit: i64,
    offset: i64,
) -> Result<Vec<WalletEntryRow>, StoreError> {
    let sql = "SELECT t.id, t.kind, t.reference, t.at, e.currency, e.available_change, e.held_change, \
               m.execution_id, i.description \
               FROM (SELECT sequence, currency, \
                 CAST(SUM(CASE WHEN account_kind = 'wallet' THEN amount ELSE 0 END) AS BIGINT) AS available_change, \
                 CAST(SUM(CASE WHEN account_kind = 'hold' THEN amount ELSE 0 END) AS BIGINT) AS held_change \
                 FROM ledger_postings WHERE owner = $1 AND account_kind IN ('wallet', 'hold') \
                 GROUP BY sequence, currency ORDER BY sequence DESC, currency LIMIT $2 OFFSET $3) e \
               JOIN ledger_transactions t ON t.sequence = e.sequence \
               LEFT JOIN refunds r ON r.id = t.reference LEFT JOIN payments y ON y.id = r.payment_id \
               LEFT JOIN mandates m ON m.id = COALESCE(y.mandate_id, t.reference) \
               LEFT JOIN purchase_intents i ON i.id = m.intent_id \
               ORDER BY e.sequence DESC, e.currency";
    tx.query(sql, &params![owner, limit, offset]).await?.iter().map(WalletEntryRow::read).collect()
}

/// How many entries [`wallet_entries`] has in all.
pub async fn wallet_entries_count(tx: &mut Tx, owner: &str) -> Result<i64, StoreError> {
    let sql = "SELECT COUNT(*) FROM (SELECT sequence FROM ledger_postings \
               WHERE owner = $1 AND account_kind IN ('wallet', 'hold') GROUP BY sequence, currency) e";
    tx.query_one(sql, &params![owner]).await?.get(0)
}
