//! Questions for the ledger's audit: where do wallets, mandates and payments disagree with the ledger?
//!
//! Each question is one statement, so that it sees one state of the database, and answers with the first disagreement only:
//! memory stays bounded however large the ledger is.

use frameos_domain::{clock::Timestamp, mandate::MandateTerms};

use crate::{
    Row, StoreError, Tx,
    page::{FromRow, Unread},
    params,
};

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
    pub postings: i64,
    pub refunds: i64,
    pub payouts: i64,
}

pub async fn audit_counts_unscoped(tx: &mut Tx) -> Result<AuditCounts, StoreError> {
    let sql = "SELECT (SELECT COUNT(*) FROM ledger_postings), (SELECT COUNT(*) FROM refunds), (SELECT COUNT(*) FROM payouts)";
    let row = tx.query_one(sql, &[]).await?;
    Ok(AuditCounts { postings: row.get(0)?, refunds: row.get(1)?, payouts: row.get(2)? })
}

/// A wallet as it is cached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WalletText {
    pub owner: String,
    pub currency: String,
    pub available: i64,
    pub held: i64,
}

/// Up to `limit` wallets after this owner and currency, in their order.
pub async fn wallets_page_unscoped(
    tx: &mut Tx,
    after: (&str, &str),
    limit: i64,
) -> Result<Vec<WalletText>, StoreError> {
    let sql = "SELECT owner, currency, available, held FROM wallets WHERE (owner, currency) > ($1, $2) \
               ORDER BY owner, currency LIMIT $3";
    let read = |row: &Row| {
        Ok(WalletText {
            owner: row.get(0)?,
            currency: row.get(1)?,
            available: row.get(2)?,
            held: row.get(3)?,
        })
    };
    tx.query(sql, &params![after.0, after.1, limit]).await?.iter().map(read).collect()
}

/// A mandate beside its intent, as text; the intent's columns are none when it is missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MandateText<'a> {
    pub id: &'a str,
    pub intent_id: &'a str,
    pub agent_id: &'a str,
    pub amount: i64,
    pub currency: &'a str,
    pub execution_id: Option<&'a str>,
    pub payee: &'a str,
    pub status: &'a str,
    pub jws: &'a str,
    pub mandate_hash: &'a str,
    pub expires_at: Timestamp,
    pub created_at: Timestamp,
    pub captured_amount: Option<i64>,
    pub orchestrator: Option<&'a str>,
    pub intent: Option<IntentText<'a>>,
}

impl<'a> MandateText<'a> {
    /// What must be as it was signed.
    pub fn terms(&self) -> MandateTerms<'a> {
        MandateTerms {
            agent_id: self.agent_id,
            execution_id: self.execution_id,
            payee: self.payee,
            orchestrator: self.orchestrator,
            amount: self.amount,
            currency: self.currency,
            issued_at: self.created_at,
            expires_at: self.expires_at,
        }
    }
}

/// An intent, as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IntentText<'a> {
    pub agent_id: &'a str,
    pub vendor: &'a str,
    pub amount: i64,
    pub currency: &'a str,
    pub description: &'a str,
    pub metadata: &'a str,
    pub fingerprint: &'a str,
}

/// Up to `limit` mandates after the one of this intent, in the order of their intents' ids, so that both tables are read in theirs.
pub async fn mandates_page_unscoped(
    tx: &mut Tx,
    after: &str,
    limit: i64,
) -> Result<Unread<MandateText<'static>>, StoreError> {
    let sql = "SELECT m.intent_id, m.id, m.agent_id, m.amount, m.currency, m.execution_id, m.payee, m.status, m.jws, \
               m.mandate_hash, m.expires_at, m.created_at, i.agent_id, i.vendor, i.amount, i.currency, i.description, \
               i.metadata, i.fingerprint, m.captured_amount, m.orchestrator FROM mandates m \
               LEFT JOIN purchase_intents i ON i.id = m.intent_id AND i.id > $1 WHERE m.intent_id > $1 ORDER BY m.intent_id LIMIT $2";
    Ok(Unread::new(tx.query(sql, &params![after, limit]).await?))
}

