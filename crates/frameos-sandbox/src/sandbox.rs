//! The door: opening a sandbox proves that this machine can isolate; running prepares one and hands it to `supervise`.
//!
//! A `Sandbox` is cheap to clone and shared by all runs. It holds no state of any run.

use std::io::{PipeReader, PipeWriter};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::net::unix::pipe;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::cgroup::{Group, Hierarchy};
use crate::control::{Jail, ProgramEnds, launch};
use crate::error::SandboxError;
use crate::jail::{JailConfig, ProcMasks};
use crate::outcome::{Outcome, RunEvent};
use crate::owner::Owner;
use crate::program;
use crate::runtime::{self, Runtime};
use crate::sink::Sink;
use crate::slot::{Slot, Slots};
use crate::spec::{Limits, RunSpec};
use crate::supervise::{Started, supervise};
use crate::support;
use crate::tier::Tier;

/// Where things are. Relative paths are taken from the current folder when the sandbox is opened.
#[derive(Debug, Clone)]
pub struct SandboxConfig {
    /// Scratch: locks and the probe's root. Made with mode 0700 when missing. Processes that share it never give two
    /// sandboxes one user id.
    pub state_dir: PathBuf,
    /// The folders made by [`crate::runtime::build`].
    pub runtimes_dir: PathBuf,
    /// The jail program; `None` means `frameos-jail` beside this executable, or one folder up.
    pub jail_path: Option<PathBuf>,
}

/// Runs programs. Clones share everything.
#[derive(Clone, Debug)]
pub struct Sandbox {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    runtimes_dir: PathBuf,
    runtimes: Vec<Runtime>,
    jail: PathBuf,
    tier: Tier,
    hierarchy: Hierarchy,
    slots: Slots,
    owner: Owner,
    proc: ProcMasks,
}

impl Sandbox {
    /// Proves that this machine can isolate, with a run of the jail up to the point where a program would start, and
    /// removes what a dead process left. Blocks for some milliseconds.
    ///
    /// # Errors
    /// [`SandboxError::Unsupported`] names every missing piece; [`SandboxError::Jail`] the step that failed.
    pub fn open(config: SandboxConfig) -> Result<Self, SandboxError> {
        let state_dir = absolute(&config.state_dir)?;
        let runtimes_dir = absolute(&config.runtimes_dir)?;
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&state_dir)
            .map_err(SandboxError::io("create", &state_dir))?;
        let jail = find_jail(config.jail_path)?;
        let (tier, hierarchy) = support::survey()?;
        let owner = Owner::register(&state_dir, &hierarchy.bases())?;
        let inner = Inner {
            runtimes: runtime::load(&runtimes_dir)?,
            runtimes_dir,
            jail,
            tier,
            hierarchy,
            slots: Slots::open(&state_dir)?,
            owner,
            proc: crate::procfs::masks()?,
        };
        inner.probe(&state_dir)?;
        Ok(Self { inner: Arc::new(inner) })
    }

    /// What is enforced here.
    #[must_use]
    pub fn tier(&self) -> &Tier {
        &self.inner.tier
    }

    /// The runtime of a language, by its name.
    ///
    /// # Errors
    /// [`SandboxError::RuntimeMissing`] for an unknown language as for one that was not built before `open`.
    pub fn runtime(&self, language: &str) -> Result<&Runtime, SandboxError> {
        // The newest comes last.
        let found = self.inner.runtimes.iter().rev().find(|runtime| runtime.language.name() == language);
        found.ok_or_else(|| SandboxError::RuntimeMissing {
            language: language.to_owned(),
            dir: self.inner.runtimes_dir.clone(),
        })
    }

    /// Runs one program to its end, and leaves nothing behind. Cancelling, like dropping the future, ends the program
    /// with SIGTERM and, after the grace time, SIGKILL of everything.
    ///
    /// # Errors
    /// Faults of the platform only; whatever the program does is in the outcome.
    pub async fn run(
        &self,
        spec: RunSpec,
        events: Option<mpsc::Sender<RunEvent>>,
        cancel: CancellationToken,
    ) -> Result<Outcome, SandboxError> {
        let called = Instant::now();
        let cancel = cancel.child_token();
        // When the caller goes away, the task sees a cancel and still cleans up.
        let gone = cancel.clone().drop_guard();
        let sandbox = self.clone();
        let task = tokio::spawn(async move {
            let prepared = tokio::task::spawn_blocking(move || sandbox.prepare(spec)).await;
            let prepared = prepared.map_err(|_| SandboxError::JailVanished { timed_out: false })??;
            supervise(prepared.start(called)?, Sink::new(events), cancel).await
        });
        let outcome = task.await;
        gone.disarm();
        outcome.map_err(|_| SandboxError::JailVanished { timed_out: false })?
    }

    fn prepare(&self, mut spec: RunSpec) -> Result<Prepared, SandboxError> {
        let inner = &self.inner;
        spec.code_dir = absolute(&spec.code_dir)?;
        let runtime = self.runtime(spec.language.name())?;
        let message = program::request(&spec)?;
        if inner.tier.root {
            check_readable(&spec)?;
        }
        let slot = inner.slots.take()?;
        let group = inner.hierarchy.create(&inner.owner.group_name(), &spec.limits)?;
        let (pipes, ends) = Pipes::make()?;
        let config = JailConfig {
            argv: program::argv(spec.language),
            env: program::environment(),
            code: Some(spec.code_dir),
            ..inner.jail_config(&runtime.root, &slot, &group, &spec.limits)
        };
        let jail = launch(&inner.jail, &config, ends)?;
        Ok(Prepared { jail, pipes, group, slot, message, limits: spec.limits, tier: inner.tier.to_string() })
    }
}

