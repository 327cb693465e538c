//! What a month of a subscription costs and whether it was paid.
//!
//! Invariant: a month is paid once: whoever's statement makes it so notes what it earns, in the same transaction.

use frameos_domain::{
    clock::Timestamp,
    id::{IntentId, PaymentId, ReceiptId, SubscriptionId},
    money::{Currency, Money},
};

use crate::{Row, StoreError, Tx, page::read_all, params, status::MonthChargeStatus};

/// The charge for one month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MonthCharge {
    pub period: i64,
    pub amount: Money,
    pub status: MonthChargeStatus,
    /// How many mandates for it came to nothing.
    pub generation: i64,
    /// What the mandate is asked for.
    pub intent_id: Option<IntentId>,
    pub failed_tries: i64,
    pub refusal: Option<String>,
    pub payment_id: Option<PaymentId>,
    pub receipt_id: Option<ReceiptId>,
    pub created_at: Timestamp,
    pub paid_at: Option<Timestamp>,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT period, amount, currency, status, generation, failed_tries, refusal, payment_id, receipt_id, \
             created_at, paid_at, intent_id FROM subscription_charges ",
            $rest
        )
    };
}

fn read(row: &Row) -> Result<MonthCharge, StoreError> {
    Ok(MonthCharge {
        period: row.get(0)?,
        amount: Money::new(row.get(1)?, row.get::<Currency>(2)?),
        status: row.get(3)?,
        generation: row.get(4)?,
        failed_tries: row.get(5)?,
        refusal: row.get(6)?,
        payment_id: row.get(7)?,
        receipt_id: row.get(8)?,
        created_at: row.get(9)?,
        paid_at: row.get(10)?,
        intent_id: row.get(11)?,
    })
}

/// Opens the charge for a month.
pub async fn month_charge_insert(
    tx: &mut Tx,
    id: SubscriptionId,
    period: i64,
    amount: Money,
    now: Timestamp,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO subscription_charges (subscription_id, period, amount, currency, status, created_at) \
               VALUES ($1, $2, $3, $4, 'open', $5)";
    tx.execute(sql, &params![id, period, amount.minor, amount.currency, now]).await.map(drop)
}

/// The charge for a month. Whose subscription it is, the caller has checked.
pub async fn month_charge_get(
    tx: &mut Tx,
    id: SubscriptionId,
    period: i64,
) -> Result<Option<MonthCharge>, StoreError> {
    let sql = select!("WHERE subscription_id = $1 AND period = $2");
    tx.query_opt(sql, &params![id, period]).await?.as_ref().map(read).transpose()
}

/// The charges of a subscription, newest first. Whose subscription it is, the caller has checked.
pub async fn month_charge_list(
    tx: &mut Tx,
    id: SubscriptionId,
    most: u32,
) -> Result<Vec<MonthCharge>, StoreError> {
    let sql = select!("WHERE subscription_id = $1 ORDER BY period DESC LIMIT $2");
    read_all(&tx.query(sql, &params![id, most]).await?, read)
}

/// The payment for a month.
#[derive(Debug, Clone, Copy)]
pub struct MonthPaid {
    pub period: i64,
    pub payment_id: PaymentId,
    pub receipt_id: ReceiptId,
}

/// Notes that a month is paid, and opens it. False when that was noted before.
///
/// A subscription that was given up while the payment was under way gets what was paid for: it goes on to the end of the month.
pub async fn month_charge_paid(
    tx: &mut Tx,
    id: SubscriptionId,
    paid: MonthPaid,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "UPDATE subscription_charges SET status = 'paid', payment_id = $3, receipt_id = $4, refusal = NULL, \
               paid_at = $5 WHERE subscription_id = $1 AND period = $2 AND status <> 'paid'";
    let params = params![id, paid.period, paid.payment_id, paid.receipt_id, now];
    if tx.execute(sql, &params).await? == 0 {
        return Ok(false);
    }
    let open = "UPDATE subscriptions SET status = 'active', due_at = period_end, updated_at = $3 \
                WHERE id = $1 AND period = $2 AND status IN ('pending', 'past_due')";
    if tx.execute(open, &params![id, paid.period, now]).await? == 0 {
        let revive = "UPDATE subscriptions SET status = 'cancelled', due_at = period_end, updated_at = $3, \
                      ended_at = NULL, end_reason = NULL WHERE id = $1 AND period = $2 AND status = 'ended' \
                      AND NOT EXISTS (SELECT 1 FROM subscriptions o WHERE o.user_id = subscriptions.user_id \
                                      AND o.agent_id = subscriptions.agent_id AND o.status <> 'ended')";
        tx.execute(revive, &params![id, paid.period, now]).await?;
    }
    Ok(true)
}

/// Notes another refused try of a month that is not paid, and gives it up when `last`. False when somebody else noted something.
pub async fn month_charge_fail(
    tx: &mut Tx,
    id: SubscriptionId,
    charge: &MonthCharge,
    (refusal, last): (&str, bool),
) -> Result<bool, StoreError> {
    let sql = "UPDATE subscription_charges SET failed_tries = failed_tries + 1, refusal = $4, \
               status = CASE WHEN $5 THEN 'given_up' ELSE status END \
               WHERE subscription_id = $1 AND period = $2 AND status = 'open' AND failed_tries = $3";
    let params = params![id, charge.period, charge.failed_tries, refusal, last];
    Ok(tx.execute(sql, &params).await? == 1)
}

/// Notes the intent whose mandate is to be asked for. False when there is another by now, or the month is not open any more.
pub async fn month_charge_intend(
    tx: &mut Tx,
    id: SubscriptionId,
    charge: &MonthCharge,
    intent: IntentId,
) -> Result<bool, StoreError> {
    let sql = "UPDATE subscription_charges SET intent_id = $4 WHERE subscription_id = $1 AND period = $2 \
               AND generation = $3 AND status = 'open' AND (intent_id IS NULL OR intent_id = $4)";
    Ok(tx.execute(sql, &params![id, charge.period, charge.generation, intent]).await? == 1)
}

/// Has the next try ask for another mandate: the last can never be used again. False when somebody else did.
pub async fn month_charge_renew_key(
    tx: &mut Tx,
    id: SubscriptionId,
    charge: &MonthCharge,
) -> Result<bool, StoreError> {
    let sql = "UPDATE subscription_charges SET generation = generation + 1, intent_id = NULL \
               WHERE subscription_id = $1 AND period = $2 AND status = 'open' AND generation = $3";
    Ok(tx.execute(sql, &params![id, charge.period, charge.generation]).await? == 1)
}