impl FromRow for MandateText<'static> {
    type From<'a> = MandateText<'a>;

    fn from_row(row: &Row) -> Result<MandateText<'_>, StoreError> {
        let intent = match row.text_opt(12)? {
            None => None,
            Some(agent_id) => Some(IntentText {
                agent_id,
                vendor: row.text(13)?,
                amount: row.get(14)?,
                currency: row.text(15)?,
                description: row.text(16)?,
                metadata: row.text(17)?,
                fingerprint: row.text(18)?,
            }),
        };
        Ok(MandateText {
            intent_id: row.text(0)?,
            id: row.text(1)?,
            agent_id: row.text(2)?,
            amount: row.get(3)?,
            currency: row.text(4)?,
            execution_id: row.text_opt(5)?,
            payee: row.text(6)?,
            status: row.text(7)?,
            jws: row.text(8)?,
            mandate_hash: row.text(9)?,
            expires_at: row.get(10)?,
            created_at: row.get(11)?,
            captured_amount: row.get(19)?,
            orchestrator: row.text_opt(20)?,
            intent,
        })
    }
}

/// A payment, as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentText<'a> {
    pub id: &'a str,
    pub mandate_id: &'a str,
    pub agent_id: &'a str,
    pub amount: i64,
    pub currency: &'a str,
    pub developer: &'a str,
    pub developer_amount: i64,
    pub platform_amount: i64,
    pub orchestrator_amount: i64,
    pub ledger_transaction_id: &'a str,
    pub ledger_hash: &'a str,
    pub receipt_id: &'a str,
    pub created_at: Timestamp,
}

impl FromRow for PaymentText<'static> {
    type From<'a> = PaymentText<'a>;

    fn from_row(row: &Row) -> Result<PaymentText<'_>, StoreError> {
        Ok(PaymentText {
            id: row.text(0)?,
            mandate_id: row.text(1)?,
            agent_id: row.text(2)?,
            amount: row.get(3)?,
            currency: row.text(4)?,
            developer: row.text(5)?,
            developer_amount: row.get(6)?,
            platform_amount: row.get(7)?,
            orchestrator_amount: row.get(8)?,
            ledger_transaction_id: row.text(9)?,
            ledger_hash: row.text(10)?,
            receipt_id: row.text(11)?,
            created_at: row.get(12)?,
        })
    }
}

/// Up to `limit` payments after this id, in the order of their ids.
pub async fn payments_page_unscoped(
    tx: &mut Tx,
    after: &str,
    limit: i64,
) -> Result<Unread<PaymentText<'static>>, StoreError> {
    let sql = "SELECT id, mandate_id, agent_id, amount, currency, developer, developer_amount, platform_amount, \
               orchestrator_amount, ledger_transaction_id, ledger_hash, receipt_id, created_at FROM payments \
               WHERE id > $1 ORDER BY id LIMIT $2";
    Ok(Unread::new(tx.query(sql, &params![after, limit]).await?))
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
            "SELECT m.id FROM mandates m JOIN ledger_transactions t ON t.reference = m.id AND t.kind IN ('capture', 'release') \
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

