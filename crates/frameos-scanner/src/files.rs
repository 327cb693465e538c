//! The files of a bundle as the scan sees them: what each one is, and its text where it has one.
//!
//! Invariants: every file of the bundle is here once, in path order; a text is the file's without a byte order mark, and
//! offsets into it are what findings point at. Analyses that follow a program from file to file look files up here.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::classify::{Kind, extension, startup_lines};

/// One file of the bundle.
pub(crate) struct File<'b> {
    pub(crate) path: &'b str,
    pub(crate) bytes: &'b [u8],
    pub(crate) kind: Kind,
    text: Option<Cow<'b, str>>,
}

impl<'b> File<'b> {
    pub(crate) fn new(path: &'b str, bytes: &'b [u8], kind: Kind) -> Self {
        let body = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let text = match (std::str::from_utf8(body), kind) {
            (Ok(text), Kind::Python) if extension(path) == "pth" => Some(Cow::Owned(startup_program(text))),
            (Ok(text), _) => Some(Cow::Borrowed(text)),
            // Node replaces what is not UTF-8 and runs the rest.
            (Err(_), Kind::JavaScript) => Some(String::from_utf8_lossy(body)),
            (Err(_), _) => None,
        };
        Self { path, bytes, kind, text }
    }

    /// The file as text; nothing where it is none.
    pub(crate) fn text(&self) -> Option<&str> {
        self.text.as_deref()
    }
}

/// All files of the bundle.
#[derive(Default)]
pub(crate) struct Files<'b> {
    by_path: BTreeMap<&'b str, File<'b>>,
}

impl<'b> Files<'b> {
    pub(crate) fn insert(&mut self, file: File<'b>) {
        self.by_path.insert(file.path, file);
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &File<'b>> {
        self.by_path.values()
    }

    /// The file with exactly this path.
    pub(crate) fn get(&self, path: &str) -> Option<&File<'b>> {
        self.by_path.get(path)
    }

    /// The paths of all sources of one language.
    pub(crate) fn of_kind(&self, kind: Kind) -> Vec<&'b str> {
        self.iter().filter(|file| file.kind == kind).map(|file| file.path).collect()
    }

    /// Takes a file for JavaScript because a program loads it, whatever its name says; the path if that is news.
    pub(crate) fn load(&mut self, path: &str) -> Option<&'b str> {
        let file = self.by_path.get_mut(path)?;
        if !matches!(file.kind, Kind::Other | Kind::Media(_) | Kind::SourceMap) {
            return None;
        }
        *file = File::new(file.path, file.bytes, Kind::JavaScript);
        Some(file.path)
    }
}

/// What Python runs of a `.pth` file: its import lines, at their places.
fn startup_program(text: &str) -> String {
    let mut program: Vec<u8> = text.bytes().map(|byte| if byte == b'\n' { byte } else { b' ' }).collect();
    for (offset, line) in startup_lines(text.as_bytes()) {
        program[offset..offset + line.len()].copy_from_slice(line);
    }
    // Blanks before a line break mean nothing to Python, and an empty line has no indentation.
    String::from_utf8(program).unwrap_or_default()
}

/// The path of a relative module name, seen from the file at `from`.
pub(crate) fn join(from: &str, name: &str) -> Option<String> {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for component in name.split('/') {
        match component {
            "" | "." => {}
            ".." => _ = parts.pop()?,
            component => parts.push(component),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn module_names_are_joined_to_the_file_that_loads_them() {
        assert_eq!(join("a/b.js", "./c.txt").as_deref(), Some("a/c.txt"));
        assert_eq!(join("a/b.js", "../c").as_deref(), Some("c"));
        assert_eq!(join("b.js", "../c"), None);
    }

    #[test]
    fn a_loaded_file_becomes_source_once() {
        let mut files = Files::default();
        files.insert(File::new("a.txt", b"\xef\xbb\xbfx\xff", Kind::Other));
        assert!(files.get("a.txt").is_some_and(|file| file.text().is_none()));
        assert_eq!(files.load("a.txt"), Some("a.txt"));
        assert_eq!(files.get("a.txt").and_then(File::text), Some("x\u{fffd}"));
        assert_eq!(files.load("a.txt"), None);
        assert_eq!(files.load("b.txt"), None);
    }
}
