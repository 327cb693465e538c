//! A folder being built: files put into it by their path inside, with modes that everyone can read.
//!
//! Paths inside are absolute (`/usr/bin/node`) or relative; both mean "below the root". Links of the host are followed
//! when copied, so that nothing in the tree points out of it.

use std::fs::{self, File, FileTimes, Permissions};
use std::io::Read as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{Context, SHA256, digest};

use crate::error::SandboxError;

pub(crate) struct Tree {
    root: PathBuf,
}

impl Tree {
    pub(crate) fn create(root: &Path) -> Result<Self, SandboxError> {
        let tree = Self { root: root.to_path_buf() };
        tree.dir("")?;
        Ok(tree)
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn host_path(&self, inside: impl AsRef<Path>) -> PathBuf {
        let inside = inside.as_ref();
        self.root.join(inside.strip_prefix("/").unwrap_or(inside))
    }

    /// A folder and those above it.
    pub(crate) fn dir(&self, inside: impl AsRef<Path>) -> Result<(), SandboxError> {
        let path = self.host_path(inside);
        for part in
            path.ancestors().take_while(|part| part.starts_with(&self.root)).collect::<Vec<_>>().iter().rev()
        {
            if !part.is_dir() {
                fs::create_dir_all(part).map_err(SandboxError::io("create", part))?;
                mode(part, 0o755)?;
            }
        }
        Ok(())
    }

    pub(crate) fn write(&self, inside: impl AsRef<Path>, content: &[u8]) -> Result<(), SandboxError> {
        let path = self.prepare(inside.as_ref())?;
        fs::write(&path, content).map_err(SandboxError::io("write", &path))?;
        mode(&path, 0o644)
    }

    pub(crate) fn link(&self, target: &str, inside: &str) -> Result<(), SandboxError> {
        let path = self.prepare(inside.as_ref())?;
        symlink(target, &path).map_err(SandboxError::io("create", &path))
    }

    /// Copies a host file, with its time of change, unless it is there already.
    pub(super) fn copy(&self, host: &Path, inside: impl AsRef<Path>) -> Result<(), SandboxError> {
        let path = self.prepare(inside.as_ref())?;
        if path.exists() {
            return Ok(());
        }
        fs::copy(host, &path).map_err(SandboxError::io("copy", host))?;
        let metadata = fs::metadata(host).map_err(SandboxError::io("read", host))?;
        let executable = metadata.permissions().mode() & 0o111 != 0;
        // Compiled Python remembers the time of its source.
        if let Ok(modified) = metadata.modified() {
            File::options()
                .write(true)
                .open(&path)
                .and_then(|file| file.set_times(FileTimes::new().set_modified(modified)))
                .map_err(SandboxError::io("set the time of", &path))?;
        }
        mode(&path, if executable { 0o755 } else { 0o644 })
    }

    /// Copies a host folder, but for the entries that `skip` names. Links to folders are left out.
    pub(super) fn copy_dir(
        &self,
        host: &Path,
        inside: &Path,
        skip: &dyn Fn(&str) -> bool,
    ) -> Result<(), SandboxError> {
        self.dir(inside)?;
        for entry in fs::read_dir(host).map_err(SandboxError::io("read", host))? {
            let entry = entry.map_err(SandboxError::io("read", host))?;
            let name = entry.file_name();
            if skip(&name.to_string_lossy()) {
                continue;
            }
            let kind = entry.file_type().map_err(SandboxError::io("read", entry.path()))?;
            if kind.is_dir() {
                self.copy_dir(&entry.path(), &inside.join(&name), skip)?;
            } else if entry.path().is_file() {
                self.copy(&entry.path(), inside.join(&name))?;
            }
        }
        Ok(())
    }

    /// SHA-256 over every path, mode and content, in the order of paths.
    pub(super) fn digest(&self) -> Result<String, SandboxError> {
        let mut paths = Vec::new();
        collect(&self.root, &mut paths)?;
        paths.sort();
        let mut whole = Context::new(&SHA256);
        let mut buffer = vec![0_u8; 1 << 16];
        for path in paths {
            let failed = || SandboxError::io("read", &path);
            let metadata = fs::symlink_metadata(&path).map_err(failed())?;
            let inside = path.strip_prefix(&self.root).unwrap_or(&path);
            let header =
                format!("{}\0{:o}\0{}\0", inside.display(), metadata.permissions().mode(), metadata.len());
            whole.update(header.as_bytes());
            if metadata.is_symlink() {
                let target = fs::read_link(&path).map_err(failed())?;
                whole.update(target.as_os_str().as_encoded_bytes());
            } else {
                let mut file = File::open(&path).map_err(failed())?;
                loop {
                    let count = file.read(&mut buffer).map_err(failed())?;
                    if count == 0 {
                        break;
                    }
                    whole.update(&buffer[..count]);
                }
            }
        }
        Ok(hex::encode(whole.finish()))
    }

    fn prepare(&self, inside: &Path) -> Result<PathBuf, SandboxError> {
        if let Some(parent) = inside.parent() {
            self.dir(parent)?;
        }
        Ok(self.host_path(inside))
    }
}

pub(crate) fn sha256(bytes: &[u8]) -> String {
    hex::encode(digest(&SHA256, bytes))
}

pub(crate) fn collect(dir: &Path, into: &mut Vec<PathBuf>) -> Result<(), SandboxError> {
    for entry in fs::read_dir(dir).map_err(SandboxError::io("read", dir))? {
        let entry = entry.map_err(SandboxError::io("read", dir))?;
        if entry.file_type().map_err(SandboxError::io("read", entry.path()))?.is_dir() {
            collect(&entry.path(), into)?;
        } else {
            into.push(entry.path());
        }
    }
    Ok(())
}

fn mode(path: &Path, mode: u32) -> Result<(), SandboxError> {
    fs::set_permissions(path, Permissions::from_mode(mode)).map_err(SandboxError::io("set the mode of", path))
}
