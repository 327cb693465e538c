//! The signing keys of an installation in its database: which one signs, which ones signed before, and rotation.
//!
//! Invariants: the first key of a purpose is the one of the data directory's key file; a later one is made by `keyring_rotate`
//! and follows from it by signed handovers. A key file that is none of the installation's keys is refused. A process that runs
//! learns of a rotation by [`keyring_newer`]; until then it signs with the key before, which stays published.

use std::path::Path;

use frameos_domain::{
    clock::Timestamp,
    handover::{Handover, SignedHandover, keys_reachable},
    id::EventId,
    signing::{KeySet, Keyring, PublicKey, SigningKey},
};
use frameos_store::{
    Place, Store, StoreError,
    audit::{AuditEntry, audit_insert},
    setting::setting_delete,
    signing_key::{SigningKeyRow, signing_key_insert, signing_key_retire, signing_keys},
};
use zeroize::Zeroizing;

use crate::keys::{KeyBytes, KeyError, key_load_or_create, key_load_shared, key_setting, signing_key_place};

/// A purpose whose key can be rotated, as it is named in the database and in the key's file.
pub(crate) const PURPOSES: [&str; 2] = ["gateway", "receipts"];

/// The keyring of `purpose`; the first process of an installation brings the key of its file.
pub(crate) async fn keyring_open(
    store: &Store,
    folder: &Path,
    is_alone: bool,
    purpose: &'static str,
    now: Timestamp,
) -> Result<Keyring, KeyError> {
    let mut rows = keyring_rows(store, purpose).await?;
    if rows.is_empty() {
        let seed = if is_alone {
            key_load_or_create(folder, purpose)?
        } else {
            key_load_shared(store, folder, purpose).await?
        };
        let first = row_new(store, purpose, &seed, None, now)?;
        let insert =
            store.tx(move |tx| Box::pin(async move { signing_key_insert(tx, purpose, &first).await }));
        insert.await.map_err(KeyError::Shared)?;
        rows = keyring_rows(store, purpose).await?;
    }
    let (keyring, seed) = keyring_read(store, purpose, &rows)?;
    // A place without the file gets the key of today; one with a file must belong to this installation.
    let here = signing_key_place(folder, purpose, &seed)?;
    let known = keyring.active.public() == here.public() || keyring.retired.contains(here.public());
    if known { Ok(keyring) } else { Err(KeyError::Foreign { path: folder.join(format!("{purpose}.key")) }) }
}

/// The keyring, if its active key is not `known` any more.
pub(crate) async fn keyring_newer(
    store: &Store,
    purpose: &'static str,
    known: &str,
) -> Result<Option<Keyring>, KeyError> {
    let rows = keyring_rows(store, purpose).await?;
    if rows.first().is_none_or(|row| row.kid == known) {
        return Ok(None);
    }
    keyring_read(store, purpose, &rows).map(|(keyring, _)| Some(keyring))
}

/// Makes a new key, has the old one hand over to it, and forgets the old one's private half. Returns both ids.
pub(crate) async fn keyring_rotate(
    store: &Store,
    purpose: &'static str,
    now: Timestamp,
) -> Result<(String, String), KeyError> {
    let rows = keyring_rows(store, purpose).await?;
    if rows.is_empty() {
        return Err(KeyError::NotStarted { purpose });
    }
    let (keyring, _) = keyring_read(store, purpose, &rows)?;
    let seed: KeyBytes = Zeroizing::new(SigningKey::generate_seed().map_err(KeyError::Random)?);
    let next = signing_key(purpose, &seed)?;
    let handover = Handover::sign(purpose, &keyring.active, &next, now)
        .map_err(|source| KeyError::Broken { purpose, source })?;
    let (old, new) = (keyring.active.public().kid(), next.public().kid());
    let row = row_new(store, purpose, &seed, Some(handover), now)?;
    let entry = AuditEntry {
        id: EventId::generate(now),
        at: now,
        actor: "platform".into(),
        action: "key.rotate".into(),
        subject: new.clone(),
        detail: format!("{purpose}: it follows {old}"),
    };
    let retired = old.clone();
    let taken = store.tx(move |tx| {
        Box::pin(async move {
            if !signing_key_retire(tx, purpose, &retired, now).await? {
                return Ok(false);
            }
            if !signing_key_insert(tx, purpose, &row).await? {
                return Err(StoreError::Corrupt { what: format!("two active keys for {purpose}") });
            }
            // Processes shared the first key there; its private half must not stay.
            setting_delete(tx, &key_setting(purpose)).await?;
            audit_insert(tx, &entry).await?;
            Ok(true)
        })
    });
    if taken.await.map_err(KeyError::Shared)? { Ok((old, new)) } else { Err(KeyError::Overtaken { purpose }) }
}

