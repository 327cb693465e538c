//! Blobs: packed agent code and long logs, encrypted like columns, in a folder or in a bucket of S3.
//!
//! Invariants: an object appears whole or not at all, and is kept before `put` returns; its path is authenticated with
//! its bytes, so that two objects cannot be swapped. Objects are named by the caller. Nobody waits for an answer longer than
//! `PATIENCE`. A time-out leaves it open whether an object was written: writing it again does no harm.

mod s3;

use std::{path::PathBuf, sync::Arc, time::Duration};

use futures::{Stream, TryStreamExt};
use object_store::{
    Error as ObjectError, ObjectStore, ObjectStoreExt, PutPayload, local::LocalFileSystem, memory::InMemory,
    path::Path,
};

use crate::{
    cipher::{Cipher, Place},
    error::StoreError,
};

pub use s3::S3Config;

/// For one object, repetitions included: far beyond what any takes, and below what a client of the API waits.
const PATIENCE: Duration = Duration::from_secs(20);
/// No object is larger: bundles and logs are bounded to a fraction of it.
const LARGEST: u64 = 64 << 20;

/// Where objects are kept.
#[derive(Debug, Clone)]
pub enum ObjectsConfig {
    /// A local folder; created when missing.
    Folder(PathBuf),
    /// A bucket, which must be there.
    S3(S3Config),
}

/// The encrypted object store. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Objects {
    backend: Arc<dyn ObjectStore>,
    cipher: Cipher,
    /// The folder, when it is one: what made it may have been taken away since.
    folder: Option<Arc<PathBuf>>,
}

impl Objects {
    /// Opens the place. A folder is made when it is missing.
    pub fn open(config: &ObjectsConfig, cipher: Cipher) -> Result<Self, StoreError> {
        let folder = match config {
            ObjectsConfig::Folder(folder) => folder,
            ObjectsConfig::S3(config) => {
                return Ok(Self { backend: s3::open(config)?, cipher, folder: None });
            }
        };
        std::fs::create_dir_all(folder)
            .map_err(|error| StoreError::Object { action: "make the folder of", source: error.into() })?;
        let backend = LocalFileSystem::new_with_prefix(folder)
            .map_err(|error| StoreError::Object { action: "open the folder of", source: error.into() })?
            .with_fsync(true);
        Ok(Self { backend: Arc::new(backend), cipher, folder: Some(Arc::new(folder.clone())) })
    }

    /// An empty place in memory, for a store that is only looked at.
    pub(crate) fn nowhere(cipher: Cipher) -> Self {
        Self { backend: Arc::new(InMemory::new()), cipher, folder: None }
    }

    /// Stores `bytes` under `path`, e.g. `code/ver_….tar.gz`, replacing what was there.
    pub async fn put(&self, path: &str, bytes: &[u8]) -> Result<(), StoreError> {
        let sealed = self.cipher.seal(place(path), bytes)?;
        self.put_sealed(path, sealed).await
    }

    /// The bytes under `path`, or `None` when there is no such object.
    pub async fn get(&self, path: &str) -> Result<Option<Vec<u8>>, StoreError> {
        match self.get_sealed(path).await? {
            Some(sealed) => Ok(Some(self.cipher.open(place(path), &sealed)?)),
            None => Ok(None),
        }
    }

    /// Removes the object under `path`; removing what is not there is no error.
    pub async fn delete(&self, path: &str) -> Result<(), StoreError> {
        let path = parse(path)?;
        match within("delete", self.backend.delete(&path)).await {
            Ok(()) => Ok(()),
            Err(error) => absent("delete", error),
        }
    }

    /// Writes, reads and removes an object: whether all of that works. `probe` is a name of the caller's own, since others probe too.
    pub async fn probe(&self, probe: &str) -> Result<(), StoreError> {
        let path = format!("probe/{probe}");
        self.put(&path, b"probe").await?;
        let found = self.get(&path).await?;
        self.delete(&path).await?;
        match found {
            Some(bytes) if bytes == b"probe" => Ok(()),
            _ => Err(StoreError::corrupt("an object that was just written")),
        }
    }

    /// Whether nothing is kept here.
    pub async fn is_empty(&self) -> Result<bool, StoreError> {
        let listed = within("list", async { self.backend.list(None).try_next().await }).await;
        listed.map(|found| found.is_none()).map_err(|error| convert("list", error))
    }

