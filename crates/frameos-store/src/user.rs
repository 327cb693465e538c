//! Users: who deploys and runs agents, and pays.
use frameos_domain::{clock::Timestamp, id::UserId};

use crate::{
    Row, StoreError, Tx,
    account::{PasswordHash, account_insert},
    params,
    status::{AccountStatus, Plan, Role},
};

/// One user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    pub id: UserId,
    pub email: String,
    pub name: String,
    pub password_hash: PasswordHash,
    pub status: AccountStatus,
    pub verified_email: bool,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// A new user.
#[derive(Debug, Clone)]
pub struct UserNew {
    pub id: UserId,
    pub email: String,
    pub name: String,
    pub password_hash: PasswordHash,
    pub verified_email: bool,
    pub created_at: Timestamp,
}

fn read(row: &Row) -> Result<User, StoreError> {
    Ok(User {
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

/// Stores a new user and takes the address. False when the address is taken, in whatever role.
pub async fn user_insert(tx: &mut Tx, new: &UserNew) -> Result<bool, StoreError> {
    if !account_insert(tx, &new.id.to_string(), Role::User, &new.email, new.created_at).await? {
        return Ok(false);
    }
    let sql = "INSERT INTO users (id, email, name, password_hash, verified_email, created_at, updated_at) \
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

pub async fn user_get(tx: &mut Tx, id: UserId) -> Result<Option<User>, StoreError> {
    let sql = "SELECT id, email, name, password_hash, status, verified_email, created_at, updated_at \
               FROM users WHERE id = $1";
    tx.query_opt(sql, &params![id]).await?.as_ref().map(read).transpose()
}

pub async fn user_set_password(
    tx: &mut Tx,
    id: UserId,
    hash: &PasswordHash,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "UPDATE users SET password_hash = $2, updated_at = $3 WHERE id = $1";
    Ok(tx.execute(sql, &params![id, hash.expose(), now]).await? == 1)
}

/// Suspends, bans or reinstates. False when there is no such user.
pub async fn user_set_status_unscoped(
    tx: &mut Tx,
    id: UserId,
    status: AccountStatus,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "UPDATE users SET status = $2, updated_at = $3 WHERE id = $1";
    Ok(tx.execute(sql, &params![id, status, now]).await? == 1)
}

/// Sets the plan, which the turns of runs enqueued from now on go by. False when there is no such user.
pub async fn user_plan_set_unscoped(
    tx: &mut Tx,
    id: UserId,
    plan: Plan,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "UPDATE users SET plan = $2, updated_at = $3 WHERE id = $1";
    Ok(tx.execute(sql, &params![id, plan, now]).await? == 1)
}
