//! Budgets over time: what an owner has held or spent in one UTC day or month.
//!
//! Invariant: with a limit, `used` never passes it, whatever interleaves; usage is counted without a limit too, so that a limit
//! set later knows what was spent before.

use frameos_domain::money::{Currency, Money};

use super::posting::MAX_MINOR;
use crate::{Statement, StoreError, Tx, params};

/// Counts `amount` into the window. False when that would pass `limit` (none = no limit).
pub async fn budget_spend(
    tx: &mut Tx,
    owner: &str,
    period: &str,
    amount: Money,
    limit: Option<i64>,
) -> Result<bool, StoreError> {
    let (sql, params) = budget_spending(owner, period, amount, limit);
    Ok(tx.execute(sql, &params).await? == 1)
}

/// Counts `$3` of the owner `$1` and the currency `$2` into the window at one parameter, within the limit at another.
macro_rules! budget_spend_sql {
    ($period:literal, $limit:literal) => {
        // SELECT … WHERE rather than VALUES: the first amount of a window must fit its limit as well.
        concat!(
            "INSERT INTO budget_windows (owner, currency, period, used) SELECT $1, $2, ",
            $period,
            ", CAST($3 AS BIGINT) WHERE CAST($3 AS BIGINT) <= CAST(",
            $limit,
            " AS BIGINT) ON CONFLICT (owner, currency, period) DO UPDATE SET used = budget_windows.used + excluded.used \
             WHERE budget_windows.used + excluded.used <= CAST(",
            $limit,
            " AS BIGINT)"
        )
    };
}
pub(super) use budget_spend_sql;

pub(super) fn budget_spending(owner: &str, period: &str, amount: Money, limit: Option<i64>) -> Statement {
    let params = params![owner, amount.currency, amount.minor, period, budget_limit(limit)];
    (budget_spend_sql!("$4", "$5"), params.to_vec())
}

/// Without a limit of the payer's, what the ledger can carry is one.
pub(super) fn budget_limit(limit: Option<i64>) -> i64 {
    limit.unwrap_or(MAX_MINOR)
}

/// Takes `amount` back out of the window. False when that much was not counted.
pub async fn budget_release(
    tx: &mut Tx,
    owner: &str,
    period: &str,
    amount: Money,
) -> Result<bool, StoreError> {
    let sql = "UPDATE budget_windows SET used = used - $4 \
               WHERE owner = $1 AND currency = $2 AND period = $3 AND used >= $4";
    Ok(tx.execute(sql, &params![owner, amount.currency, period, amount.minor]).await? == 1)
}

/// What the window counts so far, in minor units.
pub async fn budget_used(
    tx: &mut Tx,
    owner: &str,
    period: &str,
    currency: Currency,
) -> Result<i64, StoreError> {
    let sql = "SELECT used FROM budget_windows WHERE owner = $1 AND currency = $2 AND period = $3";
    tx.query_opt(sql, &params![owner, currency, period]).await?.map_or(Ok(0), |row| row.get(0))
}
