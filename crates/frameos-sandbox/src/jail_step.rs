//! The steps of the jail's set-up, in the order in which it takes them.
//!
//! A failed step is the platform's fault and is reported by this name. Why each step stands where it does is said
//! where it is taken, in the jail itself.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One step of `frameos-jail`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JailStep {
    /// Close every descriptor but the standard three.
    CloseInherited,
    /// Read the configuration and the two descriptors.
    ReceiveConfig,
    /// Leave the parent's session and terminal.
    NewSession,
    /// Give up the supplementary groups.
    DropGroups,
    /// Open the control group while host paths still mean something.
    OpenCgroup,
    /// Make the pipe on which the child waits.
    MakePipe,
    /// Make the namespaces and the process inside.
    Clone,
    /// Forbid `setgroups` inside.
    DenySetgroups,
    /// Map the program's user id.
    MapUid,
    /// Map the program's group id.
    MapGid,
    /// Offer the program first to the out-of-memory killer.
    OomScore,
    /// Keep hold of the sandbox's namespaces, to bring code in later.
    OpenNamespaces,
    /// Let the child go on.
    Release,
    /// Wait for the child.
    Supervise,
    /// Die with the jail.
    ParentDeathSignal,
    /// Wait for the id maps.
    AwaitMaps,
    /// Enter the control group.
    EnterCgroup,
    /// Make the control group the root of what is seen.
    CgroupNamespace,
    /// Set the host name.
    Hostname,
    /// Bring up the loopback.
    Loopback,
    /// Start a fresh keyring.
    Keyring,
    /// Cut mount propagation.
    MountPrivate,
    /// Mount the runtime folder.
    MountRoot,
    /// Mount the code.
    MountCode,
    /// Read a command from the parent.
    ReceiveCommand,
    /// Take hold of the code, for a sandbox that waits for it.
    CloneCode,
    /// Go where it shall be mounted.
    EnterNamespaces,
    /// Mount a device file.
    MountDevice,
    /// Mount `/proc`.
    MountProc,
    /// Hide an entry of `/proc`.
    MaskProc,
    /// Mount `/tmp`.
    MountTmp,
    /// Make the runtime folder the root and let go of the host's.
    PivotRoot,
    /// Check that a container is what the engine was asked for.
    VerifyContainer,
    /// Check that the new root is what it should be.
    VerifyRoot,
    /// Make the pipe, closed at its other end, that is stdin.
    MakeStdin,
    /// Set a resource limit.
    ResourceLimit,
    /// Open the account of what is written.
    OpenAccount,
    /// Become the program's user.
    SetIds,
    /// Give up the capabilities.
    DropCapabilities,
    /// Forbid new privileges.
    NoNewPrivileges,
    /// Set up Landlock.
    Landlock,
    /// Install the system call filter.
    Seccomp,
    /// Block the signals that init waits for.
    BlockSignals,
    /// Make the program's process.
    Fork,
    /// Put the program's descriptors in place.
    Descriptors,
    /// Start the interpreter.
    Execute,
}

impl fmt::Display for JailStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let debug = format!("{self:?}");
        let mut name = String::with_capacity(debug.len() + 4);
        for (index, letter) in debug.char_indices() {
            if letter.is_uppercase() && index > 0 {
                name.push('_');
            }
            name.push(letter.to_ascii_lowercase());
        }
        f.write_str(&name)
    }
}
