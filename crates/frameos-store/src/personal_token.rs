//! Personal access tokens: what programs sign in with instead of a password.
//!
//! Invariants: only hashes (SHA-256, hex) are kept; a token that is revoked is gone; when it was used last is known to the
//! hour, so that a busy token's row is not hot.

use std::time::Duration;

use frameos_domain::{clock::Timestamp, id::PersonalTokenId};

use crate::{Row, StoreError, Tx, params, status::Role};

/// How exactly it is known when a token was used.
const USED_WITHIN: Duration = Duration::from_secs(3600);

/// One token, without what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonalToken {
    pub id: PersonalTokenId,
    pub subject_id: String,
    pub role: Role,
    pub name: String,
    /// Its beginning, to tell it from others.
    pub shown: String,
    /// Words, separated by spaces.
    pub scopes: String,
    pub expires_at: Option<Timestamp>,
    pub last_used_at: Option<Timestamp>,
    pub created_at: Timestamp,
}

macro_rules! columns {
    () => {
        "id, subject_id, role, name, shown, scopes, expires_at, last_used_at, created_at"
    };
}

fn read(row: &Row) -> Result<PersonalToken, StoreError> {
    Ok(PersonalToken {
        id: row.get(0)?,
        subject_id: row.get(1)?,
        role: row.get(2)?,
        name: row.get(3)?,
        shown: row.get(4)?,
        scopes: row.get(5)?,
        expires_at: row.get(6)?,
        last_used_at: row.get(7)?,
        created_at: row.get(8)?,
    })
}

/// Keeps a new token. False when the subject has `most` already.
pub async fn personal_token_insert(
    tx: &mut Tx,
    new: &PersonalToken,
    hash: &str,
    most: i64,
) -> Result<bool, StoreError> {
    let sql = "INSERT INTO personal_tokens (id, subject_id, role, name, hash, shown, scopes, expires_at, created_at) \
               SELECT $1, $2, $3, $4, $5, $6, $7, CAST($8 AS BIGINT), CAST($9 AS BIGINT) \
               WHERE (SELECT COUNT(*) FROM personal_tokens WHERE subject_id = $2) < $10";
    let params = params![
        new.id,
        &new.subject_id,
        new.role,
        &new.name,
        hash,
        &new.shown,
        &new.scopes,
        new.expires_at,
        new.created_at,
        most
    ];
    Ok(tx.execute(sql, &params).await? == 1)
}

/// A subject's tokens, newest first.
pub async fn personal_token_list(tx: &mut Tx, subject_id: &str) -> Result<Vec<PersonalToken>, StoreError> {
    let sql = concat!("SELECT ", columns!(), " FROM personal_tokens WHERE subject_id = $1 ORDER BY id DESC");
    tx.query(sql, &params![subject_id]).await?.iter().map(read).collect()
}

/// The token of this hash, whose holder is not known yet.
pub async fn personal_token_find_unscoped(
    tx: &mut Tx,
    hash: &str,
) -> Result<Option<PersonalToken>, StoreError> {
    let sql = concat!("SELECT ", columns!(), " FROM personal_tokens WHERE hash = $1");
    tx.query_opt(sql, &params![hash]).await?.as_ref().map(read).transpose()
}

/// Notes that a token is used, unless that was noted within the hour.
pub async fn personal_token_touch(
    tx: &mut Tx,
    subject_id: &str,
    id: PersonalTokenId,
    now: Timestamp,
) -> Result<(), StoreError> {
    let sql = "UPDATE personal_tokens SET last_used_at = $3 \
               WHERE subject_id = $1 AND id = $2 AND (last_used_at IS NULL OR last_used_at <= $4)";
    tx.execute(sql, &params![subject_id, id, now, noted_before(now)]).await.map(drop)
}

impl PersonalToken {
    /// Whether its use at `now` is worth a write.
    pub fn is_touch_due(&self, now: Timestamp) -> bool {
        self.last_used_at.is_none_or(|used| used <= noted_before(now))
    }
}

fn noted_before(now: Timestamp) -> Timestamp {
    Timestamp::from_micros(now.as_micros() - i64::try_from(USED_WITHIN.as_micros()).unwrap_or(0))
}

/// Revokes one token of a subject. False when there is none.
pub async fn personal_token_delete(
    tx: &mut Tx,
    subject_id: &str,
    id: PersonalTokenId,
) -> Result<bool, StoreError> {
    let sql = "DELETE FROM personal_tokens WHERE subject_id = $1 AND id = $2";
    Ok(tx.execute(sql, &params![subject_id, id]).await? == 1)
}

/// Revokes all tokens of a subject. Returns how many.
pub async fn personal_tokens_delete(tx: &mut Tx, subject_id: &str) -> Result<u64, StoreError> {
    tx.execute("DELETE FROM personal_tokens WHERE subject_id = $1", &params![subject_id]).await
}

/// Forgets tokens that expired before `before`. Returns how many.
pub async fn personal_tokens_purge_unscoped(tx: &mut Tx, before: Timestamp) -> Result<u64, StoreError> {
    tx.execute("DELETE FROM personal_tokens WHERE expires_at < $1", &params![before]).await
}