/// The public keys of `purpose` that follow from trusting `anchor`.
pub(crate) async fn keyring_trusted(
    store: &Store,
    purpose: &'static str,
    anchor: &PublicKey,
) -> Result<KeySet, KeyError> {
    let rows = keyring_rows(store, purpose).await?;
    Ok(keys_reachable(anchor, purpose, &handovers(&rows)))
}

/// One that cannot be read vouches for nothing.
fn handovers(rows: &[SigningKeyRow]) -> Vec<SignedHandover> {
    let texts = rows.iter().filter_map(|row| row.handover.as_deref());
    texts.filter_map(|text| serde_json::from_str(text).ok()).collect()
}

/// The keys of `purpose` as they are stored, the active one first.
pub(crate) async fn keyring_rows(
    store: &Store,
    purpose: &'static str,
) -> Result<Vec<SigningKeyRow>, KeyError> {
    let read = store.read(move |tx| Box::pin(async move { signing_keys(tx, purpose).await }));
    read.await.map_err(KeyError::Shared)
}

fn keyring_read(
    store: &Store,
    purpose: &'static str,
    rows: &[SigningKeyRow],
) -> Result<(Keyring, KeyBytes), KeyError> {
    let malformed = || KeyError::Malformed { path: format!("the row of the {purpose} key").into() };
    let (active, retired) = rows.split_first().ok_or_else(malformed)?;
    let sealed = active.sealed.as_deref().and_then(|text| hex::decode(text).ok()).ok_or_else(malformed)?;
    let row = place_of(purpose, &active.kid);
    let opened = Zeroizing::new(store.cipher().open(place(&row), &sealed).map_err(KeyError::OtherMaster)?);
    let seed: KeyBytes = Zeroizing::new(opened.as_slice().try_into().map_err(|_| malformed())?);
    let active = signing_key(purpose, &seed)?;
    let before: Result<Vec<PublicKey>, _> =
        retired.iter().map(|row| PublicKey::from_x(&row.public_key)).collect();
    let mut retired = before.map_err(|source| KeyError::Broken { purpose, source })?;
    // A row vouches for nothing: anybody who can write to the database can add one.
    let trusted = keys_reachable(active.public(), purpose, &handovers(rows));
    retired.retain(|key| trusted.contains(key));
    Ok((Keyring { active, retired }, seed))
}

fn row_new(
    store: &Store,
    purpose: &'static str,
    seed: &KeyBytes,
    handover: Option<SignedHandover>,
    now: Timestamp,
) -> Result<SigningKeyRow, KeyError> {
    let key = signing_key(purpose, seed)?;
    let kid = key.public().kid();
    let row = place_of(purpose, &kid);
    let sealed = store.cipher().seal(place(&row), seed.as_slice()).map_err(KeyError::OtherMaster)?;
    let handover = handover.and_then(|handover| serde_json::to_string(&handover).ok());
    Ok(SigningKeyRow {
        kid,
        public_key: key.public().x().to_owned(),
        sealed: Some(hex::encode(sealed)),
        handover,
        created_at: now,
        retired_at: None,
    })
}

fn signing_key(purpose: &'static str, seed: &KeyBytes) -> Result<SigningKey, KeyError> {
    SigningKey::from_seed(seed.as_slice()).map_err(|source| KeyError::Broken { purpose, source })
}

fn place_of(purpose: &str, kid: &str) -> String {
    format!("{purpose}/{kid}")
}

fn place(row: &str) -> Place<'_> {
    Place::new("signing_keys", "sealed", row)
}