/// The first payment without its receipt, or whose time, split or receipt does not fit.
pub async fn audit_payments_unscoped(tx: &mut Tx) -> Result<Option<Disagreement>, StoreError> {
    const QUESTIONS: [(&str, &str); 4] = [
        (
            "SELECT y.id FROM payments y JOIN ledger_transactions t ON t.id = y.ledger_transaction_id \
             WHERE y.created_at <> t.at ORDER BY y.id LIMIT 1",
            "the payment's time is not that of its ledger entry",
        ),
        (
            "SELECT y.id FROM payments y JOIN ledger_transactions t ON t.id = y.ledger_transaction_id \
             WHERE y.platform_amount <> (SELECT CAST(COALESCE(SUM(p.amount), 0) AS BIGINT) FROM ledger_postings p \
             WHERE p.sequence = t.sequence AND p.account_kind = 'platform_revenue') \
             OR y.orchestrator_amount <> (SELECT CAST(COALESCE(SUM(p.amount), 0) AS BIGINT) FROM ledger_postings p \
             WHERE p.sequence = t.sequence AND p.account_kind = 'orchestrator_payable') ORDER BY y.id LIMIT 1",
            "the platform's or the orchestrator's part is not what the ledger credited",
        ),
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

/// The first run whose charge the gateway's books tell otherwise, or whose author was credited something else.
///
/// A gateway of its own has no runs in its database, and may be paid for the runs of others: a payment for a run that is not here
/// is no contradiction. A metered run that counted nothing costs nothing. Months of subscriptions are paid by mandates that name
/// the month instead of a run.
pub async fn audit_executions_unscoped(tx: &mut Tx) -> Result<Option<Disagreement>, StoreError> {
    const QUESTIONS: [(&str, &str); 5] = [
        (
            "SELECT e.id FROM agent_executions e WHERE e.payment_id IS NOT NULL AND EXISTS (SELECT 1 FROM mandates) \
             AND NOT EXISTS (SELECT 1 FROM payments y WHERE y.id = e.payment_id AND y.mandate_id = e.mandate_id \
             AND y.receipt_id = e.payment_receipt_id AND y.amount <= e.price_amount AND y.currency = e.price_currency) \
             ORDER BY e.id LIMIT 1",
            "the run was charged, but there is no such payment of its mandate",
        ),
        (
            "SELECT e.id FROM payments y JOIN mandates m ON m.id = y.mandate_id JOIN agent_executions e ON e.id = m.execution_id \
             WHERE EXISTS (SELECT 1 FROM agent_executions) AND (e.mandate_id <> m.id OR (e.payment_id IS NOT NULL AND e.payment_id <> y.id) \
             OR (e.payment_id IS NULL AND e.status <> 'settling')) ORDER BY e.id LIMIT 1",
            "the run's mandate was paid, but the run says otherwise",
        ),
        (
            "SELECT e.id FROM agent_executions e WHERE e.status = 'success' AND e.price_amount > 0 \
             AND e.payment_id IS NULL AND (e.terms IS NULL OR EXISTS (SELECT 1 FROM execution_charges c \
             WHERE c.execution_id = e.id AND c.amount > 0)) ORDER BY e.id LIMIT 1",
            "the run succeeded and costs something, but was not charged",
        ),
        (
            "SELECT e.id FROM agent_executions e JOIN payments y ON y.id = e.payment_id WHERE e.status = 'success' \
             AND NOT EXISTS (SELECT 1 FROM developer_revenue r WHERE r.execution_id = e.id AND r.developer_id = y.developer \
             AND r.amount = y.developer_amount AND r.currency = y.currency) ORDER BY e.id LIMIT 1",
            "the author was not credited the developer's part of the payment",
        ),
        (
            "SELECT r.id FROM developer_revenue r WHERE r.amount > 0 AND r.execution_id IS NOT NULL \
             AND EXISTS (SELECT 1 FROM mandates) AND NOT EXISTS (SELECT 1 FROM agent_executions e \
             JOIN payments y ON y.id = e.payment_id WHERE e.id = r.execution_id AND y.developer = r.developer_id \
             AND y.developer_amount = r.amount AND y.currency = r.currency) ORDER BY r.id LIMIT 1",
            "the author was credited for a run that was not paid so",
        ),
    ];
    first_of(tx, &QUESTIONS).await
}

/// A receipt beside its payment, as text: an altered row must be reported, not fail to parse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptText<'a> {
    pub sequence: i64,
    pub id: &'a str,
    pub mandate_id: &'a str,
    pub payment_id: Option<&'a str>,
    pub status: &'a str,
    pub jws: &'a str,
    pub previous_hash: &'a str,
    pub hash: &'a str,
    /// Amount, currency, ledger hash and mandate hash as payment and mandate have them, where they were looked up; the first three
    /// none for a refusal.
    pub amount: Option<i64>,
    pub currency: Option<&'a str>,
    pub ledger_hash: Option<&'a str>,
    pub mandate_hash: Option<&'a str>,
    pub created_at: Timestamp,
}

impl FromRow for ReceiptText<'static> {
    type From<'a> = ReceiptText<'a>;

    fn from_row(row: &Row) -> Result<ReceiptText<'_>, StoreError> {
        Ok(ReceiptText {
            sequence: row.get(0)?,
            id: row.text(1)?,
            mandate_id: row.text(2)?,
            payment_id: row.text_opt(3)?,
            status: row.text(4)?,
            jws: row.text(5)?,
            previous_hash: row.text(6)?,
            hash: row.text(7)?,
            amount: row.get(8)?,
            currency: row.text_opt(9)?,
            ledger_hash: row.text_opt(10)?,
            mandate_hash: row.text_opt(11)?,
            created_at: row.get(12)?,
        })
    }
}

