//! Mandates: signed permissions to take one amount, and where each stands.
//!
//! Invariant: a mandate leaves `issued` exactly once, by one conditional statement; whoever's statement changed the row does
//! the rest (capture or release) in the same transaction.

use frameos_domain::{
    clock::Timestamp,
    id::{IntentId, MandateId},
    mandate::{MandateStatus, MandateTerms},
    money::{Currency, Money},
};

use crate::{
    Row, Statement, StoreError, Tx, params,
    postponed::{Rows, rows},
};

/// A mandate and its state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MandateRow {
    pub id: MandateId,
    pub intent_id: IntentId,
    /// The paying account.
    pub agent_id: String,
    pub amount: i64,
    pub currency: Currency,
    pub execution_id: Option<String>,
    /// Whose payable account a capture credits.
    pub payee: String,
    /// Whose account the orchestrator's share goes to; none for the platform's own.
    pub orchestrator: Option<String>,
    pub status: MandateStatus,
    pub void_reason: Option<String>,
    /// The signed mandate, compact JWS.
    pub jws: String,
    /// SHA-256 of `jws`.
    pub mandate_hash: String,
    /// What was taken; none until the mandate is executed.
    pub captured_amount: Option<i64>,
    pub expires_at: Timestamp,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl MandateRow {
    pub(super) fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.get(0)?,
            intent_id: row.get(1)?,
            agent_id: row.get(2)?,
            amount: row.get(3)?,
            currency: row.get(4)?,
            execution_id: row.get(5)?,
            payee: row.get(6)?,
            status: row.parse(7)?,
            void_reason: row.get(8)?,
            jws: row.get(9)?,
            mandate_hash: row.get(10)?,
            captured_amount: row.get(11)?,
            expires_at: row.get(12)?,
            created_at: row.get(13)?,
            updated_at: row.get(14)?,
            orchestrator: row.get(15)?,
        })
    }

    pub fn money(&self) -> Money {
        Money::new(self.amount, self.currency)
    }

    /// What must be as it was signed.
    pub fn terms(&self) -> MandateTerms<'_> {
        MandateTerms {
            agent_id: &self.agent_id,
            execution_id: self.execution_id.as_deref(),
            payee: &self.payee,
            orchestrator: self.orchestrator.as_deref(),
            amount: self.amount,
            currency: self.currency.as_str(),
            issued_at: self.created_at,
            expires_at: self.expires_at,
        }
    }
}

pub(super) const MANDATES: Rows = rows!(
    "mandates",
    (
        id Text, intent_id Text, agent_id Text, amount BigInt, currency Text, execution_id Text, payee Text, status Text,
        void_reason Text, jws Text, mandate_hash Text, expires_at BigInt, created_at BigInt, updated_at BigInt,
        orchestrator Text
    )
);

/// Stores an issued mandate. False when its intent already has one.
pub async fn mandate_insert(tx: &mut Tx, mandate: &MandateRow) -> Result<bool, StoreError> {
    let (sql, params) = mandate_insertion(mandate);
    Ok(tx.postpone(&MANDATES, &params)? || tx.execute(sql, &params).await? == 1)
}

pub(super) fn mandate_insertion(mandate: &MandateRow) -> Statement {
    let sql = "INSERT INTO mandates (id, intent_id, agent_id, amount, currency, execution_id, payee, status, void_reason, jws, \
               mandate_hash, expires_at, created_at, updated_at, orchestrator) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) ON CONFLICT (intent_id) DO NOTHING";
    let params = params![
        mandate.id,
        mandate.intent_id,
        mandate.agent_id.as_str(),
        mandate.amount,
        mandate.currency,
        mandate.execution_id.clone(),
        mandate.payee.as_str(),
        mandate.status.as_str(),
        mandate.void_reason.clone(),
        mandate.jws.as_str(),
        mandate.mandate_hash.as_str(),
        mandate.expires_at,
        mandate.created_at,
        mandate.updated_at,
        mandate.orchestrator.clone()
    ];
    (sql, params.to_vec())
}

pub async fn mandate_get_unscoped(tx: &mut Tx, id: MandateId) -> Result<Option<MandateRow>, StoreError> {
    let sql = "SELECT id, intent_id, agent_id, amount, currency, execution_id, payee, status, void_reason, jws, mandate_hash, \
               captured_amount, expires_at, created_at, updated_at, orchestrator FROM mandates WHERE id = $1";
    tx.query_opt(sql, &params![id]).await?.as_ref().map(MandateRow::read).transpose()
}

