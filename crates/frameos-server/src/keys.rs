//! The key files of a data directory: `keys/{master,tokens,receipts,gateway,gateway-es256}.key`, 32 random bytes each, in hex.
//!
//! Processes that share a database share the signing keys through it: sealed with the master key, the first one's count.
//!
//! Invariants: a key file is created once, atomically, with mode 0600, and never written again; a key file that others may
//! read is refused rather than repaired, because whoever could read it may have. Key bytes are never logged or shown.

use std::{
    fs,
    io::{ErrorKind, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use frameos_domain::{
    es256::Es256Key,
    signing::{SignatureError, SigningKey},
};
use frameos_store::{CipherError, Place, Store, StoreError, setting::setting_settle};
use thiserror::Error;
use zeroize::Zeroizing;

/// 32 secret bytes, wiped when dropped.
pub(crate) type KeyBytes = Zeroizing<[u8; 32]>;

/// Why a key could not be had.
#[derive(Debug, Error)]
pub enum KeyError {
    #[error("cannot {action} {}", path.display())]
    File { action: &'static str, path: PathBuf, source: std::io::Error },
    #[error("{} can be read by others (mode {mode:o}); make it 0600, and replace the key if others may have seen it", path.display())]
    Exposed { path: PathBuf, mode: u32 },
    #[error("there is no key file {}", path.display())]
    Missing { path: PathBuf },
    #[error("{} does not hold 32 bytes in hex or base64", path.display())]
    Malformed { path: PathBuf },
    #[error("the system gives no random bytes")]
    Random(#[source] SignatureError),
    #[error("{} holds no usable signing key", path.display())]
    Unusable { path: PathBuf, source: SignatureError },
    #[error("{} is not the key that the other processes of this installation use; remove it, or restore theirs", path.display())]
    Foreign { path: PathBuf },
    #[error(
        "the installation's keys were sealed with another master key; give every process the same FRAMEOS_MASTER_KEY"
    )]
    OtherMaster(#[source] CipherError),
    #[error(
        "this installation writes with master key {id}, which is not here: give every process the same FRAMEOS_MASTER_KEY, or put the key's file into keys/"
    )]
    MasterMissing { id: String },
    #[error(
        "the master key is given by the configuration: put a new one before it, NEW,OLD, and restart every process"
    )]
    MasterByConfig,
    #[error(
        "there is no new master key: give every process FRAMEOS_MASTER_KEY=NEW,OLD, restart one after the other, and come back"
    )]
    MasterNotGiven,
    #[error(
        "{count} values or objects cannot be read with any key that was given; the log names them. All others are done"
    )]
    Unreadable { count: u64 },
    #[error(
        "{count} values or objects are still encrypted with an old master key: run `frameos admin keys rotate` first"
    )]
    StillNeeded { count: u64 },
    #[error("the installation's keys cannot be read from its database")]
    Shared(#[source] StoreError),
    #[error("the installation's {purpose} key in its database is not usable")]
    Broken { purpose: &'static str, source: SignatureError },
    #[error("there is no {purpose} key to rotate yet; start the server once")]
    NotStarted { purpose: &'static str },
    #[error("somebody else rotated the {purpose} key this moment; nothing was done")]
    Overtaken { purpose: &'static str },
}

/// The 32 bytes written in hex or base64, if that is what `text` holds.
pub(crate) fn key_decode(text: &str) -> Option<KeyBytes> {
    let text = text.trim();
    let bytes = Zeroizing::new(hex::decode(text).ok().or_else(|| STANDARD.decode(text).ok())?);
    Some(Zeroizing::new(bytes.as_slice().try_into().ok()?))
}

/// The key `name` of the folder `keys`, created when it is not there.
pub(crate) fn key_load_or_create(keys: &Path, name: &str) -> Result<KeyBytes, KeyError> {
    let path = keys.join(format!("{name}.key"));
    match key_read(&path)? {
        Some(key) => Ok(key),
        None => {
            key_create(keys, &path)?;
            // Read back: when another process was faster, its key is the one that counts.
            key_read(&path)?.ok_or(KeyError::Malformed { path })
        }
    }
}

/// The key `name` of the folder `keys`, which must be there.
pub(crate) fn key_load(keys: &Path, name: &str) -> Result<KeyBytes, KeyError> {
    let path = keys.join(format!("{name}.key"));
    key_read(&path)?.ok_or(KeyError::Missing { path })
}

/// The signing key `name` of the folder `keys`, which must be there.
pub(crate) fn signing_key_load(keys: &Path, name: &str) -> Result<SigningKey, KeyError> {
    signing_key(keys, name, &key_load(keys, name)?)
}

/// The signing key `name` of the folder `keys`, created when it is not there.
pub(crate) fn signing_key_load_or_create(keys: &Path, name: &str) -> Result<SigningKey, KeyError> {
    signing_key(keys, name, &key_load_or_create(keys, name)?)
}

/// The signing key `name` of the installation: see [`key_load_shared`].
pub(crate) async fn signing_key_shared(
    store: &Store,
    keys: &Path,
    name: &str,
) -> Result<SigningKey, KeyError> {
    signing_key(keys, name, &key_load_shared(store, keys, name).await?)
}

/// The same for an ES256 key, whose private number is the 32 bytes.
pub(crate) async fn es256_key_shared(store: &Store, keys: &Path, name: &str) -> Result<Es256Key, KeyError> {
    es256_key(keys, name, &key_load_shared(store, keys, name).await?)
}

/// The ES256 key `name` of the folder `keys`, created when it is not there.
pub(crate) fn es256_key_load_or_create(keys: &Path, name: &str) -> Result<Es256Key, KeyError> {
    es256_key(keys, name, &key_load_or_create(keys, name)?)
}

fn es256_key(keys: &Path, name: &str, scalar: &KeyBytes) -> Result<Es256Key, KeyError> {
    Es256Key::from_scalar(scalar.as_slice())
        .map_err(|source| KeyError::Unusable { path: keys.join(format!("{name}.key")), source })
}

/// The setting that holds a shared key.
pub(crate) fn key_setting(name: &str) -> String {
    format!("key.{name}")
}

/// The key `name` of the installation: the first process on its database brings its own, all others get that one.
pub(crate) async fn key_load_shared(store: &Store, keys: &Path, name: &str) -> Result<KeyBytes, KeyError> {
    let path = keys.join(format!("{name}.key"));
    let here = key_read(&path)?;
    let ours = match &here {
        Some(key) => key.clone(),
        None => Zeroizing::new(SigningKey::generate_seed().map_err(KeyError::Random)?),
    };
    let setting = key_setting(name);
    let place = Place::new("settings", "value", &setting);
    let sealed = store.cipher().seal(place, ours.as_slice()).map_err(KeyError::OtherMaster)?;
    let (row, text) = (setting.clone(), hex::encode(sealed));
    let held = store.tx(move |tx| Box::pin(async move { setting_settle(tx, &row, &text).await }));
    let held = held.await.map_err(KeyError::Shared)?;
    let malformed = || KeyError::Malformed { path: path.clone() };
    let sealed = hex::decode(held).map_err(|_| malformed())?;
    let opened = Zeroizing::new(store.cipher().open(place, &sealed).map_err(KeyError::OtherMaster)?);
    let key: KeyBytes = Zeroizing::new(opened.as_slice().try_into().map_err(|_| malformed())?);
    if here.is_none() {
        key_put(keys, &path, &key)?;
    }
    // Read back: another process may have put a file there meanwhile.
    if key_read(&path)?.as_ref() != Some(&key) {
        return Err(KeyError::Foreign { path });
    }
    Ok(key)
}

/// The signing key in the file `name` of the folder `keys`, which is made of `seed` when it is not there.
pub(crate) fn signing_key_place(keys: &Path, name: &str, seed: &KeyBytes) -> Result<SigningKey, KeyError> {
    let path = keys.join(format!("{name}.key"));
    if key_read(&path)?.is_none() {
        key_put(keys, &path, seed)?;
    }
    signing_key_load(keys, name)
}

fn signing_key(keys: &Path, name: &str, seed: &KeyBytes) -> Result<SigningKey, KeyError> {
    SigningKey::from_seed(seed.as_slice())
        .map_err(|source| KeyError::Unusable { path: keys.join(format!("{name}.key")), source })
}

fn key_read(path: &Path) -> Result<Option<KeyBytes>, KeyError> {
    let failed = |source| KeyError::File { action: "read", path: path.to_owned(), source };
    let mode = match fs::symlink_metadata(path) {
        Ok(metadata) => metadata.mode() & 0o7777,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    if mode & 0o077 != 0 {
        return Err(KeyError::Exposed { path: path.to_owned(), mode });
    }
    let text = Zeroizing::new(fs::read_to_string(path).map_err(failed)?);
    key_decode(&text).map(Some).ok_or_else(|| KeyError::Malformed { path: path.to_owned() })
}

fn key_create(keys: &Path, path: &Path) -> Result<(), KeyError> {
    key_put(keys, path, &Zeroizing::new(SigningKey::generate_seed().map_err(KeyError::Random)?))
}

/// Writes a key beside its place and links it there: a crash leaves no half-written key, a second process loses.
pub(crate) fn key_put(keys: &Path, path: &Path, seed: &KeyBytes) -> Result<(), KeyError> {
    let text = Zeroizing::new(hex::encode(seed.as_slice()) + "\n");
    let fresh = keys.join(format!(
        ".fresh-{}",
        hex::encode(&SigningKey::generate_seed().map_err(KeyError::Random)?[..8])
    ));
    let failed = |source| KeyError::File { action: "create", path: path.to_owned(), source };
    let mut file =
        fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&fresh).map_err(failed)?;
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    let linked = written.and_then(|()| fs::hard_link(&fresh, path));
    fs::remove_file(&fresh).map_err(failed)?;
    match linked {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(failed(error)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_key_is_made_once_and_only_for_its_owner() {
        let dir = tempfile::tempdir().unwrap();
        let first = key_load_or_create(dir.path(), "tokens").unwrap();
        assert_eq!(first, key_load_or_create(dir.path(), "tokens").unwrap());
        assert_ne!(first, key_load_or_create(dir.path(), "receipts").unwrap());
        let mode = fs::metadata(dir.path().join("tokens.key")).unwrap().mode() & 0o7777;
        assert_eq!(mode, 0o600);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2, "no half-made key is left");
    }

    #[test]
    fn a_key_file_others_can_read_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        key_load_or_create(dir.path(), "master").unwrap();
        let path = dir.path().join("master.key");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(
            key_load_or_create(dir.path(), "master"),
            Err(KeyError::Exposed { mode: 0o640, .. })
        ));
    }

    #[test]
    fn a_damaged_key_file_is_an_error_and_stays_as_it_is() {
        let dir = tempfile::tempdir().unwrap();
        key_load_or_create(dir.path(), "master").unwrap();
        let path = dir.path().join("master.key");
        fs::write(&path, "abc").unwrap();
        assert!(matches!(key_load_or_create(dir.path(), "master"), Err(KeyError::Malformed { .. })));
        assert_eq!(fs::read_to_string(&path).unwrap(), "abc");
    }
}
