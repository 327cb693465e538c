//! Issuing a mandate: the row, the budgets it counts into and the hold, sent together.
//!
//! Invariant: each is one conditional statement; when one of them finds its condition false, the caller has all undone.

use super::{
    budget::budget_spending,
    mandate::{MANDATES, MandateRow, mandate_insertion},
    wallet::wallet_holding,
};
use crate::{StoreError, Tx};

/// What stands against a mandate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HoldRefusal {
    /// Its intent has one already.
    Issued,
    /// The budget at this place of the list does not cover it.
    Budget(usize),
    /// Not enough is available.
    Funds,
}

/// Stores the mandate, counts it into `budgets` (a period and its limit each) and holds its amount. After a refusal, which may leave some
/// of it done, the transaction must be undone.
pub async fn hold_place(
    tx: &mut Tx,
    mandate: &MandateRow,
    budgets: &[(String, Option<i64>)],
) -> Result<Result<(), HoldRefusal>, StoreError> {
    let (owner, amount) = (mandate.agent_id.as_str(), mandate.money());
    let insertion = mandate_insertion(mandate);
    let postponed = tx.postpone(&MANDATES, &insertion.1)?;
    let mut statements = if postponed { Vec::new() } else { vec![insertion] };
    statements.extend(budgets.iter().map(|(period, limit)| budget_spending(owner, period, amount, *limit)));
    statements.push(wallet_holding(owner, amount, mandate.created_at));
    let changed = tx.execute_all(&statements).await?;
    let refused =
        changed.iter().position(|changed| *changed != 1).map(|place| place + usize::from(postponed));
    Ok(match refused {
        None => Ok(()),
        Some(0) => Err(HoldRefusal::Issued),
        Some(place) if place <= budgets.len() => Err(HoldRefusal::Budget(place - 1)),
        Some(_) => Err(HoldRefusal::Funds),
    })
}
