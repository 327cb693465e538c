//! What of `/proc` a program may see besides its own processes.
//!
//! An allow-list: whatever else this kernel has there is covered. New kernels add entries; they are covered unseen.

use crate::error::SandboxError;
use crate::jail::ProcMasks;

/// What interpreters and honest programs ask for: sizes, clocks, versions.
const VISIBLE: [&str; 7] = ["cpuinfo", "filesystems", "loadavg", "meminfo", "stat", "uptime", "version"];

/// Reads the host's `/proc` once; the sandbox's own has the same entries.
pub(crate) fn masks() -> Result<ProcMasks, SandboxError> {
    let mut masks = ProcMasks::default();
    let failed = || SandboxError::io("read", "/proc");
    for entry in std::fs::read_dir("/proc").map_err(failed())? {
        let entry = entry.map_err(failed())?;
        let name = entry.file_name().to_string_lossy().into_owned();
        // Before it is looked at: a process may end in the meantime.
        let own_process = name.bytes().all(|b| b.is_ascii_digit());
        if own_process || VISIBLE.contains(&name.as_str()) {
            continue;
        }
        let kind = entry.file_type().map_err(failed())?;
        // Links lead into the program's own processes.
        if kind.is_symlink() {
            continue;
        }
        if kind.is_dir() {
            masks.dirs.push(name);
        } else {
            masks.files.push(name);
        }
    }
    Ok(masks)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_dangerous_entries_are_covered() -> Result<(), Box<dyn std::error::Error>> {
        let masks = super::masks()?;
        for name in ["kcore", "keys", "sysrq-trigger", "timer_list", "kallsyms", "cmdline"] {
            let there = std::path::Path::new("/proc").join(name).exists();
            assert_eq!(there, masks.files.iter().any(|file| file == name), "{name}");
        }
        assert!(!masks.files.iter().any(|file| file == "meminfo"));
        // Kernel settings tell one host from another (`boot_id`), and no interpreter needs them.
        assert!(masks.dirs.iter().any(|dir| dir == "sys"));
        Ok(())
    }
}