impl Inner {
    fn jail_config(&self, root: &Path, slot: &Slot, group: &Group, limits: &Limits) -> JailConfig {
        // Only root may map another id than its own.
        let (host_uid, host_gid) = if self.tier.root {
            (slot.uid(), slot.uid())
        } else {
            (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw())
        };
        JailConfig {
            root: root.to_path_buf(),
            code: None,
            cgroup: group.for_jail(),
            host_uid,
            host_gid,
            privileged: self.tier.root,
            tmp_bytes: limits.tmp_bytes,
            tmp_files: limits.tmp_files,
            open_files: limits.open_files,
            proc: self.proc.clone(),
            argv: Vec::new(),
            env: Vec::new(),
            probe: false,
        }
    }

    /// A kernel may have everything and still refuse: only doing it all once tells.
    fn probe(&self, state_dir: &Path) -> Result<(), SandboxError> {
        let root = state_dir.join("probe-root");
        runtime::Tree::probe(&root)?;
        let limits = Limits::default();
        let slot = self.slots.take()?;
        let group = self.hierarchy.create(&self.owner.group_name(), &limits)?;
        let (_pipes, ends) = Pipes::make()?;
        let config = JailConfig { probe: true, ..self.jail_config(&root, &slot, &group, &limits) };
        launch(&self.jail, &config, ends)?.probe()
    }
}

/// A started sandbox whose pipes are not yet part of the event loop.
struct Prepared {
    jail: Jail,
    pipes: Pipes,
    group: Group,
    slot: Slot,
    message: Vec<u8>,
    limits: Limits,
    tier: String,
}

/// Our ends of the program's pipes.
struct Pipes {
    stdout: PipeReader,
    stderr: PipeReader,
    reports: PipeReader,
    request: PipeWriter,
}

impl Pipes {
    fn make() -> Result<(Self, ProgramEnds), SandboxError> {
        let pipe = || std::io::pipe().map_err(SandboxError::io("make", "a pipe"));
        let ((stdout, out), (stderr, err), (reports, report), (take, request)) =
            (pipe()?, pipe()?, pipe()?, pipe()?);
        let ends = ProgramEnds {
            stdout: out.into(),
            stderr: err.into(),
            request: take.into(),
            report: report.into(),
        };
        Ok((Self { stdout, stderr, reports, request }, ends))
    }
}

impl Prepared {
    fn start(self, called: Instant) -> Result<Started, SandboxError> {
        let receiver = |end: PipeReader| {
            pipe::Receiver::from_owned_fd(OwnedFd::from(end)).map_err(SandboxError::io("watch", "a pipe"))
        };
        let request = pipe::Sender::from_owned_fd(OwnedFd::from(self.pipes.request))
            .map_err(SandboxError::io("watch", "a pipe"))?;
        Ok(Started {
            jail: self.jail,
            stdout: receiver(self.pipes.stdout)?,
            stderr: receiver(self.pipes.stderr)?,
            reports: receiver(self.pipes.reports)?,
            request,
            group: self.group,
            slot: self.slot,
            message: self.message,
            limits: self.limits,
            called,
            tier: self.tier,
        })
    }
}

/// Under root the program has an id that owns nothing, and an unreadable bundle would look like the agent's mistake.
fn check_readable(spec: &RunSpec) -> Result<(), SandboxError> {
    let lacks = |path: &Path, bits: u32| match std::fs::symlink_metadata(path) {
        Ok(metadata) => !metadata.is_symlink() && metadata.permissions().mode() & bits != bits,
        Err(_) => false,
    };
    if !spec.code_dir.is_dir() {
        return Err(SandboxError::BadSpec { reason: format!("{} is not a folder", spec.code_dir.display()) });
    }
    let entry = spec.code_dir.join(&spec.entrypoint);
    for (path, bits) in [(&spec.code_dir, 0o005), (&entry, 0o004)] {
        if lacks(path, bits) {
            return Err(SandboxError::BadSpec {
                reason: format!("{} is not readable by everyone", path.display()),
            });
        }
    }
    Ok(())
}

/// The jail resolves paths from another folder than we do.
fn absolute(path: &Path) -> Result<PathBuf, SandboxError> {
    std::path::absolute(path).map_err(SandboxError::io("resolve", path))
}

fn find_jail(given: Option<PathBuf>) -> Result<PathBuf, SandboxError> {
    let tried = match given {
        Some(path) => vec![path],
        None => {
            let own = std::env::current_exe().map_err(SandboxError::io("find", "this executable"))?;
            own.ancestors().skip(1).take(2).map(|dir| dir.join("frameos-jail")).collect()
        }
    };
    match tried.iter().find(|path| path.is_file()) {
        Some(path) => Ok(path.clone()),
        None => Err(SandboxError::JailMissing { tried }),
    }
}