    /// Whether objects can be read, without writing one.
    pub async fn look(&self) -> Result<(), StoreError> {
        if let Some(folder) = &self.folder {
            let failed = |error: std::io::Error| StoreError::Object {
                action: "find the folder of",
                source: error.into(),
            };
            // A missing object in a missing folder would be just that.
            if !tokio::fs::metadata(folder.as_path()).await.map_err(failed)?.is_dir() {
                return Err(failed(std::io::ErrorKind::NotADirectory.into()));
            }
        }
        // Asked of the bucket and not of an object: who may not list is told of a missing object that it is forbidden.
        let nowhere = parse("readiness")?;
        let listed = async { self.backend.list(Some(&nowhere)).try_next().await };
        within("list", listed).await.map(drop).map_err(|error| convert("list", error))
    }

    /// The paths of all objects, but for those that only try whether one can be written.
    pub(crate) fn list(&self) -> impl Stream<Item = Result<String, StoreError>> + Send + '_ {
        let paths = self.backend.list(None).map_ok(|found| found.location.to_string());
        let paths = paths.map_err(|error| convert("list", error));
        paths.try_filter(|path| std::future::ready(!path.starts_with("probe/")))
    }

    /// The id of the master key that sealed an object; None when it is not there.
    pub(crate) async fn key_id(&self, path: &str) -> Result<Option<String>, StoreError> {
        let parsed = parse(path)?;
        match within("read", self.backend.get_range(&parsed, 0..5)).await {
            Ok(head) if head.len() == 5 => Ok(Some(hex::encode(&head[1..]))),
            Ok(_) => Err(StoreError::corrupt(format!("object {path} is too short"))),
            Err(error) => absent("read", error).map(|()| None),
        }
    }

    /// Stores an object as it was kept elsewhere.
    pub async fn put_sealed(&self, path: &str, sealed: Vec<u8>) -> Result<(), StoreError> {
        let path = parse(path)?;
        let written = within("write", self.backend.put(&path, PutPayload::from(sealed))).await;
        written.map(drop).map_err(|error| convert("write", error))
    }

    /// The object as it is kept.
    pub async fn get_sealed(&self, path: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let path = parse(path)?;
        let read = async {
            let found = self.backend.get(&path).await?;
            if found.meta.size > LARGEST {
                let source = format!("an object of {} bytes is none of ours", found.meta.size).into();
                return Err(ObjectError::Generic { store: "objects", source });
            }
            found.bytes().await
        };
        match within("read", read).await {
            Ok(bytes) => Ok(Some(bytes.into())),
            Err(error) => absent("read", error).map(|()| None),
        }
    }
}

/// Waits for an answer, but not for ever.
async fn within<T>(
    action: &'static str,
    asked: impl Future<Output = Result<T, ObjectError>>,
) -> Result<T, ObjectError> {
    match tokio::time::timeout(PATIENCE, asked).await {
        Ok(answer) => answer,
        Err(elapsed) => Err(ObjectError::Generic { store: action, source: elapsed.into() }),
    }
}

/// No error if only the object is not there.
fn absent(action: &'static str, error: ObjectError) -> Result<(), StoreError> {
    match &error {
        ObjectError::NotFound { .. }
            if !s3::code(&error).is_some_and(|answer| answer.is_bucket_missing()) =>
        {
            Ok(())
        }
        _ => Err(convert(action, error)),
    }
}

/// Puts the object store's errors in the store's words.
fn convert(action: &'static str, error: ObjectError) -> StoreError {
    let answer = s3::code(&error);
    let what = match (&error, &answer) {
        (_, Some(answer)) if answer.is_bucket_missing() => "there is no such bucket",
        (ObjectError::PermissionDenied { .. } | ObjectError::Unauthenticated { .. }, Some(_)) => {
            "it does not accept these credentials, or not for this"
        }
        (ObjectError::Generic { .. }, _) => "it does not answer as it should",
        _ => return StoreError::Object { action, source: error.into() },
    };
    let source = match answer {
        Some(answer) => answer.into(),
        None => Box::new(error) as Box<dyn std::error::Error + Send + Sync>,
    };
    StoreError::ObjectsUnavailable { action, what, source }
}

const fn place(path: &str) -> Place<'_> {
    Place::new("objects", "bytes", path)
}

fn parse(path: &str) -> Result<Path, StoreError> {
    Path::parse(path).map_err(|error| StoreError::Object { action: "name", source: error.into() })
}
