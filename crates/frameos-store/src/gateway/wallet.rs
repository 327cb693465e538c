//! Wallets: what an owner can spend and what issued mandates hold, per currency.
//!
//! Invariant: `available` and `held` never go below zero; the database refuses. Each function is one conditional statement
//! and must run in the transaction that posts the matching ledger entry.

use frameos_domain::{
    clock::Timestamp,
    money::{Currency, Money},
};

use super::posting::MAX_MINOR;
use crate::{Row, Statement, StoreError, Tx, params};

/// One owner's balances in one currency, in minor units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WalletRow {
    pub owner: String,
    pub currency: Currency,
    pub available: i64,
    pub held: i64,
}

impl WalletRow {
    pub(super) fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Self { owner: row.get(0)?, currency: row.get(1)?, available: row.get(2)?, held: row.get(3)? })
    }
}

/// The wallet of `owner` in `currency`; none until its first credit.
pub async fn wallet_get(
    tx: &mut Tx,
    owner: &str,
    currency: Currency,
) -> Result<Option<WalletRow>, StoreError> {
    let sql = "SELECT owner, currency, available, held FROM wallets WHERE owner = $1 AND currency = $2";
    tx.query_opt(sql, &params![owner, currency]).await?.as_ref().map(WalletRow::read).transpose()
}

/// Adds to `available`. False when the balance would leave what the ledger can carry.
pub async fn wallet_credit(
    tx: &mut Tx,
    owner: &str,
    amount: Money,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "INSERT INTO wallets (owner, currency, available, held, updated_at) VALUES ($1, $2, $3, 0, $4) \
               ON CONFLICT (owner, currency) DO UPDATE \
               SET available = wallets.available + excluded.available, updated_at = excluded.updated_at \
               WHERE wallets.available + wallets.held + excluded.available <= $5";
    let params = params![owner, amount.currency, amount.minor, now, MAX_MINOR];
    Ok(tx.execute(sql, &params).await? == 1)
}

/// Moves from `available` to `held`. False when not enough is available.
pub async fn wallet_hold(
    tx: &mut Tx,
    owner: &str,
    amount: Money,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let (sql, params) = wallet_holding(owner, amount, now);
    Ok(tx.execute(sql, &params).await? == 1)
}

/// Holds `$3` of the owner `$1` in the currency `$2`, at the time of another parameter.
macro_rules! wallet_hold_sql {
    ($now:literal) => {
        concat!(
            "UPDATE wallets SET available = available - $3, held = held + $3, updated_at = ",
            $now,
            " WHERE owner = $1 AND currency = $2 AND available >= $3"
        )
    };
}
pub(super) use wallet_hold_sql;

pub(super) fn wallet_holding(owner: &str, amount: Money, now: Timestamp) -> Statement {
    (wallet_hold_sql!("$4"), params![owner, amount.currency, amount.minor, now].to_vec())
}

/// Moves from `held` back to `available`. False when that much is not held.
pub async fn wallet_release(
    tx: &mut Tx,
    owner: &str,
    amount: Money,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "UPDATE wallets SET available = available + $3, held = held - $3, updated_at = $4 \
               WHERE owner = $1 AND currency = $2 AND held >= $3";
    Ok(tx.execute(sql, &params![owner, amount.currency, amount.minor, now]).await? == 1)
}

/// Takes `captured` of a hold for good and gives the rest back. False when the hold is not there, or is less than that.
pub async fn wallet_capture(
    tx: &mut Tx,
    owner: &str,
    hold: Money,
    captured: i64,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "UPDATE wallets SET held = held - $3, available = available + ($3 - $4), updated_at = $5 \
               WHERE owner = $1 AND currency = $2 AND held >= $3 AND CAST($4 AS BIGINT) BETWEEN 0 AND $3";
    Ok(tx.execute(sql, &params![owner, hold.currency, hold.minor, captured, now]).await? == 1)
}

/// Locks a wallet until the transaction ends and says what is available; none when there is no wallet.
pub async fn wallet_lock(
    tx: &mut Tx,
    owner: &str,
    currency: Currency,
    now: Timestamp,
) -> Result<Option<i64>, StoreError> {
    let sql = "UPDATE wallets SET updated_at = $3 WHERE owner = $1 AND currency = $2 RETURNING available";
    tx.query_opt(sql, &params![owner, currency, now]).await?.map(|row| row.get(0)).transpose()
}

/// Takes from `available` for good. False when that much is not available.
pub async fn wallet_debit(
    tx: &mut Tx,
    owner: &str,
    amount: Money,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "UPDATE wallets SET available = available - $3, updated_at = $4 \
               WHERE owner = $1 AND currency = $2 AND available >= $3";
    Ok(tx.execute(sql, &params![owner, amount.currency, amount.minor, now]).await? == 1)
}
