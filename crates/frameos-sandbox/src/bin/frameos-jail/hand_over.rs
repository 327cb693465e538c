//! Brings code into a sandbox that stands already, from outside: nothing inside keeps a right to mount.
//!
//! Done by a short-lived child of the outer process, because entering the sandbox's namespaces cannot be undone. The order
//! matters: the code's path means something on the host only, and its place something in the sandbox only.

use std::ffi::OsStr;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use frameos_sandbox::jail::{JailConfig, JailStep, Report};
use nix::sched::{CloneFlags, setns, unshare};
use nix::unistd::{ForkResult, fork};
use rustix::fs::{Mode, OFlags};
use rustix::mount::{MoveMountFlags, OpenTreeFlags, move_mount, open_tree};

use crate::fault::{At as _, Fault};
use crate::kernel;
use crate::mounts;
use crate::wire::Control;

/// The ways back into a sandbox that waits for its code.
pub(crate) struct Namespaces {
    user: OwnedFd,
    mount: OwnedFd,
    /// Whether our own namespaces let us clone a mount.
    privileged: bool,
}

impl Namespaces {
    /// To be called while the process in them is still like us: later its files in `/proc` are root's.
    pub(crate) fn open(config: &JailConfig, pid: i32) -> Result<Self, Fault> {
        let open = |name: &str| {
            let path = format!("/proc/{pid}/ns/{name}");
            let flags = OFlags::RDONLY | OFlags::CLOEXEC;
            rustix::fs::open(&path, flags, Mode::empty()).at_with(JailStep::OpenNamespaces, path)
        };
        Ok(Self { user: open("user")?, mount: open("mnt")?, privileged: config.privileged })
    }

    /// Mounts the folder `code` at `/agent` and tells the parent how it went.
    pub(crate) fn mount(&self, control: &Control, code: &[u8]) -> Result<(), Fault> {
        let code = Path::new(OsStr::from_bytes(code));
        // SAFETY: single-threaded, so the child may call anything.
        match unsafe { fork() }.at(JailStep::Fork)? {
            ForkResult::Child => {
                match self.bring(code) {
                    Ok(()) => control.report(&Report::Mounted),
                    Err(fault) => control.fault(fault),
                }
                // Nothing of ours may run twice.
                kernel::exit_now(0)
            }
            ForkResult::Parent { child } => {
                nix::sys::wait::waitpid(child, None).at(JailStep::Supervise)?;
                Ok(())
            }
        }
    }

    fn bring(&self, code: &Path) -> Result<(), Fault> {
        if !self.privileged {
            // Without root only a mount table of our own will let us clone from it: a copy, owned by the sandbox's user
            // namespace.
            setns(&self.user, CloneFlags::CLONE_NEWUSER).at_with(JailStep::EnterNamespaces, "user")?;
            unshare(CloneFlags::CLONE_NEWNS).at_with(JailStep::EnterNamespaces, "own mounts")?;
        }
        let flags = OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC;
        let tree = open_tree(rustix::fs::CWD, code, flags).at_with(JailStep::CloneCode, code.display())?;
        // Closed before anybody inside can see it.
        kernel::mount_attributes_at(tree.as_fd(), mounts::CLOSED).at(JailStep::CloneCode)?;
        setns(&self.mount, CloneFlags::CLONE_NEWNS).at_with(JailStep::EnterNamespaces, "mount")?;
        let flags = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH;
        move_mount(tree.as_fd(), "", rustix::fs::CWD, "/agent", flags).at(JailStep::MountCode)?;
        mounts::verify_closed("/agent")
    }
}
