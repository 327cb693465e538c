//! Runs taken of a subscription's month.

use frameos_domain::{
    clock::Timestamp,
    id::{SubscriptionId, UserId},
};

use crate::{StoreError, Tx, params};

/// What came of taking a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunTaken {
    Taken,
    /// The month's runs are used up.
    UsedUp,
    /// The month is over, or was not paid.
    Over,
}

/// Takes one run of a paid month that goes on.
pub async fn subscription_run_take(
    tx: &mut Tx,
    user_id: UserId,
    (id, period): (SubscriptionId, i64),
    now: Timestamp,
) -> Result<RunTaken, StoreError> {
    let sql = "UPDATE subscriptions SET runs_used = runs_used + 1 \
               WHERE user_id = $1 AND id = $2 AND period = $3 AND status IN ('active', 'cancelled') AND period_end > $4 \
               AND (runs_per_month IS NULL OR runs_used < runs_per_month)";
    if tx.execute(sql, &params![user_id, id, period, now]).await? == 1 {
        return Ok(RunTaken::Taken);
    }
    let sql = "SELECT 1 FROM subscriptions WHERE user_id = $1 AND id = $2 AND period = $3 \
               AND status IN ('active', 'cancelled') AND period_end > $4";
    let open = tx.query_opt(sql, &params![user_id, id, period, now]).await?;
    Ok(if open.is_some() { RunTaken::UsedUp } else { RunTaken::Over })
}

/// Gives one back: the run did not succeed. A month that is over is left alone.
pub async fn subscription_run_return(
    tx: &mut Tx,
    user_id: UserId,
    (id, period): (SubscriptionId, i64),
) -> Result<(), StoreError> {
    let sql = "UPDATE subscriptions SET runs_used = runs_used - 1 \
               WHERE user_id = $1 AND id = $2 AND period = $3 AND runs_used > 0";
    tx.execute(sql, &params![user_id, id, period]).await.map(drop)
}
