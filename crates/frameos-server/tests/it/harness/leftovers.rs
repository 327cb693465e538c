//! What a server's sandboxes have left on the machine: nothing, once their runs have ended.

use std::path::Path;

use super::TestApp;

impl TestApp {
    /// Processes that still have a bundle of this server mounted, and control groups of its sandboxes.
    pub fn leftovers(&self) -> Vec<String> {
        let mut found = processes(self.data_dir());
        found.extend(groups(self.data_dir()));
        found
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
            found.extend(names.map(|path| path.display().to_string()).filter(|path| path.contains(&prefix)));
        }
    }
    found
}
