//! What is still there after all runs, seen from the host.

use std::path::Path;

use super::lab::Lab;
use super::{Report, Verdict};

pub(super) fn check(lab: &Lab<'_>, report: &mut Report) {
    let processes = with_code(lab.folder);
    let verdict = nothing(processes.iter().map(|pid| format!("process {pid}")));
    report.add("nothing is left", "processes of the runs", None, verdict);
    if let Some(groups) = lab.sandbox.groups_left() {
        let verdict = nothing(groups.iter().map(|group| group.display().to_string()));
        report.add("nothing is left", "control groups of the runs", None, verdict);
    }
}

fn nothing(left: impl Iterator<Item = String>) -> Verdict {
    let left: Vec<String> = left.collect();
    if left.is_empty() { Verdict::passed("none") } else { Verdict::failed(left.join(", ")) }
}

/// The processes on this machine that have the probes' code mounted.
fn with_code(folder: &Path) -> Vec<String> {
    let Some(name) = folder.file_name().and_then(|name| name.to_str()) else { return Vec::new() };
    let mounted = |pid: &String| {
        let mounts = std::fs::read_to_string(format!("/proc/{pid}/mountinfo")).unwrap_or_default();
        mounts.lines().any(|line| line.contains(name) && line.contains(" /agent "))
    };
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    names.filter(|name| name.bytes().all(|byte| byte.is_ascii_digit())).filter(mounted).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_named() {
        assert!(nothing(std::iter::empty()).passed);
        assert_eq!(nothing(["process 7".to_owned()].into_iter()), Verdict::failed("process 7"));
    }
}
