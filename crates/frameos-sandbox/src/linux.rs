//! The Linux backend: one jail per run, with the kernel's own walls.
//!
//! Opening it proves, with a run of the jail up to the point where a program would start, that every wall can be built.

use std::io::{PipeReader, PipeWriter};
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::Access;
use tokio::net::unix::pipe;
use tokio::time::Instant;

use crate::body::Body;
use crate::cgroup::{Group, Hierarchy, Usage};
use crate::config::SandboxConfig;
use crate::control::{Control, Jail, Nursery, ProgramEnds, Unconfigured};
use crate::error::SandboxError;
use crate::jail::{JailConfig, ProcMasks};
use crate::owner::Owner;
use crate::program;
use crate::runtime::{self, Runtime};
use crate::slot::{Slot, Slots};
use crate::spec::{Limits, RunSpec};
use crate::supervise::{Origin, Started};
use crate::support;
use crate::tier::Tier;

#[derive(Debug)]
pub(crate) struct Linux {
    nursery: Nursery,
    tier: Tier,
    root: bool,
    hierarchy: Hierarchy,
    slots: Slots,
    owner: Owner,
    proc: ProcMasks,
}

impl Linux {
    /// Blocks for some milliseconds.
    pub(crate) fn open(config: &SandboxConfig) -> Result<Self, SandboxError> {
        let nursery = Nursery::open(find_jail(config.jail_path.clone())?)?;
        let (tier, hierarchy) = support::survey()?;
        let owner = Owner::register(&config.state_dir, &hierarchy.bases())?;
        let slots = Slots::open(&config.state_dir)?;
        let (root, proc) = (rustix::process::geteuid().is_root(), crate::procfs::masks()?);
        let linux = Self { nursery, tier, root, hierarchy, slots, owner, proc };
        linux.probe(&config.state_dir)?;
        Ok(linux)
    }

    pub(crate) fn tier(&self) -> &Tier {
        &self.tier
    }

    /// The control groups it made that are there now.
    pub(crate) fn groups_left(&self) -> Vec<PathBuf> {
        self.owner.groups(&self.hierarchy.bases())
    }

    /// Starts a sandbox for one run, which has been checked. Blocks for some milliseconds.
    pub(crate) fn prepare(
        &self,
        spec: RunSpec,
        message: Vec<u8>,
        runtime: &Runtime,
    ) -> Result<Prepared, SandboxError> {
        let argv = program::argv(spec.language);
        Ok(Prepared { message, ..self.launch(runtime, spec.limits, Some(spec.code_dir), argv)? })
    }

    /// The message to the runner, if the spec can be run.
    pub(crate) fn check(&self, spec: &RunSpec) -> Result<Vec<u8>, SandboxError> {
        let message = program::request(spec)?;
        check_readable(spec, self.root)?;
        Ok(message)
    }

    /// Starts a sandbox that has nothing to run yet. Blocks likewise.
    pub(crate) fn prepare_warm(&self, runtime: &Runtime, limits: Limits) -> Result<Prepared, SandboxError> {
        let prepared = self.launch(runtime, limits, None, program::argv_warm(runtime.language))?;
        // Whoever is running comes first.
        prepared.group.hurry(false)?;
        Ok(prepared)
    }

    fn launch(
        &self,
        runtime: &Runtime,
        limits: Limits,
        code: Option<PathBuf>,
        argv: Vec<String>,
    ) -> Result<Prepared, SandboxError> {
        // It is born while its control group is made.
        let (jail, pipes) = self.bear()?;
        let slot = self.slots.take()?;
        let group = self.hierarchy.create(&self.owner.group_name(), &limits)?;
        let config = JailConfig {
            argv,
            env: program::environment(),
            code,
            ..self.jail_config(&runtime.root, &slot, &group, &limits)
        };
        let jail = jail.configure(&config)?;
        let (message, tier) = (Vec::new(), self.tier.to_string());
        Ok(Prepared { jail, pipes, group, slot, message, limits, tier })
    }

    fn bear(&self) -> Result<(Unconfigured, Pipes), SandboxError> {
        let (pipes, ends) = Pipes::make()?;
        Ok((self.nursery.bear(&ends)?, pipes))
    }

    fn jail_config(&self, root: &Path, slot: &Slot, group: &Group, limits: &Limits) -> JailConfig {
        // Only root may map another id than its own.
        let (host_uid, host_gid) = if self.root {
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
            privileged: self.root,
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
        let (jail, _pipes) = self.bear()?;
        let config = JailConfig { probe: true, ..self.jail_config(&root, &slot, &group, &limits) };
        jail.configure(&config)?.probe()
    }
}

/// A started sandbox whose pipes are not yet part of the event loop.
pub(crate) struct Prepared {
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
    pub(crate) fn start(self, called: Instant) -> Result<Started, SandboxError> {
        let receiver = |end: PipeReader| {
            pipe::Receiver::from_owned_fd(OwnedFd::from(end)).map_err(SandboxError::io("watch", "a pipe"))
        };
        let request = pipe::Sender::from_owned_fd(OwnedFd::from(self.pipes.request))
            .map_err(SandboxError::io("watch", "a pipe"))?;
        Ok(Started {
            body: Body::Jail { group: self.group, _slot: self.slot },
            control: Control::new(self.jail.socket)?,
            stdout: receiver(self.pipes.stdout)?,
            stderr: receiver(self.pipes.stderr)?,
            reports: receiver(self.pipes.reports)?,
            request,
            message: self.message,
            limits: self.limits,
            origin: Origin { called, begun: None, used: Usage::default() },
            tier: self.tier,
        })
    }
}

/// An unreadable bundle would look like the agent's mistake. Under root the program has an id that owns nothing, so
/// everyone must be able to read; else it has ours.
pub(crate) fn check_readable(spec: &RunSpec, root: bool) -> Result<(), SandboxError> {
    let lacks = |path: &Path, bits: u32| match std::fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_symlink() => false,
        Ok(metadata) if root => metadata.permissions().mode() & bits != bits,
        Ok(_) => rustix::fs::access(path, Access::from_bits_truncate(bits)).is_err(),
        Err(_) => false,
    };
    if !spec.code_dir.is_dir() {
        return Err(SandboxError::BadSpec { reason: format!("{} is not a folder", spec.code_dir.display()) });
    }
    let entry = spec.code_dir.join(&spec.entrypoint);
    for (path, bits) in [(&spec.code_dir, 0o005), (&entry, 0o004)] {
        if lacks(path, bits) {
            return Err(SandboxError::BadSpec {
                reason: format!(
                    "{} is not readable by {}",
                    path.display(),
                    if root { "everyone" } else { "us" }
                ),
            });
        }
    }
    Ok(())
}

pub(crate) fn find_jail(given: Option<PathBuf>) -> Result<PathBuf, SandboxError> {
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
