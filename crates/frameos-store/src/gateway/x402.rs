//! Payments that come with a request (x402): what was reserved for which run, and how far its settlement has come.
//!
//! Invariants: a nonce of a payer stands for one run; a payment leaves `reserved` and `settling` by one conditional statement;
//! that a settlement may have been sent is written before it is. The proof is encrypted.

use frameos_domain::{
    clock::Timestamp,
    id::{ExecutionId, MandateId},
};
use serde_json::Value as Json;

use super::audit::Disagreement;
use crate::{Place, Row, StoreError, Tx, params};

/// What the names of payers without an account begin with.
pub const X402_OWNER: &str = "x402:";

/// Where a payment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum X402Status {
    /// Verified; its run waits or goes on.
    Reserved,
    /// The run succeeded; a settlement is, or may be, under way.
    Settling,
    Settled,
    /// The money could not be had.
    Refused,
    /// Not needed: the run did not succeed.
    Released,
}

impl X402Status {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reserved => "reserved",
            Self::Settling => "settling",
            Self::Settled => "settled",
            Self::Refused => "refused",
            Self::Released => "released",
        }
    }
}

impl std::str::FromStr for X402Status {
    type Err = StoreError;

    fn from_str(text: &str) -> Result<Self, StoreError> {
        [Self::Reserved, Self::Settling, Self::Settled, Self::Refused, Self::Released]
            .into_iter()
            .find(|status| status.as_str() == text)
            .ok_or_else(|| StoreError::corrupt(format!("`{text}` is no status of an x402 payment")))
    }
}

/// A payment to be reserved.
#[derive(Clone)]
pub struct X402New {
    pub mandate_id: MandateId,
    pub network: String,
    pub payer: String,
    pub nonce: String,
    pub execution_id: ExecutionId,
    pub fingerprint: String,
    pub amount: String,
    pub asset: String,
    /// What the facilitator is sent.
    pub request: Json,
    pub valid_before: Timestamp,
    pub created_at: Timestamp,
}

/// A stored payment.
#[derive(Clone)]
pub struct X402Row {
    pub mandate_id: MandateId,
    pub network: String,
    pub payer: String,
    pub nonce: String,
    pub execution_id: ExecutionId,
    pub fingerprint: String,
    pub amount: String,
    pub asset: String,
    pub request: Json,
    pub valid_before: Timestamp,
    pub status: X402Status,
    pub sent: bool,
    pub attempts: i64,
    pub lease_until: Option<Timestamp>,
    pub transaction_hash: Option<String>,
    pub reason: Option<String>,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT mandate_id, network, payer, nonce, execution_id, fingerprint, amount, asset, request, valid_before, status, \
             sent, attempts, lease_until, transaction_hash, reason FROM x402_payments ",
            $rest
        )
    };
}

fn read(tx: &Tx, row: &Row) -> Result<X402Row, StoreError> {
    let mandate_id: MandateId = row.get(0)?;
    Ok(X402Row {
        mandate_id,
        network: row.get(1)?,
        payer: row.get(2)?,
        nonce: row.get(3)?,
        execution_id: row.get(4)?,
        fingerprint: row.get(5)?,
        amount: row.get(6)?,
        asset: row.get(7)?,
        request: tx.cipher().open_json(place(&mandate_id.to_string()), &row.get::<Vec<u8>>(8)?)?,
        valid_before: row.get(9)?,
        status: row.get::<String>(10)?.parse()?,
        sent: row.get(11)?,
        attempts: row.get(12)?,
        lease_until: row.get(13)?,
        transaction_hash: row.get(14)?,
        reason: row.get(15)?,
    })
}

const fn place(mandate_id: &str) -> Place<'_> {
    Place::new("x402_payments", "request", mandate_id)
}

