//! A mandate and its hold: issuing it with the budgets it counts into, and taking what it holds.
//!
//! Invariant: each part is one conditional statement, all of them sent together; when one of them finds its condition false, the
//! caller has all undone.

use std::sync::LazyLock;

use frameos_domain::{clock::Timestamp, id::MandateId};

use super::{
    budget::{budget_limit, budget_spend_sql, budget_spending},
    mandate::{MANDATES, MandateRow, mandate_insertion, mandate_mark_executed, mark_executed},
    policy::policy_get,
    wallet::{wallet_capture, wallet_hold_sql, wallet_holding},
};
use crate::{
    StoreError, Tx,
    gathered::{Gathered, gathered},
    params,
    tx::Engine,
};

/// What stands against a mandate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HoldRefusal {
    /// Its payer's policy is another by now. Nothing was done.
    Policy,
    /// Its intent has one already.
    Issued,
    /// The budget at this place of the list does not cover it.
    Budget(usize),
    /// Not enough is available.
    Funds,
}

/// Stores the mandate, counts it into `budgets` (a period and its limit each) and holds its amount, if `policy` is what its payer has
/// stored as one (empty for none). After any other refusal than that, which may leave some of it done, the transaction must be undone.
pub async fn hold_place(
    tx: &mut Tx,
    mandate: &MandateRow,
    budgets: &[(String, Option<i64>)],
    policy: &str,
) -> Result<Result<(), HoldRefusal>, StoreError> {
    let (owner, amount) = (mandate.agent_id.as_str(), mandate.money());
    let insertion = mandate_insertion(mandate);
    if let [day, month] = budgets
        && tx.postpone(&MANDATES, &insertion.1)?
    {
        return placing_at_once(tx, mandate, [day, month], policy).await;
    }
    let stored = policy_get(tx, owner).await?.map_or_else(String::new, |(document, _)| document);
    if stored != policy {
        return Ok(Err(HoldRefusal::Policy));
    }
    let mut statements = vec![insertion];
    statements.extend(budgets.iter().map(|(period, limit)| budget_spending(owner, period, amount, *limit)));
    statements.push(wallet_holding(owner, amount, mandate.created_at));
    let changed = tx.execute_all(&statements).await?;
    Ok(match changed.iter().position(|changed| *changed != 1) {
        None => Ok(()),
        Some(0) => Err(HoldRefusal::Issued),
        Some(place) if place <= budgets.len() => Err(HoldRefusal::Budget(place - 1)),
        Some(_) => Err(HoldRefusal::Funds),
    })
}

/// Counts into both budgets and holds, in one statement: a batch's cost is the number of its statements. A policy that is another by
/// now is told by an error, which has the batch begun again in order. PostgreSQL only.
async fn placing_at_once(
    tx: &mut Tx,
    mandate: &MandateRow,
    [(day, daily), (month, monthly)]: [&(String, Option<i64>); 2],
    policy: &str,
) -> Result<Result<(), HoldRefusal>, StoreError> {
    let sql = concat!(
        "WITH day AS (",
        budget_spend_sql!("$4", "$5"),
        " RETURNING 1), month AS (",
        budget_spend_sql!("$6", "$7"),
        " RETURNING 1), wallet AS (",
        wallet_hold_sql!("$8"),
        " RETURNING 1) \
         SELECT EXISTS (SELECT 1 FROM day), EXISTS (SELECT 1 FROM month), EXISTS (SELECT 1 FROM wallet), \
         COALESCE((SELECT document FROM policies WHERE owner = $1), '') = CAST($9 AS TEXT)"
    );
    let params = params![
        mandate.agent_id.as_str(),
        mandate.currency,
        mandate.amount,
        day.as_str(),
        budget_limit(*daily),
        month.as_str(),
        budget_limit(*monthly),
        mandate.created_at,
        policy
    ];
    let row = tx.query_one(sql, &params).await?;
    if !row.get::<bool>(3)? {
        return Err(StoreError::Aborted);
    }
    Ok(if !row.get(0)? {
        Err(HoldRefusal::Budget(0))
    } else if !row.get(1)? {
        Err(HoldRefusal::Budget(1))
    } else if !row.get(2)? {
        Err(HoldRefusal::Funds)
    } else {
        Ok(())
    })
}

/// A mandate that was just marked executed.
#[derive(Debug)]
pub struct Capture {
    pub mandate: MandateRow,
    /// Whether its payer's wallet held what it holds; if not, the transaction must be undone.
    pub is_held: bool,
}

/// Marks a mandate executed as [`mandate_mark_executed`] does, takes what it captures out of what the wallet holds, and gives the rest
/// back to the wallet. None when the mandate cannot be executed.
pub async fn hold_take(
    tx: &mut Tx,
    id: MandateId,
    captured: Option<i64>,
    now: Timestamp,
) -> Result<Option<Capture>, StoreError> {
    if tx.engine() == Engine::Sqlite {
        let Some(mandate) = mandate_mark_executed(tx, id, captured, now).await? else { return Ok(None) };
        let taken = mandate.captured_amount.unwrap_or(mandate.amount);
        let is_held = wallet_capture(tx, &mandate.agent_id, mandate.money(), taken, now).await?;
        return Ok(Some(Capture { mandate, is_held }));
    }
    // Of one wallet, all that is taken at once.
    static TAKE: LazyLock<Gathered> = gathered!(
        concat!(
            "WITH taken AS (",
            mark_executed!("{from}", "{n}"),
            "), captured AS (UPDATE wallets SET held = held - t.amount, available = available + t.rest, updated_at = t.at \
             FROM (SELECT agent_id, currency, CAST(SUM(amount) AS BIGINT) AS amount, \
             CAST(SUM(amount - captured_amount) AS BIGINT) AS rest, MAX(updated_at) AS at FROM taken GROUP BY agent_id, currency) t \
             WHERE wallets.owner = t.agent_id AND wallets.currency = t.currency AND wallets.held >= t.amount \
             RETURNING wallets.owner, wallets.currency) \
             SELECT id, intent_id, agent_id, amount, currency, execution_id, payee, status, void_reason, jws, mandate_hash, \
             captured_amount, expires_at, created_at, updated_at, orchestrator, EXISTS (SELECT 1 FROM captured c \
             WHERE c.owner = taken.agent_id AND c.currency = taken.currency){n} FROM taken"
        ),
        (Text, BigInt, BigInt)
    );
    let row = tx.gather(&TAKE, &params![id, captured, now]).await?.pop();
    row.map(|row| Ok(Capture { mandate: MandateRow::read(&row)?, is_held: row.get(16)? })).transpose()
}
