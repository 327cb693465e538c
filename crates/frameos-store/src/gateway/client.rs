//! The gateway's clients: who they are, by which keys they are known, and which nonces they have used.
//!
//! Invariants: a key is stored as its SHA-256; a revoked client and a key whose time is over are found by nobody; a client uses
//! a nonce once, which one insert decides.

use frameos_domain::{clock::Timestamp, id::ClientId};

use crate::{Row, StoreError, Tx, params};

/// A client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientRow {
    pub id: ClientId,
    pub name: String,
    /// An Ed25519 public key, base64url. With one, requests must be signed.
    pub signing_key: Option<String>,
    pub requests_per_second: Option<i64>,
    pub created_at: Timestamp,
    pub revoked_at: Option<Timestamp>,
}

impl ClientRow {
    fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.get(0)?,
            name: row.get(1)?,
            signing_key: row.get(2)?,
            requests_per_second: row.get(3)?,
            created_at: row.get(4)?,
            revoked_at: row.get(5)?,
        })
    }
}

/// A client by one of its keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyedClient {
    pub client: ClientRow,
    pub last_used_at: Option<Timestamp>,
}

/// A client as an operator sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedClient {
    pub client: ClientRow,
    /// Keys that are accepted now.
    pub keys: i64,
    pub last_used_at: Option<Timestamp>,
}

/// Stores a client. False when its name is taken, also by a revoked one.
pub async fn client_insert(tx: &mut Tx, client: &ClientRow) -> Result<bool, StoreError> {
    let sql = "INSERT INTO gateway_clients (id, name, signing_key, requests_per_second, created_at, revoked_at) \
               VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (name) DO NOTHING";
    let params = params![
        client.id,
        client.name.as_str(),
        client.signing_key.clone(),
        client.requests_per_second,
        client.created_at,
        client.revoked_at
    ];
    Ok(tx.execute(sql, &params).await? == 1)
}

pub async fn client_find_unscoped(tx: &mut Tx, name: &str) -> Result<Option<ClientRow>, StoreError> {
    let sql = "SELECT id, name, signing_key, requests_per_second, created_at, revoked_at FROM gateway_clients \
               WHERE name = $1";
    tx.query_opt(sql, &params![name]).await?.as_ref().map(ClientRow::read).transpose()
}

/// Every client, oldest first.
pub async fn clients_list_unscoped(tx: &mut Tx, now: Timestamp) -> Result<Vec<ListedClient>, StoreError> {
    let sql = "SELECT c.id, c.name, c.signing_key, c.requests_per_second, c.created_at, c.revoked_at, \
               (SELECT COUNT(*) FROM gateway_client_keys k WHERE k.client_id = c.id AND c.revoked_at IS NULL \
                AND (k.expires_at IS NULL OR k.expires_at > $1)), \
               (SELECT MAX(k.last_used_at) FROM gateway_client_keys k WHERE k.client_id = c.id) \
               FROM gateway_clients c ORDER BY c.id";
    let read = |row: &Row| {
        Ok(ListedClient { client: ClientRow::read(row)?, keys: row.get(6)?, last_used_at: row.get(7)? })
    };
    tx.query(sql, &params![now]).await?.iter().map(read).collect()
}

/// Ends a client's access. False when it had ended.
pub async fn client_revoke(tx: &mut Tx, id: ClientId, now: Timestamp) -> Result<bool, StoreError> {
    let sql = "UPDATE gateway_clients SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL";
    Ok(tx.execute(sql, &params![id, now]).await? == 1)
}

/// Replaces the key that a client's requests are signed with; none lets it go unsigned.
pub async fn client_signing_key_set(
    tx: &mut Tx,
    id: ClientId,
    signing_key: Option<&str>,
) -> Result<(), StoreError> {
    let sql = "UPDATE gateway_clients SET signing_key = $2 WHERE id = $1";
    tx.execute(sql, &params![id, signing_key]).await.map(drop)
}

pub async fn client_key_insert(
    tx: &mut Tx,
    id: ClientId,
    hash: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO gateway_client_keys (hash, client_id, created_at) VALUES ($1, $2, $3)";
    tx.execute(sql, &params![hash, id, now]).await.map(drop)
}

/// Has the keys a client has so far end at `at`, unless they end earlier.
pub async fn client_keys_expire(tx: &mut Tx, id: ClientId, at: Timestamp) -> Result<u64, StoreError> {
    let sql = "UPDATE gateway_client_keys SET expires_at = $2 \
               WHERE client_id = $1 AND (expires_at IS NULL OR expires_at > $2)";
    tx.execute(sql, &params![id, at]).await
}

/// The client that a key with this hash lets in at `now`.
pub async fn client_by_key_unscoped(
    tx: &mut Tx,
    hash: &str,
    now: Timestamp,
) -> Result<Option<KeyedClient>, StoreError> {
    let sql = "SELECT c.id, c.name, c.signing_key, c.requests_per_second, c.created_at, c.revoked_at, k.last_used_at \
               FROM gateway_client_keys k JOIN gateway_clients c ON c.id = k.client_id \
               WHERE k.hash = $1 AND c.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > $2)";
    let row = tx.query_opt(sql, &params![hash, now]).await?;
    row.map(|row| Ok(KeyedClient { client: ClientRow::read(&row)?, last_used_at: row.get(6)? })).transpose()
}

/// Notes that a key was used.
pub async fn client_key_used(tx: &mut Tx, hash: &str, now: Timestamp) -> Result<(), StoreError> {
    let sql = "UPDATE gateway_client_keys SET last_used_at = $2 \
               WHERE hash = $1 AND (last_used_at IS NULL OR last_used_at < $2)";
    tx.execute(sql, &params![hash, now]).await.map(drop)
}

/// Takes a nonce. False when the client has used it.
pub async fn nonce_take(
    tx: &mut Tx,
    client: ClientId,
    nonce: &str,
    until: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "INSERT INTO gateway_nonces (client_id, nonce, expires_at) VALUES ($1, $2, $3) \
               ON CONFLICT (client_id, nonce) DO NOTHING";
    Ok(tx.execute(sql, &params![client, nonce, until]).await? == 1)
}

/// Forgets nonces whose signatures nobody would accept any more.
pub async fn nonces_forget_unscoped(tx: &mut Tx, now: Timestamp) -> Result<u64, StoreError> {
    tx.execute("DELETE FROM gateway_nonces WHERE expires_at < $1", &params![now]).await
}
