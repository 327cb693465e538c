//! What a server's sandboxes have left on the machine: nothing, once their runs have ended.

use std::path::Path;

use super::TestApp;

impl TestApp {
    /// Processes that still have a bundle of this server mounted, and control groups of its sandboxes, but for those of
    /// interpreters that wait for a run. One that is just being made is given the time to come to that.
    pub fn leftovers(&self) -> Vec<String> {
        let looked = std::time::Instant::now();
        loop {
            let mut found = processes(self.data_dir());
            found.extend(groups(self.data_dir()));
            if found.is_empty() || looked.elapsed() > std::time::Duration::from_secs(5) {
                return found;
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    }
}

fn processes(data_dir: &Path) -> Vec<String> {
    // The data directory's parent has a name that no other test's has.
    let ground = data_dir.parent().unwrap().file_name().unwrap().to_str().unwrap();
    let mounted =
        |mounts: &str| mounts.lines().any(|line| line.contains(ground) && line.contains(" /agent "));
    let processes = std::fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.path());
    processes
        .filter(|process| {
            std::fs::read_to_string(process.join("mountinfo")).is_ok_and(|mounts| mounted(&mounts))
        })
        .map(|process| process.display().to_string())
        .collect()
}

fn groups(data_dir: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for owner in std::fs::read_dir(data_dir.join("sandbox/owners")).unwrap().flatten() {
        let prefix = format!("frameos-{}-", owner.file_name().to_string_lossy());
        for base in std::fs::read_to_string(owner.path()).unwrap().lines() {
            let names = std::fs::read_dir(base).unwrap().flatten().map(|entry| entry.path());
            let ours = names.filter(|path| path.display().to_string().contains(&prefix));
            found.extend(ours.filter(|path| !waits(path)).map(|path| path.display().to_string()));
        }
    }
    found
}

/// Whether the interpreter in a group has got no code yet.
fn waits(group: &Path) -> bool {
    let members = std::fs::read_to_string(group.join("cgroup.procs")).unwrap_or_default();
    let of =
        |pid: &str, file: &str| std::fs::read_to_string(format!("/proc/{pid}/{file}")).unwrap_or_default();
    let warm = |pid: &str| of(pid, "cmdline").split('\0').any(|word| word == "warm");
    let has_code = |pid: &str| of(pid, "mountinfo").contains(" /agent ");
    members.lines().any(warm) && !members.lines().any(has_code)
}
