//! What a backup says of itself, and whether it is so.

use std::path::Path;

use frameos_domain::clock::Timestamp;
use frameos_store::{Cipher, Place, backup::DatabaseCopy};
use serde::{Deserialize, Serialize};

use super::{
    BackupError, Progress,
    file::{self, Written},
};

pub(super) const FORMAT: u32 = 1;
pub(super) const MANIFEST: &str = "manifest.json";
/// Proves the manifest to whoever has the master key.
pub(super) const SEAL: &str = "manifest.seal";
/// One line per object.
pub(super) const OBJECTS: &str = "objects.jsonl";

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Manifest {
    pub format: u32,
    pub id: String,
    pub made_at: Timestamp,
    /// The version that made it.
    pub program: String,
    pub database: DatabaseCopy,
    pub master_key_ids: Vec<String>,
    pub objects: u64,
    pub missing_objects: Vec<String>,
    /// Everything but the objects, which have a list of their own.
    pub files: Vec<Written>,
}

pub(super) const fn place(hash: &str) -> Place<'_> {
    Place::new("backup", "manifest", hash)
}

fn damaged(what: impl Into<String>) -> BackupError {
    BackupError::Damaged { what: what.into() }
}

impl Manifest {
    pub(super) fn text(&self) -> Vec<u8> {
        // Strings and numbers only: it cannot fail.
        serde_json::to_vec_pretty(self).unwrap_or_default()
    }

    /// The manifest of a backup, with its hash.
    pub(super) fn read(folder: &Path) -> Result<(Self, String), BackupError> {
        if !folder.join(MANIFEST).is_file() {
            return Err(BackupError::Incomplete { path: folder.to_owned() });
        }
        let text = file::read(folder, MANIFEST)?;
        let manifest: Self =
            serde_json::from_slice(&text).map_err(|_| damaged("its manifest cannot be read"))?;
        if manifest.format != FORMAT {
            return Err(damaged(format!("format {} is unknown to this version", manifest.format)));
        }
        Ok((manifest, file::sha256(&text)))
    }

    /// Checks the seal and every file. Returns the objects.
    pub(super) fn check(
        &self,
        folder: &Path,
        hash: &str,
        cipher: &Cipher,
        progress: &Progress,
    ) -> Result<Vec<Written>, BackupError> {
        let seal = hex::decode(file::read(folder, SEAL)?).map_err(|_| damaged("its seal cannot be read"))?;
        cipher.open(place(hash), &seal).map_err(|_| damaged("its manifest was changed"))?;
        for name in self.database.files() {
            if !self.files.iter().any(|file| file.path == format!("database/{name}")) {
                return Err(damaged(format!("database/{name} is not in its manifest")));
            }
        }
        for expected in &self.files {
            check(folder, "", expected)?;
        }
        let list =
            String::from_utf8(file::read(folder, OBJECTS)?).map_err(|_| damaged("its list of objects"))?;
        let objects: Result<Vec<Written>, _> = list.lines().map(serde_json::from_str).collect();
        let objects = objects.map_err(|_| damaged("its list of objects cannot be read"))?;
        if objects.len() as u64 != self.objects {
            return Err(damaged("its list of objects is not whole"));
        }
        for (index, expected) in objects.iter().enumerate() {
            check(folder, "objects/", expected)?;
            if index % 100 == 0 {
                progress(&format!("{index} of {} objects checked", objects.len()));
            }
        }
        Ok(objects)
    }
}

fn check(folder: &Path, below: &str, expected: &Written) -> Result<(), BackupError> {
    let path = format!("{below}{}", expected.path);
    if !folder.join(&path).is_file() {
        return Err(damaged(format!("{path} is missing")));
    }
    let found = file::hash(folder, &path, false)?;
    if (found.bytes, &found.sha256) != (expected.bytes, &expected.sha256) {
        return Err(damaged(format!("{path} was changed")));
    }
    Ok(())
}
