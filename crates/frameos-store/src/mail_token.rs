//! Tokens that were mailed: each works once, for one purpose and for a while.
//!
//! Invariant: only hashes (SHA-256, hex) are kept, so whoever reads the database cannot act on a mail.

use frameos_domain::clock::Timestamp;

use crate::{StoreError, Tx, params};

/// What a mailed token is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailPurpose {
    PasswordReset,
}

impl MailPurpose {
    const fn as_str(self) -> &'static str {
        match self {
            Self::PasswordReset => "password_reset",
        }
    }
}

/// Keeps the hash of a token that is about to be mailed.
pub async fn mail_token_insert(
    tx: &mut Tx,
    subject_id: &str,
    purpose: MailPurpose,
    hash: &str,
    (created_at, expires_at): (Timestamp, Timestamp),
) -> Result<(), StoreError> {
    let sql = "INSERT INTO mail_tokens (hash, purpose, subject_id, expires_at, created_at) VALUES ($1, $2, $3, $4, $5)";
    tx.execute(sql, &params![hash, purpose.as_str(), subject_id, expires_at, created_at]).await.map(drop)
}

/// Whose token this is, without using it up.
pub async fn mail_token_find(
    tx: &mut Tx,
    purpose: MailPurpose,
    hash: &str,
    now: Timestamp,
) -> Result<Option<String>, StoreError> {
    let sql = "SELECT subject_id FROM mail_tokens WHERE hash = $1 AND purpose = $2 AND expires_at > $3";
    tx.query_opt(sql, &params![hash, purpose.as_str(), now]).await?.map(|row| row.get(0)).transpose()
}

/// Whose token this is, which is used up by asking, with all others of the same purpose that they have.
pub async fn mail_token_take(
    tx: &mut Tx,
    purpose: MailPurpose,
    hash: &str,
    now: Timestamp,
) -> Result<Option<String>, StoreError> {
    let sql =
        "DELETE FROM mail_tokens WHERE hash = $1 AND purpose = $2 AND expires_at > $3 RETURNING subject_id";
    let taken = tx.query_opt(sql, &params![hash, purpose.as_str(), now]).await?;
    let Some(subject) = taken.map(|row| row.get::<String>(0)).transpose()? else { return Ok(None) };
    mail_tokens_delete(tx, &subject, purpose).await?;
    Ok(Some(subject))
}

/// Makes every token of a subject for this purpose worthless.
pub async fn mail_tokens_delete(
    tx: &mut Tx,
    subject_id: &str,
    purpose: MailPurpose,
) -> Result<(), StoreError> {
    let sql = "DELETE FROM mail_tokens WHERE subject_id = $1 AND purpose = $2";
    tx.execute(sql, &params![subject_id, purpose.as_str()]).await.map(drop)
}

/// Forgets tokens that expired before `before`. Returns how many.
pub async fn mail_tokens_purge_unscoped(tx: &mut Tx, before: Timestamp) -> Result<u64, StoreError> {
    tx.execute("DELETE FROM mail_tokens WHERE expires_at < $1", &params![before]).await
}