/// Reserves a payment for a run. False when the payer's nonce is used already.
pub async fn x402_insert(tx: &mut Tx, new: &X402New) -> Result<bool, StoreError> {
    let request = tx.cipher().seal_json(place(&new.mandate_id.to_string()), &new.request)?;
    let sql = "INSERT INTO x402_payments (mandate_id, network, payer, nonce, execution_id, fingerprint, amount, asset, request, \
               valid_before, status, created_at, updated_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'reserved', $11, $11) \
               ON CONFLICT (network, payer, nonce) DO NOTHING";
    let params = params![
        new.mandate_id,
        &new.network,
        &new.payer,
        &new.nonce,
        new.execution_id,
        &new.fingerprint,
        &new.amount,
        &new.asset,
        request,
        new.valid_before,
        new.created_at
    ];
    Ok(tx.execute(sql, &params).await? == 1)
}

/// What a payer's nonce was used for.
pub async fn x402_get(
    tx: &mut Tx,
    (network, payer): (&str, &str),
    nonce: &str,
) -> Result<Option<X402Row>, StoreError> {
    let sql = select!("WHERE network = $1 AND payer = $2 AND nonce = $3");
    let found = tx.query_opt(sql, &params![network, payer, nonce]).await?;
    found.map(|row| read(tx, &row)).transpose()
}

pub async fn x402_get_by_mandate_unscoped(
    tx: &mut Tx,
    mandate_id: MandateId,
) -> Result<Option<X402Row>, StoreError> {
    let found = tx.query_opt(select!("WHERE mandate_id = $1"), &params![mandate_id]).await?;
    found.map(|row| read(tx, &row)).transpose()
}

pub async fn x402_get_by_execution_unscoped(
    tx: &mut Tx,
    execution_id: ExecutionId,
) -> Result<Option<X402Row>, StoreError> {
    let found = tx.query_opt(select!("WHERE execution_id = $1"), &params![execution_id]).await?;
    found.map(|row| read(tx, &row)).transpose()
}

/// How many of a payer's settlements were tried and refused since then.
pub async fn x402_refusals(
    tx: &mut Tx,
    (network, payer): (&str, &str),
    since: Timestamp,
) -> Result<i64, StoreError> {
    let sql = "SELECT COUNT(*) FROM x402_payments \
               WHERE network = $1 AND payer = $2 AND status = 'refused' AND attempts > 0 AND updated_at > $3";
    tx.query_one(sql, &params![network, payer, since]).await?.get(0)
}

/// Takes the payment for one try to settle it, noting that it may have been sent. `row` is as it was read. False when somebody
/// else took it, or it is settled or given up.
pub async fn x402_settle_begin(
    tx: &mut Tx,
    row: &X402Row,
    now: Timestamp,
    lease_until: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "UPDATE x402_payments SET status = 'settling', sent = TRUE, attempts = attempts + 1, lease_until = $3, \
               updated_at = $4 WHERE mandate_id = $1 AND attempts = $2 AND status IN ('reserved', 'settling') \
               AND (lease_until IS NULL OR lease_until <= $4)";
    Ok(tx.execute(sql, &params![row.mandate_id, row.attempts, lease_until, now]).await? == 1)
}

/// Ends the try that `row` was taken for without a result. `sent` is false when it is known that none was ever sent.
pub async fn x402_settle_end(tx: &mut Tx, row: &X402Row, sent: bool) -> Result<(), StoreError> {
    let sql = "UPDATE x402_payments SET lease_until = NULL, sent = $3 \
               WHERE mandate_id = $1 AND attempts = $2 AND status = 'settling'";
    tx.execute(sql, &params![row.mandate_id, row.attempts + 1, sent]).await.map(drop)
}

/// Notes that the money moved. False when the payment was not being settled.
pub async fn x402_mark_settled(
    tx: &mut Tx,
    mandate_id: MandateId,
    (proof, transaction_hash): (&str, Option<&str>),
    now: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "UPDATE x402_payments SET status = 'settled', proof = $2, transaction_hash = $3, lease_until = NULL, \
               updated_at = $4 WHERE mandate_id = $1 AND status = 'settling'";
    let params = params![mandate_id, proof, transaction_hash.map(str::to_owned), now];
    Ok(tx.execute(sql, &params).await? == 1)
}

