//! Who an account is, whatever its role: the common part of `developers`, `users` and `admins`.

use frameos_domain::clock::Timestamp;

use crate::{
    StoreError, Tx,
    account::PasswordHash,
    params,
    status::{AccountStatus, Role},
};

/// What every role's table says of an account.
#[derive(Debug, Clone)]
pub struct Profile {
    pub id: String,
    pub role: Role,
    pub email: String,
    pub name: String,
    /// Developers only.
    pub company: Option<String>,
    pub password_hash: PasswordHash,
    pub status: AccountStatus,
    pub verified_email: bool,
    pub created_at: Timestamp,
}

/// The profile of a role's account.
pub async fn profile_get(tx: &mut Tx, role: Role, subject_id: &str) -> Result<Option<Profile>, StoreError> {
    let sql = match role {
        Role::Developer => {
            "SELECT email, name, company, password_hash, status, verified_email, created_at FROM developers WHERE id = $1"
        }
        Role::User => {
            "SELECT email, name, CAST(NULL AS TEXT), password_hash, status, verified_email, created_at FROM users WHERE id = $1"
        }
        Role::Admin => {
            "SELECT email, name, CAST(NULL AS TEXT), password_hash, status, verified_email, created_at FROM admins WHERE id = $1"
        }
    };
    let Some(row) = tx.query_opt(sql, &params![subject_id]).await? else { return Ok(None) };
    Ok(Some(Profile {
        id: subject_id.to_owned(),
        role,
        email: row.get(0)?,
        name: row.get(1)?,
        company: row.get(2)?,
        password_hash: PasswordHash::new(row.get(3)?),
        status: row.get(4)?,
        verified_email: row.get(5)?,
        created_at: row.get(6)?,
    }))
}

/// Marks an address as proved, in whichever role it is used.
pub async fn profile_verify_email(tx: &mut Tx, email: &str, now: Timestamp) -> Result<(), StoreError> {
    for sql in [
        "UPDATE developers SET verified_email = TRUE, updated_at = $2 WHERE email = $1",
        "UPDATE users SET verified_email = TRUE, updated_at = $2 WHERE email = $1",
        "UPDATE admins SET verified_email = TRUE, updated_at = $2 WHERE email = $1",
    ] {
        tx.execute(sql, &params![email, now]).await?;
    }
    Ok(())
}

/// Replaces a password. False when there is no such account.
pub async fn profile_set_password(
    tx: &mut Tx,
    role: Role,
    subject_id: &str,
    hash: &PasswordHash,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let sql = match role {
        Role::Developer => "UPDATE developers SET password_hash = $2, updated_at = $3 WHERE id = $1",
        Role::User => "UPDATE users SET password_hash = $2, updated_at = $3 WHERE id = $1",
        Role::Admin => "UPDATE admins SET password_hash = $2, updated_at = $3 WHERE id = $1",
    };
    Ok(tx.execute(sql, &params![subject_id, hash.expose(), now]).await? == 1)
}
