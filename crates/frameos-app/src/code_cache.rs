//! Unpacked bundles on disk, by the hash of their packed form.
//!
//! Invariants: a folder appears under its hash only when complete (written aside, then renamed); the packed bytes are hashed
//! when they are fetched into the cache, so altered storage is refused rather than run; files are readable by the sandbox's ids and
//! writable by none of them; a bundle that many runs want at once is fetched and held in memory once.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use frameos_domain::canonical::sha256_hex;
use frameos_scanner::bundle;
use thiserror::Error;

use crate::{app::App, bare_run::bundle_write};

/// Why code could not be made ready to run. Always the platform's fault.
#[derive(Debug, Error)]
pub(crate) enum CodeError {
    #[error("the code could not be fetched for another run that wanted it at the same time")]
    Elsewhere,
    #[error("the code could not be fetched")]
    Fetch(#[source] frameos_store::StoreError),
    #[error("the stored code is missing")]
    Missing,
    #[error("the stored code has hash {found}, expected {expected}")]
    Altered { expected: String, found: String },
    #[error("the stored code does not unpack")]
    Unpack(#[source] bundle::BundleError),
    #[error("the code could not be written to the cache")]
    Write(#[source] io::Error),
    #[error("unpacking was interrupted")]
    Interrupted,
}

/// The folder of the bundle with this hash, fetched and unpacked if need be.
pub(crate) async fn code_fetch(app: &App, object_key: &str, code_hash: &str) -> Result<PathBuf, CodeError> {
    let folder = app.settings.cache_dir.join(code_hash);
    if tokio::fs::try_exists(&folder).await.map_err(CodeError::Write)? {
        return Ok(folder);
    }
    let turn = app.fetches.turn(code_hash).await.ok_or(CodeError::Elsewhere)?;
    if tokio::fs::try_exists(&folder).await.map_err(CodeError::Write)? {
        return Ok(folder);
    }
    match fetch(app, object_key, code_hash, folder.clone()).await {
        Ok(()) => Ok(folder),
        Err(error) => {
            // Another version with the same code has an object of its own.
            if matches!(error, CodeError::Fetch(_)) {
                turn.failed();
            }
            Err(error)
        }
    }
}

async fn fetch(app: &App, object_key: &str, code_hash: &str, folder: PathBuf) -> Result<(), CodeError> {
    let packed =
        app.store().objects().get(object_key).await.map_err(CodeError::Fetch)?.ok_or(CodeError::Missing)?;
    let found = sha256_hex(&packed);
    if found != code_hash {
        return Err(CodeError::Altered { expected: code_hash.to_owned(), found });
    }
    tokio::task::spawn_blocking(move || unpack(&packed, &folder)).await.map_err(|_| CodeError::Interrupted)?
}

fn unpack(packed: &[u8], folder: &Path) -> Result<(), CodeError> {
    let bundle = bundle::unpack(packed).map_err(CodeError::Unpack)?;
    write(&bundle, folder).map_err(CodeError::Write)
}

fn write(bundle: &bundle::Bundle, folder: &Path) -> io::Result<()> {
    let parent = folder.parent().ok_or_else(|| io::Error::other("the cache folder has no parent"))?;
    fs::create_dir_all(parent)?;
    let mut unique = [0_u8; 8];
    aws_lc_rs::rand::fill(&mut unique).map_err(|_| io::Error::other("the system random source failed"))?;
    let aside = parent.join(format!(".{}", hex::encode(unique)));
    bundle_write(bundle, &aside)?;
    match fs::rename(&aside, folder) {
        Ok(()) => Ok(()),
        // Another process was faster.
        Err(_) if folder.exists() => fs::remove_dir_all(&aside),
        Err(error) => Err(error),
    }
}
