//! The last two walls: Landlock, which knows paths, and seccomp, which knows system calls.
//!
//! Both are second walls behind mounts, namespaces and capabilities, and both are mandatory on this machine's own kernel.

use frameos_sandbox::jail::JailStep;
use landlock::{
    ABI, Access as _, AccessFs, BitFlags, CompatLevel, Compatible as _, PathBeneath, PathFd, Ruleset,
    RulesetAttr as _, RulesetCreatedAttr as _, RulesetError, RulesetStatus, Scope,
};

use crate::fault::{At as _, Fault};
use crate::kernel;

include!(concat!(env!("OUT_DIR"), "/seccomp_filter.rs"));

/// Read everywhere, write in `/tmp` and to three devices; no signals and no abstract sockets across the border where
/// the kernel knows how. That nothing in `/tmp` executes is the mount's work alone: rights add up along a path, `/` has
/// to give that of execution because a waiting sandbox gets its `/agent` later, and so `/tmp` has it, too. Rights that
/// this kernel does not know are left to the mounts; a kernel without Landlock is a fault.
pub(crate) fn landlock() -> Result<(), Fault> {
    if landlock_if_known()? {
        Ok(())
    } else {
        Err(Fault::own(JailStep::Landlock, "not enforced by this kernel"))
    }
}

/// As [`landlock`], for kernels that are not ours to choose: whether it is enforced.
pub(crate) fn landlock_if_known() -> Result<bool, Fault> {
    let status = restrict().map_err(|error| Fault::own(JailStep::Landlock, error))?;
    Ok(status != RulesetStatus::NotEnforced)
}

fn restrict() -> Result<RulesetStatus, Box<dyn std::error::Error>> {
    let all = AccessFs::from_all(ABI::V5);
    let never_in_tmp = AccessFs::MakeChar | AccessFs::MakeBlock | AccessFs::IoctlDev;
    let device: BitFlags<AccessFs> = AccessFs::ReadFile | AccessFs::WriteFile | AccessFs::IoctlDev;
    let mut rules = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(all)?
        .scope(Scope::from_all(ABI::V6))?
        .create()?
        .add_rule(PathBeneath::new(PathFd::new("/")?, AccessFs::from_read(ABI::V5)))?
        .add_rule(PathBeneath::new(PathFd::new("/tmp")?, all & !never_in_tmp))?;
    // A link to `/tmp`, or in a container a small file system like it.
    if let Ok(shared_memory) = PathFd::new("/dev/shm") {
        rules = rules.add_rule(PathBeneath::new(shared_memory, all & !never_in_tmp))?;
    }
    for path in ["/dev/null", "/dev/zero", "/dev/full"] {
        rules = rules.add_rule(PathBeneath::new(PathFd::new(path)?, device))?;
    }
    let status = rules.restrict_self().map_err(|error: RulesetError| error)?;
    Ok(status.ruleset)
}

/// Last of all: the filter allows none of the calls that built the walls.
pub(crate) fn seccomp() -> Result<(), Fault> {
    kernel::seccomp_install(FILTER).at(JailStep::Seccomp)
}
