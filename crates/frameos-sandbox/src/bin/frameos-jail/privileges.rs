//! Giving up: resource limits, ids, capabilities, the right to gain any.

use std::os::fd::OwnedFd;

use frameos_sandbox::jail::{INNER_ID, JailStep};
use rustix::fs::OFlags;
use rustix::io::Errno;
use rustix::process::{
    DumpableBehavior, Gid, Resource, Rlimit, Uid, getrlimit, set_dumpable_behavior, setrlimit,
};
use rustix::thread::{CapabilitiesSecureBits, CapabilitySet, CapabilitySets};

use crate::fault::{At as _, Fault};

/// Hard and soft alike, so that the program cannot raise them.
pub(crate) fn limit_resources(open_files: u64, tmp_bytes: u64) -> Result<(), Fault> {
    let limits = [
        // No dump, and no host program that handles dumps: 0 forbids the file only, 1 is the kernel's word for both.
        (Resource::Core, 1),
        (Resource::Nofile, open_files),
        // Just above /tmp, so that a full /tmp says "no space" and a sparse giant is refused.
        (Resource::Fsize, tmp_bytes.saturating_add(1 << 20)),
        // No real-time scheduling, no locked memory to speak of, no message queues, no queued signals without end.
        (Resource::Rtprio, 0),
        (Resource::Nice, 0),
        (Resource::Memlock, 64 << 10),
        (Resource::Msgqueue, 0),
        (Resource::Sigpending, 1024),
        (Resource::Stack, 8 << 20),
    ];
    for (resource, wanted) in limits {
        let allowed = getrlimit(resource).maximum.unwrap_or(u64::MAX).min(wanted);
        let limit = Rlimit { current: Some(allowed), maximum: Some(allowed) };
        setrlimit(resource, limit).at_with(JailStep::ResourceLimit, format_args!("{resource:?}"))?;
    }
    Ok(())
}

/// Group first: without the user's privileges it could not be changed any more.
pub(crate) fn set_ids() -> Result<(), Fault> {
    let (uid, gid) = (Uid::from_raw(INNER_ID), Gid::from_raw(INNER_ID));
    rustix::thread::set_thread_res_gid(gid, gid, gid).at(JailStep::SetIds)?;
    rustix::thread::set_thread_res_uid(uid, uid, uid).at(JailStep::SetIds)
}

/// Every set, and the ways back. The bounding set and the secure bits need a capability to change, so they go first.
pub(crate) fn drop() -> Result<(), Fault> {
    let step = JailStep::DropCapabilities;
    rustix::thread::clear_ambient_capability_set().at_with(step, "ambient")?;
    for bit in 0..64 {
        let Some(capability) = CapabilitySet::from_bits(1 << bit) else { continue };
        match rustix::thread::remove_capability_from_bounding_set(capability) {
            // Beyond what this kernel knows.
            Ok(()) | Err(Errno::INVAL) => {}
            Err(error) => return Err(error).at_with(step, "bounding"),
        }
    }
    rustix::thread::set_capabilities_secure_bits(
        CapabilitiesSecureBits::NO_ROOT
            | CapabilitiesSecureBits::NO_ROOT_LOCKED
            | CapabilitiesSecureBits::NO_SETUID_FIXUP
            | CapabilitiesSecureBits::NO_SETUID_FIXUP_LOCKED
            | CapabilitiesSecureBits::KEEP_CAPS_LOCKED
            | CapabilitiesSecureBits::NO_CAP_AMBIENT_RAISE
            | CapabilitiesSecureBits::NO_CAP_AMBIENT_RAISE_LOCKED,
    )
    .at_with(step, "securebits")?;
    let none = CapabilitySets {
        effective: CapabilitySet::empty(),
        permitted: CapabilitySet::empty(),
        inheritable: CapabilitySet::empty(),
    };
    rustix::thread::set_capabilities(None, none).at_with(step, "sets")?;
    seal()
}

/// No privilege may come back, and the program may not look into us.
pub(crate) fn seal() -> Result<(), Fault> {
    rustix::thread::set_no_new_privs(true).at(JailStep::NoNewPrivileges)?;
    // Init shares the program's id; this keeps its memory and descriptors out of the program's reach. The program
    // itself becomes ordinary again by its execve.
    set_dumpable_behavior(DumpableBehavior::NotDumpable).at(JailStep::DropCapabilities)
}

/// The pipe's other end lives in the outer process: its end is that process's end.
pub(crate) fn check_parent(pipe: &OwnedFd) -> Result<(), Fault> {
    let step = JailStep::ParentDeathSignal;
    rustix::fs::fcntl_setfl(pipe, OFlags::NONBLOCK).at(step)?;
    match rustix::io::read(pipe, &mut [0_u8; 1]) {
        Err(Errno::AGAIN) => Ok(()),
        _ => Err(Fault::own(step, "the outer process is gone")),
    }
}
