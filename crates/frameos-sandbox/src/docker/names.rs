//! What a run's id is called inside: an image cannot know it, and programs look themselves up.
//!
//! Three small files per slot, mounted over those of the image; they are there for as long as the run.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::error::SandboxError;
use crate::slot::Slot;

/// Files below `/etc`. The last one because the engine would put its own there.
pub(super) const NAMES: [&str; 3] = ["passwd", "group", "hosts"];

/// Dropping it removes the files; the container must be gone by then.
pub(super) struct Names {
    dir: PathBuf,
}

impl Names {
    pub(super) fn write(state_dir: &Path, slot: &Slot) -> Result<Self, SandboxError> {
        let id = slot.uid();
        // A slot is one run's alone, so nobody else writes here.
        let names = Self { dir: state_dir.join(format!("names-{id}")) };
        std::fs::create_dir_all(&names.dir).map_err(SandboxError::io("create", &names.dir))?;
        let nobody = "nobody:x:65534:65534:nobody:/nonexistent:/nonexistent";
        let texts = [
            format!("agent:x:{id}:{id}:agent:/tmp:/nonexistent\n{nobody}\n"),
            format!("agent:x:{id}:\nnogroup:x:65534:\n"),
            "127.0.0.1 localhost sandbox\n::1 localhost\n".to_owned(),
        ];
        for (name, text) in NAMES.iter().zip(texts) {
            let path = names.dir.join(name);
            std::fs::write(&path, text).map_err(SandboxError::io("write", &path))?;
            let mode = std::fs::Permissions::from_mode(0o644);
            std::fs::set_permissions(&path, mode).map_err(SandboxError::io("set the mode of", &path))?;
        }
        Ok(names)
    }

    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }
}

impl Drop for Names {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}
