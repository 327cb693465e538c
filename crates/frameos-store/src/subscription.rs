//! Monthly subscriptions: what each costs, which month it is in, and the runs taken of it.
//!
//! Invariants: a user has one open subscription to an agent; every change is one conditional statement on the state it starts
//! from; taking a run is one too, so no interleaving takes more than a month includes; `due_at` is when something is to be
//! done next, and the only schedule there is. What is charged for a month is in `subscription/charge.rs`.

mod charge;
mod run;

use frameos_domain::{
    clock::Timestamp,
    id::{AgentId, SubscriptionId, UserId},
    money::{Currency, Money},
};

use crate::{
    Row, StoreError, Tx,
    page::{Page, Paged, read_all},
    params,
    status::SubscriptionStatus,
};

pub use charge::{
    MonthCharge, MonthPaid, month_charge_fail, month_charge_get, month_charge_insert, month_charge_intend,
    month_charge_list, month_charge_paid, month_charge_renew_key,
};
pub use run::{RunTaken, subscription_run_return, subscription_run_take};

/// A subscription with its agent's names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    pub id: SubscriptionId,
    pub user_id: UserId,
    pub agent_id: AgentId,
    pub agent_slug: String,
    pub agent_name: String,
    pub status: SubscriptionStatus,
    /// Of the current month.
    pub price: Money,
    /// `None`: unlimited.
    pub runs_per_month: Option<u32>,
    pub next: Option<NextTerms>,
    pub confirmed_price: i64,
    pub anchor_at: Timestamp,
    pub period: i64,
    pub period_start: Timestamp,
    pub period_end: Timestamp,
    pub runs_used: i64,
    pub due_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    pub end_reason: Option<String>,
    pub created_at: Timestamp,
}

/// What a user was told of months to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NextTerms {
    /// Holds for months that begin then or later.
    pub from: Timestamp,
    /// In the subscription's currency; `None`: there will be no such month.
    pub price: Option<i64>,
    pub runs_per_month: Option<u32>,
}

/// One month of a subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Month {
    pub period: i64,
    pub start: Timestamp,
    pub end: Timestamp,
    pub price: i64,
    pub runs_per_month: Option<u32>,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT s.id, s.user_id, s.agent_id, a.slug, a.name, s.status, s.price_amount, s.price_currency, \
             s.runs_per_month, s.next_from, s.next_price, s.next_runs, s.confirmed_price, s.anchor_at, s.period, \
             s.period_start, s.period_end, s.runs_used, s.due_at, s.ended_at, s.end_reason, s.created_at \
             FROM subscriptions s JOIN agent_definitions a ON a.id = s.agent_id ",
            $rest
        )
    };
}

fn read(row: &Row) -> Result<Subscription, StoreError> {
    let from: Option<Timestamp> = row.get(9)?;
    let (price, runs_per_month) = (row.get(10)?, row.get(11)?);
    Ok(Subscription {
        id: row.get(0)?,
        user_id: row.get(1)?,
        agent_id: row.get(2)?,
        agent_slug: row.get(3)?,
        agent_name: row.get(4)?,
        status: row.get(5)?,
        price: Money::new(row.get(6)?, row.get::<Currency>(7)?),
        runs_per_month: row.get(8)?,
        next: from.map(|from| NextTerms { from, price, runs_per_month }),
        confirmed_price: row.get(12)?,
        anchor_at: row.get(13)?,
        period: row.get(14)?,
        period_start: row.get(15)?,
        period_end: row.get(16)?,
        runs_used: row.get(17)?,
        due_at: row.get(18)?,
        ended_at: row.get(19)?,
        end_reason: row.get(20)?,
        created_at: row.get(21)?,
    })
}

/// Stores a subscription that waits for its first payment. False when the user has an open one to this agent.
pub async fn subscription_insert(tx: &mut Tx, new: &Subscription) -> Result<bool, StoreError> {
    let sql = "INSERT INTO subscriptions (id, user_id, agent_id, status, price_amount, price_currency, runs_per_month, \
               confirmed_price, anchor_at, period, period_start, period_end, due_at, created_at, updated_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14) \
               ON CONFLICT (user_id, agent_id) WHERE status <> 'ended' DO NOTHING";
    let params = params![
        new.id,
        new.user_id,
        new.agent_id,
        new.status,
        new.price.minor,
        new.price.currency,
        new.runs_per_month,
        new.confirmed_price,
        new.anchor_at,
        new.period,
        new.period_start,
        new.period_end,
        new.due_at,
        new.created_at
    ];
    Ok(tx.execute(sql, &params).await? == 1)
}

/// One of the user's subscriptions.
pub async fn subscription_get(
    tx: &mut Tx,
    user_id: UserId,
    id: SubscriptionId,
) -> Result<Option<Subscription>, StoreError> {
    let sql = select!("WHERE s.user_id = $1 AND s.id = $2");
    tx.query_opt(sql, &params![user_id, id]).await?.as_ref().map(read).transpose()
}

pub async fn subscription_get_unscoped(
    tx: &mut Tx,
    id: SubscriptionId,
) -> Result<Option<Subscription>, StoreError> {
    tx.query_opt(select!("WHERE s.id = $1"), &params![id]).await?.as_ref().map(read).transpose()
}

/// A user's subscriptions, newest first, without those whose first payment was refused.
pub async fn subscription_list(
    tx: &mut Tx,
    user_id: UserId,
    page: Page,
) -> Result<Paged<Subscription>, StoreError> {
    let count =
        "SELECT COUNT(*) FROM subscriptions WHERE user_id = $1 AND COALESCE(end_reason, '') <> 'refused'";
    let total = tx.query_one(count, &params![user_id]).await?.get(0)?;
    let sql = select!(
        "WHERE s.user_id = $1 AND COALESCE(s.end_reason, '') <> 'refused' \
         ORDER BY s.created_at DESC, s.id DESC LIMIT $2 OFFSET $3"
    );
    let rows = tx.query(sql, &[user_id.into(), page.limit_value(), page.offset_value()]).await?;
    Ok(Paged { items: read_all(&rows, read)?, total })
}

