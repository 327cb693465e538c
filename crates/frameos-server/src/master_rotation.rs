//! Which master key an installation writes with, and the change to another while it works.
//!
//! Invariants: the database says which keys are in use, the one that writes first, so that all processes agree; a process that does not
//! have that key writes nothing, and one that has not heard of it for `FRESH` neither. So once a change is older than that, nobody
//! writes with the key before, and a key is given up only when nothing in database or objects names it (ADR 0029).

use std::{
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use frameos_domain::{clock::Clock, id::EventId};
use frameos_store::{
    MasterKey, Store, StoreError,
    audit::{AuditEntry, audit_insert},
    clock::SystemClock,
    rekey::{COLUMNS, Sealed, objects_count, objects_rekey},
    setting::{setting_get, setting_set, setting_settle},
};
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use crate::{
    backup::Progress,
    config::Config,
    data_dir::DataDir,
    error::ServeError,
    keys::KeyError,
    maintenance::{store_change, store_visit_objects},
    master_keys::{master_key_add, master_key_remove, master_keys, master_keys_found},
};

/// The ids of the keys in use, the one that writes first.
const SETTING: &str = "master_keys";
/// How often a process asks which key writes.
const ASK_EVERY: Duration = Duration::from_secs(2);
/// For how long an answer is good.
const FRESH: Duration = Duration::from_secs(10);
/// After this nobody writes with the key before: an answer's time, and that of a write that had begun.
const SETTLED: Duration = Duration::from_secs(12);
/// How often what is left is gone through once nobody should write with an old key any more.
const PASSES: u32 = 10;

fn ids(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

/// Has the store write with the installation's key; the first process of an installation brings the first of its own.
pub(crate) async fn master_key_agree(
    config: &Config,
    keys: PathBuf,
    store: &Store,
) -> Result<(), ServeError> {
    let source = config.clone();
    // What cannot be read now gives nothing; whoever needs it is told that the key is not known.
    store.cipher().source_set(Arc::new(move || master_keys_found(&source, &keys).unwrap_or_default()));
    let ours = store.cipher().active_key_id();
    let held = store.tx(move |tx| Box::pin(async move { setting_settle(tx, SETTING, &ours).await })).await?;
    let active = ids(&held).into_iter().next().unwrap_or_default();
    if store.cipher().activate(&active, None) {
        Ok(())
    } else {
        Err(KeyError::MasterMissing { id: active }.into())
    }
}

/// Keeps up with the installation's choice until the process ends.
pub(crate) async fn master_key_follow(store: Store, shutdown: CancellationToken) {
    loop {
        let asked = Instant::now();
        match setting(&store).await {
            Ok(held) => {
                let active = held.into_iter().next().unwrap_or_default();
                let before = store.cipher().active_key_id();
                if !store.cipher().activate(&active, Some(asked + FRESH)) {
                    tracing::error!(
                        key = active,
                        "this process was not given the master key that writes, and cannot write what is encrypted"
                    );
                } else if before != active {
                    tracing::info!(key = active, before, "another master key writes");
                }
            }
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "it is not known which master key writes"
                );
            }
        }
        tokio::select! {
            () = tokio::time::sleep(ASK_EVERY) => {}
            () = shutdown.cancelled() => return,
        }
    }
}

async fn setting(store: &Store) -> Result<Vec<String>, StoreError> {
    let read = store.read(|tx| Box::pin(async move { setting_get(tx, SETTING).await }));
    Ok(ids(&read.await?.unwrap_or_default()))
}

/// A master key, and what it has sealed.
#[derive(Debug, Clone, Serialize)]
pub struct MasterKeyListed {
    pub key_id: String,
    /// `active`, `old` or, not in use yet, `new`.
    pub state: &'static str,
    /// Whether this process was given it.
    pub given: bool,
    pub values: u64,
    pub objects: u64,
}

