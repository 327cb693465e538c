//! Facts about the installation itself, by name.

use crate::{StoreError, Tx, params};

pub async fn setting_get(tx: &mut Tx, name: &str) -> Result<Option<String>, StoreError> {
    let row = tx.query_opt("SELECT value FROM settings WHERE name = $1", &params![name]).await?;
    row.map(|row| row.get(0)).transpose()
}

pub async fn setting_set(tx: &mut Tx, name: &str, value: &str) -> Result<(), StoreError> {
    let sql = "INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    tx.execute(sql, &params![name, value]).await.map(drop)
}

/// Sets what has not been set. Returns what holds now: whoever is first decides.
pub async fn setting_settle(tx: &mut Tx, name: &str, value: &str) -> Result<String, StoreError> {
    let sql = "INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING";
    tx.execute(sql, &params![name, value]).await?;
    tx.query_one("SELECT value FROM settings WHERE name = $1", &params![name]).await?.get(0)
}

pub async fn setting_delete(tx: &mut Tx, name: &str) -> Result<(), StoreError> {
    tx.execute("DELETE FROM settings WHERE name = $1", &params![name]).await.map(drop)
}