/// Subscriptions for which something is to be done and nobody was asked to yet.
pub async fn subscriptions_due_unscoped(
    tx: &mut Tx,
    job: &str,
    now: Timestamp,
    most: u32,
) -> Result<Vec<SubscriptionId>, StoreError> {
    let sql = "SELECT s.id FROM subscriptions s WHERE s.due_at IS NOT NULL AND s.due_at <= $1 \
               AND NOT EXISTS (SELECT 1 FROM tickets t WHERE t.kind = $3 AND t.job_key = s.id) ORDER BY s.due_at LIMIT $2";
    read_all(&tx.query(sql, &params![now, most, job]).await?, |row| row.get(0))
}

/// Begins another month after month `from`, which is unpaid. False when somebody else has, or the subscription is not active any more.
pub async fn subscription_month_begin(
    tx: &mut Tx,
    (id, from): (SubscriptionId, i64),
    month: &Month,
    keep_next: bool,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "UPDATE subscriptions SET status = 'past_due', period = $3, period_start = $4, period_end = $5, \
               price_amount = $6, runs_per_month = $7, runs_used = 0, due_at = $9, updated_at = $9, \
               next_from = CASE WHEN $8 THEN next_from END, next_price = CASE WHEN $8 THEN next_price END, \
               next_runs = CASE WHEN $8 THEN next_runs END \
               WHERE id = $1 AND period = $2 AND status = 'active'";
    let params = params![
        id,
        from,
        month.period,
        month.start,
        month.end,
        month.price,
        month.runs_per_month,
        keep_next,
        now
    ];
    Ok(tx.execute(sql, &params).await? == 1)
}

/// Ends a subscription that is in one of the states `from`. False when it is in none.
pub async fn subscription_end_unscoped(
    tx: &mut Tx,
    id: SubscriptionId,
    (from, reason): (SubscriptionStatus, &str),
    now: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "UPDATE subscriptions SET status = 'ended', due_at = NULL, ended_at = $4, end_reason = $3, updated_at = $4 \
               WHERE id = $1 AND status = $2";
    Ok(tx.execute(sql, &params![id, from, reason, now]).await? == 1)
}

/// Says when something is to be done next. False when the subscription is not `past_due` any more.
pub async fn subscription_retry_at(
    tx: &mut Tx,
    id: SubscriptionId,
    at: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "UPDATE subscriptions SET due_at = $2 WHERE id = $1 AND status = 'past_due'";
    Ok(tx.execute(sql, &params![id, at]).await? == 1)
}

/// Lets an active subscription of the user end with its month, or go on again. False when it is not in the state `from`.
pub async fn subscription_move(
    tx: &mut Tx,
    user_id: UserId,
    id: SubscriptionId,
    (from, to): (SubscriptionStatus, SubscriptionStatus),
    now: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "UPDATE subscriptions SET status = $4, updated_at = $5 \
               WHERE user_id = $1 AND id = $2 AND status = $3 AND period_end > $5";
    Ok(tx.execute(sql, &params![user_id, id, from, to, now]).await? == 1)
}

/// Notes the most that the user confirms to pay for a month.
pub async fn subscription_confirm(
    tx: &mut Tx,
    user_id: UserId,
    id: SubscriptionId,
    price: i64,
) -> Result<(), StoreError> {
    let sql = "UPDATE subscriptions SET confirmed_price = $3 WHERE user_id = $1 AND id = $2 AND confirmed_price < $3";
    tx.execute(sql, &params![user_id, id, price]).await.map(drop)
}

/// Notes new terms for an agent's subscribers. Returns the subscriptions that something changes for.
pub async fn subscriptions_next_set_unscoped(
    tx: &mut Tx,
    agent_id: AgentId,
    next: &NextTerms,
    now: Timestamp,
) -> Result<Vec<SubscriptionId>, StoreError> {
    // A price that was told and never came is forgotten when the old one stays.
    let forget = "UPDATE subscriptions SET next_from = NULL, next_price = NULL, next_runs = NULL, updated_at = $4 \
                  WHERE agent_id = $1 AND status <> 'ended' AND next_from IS NOT NULL \
                  AND price_amount = COALESCE(CAST($2 AS BIGINT), -1) AND COALESCE(runs_per_month, 0) = COALESCE(CAST($3 AS BIGINT), 0) RETURNING id";
    let params = params![agent_id, next.price, next.runs_per_month, now];
    let mut changed: Vec<SubscriptionId> = read_all(&tx.query(forget, &params).await?, |row| row.get(0))?;
    let note = "UPDATE subscriptions SET next_from = $4, next_price = CAST($2 AS BIGINT), next_runs = CAST($3 AS BIGINT), updated_at = $5 \
                WHERE agent_id = $1 AND status <> 'ended' \
                AND (price_amount <> COALESCE(CAST($2 AS BIGINT), -1) OR COALESCE(runs_per_month, 0) <> COALESCE(CAST($3 AS BIGINT), 0)) \
                AND (next_from IS NULL OR COALESCE(next_price, -1) <> COALESCE(CAST($2 AS BIGINT), -1) \
                     OR COALESCE(next_runs, 0) <> COALESCE(CAST($3 AS BIGINT), 0)) RETURNING id";
    let params = params![agent_id, next.price, next.runs_per_month, next.from, now];
    changed.extend(read_all(&tx.query(note, &params).await?, |row| row.get::<SubscriptionId>(0))?);
    Ok(changed)
}
