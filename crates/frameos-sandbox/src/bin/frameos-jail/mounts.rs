//! What the program sees as its file system.
//!
//! Everything is read-only, `nosuid` and `nodev` but for `/tmp` (writable, `noexec`) and five device files. The
//! mount points are part of the runtime folder; nothing is created on the host.

use std::path::Path;

use frameos_sandbox::jail::{INNER_ID, JailConfig, JailStep};
use rustix::fs::StatVfsMountFlags;
use rustix::io::Errno;
use rustix::mount::{MountFlags, MountPropagationFlags, UnmountFlags};
use rustix::mount::{mount, mount_bind, mount_change, unmount};

use crate::fault::{At as _, Fault};
use crate::kernel::mount_attributes;

const DEVICES: [&str; 5] = ["null", "zero", "full", "random", "urandom"];
/// Read-only also means that no access time changes, which is as good as `noatime`: the kernel locks that flag on mounts
/// that a user namespace inherits.
pub(crate) const CLOSED: u64 = libc::MOUNT_ATTR_RDONLY | libc::MOUNT_ATTR_NOSUID | libc::MOUNT_ATTR_NODEV;

/// The tree, up to `pivot_root`; paths are relative to the new root from the second step on.
pub(crate) fn build(config: &JailConfig) -> Result<(), Fault> {
    // First, or what follows would show on the host.
    mount_change("/", MountPropagationFlags::REC | MountPropagationFlags::PRIVATE)
        .at(JailStep::MountPrivate)?;
    // Onto itself: pivot_root wants a mount point, and its own flags.
    let step = JailStep::MountRoot;
    mount_bind(&config.root, &config.root).at_with(step, config.root.display())?;
    rustix::process::chdir(&config.root).at_with(step, config.root.display())?;
    mount_attributes(Path::new("."), CLOSED).at(step)?;
    if let Some(code) = &config.code {
        mount_bind(code, "agent").at_with(JailStep::MountCode, code.display())?;
        mount_attributes(Path::new("agent"), CLOSED).at(JailStep::MountCode)?;
    }
    // Bound from the host, because device files cannot be made without the host's privileges.
    for device in DEVICES {
        let (host, own) = (Path::new("/dev").join(device), Path::new("dev").join(device));
        mount_bind(&host, &own).at_with(JailStep::MountDevice, device)?;
        let flags = libc::MOUNT_ATTR_RDONLY | libc::MOUNT_ATTR_NOSUID | libc::MOUNT_ATTR_NOEXEC;
        mount_attributes(&own, flags).at_with(JailStep::MountDevice, device)?;
    }
    build_proc(config)?;
    // Old root onto new root, then let go of the old one: afterwards no path leads to the host.
    let step = JailStep::PivotRoot;
    rustix::process::pivot_root(".", ".").at(step)?;
    unmount(".", UnmountFlags::DETACH).at(step)?;
    rustix::process::chdir("/agent").at(step)
}

/// Before the pivot: the kernel grants a new `/proc` only to those who can see an old one.
fn build_proc(config: &JailConfig) -> Result<(), Fault> {
    let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    mount("proc", "proc", "proc", flags, c"hidepid=2").at(JailStep::MountProc)?;
    let proc = Path::new("proc");
    let masks = config.proc.files.iter().map(|name| (name, "dev/null"));
    for (name, cover) in masks.chain(config.proc.dirs.iter().map(|name| (name, "var/empty"))) {
        match mount_bind(cover, proc.join(name)) {
            // What is not there needs no cover.
            Ok(()) | Err(Errno::NOENT) => {}
            Err(error) => return Err(error).at_with(JailStep::MaskProc, name),
        }
    }
    Ok(())
}

/// After the ids are set, because a file system made by an unmapped id could not be written to.
pub(crate) fn build_tmp(config: &JailConfig) -> Result<(), Fault> {
    let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    let options = format!(
        "size={},nr_inodes={},mode=0700,uid={INNER_ID},gid={INNER_ID}",
        config.tmp_bytes, config.tmp_files
    );
    let options = std::ffi::CString::new(options).map_err(|_| Fault::own(JailStep::MountTmp, "options"))?;
    mount("tmpfs", "/tmp", "tmpfs", flags, options.as_c_str()).at(JailStep::MountTmp)
}

/// Looks from where the program will look: a wall that is not there must not go unnoticed.
pub(crate) fn verify() -> Result<(), Fault> {
    let step = JailStep::VerifyRoot;
    verify_closed("/")?;
    verify_closed("/agent")?;
    let flags = rustix::fs::statvfs("/tmp").at_with(step, "/tmp")?.f_flag;
    if !flags.contains(StatVfsMountFlags::NOEXEC | StatVfsMountFlags::NOSUID | StatVfsMountFlags::NODEV) {
        return Err(Fault::own(step, "/tmp"));
    }
    Ok(())
}

pub(crate) fn verify_closed(path: &str) -> Result<(), Fault> {
    let step = JailStep::VerifyRoot;
    let closed = StatVfsMountFlags::RDONLY | StatVfsMountFlags::NOSUID | StatVfsMountFlags::NODEV;
    let flags = rustix::fs::statvfs(path).at_with(step, path)?.f_flag;
    if flags.contains(closed) { Ok(()) } else { Err(Fault::own(step, path)) }
}
