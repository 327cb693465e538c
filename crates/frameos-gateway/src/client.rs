//! The gateway's clients: platforms with accounts of their own, known by API keys and, if they want, by signatures.
//!
//! Invariants: a key is shown when it is made and never again; every change of a client is in the audit log, in the same
//! transaction; a client that was revoked stays in the books, and so does its name.

use std::time::Duration;

use frameos_domain::{
    client_key::{ClientKey, client_key_hash},
    clock::Timestamp,
    id::{ClientId, EventId},
    signing::{PublicKey, SignatureError},
};
use frameos_store::{
    Store, StoreError, Tx,
    audit::{AuditEntry, audit_insert},
    gateway::client::{
        ClientRow, KeyedClient, ListedClient, client_by_key_unscoped, client_find_unscoped, client_insert,
        client_key_insert, client_key_used, client_keys_expire, client_revoke, client_signing_key_set,
        clients_list_unscoped, nonce_take, nonces_forget_unscoped,
    },
};
use serde::Serialize;
use thiserror::Error;

/// How old the note of a key's last use may get, so that not every request writes.
const USE_NOTED_EVERY: Duration = Duration::from_secs(60);
const LONGEST_NAME: usize = 64;

/// Why a client could not be changed or looked at.
#[derive(Debug, Error)]
pub enum ClientError {
    #[error("`{name}` is not a name: take 1 to {LONGEST_NAME} lower-case letters, digits and hyphens")]
    BadName { name: String },
    #[error("there is a client `{name}` already, perhaps a revoked one; take another name")]
    NameTaken { name: String },
    #[error("there is no client `{name}`")]
    NotFound { name: String },
    #[error("client `{name}` was revoked; add another")]
    Revoked { name: String },
    #[error("a key could not be made")]
    Key(#[from] SignatureError),
    #[error("the clients cannot be read or written")]
    Store(#[from] StoreError),
}

/// What is to be known of a new client.
#[derive(Debug, Clone, Default)]
pub struct ClientNew {
    pub name: String,
    /// With one, requests must be signed.
    pub signing_key: Option<PublicKey>,
    /// None: what the configuration says.
    pub requests_per_second: Option<u32>,
}

/// A client that a request comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    pub id: ClientId,
    pub name: String,
    pub signing_key: Option<PublicKey>,
    pub requests_per_second: Option<u32>,
}

/// A client as its operator sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClientView {
    pub client_id: ClientId,
    pub name: String,
    /// The id of the key its requests are signed with; none when they need not be.
    pub signing_key_id: Option<String>,
    pub requests_per_second: Option<i64>,
    /// API keys that are accepted now.
    pub keys: i64,
    pub last_used_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub revoked_at: Option<Timestamp>,
}

/// Makes a client and its first key.
pub async fn client_add(
    store: &Store,
    new: ClientNew,
    now: Timestamp,
) -> Result<(ClientId, ClientKey), ClientError> {
    name_check(&new.name)?;
    let row = ClientRow {
        id: ClientId::generate(now),
        name: new.name.clone(),
        signing_key: new.signing_key.as_ref().map(|key| key.x().to_owned()),
        requests_per_second: new.requests_per_second.map(i64::from),
        created_at: now,
        revoked_at: None,
    };
    let (id, key) = (row.id, ClientKey::generate()?);
    let (hash, signing) = (key.hash(), new.signing_key.map(|key| key.kid()));
    let added = store.tx(move |tx| {
        Box::pin(async move {
            if !client_insert(tx, &row).await? {
                return Ok(false);
            }
            client_key_insert(tx, row.id, &hash, now).await?;
            let signing = signing.map_or_else(String::new, |kid| format!(", signing with {kid}"));
            client_audit(tx, "gateway_client.add", row.id, format!("{}{signing}", row.name), now).await?;
            Ok(true)
        })
    });
    if added.await? { Ok((id, key)) } else { Err(ClientError::NameTaken { name: new.name }) }
}

/// Every client, oldest first.
pub async fn clients_list(store: &Store, now: Timestamp) -> Result<Vec<ClientView>, ClientError> {
    let rows = store.read(move |tx| Box::pin(clients_list_unscoped(tx, now))).await?;
    Ok(rows.into_iter().map(client_view).collect())
}

/// Ends a client's access, with all its keys. What it owns stays as it is.
pub async fn client_end(store: &Store, name: &str, now: Timestamp) -> Result<ClientId, ClientError> {
    let client = client_live(store, name).await?;
    let id = client.id;
    let ended = store.tx(move |tx| {
        Box::pin(async move {
            let ended = client_revoke(tx, id, now).await?;
            if ended {
                client_audit(tx, "gateway_client.revoke", id, client.name, now).await?;
            }
            Ok(ended)
        })
    });
    if ended.await? { Ok(id) } else { Err(ClientError::Revoked { name: name.to_owned() }) }
}

