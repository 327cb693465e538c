//! Which archive paths are allowed, and their one normal form.
//!
//! Invariant: a cleaned path joined to any folder stays inside that folder, on any operating system.

use super::BundleError;

const MAX_PATH: usize = 512;
const MAX_COMPONENT: usize = 255;
const MAX_DEPTH: usize = 64;

/// The normal form of a file's path: no leading `./`, components joined by single slashes.
pub(super) fn clean_file(raw: &[u8]) -> Result<String, BundleError> {
    match clean(raw)? {
        Some(path) => Ok(path),
        None => Err(invalid(raw, "it is empty")),
    }
}

/// The normal form of a directory's path; `None` is the root itself.
pub(super) fn clean_directory(raw: &[u8]) -> Result<Option<String>, BundleError> {
    clean(raw.strip_suffix(b"/").unwrap_or(raw))
}

fn clean(raw: &[u8]) -> Result<Option<String>, BundleError> {
    let Ok(path) = std::str::from_utf8(raw) else { return Err(invalid(raw, "it is not UTF-8")) };
    if path.len() > MAX_PATH {
        return Err(invalid(raw, "it is longer than 512 bytes"));
    }
    if path.contains('\\') {
        return Err(invalid(raw, "it has a backslash; separate folders with '/'"));
    }
    if path.chars().any(|c| c.is_control() || is_hidden(c)) {
        return Err(invalid(raw, "it has control or invisible characters"));
    }
    let bytes = path.as_bytes();
    let has_drive = bytes.len() >= 2 && bytes[0].is_ascii_alphabetic() && bytes[1] == b':';
    if path.starts_with('/') || has_drive {
        return Err(BundleError::PathAbsolute { path: shown(raw) });
    }
    let mut rest = path;
    while let Some(stripped) = rest.strip_prefix("./") {
        rest = stripped;
    }
    if rest.is_empty() || rest == "." {
        return Ok(None);
    }
    check_components(raw, rest)?;
    Ok(Some(rest.to_owned()))
}

fn check_components(raw: &[u8], path: &str) -> Result<(), BundleError> {
    if path.split('/').any(|component| component == "..") {
        return Err(BundleError::PathTraversal { path: shown(raw) });
    }
    for component in path.split('/') {
        match component {
            "" => return Err(invalid(raw, "it has an empty component")),
            "." => return Err(invalid(raw, "it has a '.' component")),
            long if long.len() > MAX_COMPONENT => {
                return Err(invalid(raw, "a component is longer than 255 bytes"));
            }
            _ => {}
        }
    }
    if path.split('/').count() > MAX_DEPTH {
        return Err(invalid(raw, "it is nested deeper than 64 folders"));
    }
    Ok(())
}

/// Zero-width and direction-changing characters make two names look alike to a reviewer.
fn is_hidden(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

fn invalid(raw: &[u8], reason: &'static str) -> BundleError {
    BundleError::PathInvalid { path: shown(raw), reason }
}

/// A hostile path cut to a length that fits an error message.
pub(super) fn shown(raw: &[u8]) -> String {
    String::from_utf8_lossy(&raw[..raw.len().min(200)]).into_owned()
}
