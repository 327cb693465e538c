//! Where developers want to be paid. Encrypted, bound to their developer.

use frameos_domain::{clock::Timestamp, id::DeveloperId, payout::PayoutAccount};

use crate::{Place, StoreError, Tx, params};

/// A developer's account for payouts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountRow {
    pub account: PayoutAccount,
    /// Nothing is paid to it before.
    pub usable_at: Timestamp,
    pub updated_at: Timestamp,
}

fn place(developer: &str) -> Place<'_> {
    Place::new("payout_accounts", "account", developer)
}

/// Sets or replaces the developer's account.
pub async fn payout_account_put(
    tx: &mut Tx,
    developer: DeveloperId,
    row: &AccountRow,
) -> Result<(), StoreError> {
    let sealed = tx.cipher().seal_json(place(&developer.to_string()), &row.account)?;
    let sql = "INSERT INTO payout_accounts (developer_id, account, usable_at, updated_at) VALUES ($1, $2, $3, $4) \
               ON CONFLICT (developer_id) DO UPDATE SET account = excluded.account, usable_at = excluded.usable_at, \
               updated_at = excluded.updated_at";
    tx.execute(sql, &params![developer, sealed, row.usable_at, row.updated_at]).await.map(drop)
}

pub async fn payout_account_get(
    tx: &mut Tx,
    developer: DeveloperId,
) -> Result<Option<AccountRow>, StoreError> {
    let sql = "SELECT account, usable_at, updated_at FROM payout_accounts WHERE developer_id = $1";
    let Some(row) = tx.query_opt(sql, &params![developer]).await? else { return Ok(None) };
    let account = tx.cipher().open_json(place(&developer.to_string()), &row.get::<Vec<u8>>(0)?)?;
    Ok(Some(AccountRow { account, usable_at: row.get(1)?, updated_at: row.get(2)? }))
}

/// Developers with an account after `after`, by id.
pub async fn payout_accounts_page_unscoped(
    tx: &mut Tx,
    after: &str,
    limit: u32,
) -> Result<Vec<DeveloperId>, StoreError> {
    let sql =
        "SELECT developer_id FROM payout_accounts WHERE developer_id > $1 ORDER BY developer_id LIMIT $2";
    tx.query(sql, &params![after, limit]).await?.iter().map(|row| row.get(0)).collect()
}
