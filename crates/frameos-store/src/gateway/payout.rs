//! Payouts: what developers earned, on its way to their bank accounts. What is in one is in `payout/statement.rs`.
//!
//! Invariants: of one payee the ranges of the ledger that payouts stand for follow each other without gap or overlap, so that
//! nothing is paid twice; a period has one payout per round; a payout changes only under the claim that is newest. Accounts are
//! encrypted, bound to their payout.

mod statement;

use frameos_domain::{
    clock::Timestamp,
    id::PayoutId,
    money::Currency,
    payout::{PayoutAccount, PayoutStatus},
};

use crate::{Place, Row, StoreError, Tx, page::Page, params};

pub use statement::{Payable, PayoutLine, StatementPart, payable_sum, payout_lines, statement_parts};

/// A payout as stored, with its account decrypted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PayoutRow {
    pub id: PayoutId,
    /// Whose payable accounts it was taken from.
    pub payee: String,
    pub currency: Currency,
    /// The Monday it belongs to, as `2026-11-23`.
    pub period: String,
    /// 1; one more for each new try of the period.
    pub round: i64,
    pub amount: i64,
    /// The part of `amount` that was earned as orchestrator.
    pub orchestrator_amount: i64,
    pub from_sequence: i64,
    pub to_sequence: i64,
    pub account: PayoutAccount,
    pub provider: String,
    pub provider_reference: Option<String>,
    /// What the bank calls it (UTR).
    pub bank_reference: Option<String>,
    pub status: PayoutStatus,
    /// Why it failed or came back.
    pub reason: Option<String>,
    /// The number of the newest claim: the fencing token.
    pub claims: i64,
    /// Until then an answer that never came may still be on its way: a refusal is not believed.
    pub doubtful_until: Option<Timestamp>,
    pub created_at: Timestamp,
    pub sent_at: Option<Timestamp>,
    pub paid_at: Option<Timestamp>,
    pub undone_at: Option<Timestamp>,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, payee, currency, period, round, amount, orchestrator_amount, from_sequence, to_sequence, account, \
             provider, provider_reference, bank_reference, status, reason, claims, doubtful_until, created_at, sent_at, \
             paid_at, undone_at FROM payouts ",
            $rest
        )
    };
}

fn place(id: &str) -> Place<'_> {
    Place::new("payouts", "account", id)
}

fn read(tx: &Tx, row: &Row) -> Result<PayoutRow, StoreError> {
    let id: PayoutId = row.get(0)?;
    Ok(PayoutRow {
        id,
        payee: row.get(1)?,
        currency: row.get(2)?,
        period: row.get(3)?,
        round: row.get(4)?,
        amount: row.get(5)?,
        orchestrator_amount: row.get(6)?,
        from_sequence: row.get(7)?,
        to_sequence: row.get(8)?,
        account: tx.cipher().open_json(place(&id.to_string()), &row.get::<Vec<u8>>(9)?)?,
        provider: row.get(10)?,
        provider_reference: row.get(11)?,
        bank_reference: row.get(12)?,
        status: row.parse(13)?,
        reason: row.get(14)?,
        claims: row.get(15)?,
        doubtful_until: row.get(16)?,
        created_at: row.get(17)?,
        sent_at: row.get(18)?,
        paid_at: row.get(19)?,
        undone_at: row.get(20)?,
    })
}

/// Stores a payout that nobody has sent. False when its period has one, or another began where it begins.
pub async fn payout_insert(tx: &mut Tx, payout: &PayoutRow) -> Result<bool, StoreError> {
    let account = tx.cipher().seal_json(place(&payout.id.to_string()), &payout.account)?;
    let sql = "INSERT INTO payouts (id, payee, currency, period, round, amount, orchestrator_amount, from_sequence, \
               to_sequence, account, account_shown, provider, status, claims, created_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 'created', 0, $13) ON CONFLICT DO NOTHING";
    let params = params![
        payout.id,
        payout.payee.as_str(),
        payout.currency,
        payout.period.as_str(),
        payout.round,
        payout.amount,
        payout.orchestrator_amount,
        payout.from_sequence,
        payout.to_sequence,
        account,
        payout.account.shown(),
        payout.provider.as_str(),
        payout.created_at
    ];
    Ok(tx.execute(sql, &params).await? == 1)
}

pub async fn payout_get_unscoped(tx: &mut Tx, id: PayoutId) -> Result<Option<PayoutRow>, StoreError> {
    let row = tx.query_opt(select!("WHERE id = $1"), &params![id]).await?;
    row.as_ref().map(|row| read(tx, row)).transpose()
}