/// What a rotation changes.
#[derive(Debug, Clone, Default)]
pub struct Rotation {
    /// How long the keys so far stay good.
    pub grace: Duration,
    /// A new key for signatures; the old one counts no more.
    pub signing_key: Option<PublicKey>,
}

/// Gives a client a new key; those it has end after the grace.
pub async fn client_rotate(
    store: &Store,
    name: &str,
    rotation: Rotation,
    now: Timestamp,
) -> Result<(ClientId, ClientKey), ClientError> {
    let client = client_live(store, name).await?;
    let (id, key) = (client.id, ClientKey::generate()?);
    let hash = key.hash();
    let rotated = store.tx(move |tx| {
        Box::pin(async move {
            let detail = format!("{}, old keys end after {} s", client.name, rotation.grace.as_secs());
            client_keys_expire(tx, id, now.plus(rotation.grace)).await?;
            client_key_insert(tx, id, &hash, now).await?;
            if let Some(signing_key) = rotation.signing_key {
                client_signing_key_set(tx, id, Some(signing_key.x())).await?;
                let detail = format!("{}, signing with {}", client.name, signing_key.kid());
                client_audit(tx, "gateway_client.signing_key", id, detail, now).await?;
            }
            client_audit(tx, "gateway_client.rotate", id, detail, now).await
        })
    });
    rotated.await?;
    Ok((id, key))
}

/// The client that an API key lets in.
pub async fn client_authenticate(
    store: &Store,
    key: &str,
    now: Timestamp,
) -> Result<Option<Client>, ClientError> {
    let hash = client_key_hash(key);
    let sought = hash.clone();
    let found =
        store.read(move |tx| Box::pin(async move { client_by_key_unscoped(tx, &sought, now).await })).await?;
    let Some(KeyedClient { client, last_used_at }) = found else { return Ok(None) };
    if last_used_at.is_none_or(|last| last.plus(USE_NOTED_EVERY) <= now) {
        store.tx(move |tx| Box::pin(async move { client_key_used(tx, &hash, now).await })).await?;
    }
    let signing_key = client.signing_key.as_deref().map(PublicKey::from_x).transpose()?;
    let requests_per_second = client.requests_per_second.and_then(|limit| u32::try_from(limit).ok());
    Ok(Some(Client { id: client.id, name: client.name, signing_key, requests_per_second }))
}

/// Takes the nonce of a signed request. False when the client has used it before.
pub async fn client_nonce_take(
    store: &Store,
    client: ClientId,
    nonce: String,
    until: Timestamp,
) -> Result<bool, ClientError> {
    Ok(store.tx(move |tx| Box::pin(async move { nonce_take(tx, client, &nonce, until).await })).await?)
}

/// Forgets nonces that can do no harm any more. Returns how many.
pub async fn client_nonces_forget(store: &Store, now: Timestamp) -> Result<u64, ClientError> {
    Ok(store.tx(move |tx| Box::pin(nonces_forget_unscoped(tx, now))).await?)
}

/// A client that is there and was not revoked.
async fn client_live(store: &Store, name: &str) -> Result<ClientRow, ClientError> {
    let sought = name.to_owned();
    let found =
        store.read(move |tx| Box::pin(async move { client_find_unscoped(tx, &sought).await })).await?;
    let found = found.ok_or_else(|| ClientError::NotFound { name: name.to_owned() })?;
    if found.revoked_at.is_some() {
        return Err(ClientError::Revoked { name: found.name });
    }
    Ok(found)
}

async fn client_audit(
    tx: &mut Tx,
    action: &str,
    subject: ClientId,
    detail: String,
    now: Timestamp,
) -> Result<(), StoreError> {
    let entry = AuditEntry {
        id: EventId::generate(now),
        at: now,
        actor: "operator".to_owned(),
        action: action.to_owned(),
        subject: subject.to_string(),
        detail,
    };
    audit_insert(tx, &entry).await
}

fn name_check(name: &str) -> Result<(), ClientError> {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if (1..=LONGEST_NAME).contains(&name.len()) && name.bytes().all(fits) {
        Ok(())
    } else {
        Err(ClientError::BadName { name: name.to_owned() })
    }
}

fn client_view(row: ListedClient) -> ClientView {
    let ListedClient { client, keys, last_used_at } = row;
    let signing_key = client.signing_key.as_deref().and_then(|x| PublicKey::from_x(x).ok());
    ClientView {
        client_id: client.id,
        name: client.name,
        signing_key_id: signing_key.map(|key| key.kid()),
        requests_per_second: client.requests_per_second,
        keys,
        last_used_at,
        created_at: client.created_at,
        revoked_at: client.revoked_at,
    }
}
