//! The files of a backup: private, on disk when they are said to be, known by their hashes.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use aws_lc_rs::digest;
use serde::{Deserialize, Serialize};

use super::BackupError;

/// A file, by its path in the backup or the object store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Written {
    pub path: String,
    pub bytes: u64,
    pub sha256: String,
}

fn failed(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> BackupError {
    let path = path.to_owned();
    move |source| BackupError::File { action, path, source }
}

pub(super) fn sha256(bytes: &[u8]) -> String {
    hex::encode(digest::digest(&digest::SHA256, bytes))
}

pub(super) fn folder_make(path: &Path) -> Result<(), BackupError> {
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(failed("make the folder", path))
}

pub(super) fn folder_sync(path: &Path) -> Result<(), BackupError> {
    File::open(path).and_then(|folder| folder.sync_all()).map_err(failed("write the folder", path))
}

/// Writes a file below `folder`, and the folders it is in.
pub(super) fn write(folder: &Path, path: &str, bytes: &[u8]) -> Result<Written, BackupError> {
    let full = below(folder, path)?;
    if let Some(parent) = full.parent() {
        folder_make(parent)?;
    }
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&full);
    let written = file.and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()));
    written.map_err(failed("write", &full))?;
    Ok(Written { path: path.to_owned(), bytes: bytes.len() as u64, sha256: sha256(bytes) })
}

/// What a file below `folder` holds; with `sync`, once that is on disk.
pub(super) fn hash(folder: &Path, path: &str, sync: bool) -> Result<Written, BackupError> {
    let full = below(folder, path)?;
    let mut file = File::open(&full).map_err(failed("read", &full))?;
    if sync {
        file.sync_all().map_err(failed("write", &full))?;
    }
    let (mut context, mut bytes) = (digest::Context::new(&digest::SHA256), 0);
    let mut piece = vec![0; 256 << 10];
    loop {
        let length = file.read(&mut piece).map_err(failed("read", &full))?;
        if length == 0 {
            break;
        }
        bytes += length as u64;
        context.update(&piece[..length]);
    }
    Ok(Written { path: path.to_owned(), bytes, sha256: hex::encode(context.finish()) })
}

pub(super) fn read(folder: &Path, path: &str) -> Result<Vec<u8>, BackupError> {
    let full = below(folder, path)?;
    fs::read(&full).map_err(failed("read", &full))
}

/// Gives a finished folder its name. Whatever has that name by now stays.
pub(super) fn place(aside: &Path, target: &Path) -> Result<(), BackupError> {
    if target.exists() {
        return Err(BackupError::Exists { path: target.to_owned() });
    }
    fs::rename(aside, target).map_err(failed("name", target))?;
    let parent = target.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    folder_sync(parent)
}

/// Paths come from a manifest, which is a file.
fn below(folder: &Path, path: &str) -> Result<PathBuf, BackupError> {
    let is_plain = path.split('/').all(|part| !part.is_empty() && part != "." && part != "..");
    if is_plain && !path.contains('\0') {
        return Ok(folder.join(path));
    }
    Err(BackupError::Damaged { what: format!("{path:?} is no path of a backup") })
}
