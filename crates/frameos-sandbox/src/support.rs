//! Does this machine have what isolation needs? Asked once, when a sandbox is opened.
//!
//! Every missing piece is named at once, before the probe run of the jail proves the rest. Nothing is assumed and there
//! is no weaker mode to fall back to.

use std::path::Path;

use crate::cgroup::Hierarchy;
use crate::error::SandboxError;
use crate::tier::Tier;

/// Their files, their names, and the kernel's switches for them.
const NAMESPACES: [(&str, &str, &str); 7] = [
    ("user", "user", "CONFIG_USER_NS"),
    ("mnt", "mount", "CONFIG_NAMESPACES"),
    ("pid", "pid", "CONFIG_PID_NS"),
    ("net", "network", "CONFIG_NET_NS"),
    ("ipc", "ipc", "CONFIG_IPC_NS"),
    ("uts", "uts", "CONFIG_UTS_NS"),
    ("cgroup", "cgroup", "CONFIG_CGROUPS"),
];

/// The tier and the control groups, or all that is missing.
pub(crate) fn survey() -> Result<(Tier, Hierarchy), SandboxError> {
    let root = rustix::process::geteuid().is_root();
    let mut missing = Vec::new();
    for (file, name, switch) in NAMESPACES {
        if !Path::new("/proc/self/ns").join(file).exists() {
            missing.push(format!("the kernel has no {name} namespaces ({switch})"));
        }
    }
    if !root && number("/proc/sys/kernel/unprivileged_userns_clone") == Some(0) {
        missing.push(
            "user namespaces are for root only; run as root, or set kernel.unprivileged_userns_clone=1"
                .to_owned(),
        );
    }
    if number("/proc/sys/user/max_user_namespaces") == Some(0) {
        missing
            .push("user namespaces are switched off; set user.max_user_namespaces to 10000, say".to_owned());
    }
    let actions = std::fs::read_to_string("/proc/sys/kernel/seccomp/actions_avail").unwrap_or_default();
    if !actions.split_whitespace().any(|action| action == "kill_process") {
        missing.push("the kernel has no seccomp filters that kill (CONFIG_SECCOMP_FILTER)".to_owned());
    }
    let landlock_abi = landlock_abi();
    if landlock_abi == 0 {
        missing.push(
            "the kernel has no Landlock, or it is switched off (CONFIG_SECURITY_LANDLOCK, lsm=)".to_owned(),
        );
    }
    let hierarchy = match Hierarchy::find() {
        Ok(hierarchy) => Some(hierarchy),
        Err(lacks) => {
            missing.extend(lacks);
            None
        }
    };
    match hierarchy {
        Some(hierarchy) if missing.is_empty() => {
            Ok((Tier::Linux { root, cgroup: hierarchy.version(), landlock_abi }, hierarchy))
        }
        _ => Err(SandboxError::Unsupported { missing }),
    }
}

fn number(path: &str) -> Option<i64> {
    std::fs::read_to_string(path).ok()?.trim().parse().ok()
}

/// 0 when there is none.
fn landlock_abi() -> u32 {
    const VERSION: libc::c_uint = 1;
    // SAFETY: with this flag the kernel takes no attributes and only answers a number.
    let answer = unsafe {
        libc::syscall(libc::SYS_landlock_create_ruleset, std::ptr::null::<libc::c_void>(), 0_usize, VERSION)
    };
    u32::try_from(answer).unwrap_or(0)
}
