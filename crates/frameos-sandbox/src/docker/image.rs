//! Images, made from runtime folders: no registry is involved.
//!
//! An image's tag says what is in it (the runtime's digest and the guest's), so one that exists is the right one. It is
//! imported when missing, by one process of a state folder at a time.

use std::collections::HashMap;
use std::fs::OpenOptions;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bollard::Docker as Engine;
use bollard::query_parameters::{CreateImageOptionsBuilder, ListImagesOptionsBuilder, RemoveImageOptions};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use rustix::fs::{FlockOperation, flock};
use tokio::net::unix::pipe;
use tokio_util::io::ReaderStream;

use super::archive;
use super::connect::is_missing;
use crate::error::{EngineFault, SandboxError};
use crate::runtime::{self, Runtime};

/// Whose image it is: the runtimes folder it was made from.
const LABEL: &str = "frameos.runtimes";
/// What all images' names begin with.
const REPO: &str = "frameos-runtime";
/// Where the guest is, inside.
pub(super) const GUEST: &str = "/runner/frameos-jail";
/// An import may take its time: the engine writes every byte to its own disk.
const PATIENCE: Duration = Duration::from_secs(600);

pub(super) struct Images {
    pub(super) engine: Engine,
    /// The program that becomes the guest.
    pub(super) jail: PathBuf,
    /// The beginning of its SHA-256.
    guest: String,
    state_dir: PathBuf,
    /// Names the runtimes folder, without telling what it is.
    family: String,
}

/// What an image is made of, and called.
pub(super) struct Source {
    root: PathBuf,
    pub(super) name: String,
}

impl Images {
    /// Reads the guest once.
    pub(super) fn new(
        engine: Engine,
        jail: PathBuf,
        state_dir: &Path,
        runtimes_dir: &Path,
    ) -> Result<Self, SandboxError> {
        let program = std::fs::read(&jail).map_err(SandboxError::io("read", &jail))?;
        let beginning = |text: String| text.chars().take(12).collect::<String>();
        Ok(Self {
            engine,
            jail,
            guest: beginning(runtime::sha256(&program)),
            state_dir: state_dir.to_path_buf(),
            family: beginning(runtime::sha256(runtimes_dir.as_os_str().as_encoded_bytes())),
        })
    }

    /// The image of a runtime.
    pub(super) fn of(&self, runtime: &Runtime) -> Result<Source, SandboxError> {
        let digest: String = runtime.digest.chars().take(32).collect();
        if digest.len() < 32 {
            let fault = format!("{} names no digest: build the runtime again", runtime.root.display());
            return Err(SandboxError::ImageImport { image: REPO.to_owned(), source: fault.into() });
        }
        let name = format!("{REPO}-{}:{digest}-{}", runtime.language, self.guest);
        Ok(Source { root: runtime.root.clone(), name })
    }

    /// An image with nothing but the guest: for the probe.
    pub(super) fn of_probe(&self) -> Result<Source, SandboxError> {
        let root = self.state_dir.join("probe-root");
        runtime::Tree::probe(&root)?;
        Ok(Source { root, name: format!("{REPO}-probe:{}", self.guest) })
    }

    /// Removes images of the same runtimes folder other than those and the probe's. One that is in use stays.
    pub(super) async fn prune(&self, needed: &[Source]) -> Result<(), SandboxError> {
        let probe = format!("{REPO}-probe:{}", self.guest);
        let filters = HashMap::from([("label", vec![format!("{LABEL}={}", self.family)])]);
        let options = ListImagesOptionsBuilder::new().filters(&filters).build();
        let images =
            self.engine.list_images(Some(options)).await.map_err(SandboxError::engine("list images"))?;
        for tag in images.into_iter().flat_map(|image| image.repo_tags) {
            let is_needed = tag == probe || needed.iter().any(|source| source.name == tag);
            if tag.starts_with(REPO) && !is_needed {
                tracing::info!(image = tag, "removing an image that no runtime needs");
                let _ = self.engine.remove_image(&tag, None::<RemoveImageOptions>, None).await;
            }
        }
        Ok(())
    }

    /// Imports it if it is missing.
    pub(super) async fn ensure(&self, source: &Source) -> Result<(), SandboxError> {
        if self.exists(&source.name).await? {
            return Ok(());
        }
        let lock_path = self.state_dir.join("import.lock");
        let lock = OpenOptions::new().write(true).create(true).truncate(false).open(&lock_path);
        let lock = lock.map_err(SandboxError::io("open", &lock_path))?;
        let locked =
            tokio::task::spawn_blocking(move || flock(&lock, FlockOperation::LockExclusive).map(|()| lock));
        let _lock = locked
            .await
            .map_err(|_| SandboxError::JailVanished { timed_out: false })?
            .map_err(|error| SandboxError::io("lock", &lock_path)(error.into()))?;
        // Another process may have imported it while this one waited.
        if self.exists(&source.name).await? {
            return Ok(());
        }
        tracing::info!(image = source.name, "importing an image; this takes a moment and is done once");
        let failed =
            |fault: EngineFault| SandboxError::ImageImport { image: source.name.clone(), source: fault };
        self.import(source).await.map_err(failed)?;
        tracing::info!(image = source.name, "the image is ready");
        Ok(())
    }

    async fn exists(&self, name: &str) -> Result<bool, SandboxError> {
        match self.engine.inspect_image(name).await {
            Ok(_) => Ok(true),
            Err(error) if is_missing(&error) => Ok(false),
            Err(error) => Err(SandboxError::engine("look for an image")(error)),
        }
    }

    async fn import(&self, source: &Source) -> Result<(), EngineFault> {
        let (repo, tag) = source.name.split_once(':').ok_or("no tag")?;
        let options = CreateImageOptionsBuilder::new()
            .from_src("-")
            .repo(repo)
            .tag(tag)
            .changes(vec![format!("LABEL {LABEL}={}", self.family)])
            .build();
        let (read, write) = std::io::pipe()?;
        let (jail, staged, root) =
            (self.jail.clone(), self.state_dir.join("guest-root"), source.root.clone());
        let writing = tokio::task::spawn_blocking(move || -> Result<(), EngineFault> {
            runtime::lay_program(&staged, &jail, GUEST)?;
            let mut write = std::io::BufWriter::with_capacity(1 << 16, write);
            archive::write(&root, &staged, &mut write)?;
            Ok(runtime::remove_tree(&staged)?)
        });
        let bytes = ReaderStream::with_capacity(pipe::Receiver::from_owned_fd(OwnedFd::from(read))?, 1 << 16);
        // A stream that merely ended early could pass for a whole one; an error in its place cannot.
        let verdict = stream::once(writing).filter_map(async |written| match written {
            Ok(Ok(())) => None,
            Ok(Err(fault)) => Some(Err(std::io::Error::other(fault))),
            Err(panic) => Some(Err(std::io::Error::other(panic))),
        });
        let body = bollard::body_try_stream(bytes.chain(verdict));
        let engine = self.engine.clone().with_timeout(PATIENCE);
        let _: Vec<_> = engine.create_image(Some(options), Some(body), None).try_collect().await?;
        Ok(())
    }
}
