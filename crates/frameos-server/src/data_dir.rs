//! The data directory: made private, and owned by one process at a time where its database needs that.
//!
//! Invariants: every directory made here is mode 0700; files are put in place whole (written beside it, then renamed).

use std::{
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io::Write,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use thiserror::Error;

/// Why the data directory cannot be used.
#[derive(Debug, Error)]
pub enum DataDirError {
    #[error("cannot {action} {}", path.display())]
    File { action: &'static str, path: PathBuf, source: std::io::Error },
    #[error("another FrameOS process is using {}; stop it, or give this one another --data-dir", path.display())]
    InUse { path: PathBuf },
    #[error("a restore into {} was begun and did not finish; begin it again with the same `frameos restore`", path.display())]
    Restoring { path: PathBuf },
}

/// In the data directory while a restore into it is under way.
pub(crate) const RESTORING: &str = "restoring";

/// A data directory that is there; every path in it is absolute.
#[derive(Debug, Clone)]
pub(crate) struct DataDir {
    root: PathBuf,
}

/// Held while a process owns a data directory; the kernel lets go of it when the process dies, however it dies.
#[derive(Debug)]
pub(crate) struct DataDirLock {
    _file: File,
}

impl DataDir {
    /// The directory at `root`, made when it is not there.
    pub(crate) fn open(root: &Path) -> Result<Self, DataDirError> {
        dir_ensure(root)?;
        Self::existing(root)
    }

    /// The directory at `root`, which must be there.
    pub(crate) fn existing(root: &Path) -> Result<Self, DataDirError> {
        let root = root.canonicalize().map_err(|source| DataDirError::File {
            action: "use",
            path: root.to_owned(),
            source,
        })?;
        Ok(Self { root })
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// The folder `name` in here, made when it is not there.
    pub(crate) fn folder(&self, name: &str) -> Result<PathBuf, DataDirError> {
        let path = self.path(name);
        dir_ensure(&path)?;
        Ok(path)
    }

    /// Refuses a directory into which something is being put back.
    pub(crate) fn whole(&self) -> Result<(), DataDirError> {
        let path = self.path(RESTORING);
        if path.exists() { Err(DataDirError::Restoring { path: self.root.clone() }) } else { Ok(()) }
    }

    /// Removes a file, for good.
    pub(crate) fn file_remove(&self, name: &str) -> Result<(), DataDirError> {
        let path = self.path(name);
        let removed = fs::remove_file(&path).and_then(|()| File::open(&self.root)?.sync_all());
        removed.map_err(|source| DataDirError::File { action: "remove", path, source })
    }

    /// Makes this process the only one that uses the directory.
    pub(crate) fn lock(&self) -> Result<DataDirLock, DataDirError> {
        let path = self.path("lock");
        let failed = |source| DataDirError::File { action: "lock", path: path.clone(), source };
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(DataDirLock { _file: file }),
            Err(TryLockError::WouldBlock) => Err(DataDirError::InUse { path: self.root.clone() }),
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }

    /// Puts a private file in place, whole or not at all.
    pub(crate) fn file_put(&self, name: &str, content: &[u8]) -> Result<(), DataDirError> {
        file_put(&self.path(name), content).map_err(|source| DataDirError::File {
            action: "write",
            path: self.path(name),
            source,
        })
    }
}

/// Writes `path` with mode 0600 beside its place and renames it there.
pub(crate) fn file_put(path: &Path, content: &[u8]) -> std::io::Result<()> {
    let fresh = path.with_extension("fresh");
    match fs::remove_file(&fresh) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&fresh)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(&fresh, path)
}

fn dir_ensure(path: &Path) -> Result<(), DataDirError> {
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(|source| DataDirError::File {
        action: "make the directory",
        path: path.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_owner_is_refused_until_the_first_is_gone() {
        let dir = tempfile::tempdir().unwrap();
        let data = DataDir::open(&dir.path().join("a/b")).unwrap();
        let held = data.lock().unwrap();
        assert!(matches!(data.lock(), Err(DataDirError::InUse { .. })));
        drop(held);
        data.lock().unwrap();
    }
}
