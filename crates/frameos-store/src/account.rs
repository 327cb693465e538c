//! The e-mail directory: who signs in with which address, and their second factor.
//!
//! Invariants: an address is unique over all roles and kept in lower case; the second factor's secret is encrypted; a
//! one-time code's step is used once.

use std::fmt;

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
            "SELECT email, role, subject_id, totp_secret, totp_confirmed, totp_last_step, created_at \
             FROM accounts WHERE ",
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
    Ok(Account { email: row.get(0)?, role: row.get(1)?, subject_id, totp, created_at: row.get(6)? })
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
    Ok(tx.execute(sql, &params![email.to_ascii_lowercase(), role, subject_id, now]).await? == 1)
}

/// The account of an address, for signing in.
pub async fn account_get_by_email(tx: &mut Tx, email: &str) -> Result<Option<Account>, StoreError> {
    let found = tx.query_opt(select!("email = $1"), &params![email.to_ascii_lowercase()]).await?;
    found.map(|row| read(tx, &row)).transpose()
}

pub async fn account_get(tx: &mut Tx, subject_id: &str) -> Result<Option<Account>, StoreError> {
    let found = tx.query_opt(select!("subject_id = $1"), &params![subject_id]).await?;
    found.map(|row| read(tx, &row)).transpose()
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

/// Takes the second factor off. False when there is none in force.
pub async fn account_totp_remove(tx: &mut Tx, subject_id: &str) -> Result<bool, StoreError> {
    // The step stays: a code that was used must not count again for a factor that is enrolled later.
    let sql = "UPDATE accounts SET totp_secret = NULL, totp_confirmed = FALSE WHERE subject_id = $1 AND totp_confirmed";
    Ok(tx.execute(sql, &params![subject_id]).await? == 1)
}
