//! The inner process: builds the walls around itself, from the outside in, and becomes the sandbox's init.
//!
//! Until `privileges::drop` it holds every capability *inside* its user namespace and none outside. The order of
//! the steps is the point of this file; each says why it stands where it does.

use std::fs::File;
use std::io::Write as _;
use std::os::fd::OwnedFd;

use frameos_sandbox::jail::{JailConfig, JailStep};
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{Signal, set_parent_process_death_signal};

use crate::fault::{At as _, Fault};
use crate::outer::CgroupFds;
use crate::wire::Control;
use crate::{init, kernel, mounts, privileges, walls};

/// What the inner process starts with.
pub(crate) struct Inside<'a> {
    pub(crate) config: JailConfig,
    pub(crate) control: &'a Control,
    pub(crate) request: OwnedFd,
    pub(crate) report: OwnedFd,
    pub(crate) cgroup: CgroupFds,
    /// Readable when the ids are mapped; at its end when the outer process is gone.
    pub(crate) await_maps: OwnedFd,
}

/// Returns only to report a fault.
pub(crate) fn run(inside: Inside<'_>) -> Result<(), Fault> {
    let Inside { config, control, request, report, cgroup, await_maps } = inside;
    // If the outer process dies, nobody would enforce the wall clock any more.
    set_parent_process_death_signal(Some(Signal::KILL)).at(JailStep::ParentDeathSignal)?;
    // Ids mean nothing before they are mapped.
    if rustix::io::read(&await_maps, &mut [0_u8; 1]).at(JailStep::AwaitMaps)? != 1 {
        return Err(Fault::own(JailStep::AwaitMaps, "the outer process is gone"));
    }
    // Before anything that costs memory or time on the agent's account.
    enter_cgroup(cgroup)?;
    // After entering, so that our own group is the root of what /proc/self/cgroup shows.
    nix::sched::unshare(nix::sched::CloneFlags::CLONE_NEWCGROUP).at(JailStep::CgroupNamespace)?;
    rustix::system::sethostname(b"sandbox").at(JailStep::Hostname)?;
    rustix::system::setdomainname(b"sandbox").at(JailStep::Hostname)?;
    // The namespace has no other interface, and nobody outside can add one.
    kernel::loopback_up().at(JailStep::Loopback)?;
    // Keyrings follow the process, not the namespace.
    kernel::new_keyring().at(JailStep::Keyring)?;
    // While we still own what root owns: folders on the way to the runtime may be closed to others.
    mounts::build(&config)?;
    privileges::limit_resources(config.open_files, config.tmp_bytes)?;
    // Its file belongs to root as soon as the ids change.
    let account = File::open("/proc/self/io").at(JailStep::OpenAccount)?;
    // From here on we are nobody, first by id, then by capability.
    privileges::set_ids()?;
    // At its end from the start, like /dev/null, but an inode of this sandbox alone, and its user's to reopen.
    let (stdin, _) = pipe_with(PipeFlags::CLOEXEC).at(JailStep::MakeStdin)?;
    mounts::build_tmp(&config)?;
    mounts::verify()?;
    privileges::drop()?;
    // The ids' change cleared it; the second look closes the gap in which the outer process may have died.
    set_parent_process_death_signal(Some(Signal::KILL)).at(JailStep::ParentDeathSignal)?;
    privileges::check_parent(&await_maps)?;
    // Landlock before the filter, which knows no Landlock calls.
    walls::landlock()?;
    walls::seccomp()?;
    if config.probe {
        control.report(&frameos_sandbox::jail::Report::Started);
        control.report(&frameos_sandbox::jail::Report::Exited { code: 0, written: None });
        return Ok(());
    }
    init::run(&config, control, init::ProgramFds { stdin, request, report }, &account)
}

fn enter_cgroup(cgroup: CgroupFds) -> Result<(), Fault> {
    match cgroup {
        // `tasks`, not `cgroup.procs`: moving only oneself spares the kernel a lock that costs milliseconds.
        CgroupFds::V1(files) => {
            for mut file in files {
                enter(&mut file)?;
            }
            Ok(())
        }
        // Born there.
        CgroupFds::V2(_) => Ok(()),
    }
}

fn enter(file: &mut File) -> Result<(), Fault> {
    file.write_all(b"0").at(JailStep::EnterCgroup)
}
