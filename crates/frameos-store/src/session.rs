//! Login sessions: chains of refresh tokens, each used once.
//!
//! Invariants: only hashes are kept; refreshing replaces the token in one conditional statement, so two refreshes with the
//! same token cannot both succeed; showing a retired token again revokes the whole session, because one of the two who have
//! it stole it.

use frameos_domain::{clock::Timestamp, id::SessionId};

use crate::{Row, StoreError, Tx, params, status::Role};

/// One login.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    pub id: SessionId,
    pub subject_id: String,
    pub role: Role,
    pub created_at: Timestamp,
    pub refreshed_at: Timestamp,
    pub expires_at: Timestamp,
    pub revoked_at: Option<Timestamp>,
    /// What the program that logged in calls itself.
    pub client: Option<String>,
    /// The network address it came from.
    pub address: Option<String>,
}

/// What came of showing a refresh token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SessionRefresh {
    /// The new token is in force.
    Refreshed(Session),
    /// The token had been used before; the session is revoked now.
    Reused(Session),
    /// No such token, or its session ended.
    Invalid,
}

macro_rules! columns {
    () => {
        "id, subject_id, role, created_at, refreshed_at, expires_at, revoked_at, client, address"
    };
}

fn read(row: &Row) -> Result<Session, StoreError> {
    Ok(Session {
        id: row.get(0)?,
        subject_id: row.get(1)?,
        role: row.get(2)?,
        created_at: row.get(3)?,
        refreshed_at: row.get(4)?,
        expires_at: row.get(5)?,
        revoked_at: row.get(6)?,
        client: row.get(7)?,
        address: row.get(8)?,
    })
}

/// Starts a session whose first refresh token has this hash (SHA-256, hex).
pub async fn session_insert(tx: &mut Tx, session: &Session, refresh_hash: &str) -> Result<(), StoreError> {
    let sql = "INSERT INTO sessions (id, subject_id, role, refresh_hash, created_at, refreshed_at, expires_at, \
               client, address) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let params = params![
        session.id,
        &session.subject_id,
        session.role,
        refresh_hash,
        session.created_at,
        session.refreshed_at,
        session.expires_at,
        session.client.as_deref(),
        session.address.as_deref()
    ];
    tx.execute(sql, &params).await.map(drop)
}

/// Exchanges a refresh token for the next one, extending the session to `expires_at`.
pub async fn session_refresh(
    tx: &mut Tx,
    shown_hash: &str,
    next_hash: &str,
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<SessionRefresh, StoreError> {
    let sql = concat!(
        "UPDATE sessions SET refresh_hash = $2, refreshed_at = $3, expires_at = $4 \
         WHERE refresh_hash = $1 AND revoked_at IS NULL AND expires_at > $3 RETURNING ",
        columns!()
    );
    if let Some(row) = tx.query_opt(sql, &params![shown_hash, next_hash, now, expires_at]).await? {
        let session = read(&row)?;
        let sql = "INSERT INTO session_retired_hashes (hash, session_id, retired_at) VALUES ($1, $2, $3)";
        tx.execute(sql, &params![shown_hash, session.id, now]).await?;
        return Ok(SessionRefresh::Refreshed(session));
    }
    let sql = concat!(
        "UPDATE sessions SET revoked_at = COALESCE(revoked_at, $2), revoked_reason = COALESCE(revoked_reason, 'reuse') \
         WHERE id = (SELECT session_id FROM session_retired_hashes WHERE hash = $1) RETURNING ",
        columns!()
    );
    let reused = tx.query_opt(sql, &params![shown_hash, now]).await?;
    reused.as_ref().map_or(Ok(SessionRefresh::Invalid), |row| read(row).map(SessionRefresh::Reused))
}

/// A subject's session, whether it ended or not.
pub async fn session_get(
    tx: &mut Tx,
    subject_id: &str,
    id: SessionId,
) -> Result<Option<Session>, StoreError> {
    let sql = concat!("SELECT ", columns!(), " FROM sessions WHERE subject_id = $1 AND id = $2");
    tx.query_opt(sql, &params![subject_id, id]).await?.as_ref().map(read).transpose()
}

/// Ends the session that this refresh token belongs to, or belonged to before it was used. False when there is none.
pub async fn session_revoke_by_hash(
    tx: &mut Tx,
    refresh_hash: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "UPDATE sessions SET revoked_at = $2, revoked_reason = 'logout' \
               WHERE revoked_at IS NULL AND (refresh_hash = $1 \
               OR id = (SELECT session_id FROM session_retired_hashes WHERE hash = $1))";
    Ok(tx.execute(sql, &params![refresh_hash, now]).await? == 1)
}

/// Ends one session of a subject. False when it had ended.
pub async fn session_revoke(
    tx: &mut Tx,
    subject_id: &str,
    id: SessionId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "UPDATE sessions SET revoked_at = $3, revoked_reason = 'logout' \
               WHERE subject_id = $1 AND id = $2 AND revoked_at IS NULL";
    Ok(tx.execute(sql, &params![subject_id, id, now]).await? == 1)
}

/// Ends every session of a subject: after a password change, a suspension. Returns how many were open.
pub async fn session_revoke_all(tx: &mut Tx, subject_id: &str, now: Timestamp) -> Result<u64, StoreError> {
    let sql = "UPDATE sessions SET revoked_at = $2, revoked_reason = 'all' WHERE subject_id = $1 AND revoked_at IS NULL";
    tx.execute(sql, &params![subject_id, now]).await
}

/// Ends every session of a subject but `kept`: after a password change. Returns how many were open.
pub async fn session_revoke_others(
    tx: &mut Tx,
    subject_id: &str,
    kept: SessionId,
    now: Timestamp,
) -> Result<u64, StoreError> {
    let sql = "UPDATE sessions SET revoked_at = $3, revoked_reason = 'all' \
               WHERE subject_id = $1 AND id <> $2 AND revoked_at IS NULL";
    tx.execute(sql, &params![subject_id, kept, now]).await
}

/// A subject's open sessions, the one used last first; no more than a hundred.
pub async fn session_list(tx: &mut Tx, subject_id: &str, now: Timestamp) -> Result<Vec<Session>, StoreError> {
    let sql = concat!(
        "SELECT ",
        columns!(),
        " FROM sessions WHERE subject_id = $1 AND revoked_at IS NULL AND expires_at > $2 \
         ORDER BY refreshed_at DESC, id DESC LIMIT 100"
    );
    tx.query(sql, &params![subject_id, now]).await?.iter().map(read).collect()
}

/// Whether a subject has logged in from this network address in the time its sessions are kept.
pub async fn session_knows_address(tx: &mut Tx, subject_id: &str, address: &str) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM sessions WHERE subject_id = $1 AND address = $2 LIMIT 1";
    Ok(tx.query_opt(sql, &params![subject_id, address]).await?.is_some())
}

/// Forgets sessions that expired before `before`. Returns how many.
pub async fn session_purge_unscoped(tx: &mut Tx, before: Timestamp) -> Result<u64, StoreError> {
    tx.execute("DELETE FROM sessions WHERE expires_at < $1", &params![before]).await
}