/// A payee's payout of one round of a period.
pub async fn payout_get_by_period(
    tx: &mut Tx,
    payee: &str,
    currency: Currency,
    (period, round): (&str, i64),
) -> Result<Option<PayoutRow>, StoreError> {
    let sql = select!("WHERE payee = $1 AND currency = $2 AND period = $3 AND round = $4");
    let row = tx.query_opt(sql, &params![payee, currency, period, round]).await?;
    row.as_ref().map(|row| read(tx, row)).transpose()
}

/// Where the payee's last payout ended in the ledger; 0 when there was none.
pub async fn payout_last_sequence(tx: &mut Tx, payee: &str, currency: Currency) -> Result<i64, StoreError> {
    let sql = "SELECT COALESCE(MAX(to_sequence), 0) FROM payouts WHERE payee = $1 AND currency = $2";
    tx.query_one(sql, &params![payee, currency]).await?.get(0)
}

/// What of the payee's earnings is with the provider, and what was paid, in minor units.
pub async fn payout_sums(tx: &mut Tx, payee: &str, currency: Currency) -> Result<(i64, i64), StoreError> {
    let sql = "SELECT CAST(COALESCE(SUM(CASE WHEN status IN ('created', 'sent') THEN amount ELSE 0 END), 0) AS BIGINT), \
               CAST(COALESCE(SUM(CASE WHEN status = 'paid' THEN amount ELSE 0 END), 0) AS BIGINT) \
               FROM payouts WHERE payee = $1 AND currency = $2";
    let row = tx.query_one(sql, &params![payee, currency]).await?;
    Ok((row.get(0)?, row.get(1)?))
}

/// A page of one payee's payouts, or of all but those of a gateway's clients, newest first, and how many there are.
pub async fn payout_list_unscoped(
    tx: &mut Tx,
    payee: Option<&str>,
    page: Page,
) -> Result<(Vec<PayoutRow>, i64), StoreError> {
    let count = "SELECT COUNT(*) FROM payouts WHERE (CAST($1 AS TEXT) IS NULL AND payee NOT LIKE 'gwc_%/%') \
                 OR payee = CAST($1 AS TEXT)";
    let total = tx.query_one(count, &params![payee]).await?.get(0)?;
    let sql = select!(
        "WHERE (CAST($1 AS TEXT) IS NULL AND payee NOT LIKE 'gwc_%/%') OR payee = CAST($1 AS TEXT) ORDER BY created_at DESC, id DESC LIMIT $2 OFFSET $3"
    );
    let rows = tx.query(sql, &[payee.into(), page.limit_value(), page.offset_value()]).await?;
    let rows = rows.iter().map(|row| read(tx, row)).collect::<Result<Vec<_>, _>>()?;
    Ok((rows, total))
}

/// Takes a payout to work on it until `until`; one that was created counts as sent from now on. False when somebody else has
/// it, or nothing is to be done.
pub async fn payout_claim(
    tx: &mut Tx,
    payout: &PayoutRow,
    now: Timestamp,
    until: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "UPDATE payouts SET claims = claims + 1, claimed_until = $4, \
               sent_at = CASE WHEN status = 'created' THEN $3 ELSE sent_at END, \
               status = CASE WHEN status = 'created' THEN 'sent' ELSE status END \
               WHERE id = $1 AND claims = $2 AND status IN ('created', 'sent', 'paid') \
               AND (claimed_until IS NULL OR claimed_until <= $3)";
    Ok(tx.execute(sql, &params![payout.id, payout.claims, now, until]).await? == 1)
}

/// What the work on a payout came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PayoutPass {
    pub status: PayoutStatus,
    pub reason: Option<String>,
    pub provider_reference: Option<String>,
    pub bank_reference: Option<String>,
    /// Set when no answer came.
    pub doubtful_until: Option<Timestamp>,
}

/// Ends the claim `payout` was taken under. False when a newer one has it.
pub async fn payout_pass(
    tx: &mut Tx,
    payout: &PayoutRow,
    pass: &PayoutPass,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "UPDATE payouts SET status = $3, claimed_until = NULL, reason = COALESCE($4, reason), \
               provider_reference = COALESCE($5, provider_reference), bank_reference = COALESCE($6, bank_reference), \
               doubtful_until = COALESCE($7, doubtful_until), \
               paid_at = CASE WHEN $3 = 'paid' AND paid_at IS NULL THEN $8 ELSE paid_at END, \
               undone_at = CASE WHEN $3 IN ('failed', 'returned') THEN $8 ELSE undone_at END \
               WHERE id = $1 AND claims = $2 AND status = $9";
    let params = params![
        payout.id,
        payout.claims,
        pass.status.as_str(),
        pass.reason.clone(),
        pass.provider_reference.clone(),
        pass.bank_reference.clone(),
        pass.doubtful_until,
        now,
        payout.status.as_str()
    ];
    Ok(tx.execute(sql, &params).await? == 1)
}
