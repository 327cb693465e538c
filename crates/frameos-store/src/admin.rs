//! Administrators of this installation.
use frameos_domain::{clock::Timestamp, id::AdminId};

use crate::{
    Row, StoreError, Tx,
    account::{PasswordHash, account_insert},
    params,
    status::{AccountStatus, Role},
};

/// One admin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admin {
    pub id: AdminId,
    pub email: String,
    pub name: String,
    pub password_hash: PasswordHash,
    pub status: AccountStatus,
    pub verified_email: bool,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// A new admin.
#[derive(Debug, Clone)]
pub struct AdminNew {
    pub id: AdminId,
    pub email: String,
    pub name: String,
    pub password_hash: PasswordHash,
    pub verified_email: bool,
    pub created_at: Timestamp,
}

fn read(row: &Row) -> Result<Admin, StoreError> {
    Ok(Admin {
        id: row.get(0)?,
        email: row.get(1)?,
        name: row.get(2)?,
        password_hash: PasswordHash::new(row.get(3)?),
        status: row.get(4)?,
        verified_email: row.get(5)?,
        created_at: row.get(6)?,
        updated_at: row.get(7)?,
    })
}

/// Stores a new admin and takes the address. False when the address is taken, in whatever role.
pub async fn admin_insert(tx: &mut Tx, new: &AdminNew) -> Result<bool, StoreError> {
    if !account_insert(tx, &new.id.to_string(), Role::Admin, &new.email, new.created_at).await? {
        return Ok(false);
    }
    let sql = "INSERT INTO admins (id, email, name, password_hash, verified_email, created_at, updated_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $6)";
    let params = params![
        new.id,
        new.email.to_ascii_lowercase(),
        &new.name,
        new.password_hash.expose(),
        new.verified_email,
        new.created_at
    ];
    tx.execute(sql, &params).await?;
    Ok(true)
}

pub async fn admin_get(tx: &mut Tx, id: AdminId) -> Result<Option<Admin>, StoreError> {
    let sql = "SELECT id, email, name, password_hash, status, verified_email, created_at, updated_at \
               FROM admins WHERE id = $1";
    tx.query_opt(sql, &params![id]).await?.as_ref().map(read).transpose()
}

pub async fn admin_set_password(
    tx: &mut Tx,
    id: AdminId,
    hash: &PasswordHash,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "UPDATE admins SET password_hash = $2, updated_at = $3 WHERE id = $1";
    Ok(tx.execute(sql, &params![id, hash.expose(), now]).await? == 1)
}

/// How many administrators there are: an installation without any is new.
pub async fn admin_count_unscoped(tx: &mut Tx) -> Result<i64, StoreError> {
    tx.query_one("SELECT COUNT(*) FROM admins", &[]).await?.get(0)
}
