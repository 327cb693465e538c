//! The shared libraries of a host binary, as the host's own loader finds them.
//!
//! Libraries from the standard folders keep their place; others go beside the C library, where any loader looks.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::interpreter::tool;
use super::tree::Tree;
use crate::error::SandboxError;

const STANDARD: [&str; 4] = ["/lib", "/lib64", "/usr/lib", "/usr/lib64"];

/// Copies the loader that a binary names, and libraries through it.
pub(super) struct Libraries {
    /// `None` for a static binary.
    loader: Option<PathBuf>,
    seen: BTreeSet<PathBuf>,
    /// Where the C library is.
    home: PathBuf,
}

impl Libraries {
    pub(super) fn of(tree: &Tree, executable: &Path) -> Result<Self, SandboxError> {
        let image = fs::read(executable).map_err(SandboxError::io("read", executable))?;
        let loader = elf_interpreter(&image).map(PathBuf::from);
        if let Some(loader) = &loader {
            tree.copy(loader, loader)?;
        }
        let mut libraries = Self { loader, seen: BTreeSet::new(), home: PathBuf::from("/usr/lib") };
        libraries.add(tree, executable)?;
        // Loaded by name when a thread is cancelled; no binary says so.
        let unwinder = libraries.home.join("libgcc_s.so.1");
        if unwinder.exists() {
            tree.copy(&unwinder, &unwinder)?;
        }
        Ok(libraries)
    }

    /// Copies what `binary` needs.
    pub(super) fn add(&mut self, tree: &Tree, binary: &Path) -> Result<(), SandboxError> {
        let Some(loader) = &self.loader else { return Ok(()) };
        let output = tool(loader)
            .arg("--list")
            .arg(binary)
            .output()
            .map_err(|error| failed(loader, error.to_string()))?;
        let text = String::from_utf8_lossy(&output.stdout);
        if !output.status.success() || text.contains("not found") {
            let said = format!("{}{}", text, String::from_utf8_lossy(&output.stderr));
            return Err(failed(loader, format!("{}: {}", binary.display(), said.trim())));
        }
        let found: Vec<PathBuf> = text.lines().filter_map(listed_path).collect();
        let is_libc = |path: &&PathBuf| {
            path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("libc.so"))
        };
        if let Some(home) = found.iter().find(is_libc).and_then(|path| path.parent()) {
            self.home = home.to_path_buf();
        }
        for path in found {
            if self.seen.insert(path.clone()) {
                let inside = match path.file_name() {
                    Some(name) if !STANDARD.iter().any(|dir| path.starts_with(dir)) => self.home.join(name),
                    _ => path.clone(),
                };
                tree.copy(&path, inside)?;
            }
        }
        Ok(())
    }
}

fn failed(loader: &Path, reason: String) -> SandboxError {
    SandboxError::Tool { program: loader.display().to_string(), reason }
}

/// The path in `libm.so.6 => /lib/…/libm.so.6 (0x…)` or `/lib64/ld-linux.so.2 (0x…)`; nothing for the vDSO.
fn listed_path(line: &str) -> Option<PathBuf> {
    let path = line.split_once("=>").map_or(line, |(_, path)| path).trim();
    let path = path.rsplit_once(" (").map_or(path, |(path, _)| path);
    path.starts_with('/').then(|| PathBuf::from(path))
}

/// The loader named in a 64-bit little-endian ELF file.
fn elf_interpreter(image: &[u8]) -> Option<String> {
    const PT_INTERP: u64 = 3;
    if !image.starts_with(b"\x7fELF\x02\x01") {
        return None;
    }
    let number = |at: usize, size: usize| -> Option<u64> {
        let bytes = image.get(at..at.checked_add(size)?)?;
        Some(bytes.iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte)))
    };
    let at = |value: u64| usize::try_from(value).ok();
    let (table, size, count) = (at(number(32, 8)?)?, at(number(54, 2)?)?, at(number(56, 2)?)?);
    (0..count).find_map(|index| {
        let entry = table.checked_add(index.checked_mul(size)?)?;
        if number(entry, 4)? != PT_INTERP {
            return None;
        }
        let (offset, length) = (at(number(entry + 8, 8)?)?, at(number(entry + 32, 8)?)?);
        let name = image.get(offset..offset.checked_add(length)?)?;
        Some(String::from_utf8_lossy(name).trim_end_matches('\0').to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loaders_list_is_understood() {
        let path = |line| listed_path(line).map(|path| path.display().to_string());
        assert_eq!(path("\tlibm.so.6 => /lib/libm.so.6 (0x00007f)").as_deref(), Some("/lib/libm.so.6"));
        assert_eq!(path("\t/lib64/ld.so.2 (0x00007f)").as_deref(), Some("/lib64/ld.so.2"));
        assert_eq!(path("\tlinux-vdso.so.1 (0x00007f)"), None);
    }

    #[test]
    fn broken_binaries_name_no_loader() {
        assert_eq!(elf_interpreter(b"#!/bin/sh"), None);
        assert_eq!(elf_interpreter(b"\x7fELF\x02\x01"), None);
    }
}