/// The master keys in use or given, and how much depends on each. Changes nothing.
pub async fn master_keys_list(config: Config) -> Result<Vec<MasterKeyListed>, ServeError> {
    let (data, store) = store_visit_objects(&config).await?;
    let given: Vec<String> = master_keys(&config, &data.path("keys"))?.iter().map(MasterKey::id).collect();
    let held = setting(&store).await?;
    let (values, objects) = (values_count(&store).await?, objects_count(&store).await?);
    let mut all = held.clone();
    for id in given.iter().chain(values.keys()).chain(objects.keys()) {
        if !all.contains(id) {
            all.push(id.clone());
        }
    }
    let listed = all.into_iter().map(|key_id| MasterKeyListed {
        state: match held.iter().position(|id| *id == key_id) {
            Some(0) => "active",
            Some(_) => "old",
            None if values.contains_key(&key_id) || objects.contains_key(&key_id) => "old",
            None => "new",
        },
        given: given.contains(&key_id),
        values: values.get(&key_id).copied().unwrap_or(0),
        objects: objects.get(&key_id).copied().unwrap_or(0),
        key_id,
    });
    Ok(listed.collect())
}

async fn values_count(store: &Store) -> Result<Sealed, StoreError> {
    let mut counts = Sealed::new();
    for column in COLUMNS {
        for (id, count) in column.count(store).await? {
            *counts.entry(id).or_default() += count;
        }
    }
    Ok(counts)
}

/// What a rotation did.
#[derive(Debug, Clone, Serialize)]
pub struct MasterKeyRotated {
    pub active_key_id: String,
    pub old_key_ids: Vec<String>,
    /// Whether it went on with one that was begun before, instead of taking a new key.
    pub resumed: bool,
    pub values: u64,
    pub objects: u64,
}

/// Makes a key without using it, to be carried to other machines first. Returns its id.
pub async fn master_key_prepare(config: Config) -> Result<String, ServeError> {
    let data = DataDir::existing(&config.data_dir)?;
    if config.master_key.is_some() {
        return Err(KeyError::MasterByConfig.into());
    }
    let keys = data.path("keys");
    let store = store_change(&config).await?;
    let held = setting(&store).await?;
    match master_keys(&config, &keys)?.iter().map(MasterKey::id).find(|id| !held.contains(id)) {
        Some(prepared) => Ok(prepared),
        None => Ok(master_key_add(&keys)?.id()),
    }
}

/// Has a new master key write, and everything sealed with others sealed again, beside running processes. One that was stopped goes on.
pub async fn master_key_rotate(config: Config, progress: Progress) -> Result<MasterKeyRotated, ServeError> {
    let store = store_change(&config).await?;
    let held = setting(&store).await?;
    let begun = store.cipher().active_key_id();
    let remaining = remaining(&store, &begun).await?;
    let resumed = remaining > 0;
    let active = if resumed { begun } else { master_key_change(&config, &store, &held).await? };
    let changed = Instant::now();
    progress(&format!("{active} writes from now on"));
    let mut rotated = MasterKeyRotated {
        old_key_ids: setting(&store).await?.into_iter().filter(|id| *id != active).collect(),
        active_key_id: active.clone(),
        resumed,
        values: 0,
        objects: 0,
    };
    let mut unreadable = rekey_pass(&store, &mut rotated, &progress).await?;
    // Processes that have not heard of the change yet still write with the key before.
    tokio::time::sleep(SETTLED.saturating_sub(changed.elapsed())).await;
    for pass in 0.. {
        let count = self::remaining(&store, &active).await?;
        if count <= unreadable {
            break;
        }
        // Somebody goes on writing with an old key: a process of an older version, perhaps.
        if pass == PASSES {
            return Err(KeyError::StillNeeded { count }.into());
        }
        unreadable = rekey_pass(&store, &mut rotated, &progress).await?;
    }
    if unreadable > 0 { Err(KeyError::Unreadable { count: unreadable }.into()) } else { Ok(rotated) }
}

/// How much is sealed with other keys than `active`.
async fn remaining(store: &Store, active: &str) -> Result<u64, StoreError> {
    let others = |counts: Sealed| {
        counts.into_iter().filter(|(id, _)| id != active).map(|(_, count)| count).sum::<u64>()
    };
    Ok(others(values_count(store).await?) + others(objects_count(store).await?))
}

