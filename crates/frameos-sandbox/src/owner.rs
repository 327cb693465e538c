//! Whose control groups are whose: so that those of a dead process are removed by the next one.
//!
//! Every open `Sandbox` keeps a locked file in `<state>/owners/` that names the folders in which it makes groups; its
//! random token is part of each group's name. A file that nobody locks belongs to the dead.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::fs::{FlockOperation, flock};

use crate::cgroup;
use crate::error::SandboxError;

#[derive(Debug)]
pub(crate) struct Owner {
    token: String,
    path: PathBuf,
    next: AtomicU64,
    /// Locked for as long as it is open.
    _file: File,
}

impl Owner {
    /// Cleans up after the dead, then registers.
    pub(crate) fn register(state_dir: &Path, bases: &[PathBuf]) -> Result<Self, SandboxError> {
        let dir = state_dir.join("owners");
        fs::create_dir_all(&dir).map_err(SandboxError::io("create", &dir))?;
        // Held to the end: between making a file and locking it, it would look dead.
        let guard_path = state_dir.join("owners.lock");
        let guard = OpenOptions::new().write(true).create(true).truncate(false).open(&guard_path);
        let guard = guard.map_err(SandboxError::io("open", &guard_path))?;
        flock(&guard, FlockOperation::LockExclusive)
            .map_err(|error| SandboxError::io("lock", &guard_path)(error.into()))?;
        for entry in fs::read_dir(&dir).map_err(SandboxError::io("read", &dir))?.flatten() {
            sweep(&entry.path());
        }
        let token = random_token();
        let path = dir.join(&token);
        let mut file = File::create(&path).map_err(SandboxError::io("create", &path))?;
        flock(&file, FlockOperation::NonBlockingLockExclusive)
            .map_err(|error| SandboxError::io("lock", &path)(error.into()))?;
        let lines: String = bases.iter().map(|base| format!("{}\n", base.display())).collect();
        file.write_all(lines.as_bytes()).map_err(SandboxError::io("write", &path))?;
        Ok(Self { token, path, next: AtomicU64::new(0), _file: file })
    }

    /// A name for a group that no other run has.
    pub(crate) fn group_name(&self) -> String {
        format!("frameos-{}-{}", self.token, self.next.fetch_add(1, Ordering::Relaxed))
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

fn sweep(path: &Path) {
    let Ok(file) = File::open(path) else { return };
    if flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
        return;
    }
    let token = path.file_name().unwrap_or_default().to_string_lossy();
    let prefix = format!("frameos-{token}-");
    for base in fs::read_to_string(path).unwrap_or_default().lines().map(Path::new) {
        let Ok(entries) = fs::read_dir(base) else { continue };
        for entry in entries.flatten() {
            if entry.file_name().to_string_lossy().starts_with(&prefix) {
                tracing::warn!(group = %entry.path().display(), "removing a control group left by a dead process");
                cgroup::remove(&entry.path());
            }
        }
    }
    let _ = fs::remove_file(path);
}

fn random_token() -> String {
    let mut bytes = [0_u8; 8];
    // Failing means the kernel has no randomness; the process id is then unique enough among the living.
    if aws_lc_rs::rand::fill(&mut bytes).is_err() {
        bytes[..4].copy_from_slice(&std::process::id().to_le_bytes());
    }
    hex::encode(bytes)
}
