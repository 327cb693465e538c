//! The part of a root file system that every runtime has: mount points, device stubs, a minimal `/etc`.
//!
//! The jail mounts onto these names; adding one here without a mount there gives programs an empty file, never a hole.

use super::tree::Tree;
use crate::error::SandboxError;

const DIRS: [&str; 7] = ["agent", "tmp", "proc", "dev", "runner", "etc", "var/empty"];
const DEVICES: [&str; 5] = ["null", "zero", "full", "random", "urandom"];
const LINKS: [(&str, &str); 5] = [
    ("/proc/self/fd", "dev/fd"),
    ("/proc/self/fd/0", "dev/stdin"),
    ("/proc/self/fd/1", "dev/stdout"),
    ("/proc/self/fd/2", "dev/stderr"),
    // Named semaphores and shared memory: the same 100 MB.
    ("/tmp", "dev/shm"),
];
const ETC: [(&str, &str); 4] = [
    (
        "etc/passwd",
        "agent:x:1000:1000:agent:/tmp:/nonexistent\nnobody:x:65534:65534:nobody:/nonexistent:/nonexistent\n",
    ),
    ("etc/group", "agent:x:1000:\nnogroup:x:65534:\n"),
    ("etc/hosts", "127.0.0.1 localhost sandbox\n::1 localhost\n"),
    ("etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files\n"),
];

pub(crate) fn lay(tree: &Tree) -> Result<(), SandboxError> {
    for dir in DIRS {
        tree.dir(dir)?;
    }
    for device in DEVICES {
        tree.write(format!("dev/{device}"), b"")?;
    }
    for (target, name) in LINKS {
        if !tree.root().join(name).is_symlink() {
            tree.link(target, name)?;
        }
    }
    for (name, content) in ETC {
        tree.write(name, content.as_bytes())?;
    }
    Ok(())
}

impl Tree {
    /// The smallest root in which the jail's steps all succeed: for the probe.
    pub(crate) fn probe(root: &std::path::Path) -> Result<Self, SandboxError> {
        let tree = Self::create(root)?;
        lay(&tree)?;
        Ok(tree)
    }
}