impl Unread<ReceiptText<'static>> {
    /// Positions and hashes.
    pub fn hashes(&self) -> Result<Vec<(i64, &str)>, StoreError> {
        self.texts(7)
    }
}

/// What is looked up for a receipt beside its own row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beside {
    /// Its mandate and, if there should be none, its payment, of refusals only: of successes the sums tell.
    Refusals,
    Everything,
}

/// Up to `limit` receipts after position `after`, in chain order.
pub async fn receipts_page_unscoped(
    tx: &mut Tx,
    after: i64,
    limit: i64,
    beside: Beside,
) -> Result<Unread<ReceiptText<'static>>, StoreError> {
    macro_rules! page {
        ($receipt:literal, $mandate:literal) => {
            concat!(
                "SELECT r.sequence, r.id, r.mandate_id, r.payment_id, r.status, r.jws, r.previous_hash, r.hash, \
                 y.amount, y.currency, y.ledger_hash, m.mandate_hash, r.created_at FROM payment_receipts r \
                 LEFT JOIN payments y ON y.receipt_id = ",
                $receipt,
                " LEFT JOIN mandates m ON m.id = ",
                $mandate,
                " WHERE r.sequence > $1 ORDER BY r.sequence LIMIT $2"
            )
        };
    }
    let sql = match beside {
        // Nothing is looked up for NULL. A condition beside the join would be asked after looking.
        Beside::Refusals => page!(
            "CASE WHEN r.status <> 'success' THEN r.id END",
            "CASE WHEN r.status <> 'success' THEN r.mandate_id END"
        ),
        Beside::Everything => page!("r.id", "r.mandate_id"),
    };
    Ok(Unread::new(tx.query(sql, &params![after, limit]).await?))
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

/// What a budget counts in one period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BudgetWindow {
    pub owner: String,
    pub currency: String,
    pub period: String,
    pub used: i64,
}

/// Up to `limit` windows after this owner, currency and period, in their order.
pub async fn budget_windows_page_unscoped(
    tx: &mut Tx,
    after: &[String; 3],
    limit: i64,
) -> Result<Vec<BudgetWindow>, StoreError> {
    let sql = "SELECT owner, currency, period, used FROM budget_windows WHERE (owner, currency, period) > ($1, $2, $3) \
               ORDER BY owner, currency, period LIMIT $4";
    let [owner, currency, period] = after;
    let read = |row: &Row| {
        Ok(BudgetWindow { owner: row.get(0)?, currency: row.get(1)?, period: row.get(2)?, used: row.get(3)? })
    };
    tx.query(sql, &params![owner.as_str(), currency.as_str(), period.as_str(), limit])
        .await?
        .iter()
        .map(read)
        .collect()
}

/// A refund with when its mandate was counted into a budget.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refunded {
    pub id: String,
    pub owner: String,
    pub currency: String,
    pub amount: i64,
    pub mandated_at: Timestamp,
}

/// Up to `limit` refunds after this id, in their order.
pub async fn refunded_page_unscoped(
    tx: &mut Tx,
    after: &str,
    limit: i64,
) -> Result<Vec<Refunded>, StoreError> {
    let sql = "SELECT r.id, m.agent_id, m.currency, r.amount, m.created_at FROM refunds r \
               JOIN payments y ON y.id = r.payment_id JOIN mandates m ON m.id = y.mandate_id \
               WHERE r.id > $1 ORDER BY r.id LIMIT $2";
    let read = |row: &Row| {
        Ok(Refunded {
            id: row.get(0)?,
            owner: row.get(1)?,
            currency: row.get(2)?,
            amount: row.get(3)?,
            mandated_at: row.get(4)?,
        })
    };
    tx.query(sql, &params![after, limit]).await?.iter().map(read).collect()
}
