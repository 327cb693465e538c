//! Files that are not what their names say: programs named as pictures, archives behind images, binaries named as text.
//!
//! A file whose name promises nothing cannot lie, and a wrong picture format is a mistake.

use crate::archive;
use crate::classify::{Kind, by_content, extension, tail};
use crate::files::File;
use crate::findings::Findings;
use crate::{js, python, rules};

/// What a file's name promises.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Promise {
    Media,
    /// Text for programs or people, with nothing in it that runs.
    Text,
    Source,
}

/// Texts longer than this are not parsed to see whether they are programs.
const MAX_PARSED: usize = 512 * 1024;

pub(crate) fn check(file: &File<'_>, findings: &mut Findings) {
    let promise = promise(file.path);
    if let Some(what) = promise.and_then(|promise| broken(file, promise)) {
        let what = format!("this file is named .{} but is {what}", extension(file.path));
        findings.in_file(rules::LYING_FILE, file.path, &what);
        return;
    }
    if let Some(what) = appended(file) {
        findings.in_file(rules::LYING_FILE, file.path, &what);
    }
}

fn promise(path: &str) -> Option<Promise> {
    Some(match extension(path).as_str() {
        "png" | "jpg" | "jpeg" | "gif" | "webp" | "bmp" | "ico" | "tif" | "tiff" | "woff" | "woff2"
        | "ttf" | "otf" | "eot" | "mp3" | "wav" | "ogg" | "flac" | "mp4" | "webm" | "avi" | "mov" | "m4a"
        | "pdf" => Promise::Media,
        "txt" | "json" | "csv" | "tsv" | "md" | "rst" | "yaml" | "yml" | "xml" | "svg" | "css" | "scss"
        | "less" | "toml" | "ini" | "cfg" | "lock" | "log" | "html" | "htm" | "map" => Promise::Text,
        "js" | "cjs" | "mjs" | "jsx" | "ts" | "cts" | "mts" | "tsx" | "py" | "pyi" => Promise::Source,
        _ => return None,
    })
}

/// What a file is instead of what its name promises.
fn broken(file: &File<'_>, promise: Promise) -> Option<String> {
    match (file.kind, promise) {
        (Kind::Native(what), _) => return Some(what.to_owned()),
        (Kind::Archive(what), _) => return Some(format!("a {what} archive")),
        (Kind::Wasm, _) => return Some("WebAssembly".to_owned()),
        (Kind::Pickle, _) => return Some("a Python pickle".to_owned()),
        (Kind::Script(what), Promise::Media | Promise::Text) => return Some(what.to_owned()),
        (Kind::JavaScript, Promise::Media | Promise::Text) => return Some("JavaScript".to_owned()),
        (Kind::Python, Promise::Media | Promise::Text) => return Some("Python".to_owned()),
        (Kind::Media(what), Promise::Text | Promise::Source) => return Some(what.to_owned()),
        (Kind::SourceMap, _) => return None,
        _ => {}
    }
    match (file.text(), promise) {
        (Some(text), Promise::Media) if file.kind == Kind::Other => {
            program_in(text, file.path).map(str::to_owned)
        }
        (Some(text), Promise::Media) => program_in(text, file.path).map(|what| format!("also {what}")),
        (Some(text), Promise::Text) => program_in(text, file.path).map(str::to_owned),
        (None, Promise::Media) if file.kind == Kind::Other && !has_own_format(file.path) => {
            Some("of no format that has this name".to_owned())
        }
        (_, Promise::Text | Promise::Source) if is_binary(file.bytes) => Some("binary data".to_owned()),
        _ => None,
    }
}

/// Formats with this name that have no first bytes to know them by.
fn has_own_format(path: &str) -> bool {
    matches!(extension(path).as_str(), "mov" | "mp3" | "eot" | "m4a")
}

/// Zero bytes are in no text but UTF-16 and UTF-32, which say so at their beginning.
fn is_binary(bytes: &[u8]) -> bool {
    let has_mark = bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]);
    !has_mark && bytes[..bytes.len().min(8 * 1024)].contains(&0) && std::str::from_utf8(bytes).is_err()
}

/// What program a text is, if it is one from beginning to end.
fn program_in(text: &str, path: &str) -> Option<&'static str> {
    const JAVASCRIPT: &[&str] = &[
        "require(",
        "module.exports",
        "eval(",
        "Function(",
        "child_process",
        "process.",
        "fetch(",
        "import(",
    ];
    const PYTHON: &[&str] = &["import ", "exec(", "eval(", "__import__(", "def "];
    if text.len() > MAX_PARSED || matches!(extension(path).as_str(), "md" | "rst" | "css" | "scss" | "less") {
        return None;
    }
    let start = text.trim_start();
    if start.starts_with("<?php") {
        return Some("PHP");
    }
    if start.starts_with(['{', '[']) && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok() {
        return None;
    }
    let has = |words: &[&str]| {
        words.iter().any(|word| memchr::memmem::find(text.as_bytes(), word.as_bytes()).is_some())
    };
    if start.starts_with('<') {
        let is_picture = matches!(promise(path), Some(Promise::Media)) && has(&["<script", "<html", "<?php"]);
        return is_picture.then_some("HTML");
    }
    if has(JAVASCRIPT) && js::is_program(text) {
        return Some("JavaScript");
    }
    // A word after `import` is a sentence too; a program calls something.
    (has(PYTHON) && has(&["("]) && python::is_program(text)).then_some("Python")
}

/// What a file carries behind its own end.
fn appended(file: &File<'_>) -> Option<String> {
    if matches!(file.kind, Kind::Archive(_) | Kind::Native(_)) {
        return None;
    }
    if archive::has_appended(file.bytes) {
        return Some("a zip archive is appended to this file".to_owned());
    }
    let tail = tail(file.bytes)?;
    let runs = by_content(tail.trim_ascii_start()).filter(|kind| !matches!(kind, Kind::Media(_)));
    let text = std::str::from_utf8(tail).ok();
    let program = text.and_then(|text| {
        if text.trim_start().starts_with("#!") { Some("a script") } else { program_in(text, "") }
    });
    let what = match (runs, program) {
        (Some(Kind::Archive(format)), _) => format!("a {format} archive"),
        (Some(kind), _) => kind.program().unwrap_or("something else").to_owned(),
        (None, Some(program)) => program.to_owned(),
        // Cameras and editors leave a little behind, but not text with such words.
        (None, None) if has_code_words(tail) => "text that looks like code".to_owned(),
        (None, None) if tail.len() >= 256 && !is_jpeg(file.bytes) => {
            format!("{} bytes of something else", tail.len())
        }
        _ => return None,
    };
    Some(format!("behind the end of this picture stands {what}"))
}

fn is_jpeg(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0xff, 0xd8])
}

fn has_code_words(bytes: &[u8]) -> bool {
    const WORDS: &[&str] =
        &["<script", "<?php", "eval(", "require(", "exec(", "child_process", "import os", "powershell"];
    let bytes = &bytes[..bytes.len().min(1024 * 1024)];
    WORDS.iter().any(|word| memchr::memmem::find(bytes, word.as_bytes()).is_some())
}
