//! The e-mail directory: who signs in with which address, their second factor and their lock-out.
//!
//! Invariants: an address is unique over all roles and kept in lower case; the second factor's secret is encrypted; a
//! one-time code's step is used once; a log-in attempt is counted before it is judged.

use std::{fmt, time::Duration};

use frameos_domain::clock::Timestamp;
use zeroize::Zeroizing;

use crate::{Place, Row, StoreError, Tx, params, status::Role};

/// A password hash in PHC format. Cannot be printed.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    pub const fn new(phc: String) -> Self {
        Self(phc)
    }

    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(hidden)")
    }
}

/// One entry of the directory.
#[derive(Debug, Clone)]
pub struct Account {
    pub email: String,
    pub role: Role,
    /// The id of the developer, user or administrator.
    pub subject_id: String,
    pub totp: Option<Totp>,
    /// Attempts in a row without success.
    pub failed_logins: i64,
    pub locked_until: Option<Timestamp>,
    pub created_at: Timestamp,
}

/// A second factor.
#[derive(Clone)]
pub struct Totp {
    pub secret: Zeroizing<Vec<u8>>,
    /// Unconfirmed secrets were shown but never proved.
    pub confirmed: bool,
    /// The last 30-second step whose code was used.
    pub last_step: i64,
}

impl fmt::Debug for Totp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Totp").field("confirmed", &self.confirmed).finish_non_exhaustive()
    }
}

macro_rules! select {
    ($condition:literal) => {
        concat!(
            "SELECT email, role, subject_id, totp_secret, totp_confirmed, totp_last_step, failed_logins, locked_until, \
             created_at FROM accounts WHERE ",
            $condition
        )
    };
}

fn read(tx: &Tx, row: &Row) -> Result<Account, StoreError> {
    let subject_id: String = row.get(2)?;
    let totp = match row.get::<Option<Vec<u8>>>(3)? {
        None => None,
        Some(sealed) => Some(Totp {
            secret: Zeroizing::new(tx.cipher().open(totp_place(&subject_id), &sealed)?),
            confirmed: row.get(4)?,
            last_step: row.get(5)?,
        }),
    };
    Ok(Account {
        email: row.get(0)?,
        role: row.get(1)?,
        subject_id,
        totp,
        failed_logins: row.get(6)?,
        locked_until: row.get(7)?,
        created_at: row.get(8)?,
    })
}

const fn totp_place(subject_id: &str) -> Place<'_> {
    Place::new("accounts", "totp_secret", subject_id)
}

/// Takes an address. False when it is taken, in whatever role.
pub async fn account_insert(
    tx: &mut Tx,
    subject_id: &str,
    role: Role,
    email: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "INSERT INTO accounts (email, role, subject_id, created_at) VALUES ($1, $2, $3, $4) \
               ON CONFLICT (email) DO NOTHING";
    Ok(tx.execute(sql, &params![email.to_lowercase(), role, subject_id, now]).await? == 1)
}

/// The account of an address, for signing in.
pub async fn account_get_by_email(tx: &mut Tx, email: &str) -> Result<Option<Account>, StoreError> {
    let found = tx.query_opt(select!("email = $1"), &params![email.to_lowercase()]).await?;
    found.map(|row| read(tx, &row)).transpose()
}

pub async fn account_get(tx: &mut Tx, subject_id: &str) -> Result<Option<Account>, StoreError> {
    let found = tx.query_opt(select!("subject_id = $1"), &params![subject_id]).await?;
    found.map(|row| read(tx, &row)).transpose()
}

/// Takes one log-in attempt for an address before its password is looked at. False when there is no such account, or it is
/// locked. The fifth attempt in a row without success, and every one after it, locks the account: for 1 s, 2 s, 4 s and so
/// on, up to 60 s.
///
/// One conditional statement, so that of attempts made at once no more are let through than of attempts in turn.
pub async fn account_login_reserve(tx: &mut Tx, email: &str, now: Timestamp) -> Result<bool, StoreError> {
    let sql = "UPDATE accounts SET failed_logins = failed_logins + 1, locked_until = CASE \
               WHEN failed_logins < 4 THEN CAST(NULL AS BIGINT) WHEN failed_logins = 4 THEN $3 WHEN failed_logins = 5 THEN $4 \
               WHEN failed_logins = 6 THEN $5 WHEN failed_logins = 7 THEN $6 WHEN failed_logins = 8 THEN $7 \
               WHEN failed_logins = 9 THEN $8 ELSE $9 END \
               WHERE email = $1 AND (locked_until IS NULL OR locked_until <= $2)";
    let after = |seconds| now.plus(Duration::from_secs(seconds));
    let params = params![
        email.to_lowercase(),
        now,
        after(1),
        after(2),
        after(4),
        after(8),
        after(16),
        after(32),
        after(60)
    ];
    Ok(tx.execute(sql, &params).await? == 1)
}

/// Forgets the attempts counted so far.
pub async fn account_login_succeeded(tx: &mut Tx, subject_id: &str) -> Result<(), StoreError> {
    let sql = "UPDATE accounts SET failed_logins = 0, locked_until = NULL WHERE subject_id = $1 AND \
               (failed_logins > 0 OR locked_until IS NOT NULL)";
    tx.execute(sql, &params![subject_id]).await.map(drop)
}

/// Stores a new, unconfirmed second factor. False when a confirmed one exists: that one must be removed first.
pub async fn account_totp_enroll(tx: &mut Tx, subject_id: &str, secret: &[u8]) -> Result<bool, StoreError> {
    let sealed = tx.cipher().seal(totp_place(subject_id), secret)?;
    let sql = "UPDATE accounts SET totp_secret = $2, totp_last_step = 0 WHERE subject_id = $1 AND NOT totp_confirmed";
    Ok(tx.execute(sql, &params![subject_id, sealed]).await? == 1)
}

/// Confirms the second factor with the step of a valid code. False when there is none, or that step was used.
pub async fn account_totp_confirm(tx: &mut Tx, subject_id: &str, step: i64) -> Result<bool, StoreError> {
    let sql = "UPDATE accounts SET totp_confirmed = TRUE, totp_last_step = $2 \
               WHERE subject_id = $1 AND totp_secret IS NOT NULL AND totp_last_step < $2";
    Ok(tx.execute(sql, &params![subject_id, step]).await? == 1)
}

/// Uses up the step of a valid code. False when it, or a later one, was used before.
pub async fn account_totp_use(tx: &mut Tx, subject_id: &str, step: i64) -> Result<bool, StoreError> {
    let sql = "UPDATE accounts SET totp_last_step = $2 \
               WHERE subject_id = $1 AND totp_confirmed AND totp_last_step < $2";
    Ok(tx.execute(sql, &params![subject_id, step]).await? == 1)
}