async fn rekey_pass(
    store: &Store,
    rotated: &mut MasterKeyRotated,
    progress: &Progress,
) -> Result<u64, StoreError> {
    let mut unreadable = 0;
    for column in COLUMNS {
        let told = |done: u64| progress(&format!("{}.{}: {done}", column.table, column.column));
        let result = column.rekey(store, &told).await?;
        rotated.values += result.done;
        unreadable += result.unreadable;
    }
    let result = objects_rekey(store, &|done| progress(&format!("objects: {done}"))).await?;
    rotated.objects += result.done;
    Ok(unreadable + result.unreadable)
}

/// Chooses the next key and has it write. Returns its id.
async fn master_key_change(config: &Config, store: &Store, held: &[String]) -> Result<String, ServeError> {
    let keys = DataDir::existing(&config.data_dir)?.path("keys");
    let given: Vec<String> = master_keys(config, &keys)?.iter().map(MasterKey::id).collect();
    let next = if config.master_key.is_some() {
        // Newest first: one behind the key that writes is an older one.
        let first = given.first().filter(|id| !held.contains(id));
        first.cloned().ok_or(KeyError::MasterNotGiven)?
    } else {
        match given.into_iter().find(|id| !held.contains(id)) {
            Some(prepared) => prepared,
            None => master_key_add(&keys)?.id(),
        }
    };
    let (before, now) = (held.join(" "), SystemClock.now());
    let after = format!("{next} {before}");
    let entry = AuditEntry {
        id: EventId::generate(now),
        at: now,
        actor: "platform".into(),
        action: "master_key.rotate".into(),
        subject: next.clone(),
        detail: format!("it follows {}", held.first().map_or("none", String::as_str)),
    };
    let taken = store.tx(move |tx| {
        Box::pin(async move {
            if setting_get(tx, SETTING).await?.unwrap_or_default() != before {
                return Ok(false);
            }
            setting_set(tx, SETTING, &after).await?;
            audit_insert(tx, &entry).await?;
            Ok(true)
        })
    });
    if !taken.await? {
        return Err(KeyError::Overtaken { purpose: "master" }.into());
    }
    if store.cipher().activate(&next, None) {
        Ok(next)
    } else {
        Err(KeyError::MasterMissing { id: next }.into())
    }
}

/// Gives up the old keys, once nothing names them. Returns their ids.
pub async fn master_keys_retire(config: Config, progress: Progress) -> Result<Vec<String>, ServeError> {
    let store = store_change(&config).await?;
    let held = setting(&store).await?;
    let Some((active, old)) = held.split_first() else { return Ok(Vec::new()) };
    if old.is_empty() {
        return Ok(Vec::new());
    }
    progress("waiting until no process can write with an old key");
    tokio::time::sleep(SETTLED).await;
    let count = remaining(&store, active).await?;
    if count > 0 {
        return Err(KeyError::StillNeeded { count }.into());
    }
    let (before, after, now) = (held.join(" "), active.clone(), SystemClock.now());
    let entry = AuditEntry {
        id: EventId::generate(now),
        at: now,
        actor: "platform".into(),
        action: "master_key.retire".into(),
        subject: active.clone(),
        detail: format!("given up: {}", old.join(" ")),
    };
    let taken = store.tx(move |tx| {
        Box::pin(async move {
            if setting_get(tx, SETTING).await?.unwrap_or_default() != before {
                return Ok(false);
            }
            setting_set(tx, SETTING, &after).await?;
            audit_insert(tx, &entry).await?;
            Ok(true)
        })
    });
    if !taken.await? {
        return Err(KeyError::Overtaken { purpose: "master" }.into());
    }
    // Where the configuration gives the keys, their end is the operator's.
    if config.master_key.is_none() {
        let keys = DataDir::existing(&config.data_dir)?.path("keys");
        for id in old {
            master_key_remove(&keys, id)?;
        }
    }
    Ok(old.to_vec())
}
