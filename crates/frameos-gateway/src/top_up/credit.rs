//! What a provider's word does to the books: a charge is paid, closed, or taken back.
//!
//! Invariants: every function may be repeated, and called in any order; what was truly paid is credited, once per charge, and
//! what cannot be credited is flagged for an operator, never lost. A reversal takes what the wallet has available; the rest is
//! a debt, and no hold is touched.

use frameos_domain::{clock::Timestamp, id::UserId, money::Money};
use frameos_store::{
    StoreError, Tx,
    gateway::{
        chain::ledger_lock,
        ledger::{LedgerKind, ledger_post},
        posting::AccountKind,
        provider_reversal::{
            charge_lock_unscoped, charge_reverse_unscoped, reversals_sum_unscoped, taking_insert,
        },
        top_up::{top_up_fail_if_over, top_up_settle},
        top_up_charge::{
            ChargePaid, TopUpChargeRow, charge_close_unscoped, charge_credited_unscoped,
            charge_flag_unscoped, charge_get_unscoped, charge_paid_unscoped,
        },
        wallet::{wallet_credit, wallet_debit, wallet_lock},
    },
    notification::{NotificationNew, notification_insert},
    status::NotificationKind,
};

use crate::{gateway::corrupt, mandate::transfer, metadata::wallet_currency_check, provider::Paid};

/// Credits a charge that was paid, unless it was credited before.
///
/// The charge is one of the provider that speaks: its id was looked up with the provider's name.
pub(super) async fn charge_credit(
    tx: &mut Tx,
    charge_id: String,
    paid: Paid,
    now: Timestamp,
) -> Result<(), StoreError> {
    let news = ChargePaid {
        reference: &paid.reference,
        payment_reference: &paid.payment_reference,
        amount: paid.amount,
    };
    ledger_lock(tx).await?;
    let is_new = charge_paid_unscoped(tx, &charge_id, news, now).await?;
    let charge = charge_find(tx, &charge_id).await?;
    if !is_new {
        if charge.payment_reference.as_deref() != Some(&paid.payment_reference) {
            tracing::error!(
                charge = charge_id,
                payment = paid.payment_reference,
                "a charge was paid a second time"
            );
            charge_flag_unscoped(tx, &charge_id, "paid_again").await?;
        }
        return Ok(());
    }
    if let Some(flag) = credit(tx, &charge, &paid, now).await? {
        tracing::warn!(charge = charge_id, flag, "a payment that an operator should look at");
        charge_flag_unscoped(tx, &charge_id, flag).await?;
    }
    reversals_apply(tx, &charge_id, now).await
}

/// Moves the money. Gives the flag for what is not as it was asked.
async fn credit(
    tx: &mut Tx,
    charge: &TopUpChargeRow,
    paid: &Paid,
    now: Timestamp,
) -> Result<Option<&'static str>, StoreError> {
    if paid.amount.minor <= 0 || wallet_currency_check(paid.amount.currency).is_err() {
        top_up_fail_if_over(tx, &charge.owner, charge.top_up_id, "other_currency", now).await?;
        return Ok(Some("other_currency"));
    }
    if !wallet_credit(tx, &charge.owner, paid.amount, now).await? {
        top_up_fail_if_over(tx, &charge.owner, charge.top_up_id, "wallet_full", now).await?;
        return Ok(Some("wallet_full"));
    }
    charge_credited_unscoped(tx, &charge.id, paid.amount.minor).await?;
    let by = (charge.provider.as_str(), paid.reference.as_str());
    let is_first = top_up_settle(tx, &charge.owner, charge.top_up_id, by, now).await?;
    let from = (AccountKind::ProviderClearing, &*charge.provider);
    let postings = transfer(from, (AccountKind::Wallet, &charge.owner), paid.amount)?;
    ledger_post(tx, LedgerKind::TopUp, &charge.id, &postings, now).await?;
    let title = format!("{} was added to your wallet", paid.amount);
    tell(tx, charge, (NotificationKind::TopUpCredited, title), now).await?;
    Ok(match (paid.amount == charge.money(), is_first) {
        (false, _) => Some("amount_differs"),
        (true, false) => Some("paid_again"),
        (true, true) => None,
    })
}

