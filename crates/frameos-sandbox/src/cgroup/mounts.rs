//! Where the control group hierarchies are mounted and which group this process is in.
//!
//! Pure parsing of `/proc/self/mountinfo` and `/proc/self/cgroup`; nothing is changed.

use std::path::{Path, PathBuf};

use crate::error::SandboxError;

/// Both files.
pub(super) struct Table {
    mounts: Vec<Mount>,
    memberships: Vec<Membership>,
}

struct Mount {
    second: bool,
    /// The part of the hierarchy that is mounted.
    root: PathBuf,
    point: PathBuf,
    /// Controllers, among other options; version 1 only.
    options: Vec<String>,
}

struct Membership {
    /// Empty for version 2.
    controllers: Vec<String>,
    path: PathBuf,
}

impl Table {
    pub(super) fn read() -> Result<Self, SandboxError> {
        Self::with_memberships("/proc/self/cgroup")
    }

    /// The groups of another process, as this one finds them.
    pub(super) fn of(pid: u32) -> Result<Self, SandboxError> {
        Self::with_memberships(&format!("/proc/{pid}/cgroup"))
    }

    fn with_memberships(cgroup: &str) -> Result<Self, SandboxError> {
        let read = |path: &str| std::fs::read_to_string(path).map_err(SandboxError::io("read", path));
        Ok(Self::parse(&read("/proc/self/mountinfo")?, &read(cgroup)?))
    }

    fn parse(mountinfo: &str, cgroup: &str) -> Self {
        Self {
            mounts: mountinfo.lines().filter_map(parse_mount).collect(),
            memberships: cgroup.lines().filter_map(parse_membership).collect(),
        }
    }

    /// The folder of this process's group in the version 2 hierarchy.
    pub(super) fn second(&self) -> Option<PathBuf> {
        let membership = self.memberships.iter().find(|m| m.controllers.is_empty())?;
        let mount = self.mounts.iter().find(|mount| mount.second)?;
        mount.resolve(&membership.path)
    }

    /// Whether any version 1 hierarchy is mounted.
    pub(super) fn has_first(&self) -> bool {
        self.mounts.iter().any(|mount| !mount.second)
    }

    /// The folder of this process's group in the version 1 hierarchy of `controller`.
    pub(super) fn first(&self, controller: &str) -> Option<PathBuf> {
        let membership = self.memberships.iter().find(|m| m.controllers.iter().any(|c| c == controller))?;
        let mount = self.mounts.iter().find(|m| !m.second && m.options.iter().any(|o| o == controller))?;
        mount.resolve(&membership.path)
    }
}

impl Mount {
    fn resolve(&self, path: &Path) -> Option<PathBuf> {
        let below = path.strip_prefix(&self.root).ok()?;
        let dir = if below.as_os_str().is_empty() { self.point.clone() } else { self.point.join(below) };
        dir.is_dir().then_some(dir)
    }
}

fn parse_mount(line: &str) -> Option<Mount> {
    let (before, after) = line.split_once(" - ")?;
    let mut before = before.split(' ').skip(3);
    let (root, point) = (before.next()?, before.next()?);
    let mut after = after.split(' ');
    let second = match after.next()? {
        "cgroup" => false,
        "cgroup2" => true,
        _ => return None,
    };
    let options = after.nth(1)?.split(',').map(str::to_owned).collect();
    Some(Mount { second, root: unescape(root).into(), point: unescape(point).into(), options })
}

fn parse_membership(line: &str) -> Option<Membership> {
    let mut parts = line.splitn(3, ':').skip(1);
    let controllers = parts.next()?.split(',').filter(|c| !c.is_empty()).map(str::to_owned).collect();
    Some(Membership { controllers, path: parts.next()?.into() })
}

/// The kernel writes blanks in paths as octal.
fn unescape(text: &str) -> String {
    text.replace("\\040", " ").replace("\\011", "\t").replace("\\012", "\n").replace("\\134", "\\")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn co_mounted_controllers_and_a_mounted_part_are_understood() {
        let mountinfo = "30 23 0:26 / / rw - cgroup2 cgroup2 rw\n\
                         31 23 0:27 /box /tmp rw,relatime shared:5 - cgroup cgroup rw,cpu,cpuacct\n";
        let table = Table::parse(mountinfo, "4:cpu,cpuacct:/box\n0::/\n");
        assert_eq!(table.second(), Some(PathBuf::from("/")));
        assert_eq!(table.first("cpuacct"), Some(PathBuf::from("/tmp")));
        assert_eq!(table.first("memory"), None);
        assert!(table.has_first());
        assert!(!Table::parse("30 23 0:26 / / rw - cgroup2 cgroup2 rw\n", "0::/\n").has_first());
    }

    #[test]
    fn a_group_outside_the_mounted_part_is_not_found() {
        let mountinfo = "31 23 0:27 /other /tmp rw - cgroup cgroup rw,memory\n";
        assert_eq!(Table::parse(mountinfo, "4:memory:/box\n").first("memory"), None);
    }

    #[test]
    fn escaped_mount_points_are_unescaped() {
        assert_eq!(unescape("/a\\040b"), "/a b");
    }
}