pub async fn mandate_get_by_intent_unscoped(
    tx: &mut Tx,
    intent: IntentId,
) -> Result<Option<MandateRow>, StoreError> {
    let sql = "SELECT id, intent_id, agent_id, amount, currency, execution_id, payee, status, void_reason, jws, mandate_hash, \
               captured_amount, expires_at, created_at, updated_at, orchestrator FROM mandates WHERE intent_id = $1";
    tx.query_opt(sql, &params![intent]).await?.as_ref().map(MandateRow::read).transpose()
}

/// The state is compared in a way that keeps planners from the index of issued mandates, where everything lies that was issued since it was
/// last cleaned up.
macro_rules! mark_executed {
    ($from:literal, $further:literal) => {
        concat!(
            "UPDATE mandates SET status = 'executed', captured_amount = COALESCE(CAST($2 AS BIGINT), amount), updated_at = $3",
            $from,
            " WHERE id = $1 AND COALESCE(status, '') = 'issued' AND expires_at > $3 \
             AND COALESCE(CAST($2 AS BIGINT), amount) BETWEEN 0 AND amount \
             AND (SELECT 1 FROM ledger_transactions t WHERE t.kind IN ('capture', 'release') AND t.reference = mandates.id LIMIT 1) IS NULL \
             RETURNING id, intent_id, agent_id, amount, currency, execution_id, payee, status, void_reason, jws, mandate_hash, \
             captured_amount, expires_at, created_at, updated_at, orchestrator",
            $further
        )
    };
}
pub(super) use mark_executed;

/// Marks an issued, unexpired mandate executed for `captured`, at most what it allows, or for all of it, and gives it. None when
/// it is neither, allows less, or holds nothing any more according to the ledger.
pub async fn mandate_mark_executed(
    tx: &mut Tx,
    id: MandateId,
    captured: Option<i64>,
    now: Timestamp,
) -> Result<Option<MandateRow>, StoreError> {
    let sql = mark_executed!("", "");
    tx.query_opt(sql, &params![id, captured, now]).await?.as_ref().map(MandateRow::read).transpose()
}

/// Marks an issued mandate voided. False when it is not issued any more.
pub async fn mandate_mark_voided(
    tx: &mut Tx,
    id: MandateId,
    reason: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "UPDATE mandates SET status = 'voided', void_reason = $2, updated_at = $3 \
               WHERE id = $1 AND status = 'issued'";
    Ok(tx.execute(sql, &params![id, reason, now]).await? == 1)
}

/// Marks an issued mandate expired once its time is over. False when it is not issued any more, or not yet over.
pub async fn mandate_mark_expired(tx: &mut Tx, id: MandateId, now: Timestamp) -> Result<bool, StoreError> {
    let sql = "UPDATE mandates SET status = 'expired', updated_at = $2 \
               WHERE id = $1 AND status = 'issued' AND expires_at <= $2";
    Ok(tx.execute(sql, &params![id, now]).await? == 1)
}

/// Whether the ledger says that the mandate's hold was taken or given back, which its state, signed by nobody, may deny.
pub async fn mandate_is_settled(tx: &mut Tx, id: MandateId) -> Result<bool, StoreError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM ledger_transactions WHERE kind IN ('capture', 'release') AND reference = $1)";
    tx.query_one(sql, &params![id]).await?.get(0)
}

/// Where a list of overdue mandates goes on.
pub type Overdue = (Timestamp, MandateId);

/// Issued mandates whose time is over, with when it was, oldest first; those after `after`.
pub async fn mandates_overdue_unscoped(
    tx: &mut Tx,
    now: Timestamp,
    after: Option<Overdue>,
    limit: i64,
) -> Result<Vec<Overdue>, StoreError> {
    let sql = "SELECT expires_at, id FROM mandates WHERE status = 'issued' AND expires_at <= $1 \
               AND (expires_at, id) > (CAST($2 AS BIGINT), CAST($3 AS TEXT)) ORDER BY expires_at, id LIMIT $4";
    let (at, id) =
        after.map_or((Timestamp::from_micros(i64::MIN), String::new()), |(at, id)| (at, id.to_string()));
    let rows = tx.query(sql, &params![now, at, id, limit]).await?;
    rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
}
