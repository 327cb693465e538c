//! The master keys a process was given: by the configuration, or by the files `master.key` and `master-<id>.key` of the keys' folder.
//!
//! Invariants: given by the configuration, no file counts. All of them read; which one writes is said by the installation's database, so
//! that every process agrees. The other keys of the folder are here only for whoever copies them all.

use std::{fs, path::Path};

use frameos_domain::signing::SigningKey;
use frameos_store::MasterKey;
use secrecy::ExposeSecret;
use zeroize::Zeroizing;

use crate::{
    config::Config,
    keys::{KeyBytes, KeyError, key_decode, key_load, key_load_or_create, key_put},
};

const FIRST: &str = "master";
const LATER: &str = "master-";

/// All that are given; at least one.
pub(crate) fn master_keys(config: &Config, keys: &Path) -> Result<Vec<MasterKey>, KeyError> {
    let found = master_keys_found(config, keys)?;
    if found.is_empty() { Err(KeyError::Missing { path: keys.join("master.key") }) } else { Ok(found) }
}

/// The same, with one made where there is none.
pub(crate) fn master_keys_or_create(config: &Config, keys: &Path) -> Result<Vec<MasterKey>, KeyError> {
    if master_keys_found(config, keys)?.is_empty() {
        key_load_or_create(keys, FIRST)?;
    }
    master_keys(config, keys)
}

/// All that are given, which may be none.
pub(crate) fn master_keys_found(config: &Config, keys: &Path) -> Result<Vec<MasterKey>, KeyError> {
    if let Some(given) = &config.master_key {
        // The configuration has checked that they can be read.
        let given = given.expose_secret().split(',').filter_map(key_decode);
        return Ok(given.map(|key| MasterKey::from_bytes(*key)).collect());
    }
    let mut found = Vec::new();
    for name in names(keys)?.iter().filter(|name| is_master(name)) {
        let key = MasterKey::from_bytes(*key_load(keys, name)?);
        if name.strip_prefix(LATER).is_some_and(|id| id != key.id()) {
            return Err(KeyError::Malformed { path: keys.join(format!("{name}.key")) });
        }
        found.push(key);
    }
    Ok(found)
}

/// The other keys of the folder, by name.
pub(crate) fn key_files(keys: &Path) -> Result<Vec<(String, KeyBytes)>, KeyError> {
    let others = names(keys)?.into_iter().filter(|name| !is_master(name));
    others.map(|name| key_load(keys, &name).map(|key| (name, key))).collect()
}

/// Puts a key that comes from elsewhere into the folder. One that is there already must be the same.
pub(crate) fn key_place_file(keys: &Path, name: &str, bytes: &Zeroizing<Vec<u8>>) -> Result<(), KeyError> {
    let path = keys.join(format!("{name}.key"));
    let malformed = || KeyError::Malformed { path: path.clone() };
    if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        return Err(malformed());
    }
    let key: KeyBytes = Zeroizing::new(bytes.as_slice().try_into().map_err(|_| malformed())?);
    key_put(keys, &path, &key)?;
    if key_load(keys, name)? == key { Ok(()) } else { Err(KeyError::Foreign { path }) }
}

/// Makes another master key, in a file of its own.
pub(crate) fn master_key_add(keys: &Path) -> Result<MasterKey, KeyError> {
    let seed = Zeroizing::new(SigningKey::generate_seed().map_err(KeyError::Random)?);
    let key = MasterKey::from_bytes(*seed);
    key_put(keys, &keys.join(format!("{LATER}{}.key", key.id())), &seed)?;
    Ok(key)
}

/// Removes the file of a master key.
pub(crate) fn master_key_remove(keys: &Path, id: &str) -> Result<(), KeyError> {
    for name in names(keys)?.iter().filter(|name| is_master(name)) {
        if MasterKey::from_bytes(*key_load(keys, name)?).id() == id {
            let path = keys.join(format!("{name}.key"));
            fs::remove_file(&path).map_err(|source| KeyError::File { action: "remove", path, source })?;
        }
    }
    Ok(())
}

fn is_master(name: &str) -> bool {
    name == FIRST || name.starts_with(LATER)
}

/// The names of the folder's keys, in their order; none of a folder that is not there.
fn names(keys: &Path) -> Result<Vec<String>, KeyError> {
    let failed = |source| KeyError::File { action: "read", path: keys.to_owned(), source };
    let entries = match fs::read_dir(keys) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(failed)?,
    };
    let mut names = Vec::new();
    for entry in entries {
        let name = entry.map_err(failed)?.file_name().into_string().unwrap_or_default();
        names.extend(name.strip_suffix(".key").map(str::to_owned));
    }
    names.sort();
    Ok(names)
}
