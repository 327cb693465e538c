//! Blobs: packed agent code and long logs, encrypted like columns, in a folder.
//!
//! Invariants: an object appears whole or not at all, and is on disk before `put` returns; its path is authenticated with
//! its bytes, so that two objects cannot be swapped. Objects are named by the caller and not listed here.

use std::{path::PathBuf, sync::Arc};

use object_store::{
    Error as ObjectError, ObjectStore, ObjectStoreExt, PutPayload, local::LocalFileSystem, memory::InMemory,
    path::Path,
};

use crate::{
    cipher::{Cipher, Place},
    error::StoreError,
};

/// Where objects are kept.
#[derive(Debug, Clone)]
pub enum ObjectsConfig {
    /// A local folder; created when missing.
    Folder(PathBuf),
}

/// The encrypted object store. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Objects {
    backend: Arc<dyn ObjectStore>,
    cipher: Cipher,
}

impl Objects {
    pub(crate) fn open(config: &ObjectsConfig, cipher: Cipher) -> Result<Self, StoreError> {
        let ObjectsConfig::Folder(folder) = config;
        std::fs::create_dir_all(folder)
            .map_err(|error| StoreError::Object { action: "make the folder of", source: error.into() })?;
        let backend = LocalFileSystem::new_with_prefix(folder)
            .map_err(|error| StoreError::Object { action: "open the folder of", source: error.into() })?
            .with_fsync(true);
        Ok(Self { backend: Arc::new(backend), cipher })
    }

    /// An empty place in memory, for a store that is only looked at.
    pub(crate) fn nowhere(cipher: Cipher) -> Self {
        Self { backend: Arc::new(InMemory::new()), cipher }
    }

    /// Stores `bytes` under `path`, e.g. `code/ver_….tar.gz`, replacing what was there.
    pub async fn put(&self, path: &str, bytes: &[u8]) -> Result<(), StoreError> {
        let sealed = self.cipher.seal(place(path), bytes)?;
        self.backend
            .put(&parse(path)?, PutPayload::from(sealed))
            .await
            .map(drop)
            .map_err(|error| StoreError::Object { action: "write", source: error.into() })
    }

    /// The bytes under `path`, or `None` when there is no such object.
    pub async fn get(&self, path: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let failed = |error: ObjectError| StoreError::Object { action: "read", source: error.into() };
        let found = match self.backend.get(&parse(path)?).await {
            Ok(found) => found,
            Err(ObjectError::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(failed(error)),
        };
        let sealed = found.bytes().await.map_err(failed)?;
        Ok(Some(self.cipher.open(place(path), &sealed)?))
    }

    /// Removes the object under `path`; removing what is not there is no error.
    pub async fn delete(&self, path: &str) -> Result<(), StoreError> {
        match self.backend.delete(&parse(path)?).await {
            Ok(()) | Err(ObjectError::NotFound { .. }) => Ok(()),
            Err(error) => Err(StoreError::Object { action: "delete", source: error.into() }),
        }
    }
}

impl Objects {
    /// Writes, reads and removes an object: whether all of that works.
    pub async fn probe(&self) -> Result<(), StoreError> {
        let path = "probe/doctor";
        self.put(path, b"probe").await?;
        let found = self.get(path).await?;
        self.delete(path).await?;
        match found {
            Some(bytes) if bytes == b"probe" => Ok(()),
            _ => Err(StoreError::corrupt("an object that was just written")),
        }
    }
}

const fn place(path: &str) -> Place<'_> {
    Place::new("objects", "bytes", path)
}

fn parse(path: &str) -> Result<Path, StoreError> {
    Path::parse(path).map_err(|error| StoreError::Object { action: "name", source: error.into() })
}