/// Ends a charge that nobody can pay any more, and its top-up with the last of them.
pub(super) async fn charge_close(
    tx: &mut Tx,
    charge: &TopUpChargeRow,
    reason: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    if charge_close_unscoped(tx, &charge.id, "closed", reason, now).await? {
        top_up_fail_if_over(tx, &charge.owner, charge.top_up_id, reason, now).await?;
    }
    Ok(())
}

/// Brings the wallet to what the provider took back of a charge by now. Does nothing for one that is not paid.
pub(super) async fn reversals_apply(tx: &mut Tx, charge_id: &str, now: Timestamp) -> Result<(), StoreError> {
    ledger_lock(tx).await?;
    if !charge_lock_unscoped(tx, charge_id, now).await? {
        return Ok(());
    }
    let charge = charge_find(tx, charge_id).await?;
    let payment = charge.payment_reference.clone().unwrap_or_default();
    let total = reversals_sum_unscoped(tx, &charge.provider, &payment).await?.min(charge.credited);
    let change = total - charge.reversed;
    match change {
        0 => Ok(()),
        1.. => reversal_take(tx, &charge, change, now).await,
        _ => reversal_undo(tx, &charge, -change, now).await,
    }
}

async fn reversal_take(
    tx: &mut Tx,
    charge: &TopUpChargeRow,
    amount: i64,
    now: Timestamp,
) -> Result<(), StoreError> {
    let available = wallet_lock(tx, &charge.owner, charge.currency, now).await?.unwrap_or(0);
    let taken = amount.min(available.max(0));
    charge_reverse_unscoped(tx, &charge.id, taken, amount - taken).await?;
    if taken == 0 {
        return Ok(());
    }
    let taken = Money::new(taken, charge.currency);
    if !wallet_debit(tx, &charge.owner, taken, now).await? {
        return Err(corrupt("a locked wallet that changed"));
    }
    let reference = taking_insert(tx, charge, taken.minor, now).await?;
    let to = (AccountKind::ProviderClearing, &*charge.provider);
    let postings = transfer((AccountKind::Wallet, &charge.owner), to, taken)?;
    ledger_post(tx, LedgerKind::TopUpReversal, &reference, &postings, now).await?;
    let title = format!("{taken} of a top-up were taken back by the payment provider");
    tell(tx, charge, (NotificationKind::TopUpReversed, title), now).await
}

/// Tells the user whose wallet it is. Other owners, and those of a gateway that others use, have no page to read it on.
async fn tell(
    tx: &mut Tx,
    charge: &TopUpChargeRow,
    (kind, title): (NotificationKind, String),
    now: Timestamp,
) -> Result<(), StoreError> {
    if charge.owner.parse::<UserId>().is_err() {
        return Ok(());
    }
    let new = NotificationNew { kind, subject: charge.top_up_id.to_string(), title, text: String::new() };
    notification_insert(tx, &charge.owner, &new, now).await
}

/// The provider gave back: first the debt shrinks, then the wallet gets the rest.
async fn reversal_undo(
    tx: &mut Tx,
    charge: &TopUpChargeRow,
    amount: i64,
    now: Timestamp,
) -> Result<(), StoreError> {
    let forgiven = amount.min(charge.debt);
    let given = Money::new(amount - forgiven, charge.currency);
    if !given.is_zero() && !wallet_credit(tx, &charge.owner, given, now).await? {
        // It stays outstanding and is tried again as long as it is.
        return charge_flag_unscoped(tx, &charge.id, "wallet_full").await;
    }
    charge_reverse_unscoped(tx, &charge.id, -given.minor, -forgiven).await?;
    if given.is_zero() {
        return Ok(());
    }
    let reference = taking_insert(tx, charge, -given.minor, now).await?;
    let from = (AccountKind::ProviderClearing, &*charge.provider);
    let postings = transfer(from, (AccountKind::Wallet, &charge.owner), given)?;
    ledger_post(tx, LedgerKind::TopUpReversal, &reference, &postings, now).await.map(drop)
}

async fn charge_find(tx: &mut Tx, id: &str) -> Result<TopUpChargeRow, StoreError> {
    charge_get_unscoped(tx, None, id).await?.ok_or_else(|| corrupt("a charge that vanished"))
}