/// Notes that the money cannot be had, as the last of so many tries found. False when there was another since, or it is settled.
pub async fn x402_mark_refused(
    tx: &mut Tx,
    mandate_id: MandateId,
    (reason, attempts): (&str, i64),
    now: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "UPDATE x402_payments SET status = 'refused', reason = $2, lease_until = NULL, updated_at = $3 \
               WHERE mandate_id = $1 AND attempts = $4 AND status IN ('reserved', 'settling')";
    Ok(tx.execute(sql, &params![mandate_id, reason, now, attempts]).await? == 1)
}

/// Lets go of a payment that nobody tried to settle. False when somebody did.
pub async fn x402_mark_released(
    tx: &mut Tx,
    mandate_id: MandateId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "UPDATE x402_payments SET status = 'released', updated_at = $2 \
               WHERE mandate_id = $1 AND status IN ('reserved', 'released')";
    Ok(tx.execute(sql, &params![mandate_id, now]).await? == 1)
}

/// The first x402 payment, or mandate of a payer without an account, that the ledger tells otherwise.
pub async fn audit_x402_unscoped(tx: &mut Tx) -> Result<Option<Disagreement>, StoreError> {
    const QUESTIONS: [(&str, &str); 5] = [
        (
            "SELECT m.id FROM mandates m WHERE m.agent_id LIKE 'x402:%' \
             AND NOT EXISTS (SELECT 1 FROM x402_payments x WHERE x.mandate_id = m.id) ORDER BY m.id LIMIT 1",
            "the mandate of a payer without an account has no x402 payment",
        ),
        (
            "SELECT m.id FROM x402_payments x JOIN mandates m ON m.id = x.mandate_id \
             WHERE m.agent_id NOT LIKE 'x402:%' OR (x.status IN ('reserved', 'settling') AND m.status <> 'issued') \
             OR (x.status = 'settled' AND m.status <> 'executed') \
             OR (x.status IN ('refused', 'released') AND m.status NOT IN ('voided', 'expired')) ORDER BY m.id LIMIT 1",
            "the mandate and its x402 payment disagree on where they stand",
        ),
        (
            "SELECT x.mandate_id FROM x402_payments x JOIN mandates m ON m.id = x.mandate_id \
             WHERE x.status = 'settled' AND NOT EXISTS (SELECT 1 FROM payments y \
             JOIN ledger_transactions t ON t.id = y.ledger_transaction_id JOIN ledger_postings p ON p.sequence = t.sequence \
             WHERE y.mandate_id = m.id AND y.amount = m.amount AND y.currency = m.currency AND y.agent_id = m.agent_id \
             AND t.kind = 'direct_sale' AND t.reference = y.id AND t.hash = y.ledger_hash \
             AND p.account_kind = 'provider_clearing' AND p.owner = 'x402' AND p.amount = -m.amount AND p.currency = m.currency) \
             ORDER BY x.mandate_id LIMIT 1",
            "the settled x402 payment has no direct sale of its mandate's amount",
        ),
        (
            "SELECT t.id FROM ledger_transactions t WHERE t.kind = 'direct_sale' AND NOT EXISTS (SELECT 1 FROM payments y \
             JOIN x402_payments x ON x.mandate_id = y.mandate_id WHERE y.id = t.reference AND x.status = 'settled') \
             ORDER BY t.sequence LIMIT 1",
            "the direct sale has no settled x402 payment",
        ),
        (
            "SELECT t.id FROM mandates m CROSS JOIN ledger_transactions t WHERE m.agent_id LIKE 'x402:%' \
             AND t.kind IN ('hold', 'capture', 'release') AND t.reference = m.id ORDER BY t.sequence LIMIT 1",
            "the ledger moved a hold of a payer who has no wallet",
        ),
    ];
    for (sql, reason) in QUESTIONS {
        if let Some(row) = tx.query_opt(sql, &params![]).await? {
            return Ok(Some(Disagreement { entry: row.get(0)?, reason }));
        }
    }
    Ok(None)
}
