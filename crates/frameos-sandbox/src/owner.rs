//! Whose control groups are whose: so that those of a dead process are removed by the next one.
//!
//! Every open `Sandbox` has a token, which is part of each of its groups' names and says which process it is; groups of
//! processes that are no more are removed wherever we make our own. It also keeps a locked file in `<state>/owners/`
//! that names those places, since they may differ from ours; a file that nobody locks belongs to the dead.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::fs::{FlockOperation, flock};

use crate::cgroup;
use crate::error::SandboxError;

const PREFIX: &str = "frameos-";

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
        let process = process_token(std::process::id()).ok_or(SandboxError::Io {
            action: "read",
            path: "/proc/self/stat".into(),
            source: std::io::ErrorKind::NotFound.into(),
        })?;
        sweep_dead(bases);
        let token = format!("{process}-{}", random_token());
        let path = dir.join(&token);
        let mut file = File::create(&path).map_err(SandboxError::io("create", &path))?;
        flock(&file, FlockOperation::NonBlockingLockExclusive)
            .map_err(|error| SandboxError::io("lock", &path)(error.into()))?;
        let lines: String = bases.iter().map(|base| format!("{}\n", base.display())).collect();
        file.write_all(lines.as_bytes()).map_err(SandboxError::io("write", &path))?;
        Ok(Self { token, path, next: AtomicU64::new(0), _file: file })
    }

    /// Names this process and this sandbox.
    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    /// A name for a group that no other run has.
    pub(crate) fn group_name(&self) -> String {
        format!("{PREFIX}{}-{}", self.token, self.next.fetch_add(1, Ordering::Relaxed))
    }

    /// Its groups that are there now.
    pub(crate) fn groups(&self, bases: &[PathBuf]) -> Vec<PathBuf> {
        let prefix = format!("{PREFIX}{}-", self.token);
        groups_in(bases, |name| name.starts_with(&prefix))
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
    for base in fs::read_to_string(path).unwrap_or_default().lines().map(Path::new) {
        remove_groups(base, |name| name.strip_prefix(PREFIX).is_some_and(|rest| rest.starts_with(&*token)));
    }
    let _ = fs::remove_file(path);
}

/// Groups whose process is gone, whatever state folder it used: that may have been deleted since.
fn sweep_dead(bases: &[PathBuf]) {
    for base in bases {
        remove_groups(base, |name| name.strip_prefix(PREFIX).is_some_and(is_dead));
    }
}

/// Whether the process with the token that `name` starts with is no more.
pub(crate) fn is_dead(name: &str) -> bool {
    let mut parts = name.split('-');
    let (Some(space), Some(pid), Some(start)) = (parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    // Of processes in other pid namespaces we cannot know.
    let ours = pid_namespace().is_some_and(|own| own == space);
    let token = format!("{space}-{pid}-{start}");
    ours && pid.parse().is_ok_and(|pid| process_token(pid).as_ref() != Some(&token))
}

fn remove_groups(base: &Path, belongs: impl Fn(&str) -> bool) {
    for path in groups_in(&[base], belongs) {
        tracing::warn!(group = %path.display(), "removing a control group left by a dead process");
        cgroup::remove(&path);
    }
}

fn groups_in(bases: &[impl AsRef<Path>], belongs: impl Fn(&str) -> bool) -> Vec<PathBuf> {
    let entries = bases.iter().filter_map(|base| fs::read_dir(base).ok()).flatten().flatten();
    let paths = entries.map(|entry| entry.path());
    paths.filter(|path| path.file_name().is_some_and(|name| belongs(&name.to_string_lossy()))).collect()
}

/// Names one process among all that this pid namespace will ever have: numbers are reused, starting times are not.
fn process_token(pid: u32) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name, in parentheses, may hold anything.
    let start = stat.rsplit_once(')')?.1.split_whitespace().nth(19)?;
    Some(format!("{}-{pid}-{start}", pid_namespace()?))
}

fn pid_namespace() -> Option<String> {
    let link = fs::read_link("/proc/self/ns/pid").ok()?;
    Some(link.to_str()?.strip_prefix("pid:[")?.strip_suffix(']')?.to_owned())
}

fn random_token() -> String {
    let mut bytes = [0_u8; 4];
    // Failing means the kernel has no randomness; the process id is then unique enough among the living.
    if aws_lc_rs::rand::fill(&mut bytes).is_err() {
        bytes = std::process::id().to_le_bytes();
    }
    hex::encode(bytes)
}
