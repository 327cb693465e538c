//! The repository as rules see it: text files with paths relative to its root.
//!
//! Build output, data directories, version control and whatever is not UTF-8 are left out, so a rule never has to think of them.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// Folders that hold nothing of ours, wherever they are.
const SKIPPED: [&str; 6] = [".git", "target", "data", "node_modules", "__pycache__", ".idea"];

/// One text file.
#[derive(Debug)]
pub(crate) struct SourceFile {
    /// Relative to the root, with `/`.
    pub(crate) path: String,
    pub(crate) text: String,
}

impl SourceFile {
    pub(crate) fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// Whether this is a file of tests: an integration test, or a module included under `#[cfg(test)]` only.
    pub(crate) fn is_test(&self) -> bool {
        self.path.contains("/tests/") || self.path.ends_with("/tests.rs")
    }

    /// The folder under `crates/`, if the file is in one.
    pub(crate) fn package(&self) -> Option<&str> {
        self.path.strip_prefix("crates/")?.split('/').next()
    }
}

/// Where this repository is: the parent of xtask's own folder.
pub(crate) fn repository_root() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().unwrap_or(own).to_path_buf()
}

/// All text files under `root`, sorted by path.
pub(crate) fn read(root: &Path) -> io::Result<Vec<SourceFile>> {
    let mut files = Vec::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            let name = entry.file_name();
            let kind = entry.file_type()?;
            if kind.is_dir() && !SKIPPED.iter().any(|skipped| name == *skipped) {
                folders.push(entry.path());
            } else if kind.is_file() {
                files.extend(read_text(root, &entry.path())?);
            }
        }
    }
    files.sort_by(|left, right| left.path.cmp(&right.path));
    Ok(files)
}

fn read_text(root: &Path, path: &Path) -> io::Result<Option<SourceFile>> {
    let relative = path.strip_prefix(root).unwrap_or(path).to_string_lossy().replace('\\', "/");
    Ok(String::from_utf8(fs::read(path)?).ok().map(|text| SourceFile { path: relative, text }))
}
