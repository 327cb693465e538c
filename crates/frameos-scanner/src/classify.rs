//! What a file is, by its first bytes before its name.

mod binary;
mod data;

pub(crate) use data::tail;

/// The kinds of file the scanner treats differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    JavaScript,
    Python,
    /// A program in another language, with a word for which.
    Script(&'static str),
    /// Machine code or bytecode, with a word for what it is.
    Native(&'static str),
    Wasm,
    Archive(&'static str),
    /// Python objects that are made by a little program in the file.
    Pickle,
    /// A picture, sound, font, table or model, with a word for which.
    Media(&'static str),
    /// The sources of other code, as somebody says they were.
    SourceMap,
    /// Any other file: data, scanned as text if it is text.
    Other,
}

impl Kind {
    /// A word for something that runs.
    pub(crate) fn program(self) -> Option<&'static str> {
        match self {
            Self::JavaScript => Some("JavaScript"),
            Self::Python => Some("Python"),
            Self::Wasm => Some("WebAssembly"),
            Self::Pickle => Some("a Python pickle"),
            Self::Script(what) | Self::Native(what) => Some(what),
            Self::Archive(_) | Self::Media(_) | Self::SourceMap | Self::Other => None,
        }
    }
}

/// Classifies a file of the bundle.
pub(crate) fn classify(path: &str, bytes: &[u8]) -> Kind {
    if let Some(kind) = by_content(bytes) {
        return kind;
    }
    match extension(path).as_str() {
        "js" | "cjs" | "mjs" | "jsx" | "cts" | "mts" | "tsx" => Kind::JavaScript,
        // Two other formats have this name: translations of Qt, and streams of video.
        "ts" if is_markup(bytes) || is_video_stream(bytes) => Kind::Other,
        "ts" => Kind::JavaScript,
        "py" | "pyw" | "pyi" => Kind::Python,
        "pth" if startup_lines(bytes).next().is_some() => Kind::Python,
        "pyc" | "pyo" => Kind::Native("Python bytecode"),
        "node" => Kind::Native("a native Node module"),
        "so" | "dll" | "dylib" | "pyd" | "exe" => Kind::Native("a native library or program"),
        "wasm" => Kind::Wasm,
        "jsc" => Kind::Native("JavaScript bytecode"),
        "sh" | "bash" | "zsh" | "ksh" | "fish" => Kind::Script("a shell script"),
        "bat" | "cmd" => Kind::Script("a Windows batch file"),
        "ps1" | "psm1" => Kind::Script("a PowerShell script"),
        "vbs" | "vbe" | "wsf" | "hta" => Kind::Script("a Windows script"),
        "pl" | "rb" | "php" | "lua" | "scpt" | "applescript" if std::str::from_utf8(bytes).is_ok() => {
            Kind::Script("a script of another language")
        }
        "map" if is_source_map(bytes) => Kind::SourceMap,
        _ => by_first_line(bytes),
    }
}

/// The lower-case extension of a path, or nothing.
pub(crate) fn extension(path: &str) -> String {
    let name = path.rsplit('/').next().unwrap_or(path);
    match name.rsplit_once('.') {
        Some((_, extension)) => extension.to_ascii_lowercase(),
        None => String::new(),
    }
}

/// What a file is by its bytes alone, if they are those of a known format.
pub(crate) fn by_content(bytes: &[u8]) -> Option<Kind> {
    if let Some(name) = binary::name(bytes) {
        return Some(Kind::Native(name));
    }
    if let Some(name) = archive(bytes) {
        return Some(Kind::Archive(name));
    }
    if let [0x00, b'a', b's', b'm', ..] = bytes {
        return Some(Kind::Wasm);
    }
    if is_pickle(bytes) {
        return Some(Kind::Pickle);
    }
    data::name(bytes).map(Kind::Media)
}

fn archive(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [b'P', b'K', 3 | 5, 4 | 6, ..] => Some("zip"),
        [0x1f, 0x8b, 8, ..] => Some("gzip"),
        [0x1f, 0x9d | 0xa0, ..] => Some("compress"),
        [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, ..] => Some("bzip2"),
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Some("xz"),
        [0x5d, 0, 0, _, _, 0xff, 0xff, 0xff, 0xff, ..] => Some("lzma"),
        [b'L', b'Z', b'I', b'P', 1, ..] => Some("lzip"),
        [b'7', b'z', 0xbc, 0xaf, 0x27, 0x1c, ..] => Some("7z"),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Some("zstd"),
        [0x04, 0x22, 0x4d, 0x18, ..] => Some("lz4"),
        [b'R', b'a', b'r', b'!', 0x1a, 7, ..] => Some("rar"),
        [b'M', b'S', b'C', b'F', 0, 0, 0, 0, ..] => Some("cab"),
        [b'x', b'a', b'r', b'!', 0, ..] => Some("xar"),
        [b'0', b'7', b'0', b'7', b'0', b'1' | b'2' | b'7', ..] if bytes.len() > 76 => Some("cpio"),
        // Electron's archive: a pickled size, then the index of files as JSON.
        [4, 0, 0, 0, ..] if bytes.get(16..).is_some_and(|rest| rest.starts_with(b"{\"files\":")) => {
            Some("asar")
        }
        _ if bytes.get(257..262) == Some(b"ustar") => Some("tar"),
        _ if bytes.get(32_769..32_774) == Some(b"CD001") => Some("ISO 9660"),
        _ => None,
    }
}

/// Pickles begin with their protocol, or in its oldest form with the name of something to call, and end with a dot.
fn is_pickle(bytes: &[u8]) -> bool {
    let begins = match bytes {
        [0x80, 2..=5, opcode, ..] => opcode.is_ascii() || *opcode >= 0x80,
        [b'c', rest @ ..] => {
            let mut lines = rest.split(|byte| *byte == b'\n').map(|line| {
                line.len() < 100
                    && line.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.'))
                    && !line.is_empty()
            });
            rest.len() > 8
                && lines.next() == Some(true)
                && lines.next() == Some(true)
                && memchr::memmem::find(rest, b"tR").is_some()
        }
        _ => false,
    };
    begins && bytes.trim_ascii_end().last() == Some(&b'.')
}

fn is_markup(bytes: &[u8]) -> bool {
    let start = bytes.trim_ascii_start();
    start.starts_with(b"<?xml") || start.starts_with(b"<!DOCTYPE TS")
}

fn is_video_stream(bytes: &[u8]) -> bool {
    bytes.len() > 376 && bytes[0] == 0x47 && bytes[188] == 0x47 && bytes[376] == 0x47
}

fn is_source_map(bytes: &[u8]) -> bool {
    let start = bytes.trim_ascii_start();
    (start.starts_with(b"{") || start.starts_with(b")]}'"))
        && memchr::memmem::find(bytes, b"\"mappings\"").is_some()
}

/// The lines of a `.pth` file that Python runs when it starts, with their offsets.
pub(crate) fn startup_lines(bytes: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let mut offset = 0;
    let lines = bytes.split(|byte| *byte == b'\n').map(move |line| {
        let start = offset;
        offset += line.len() + 1;
        (start, line)
    });
    lines.filter(|(_, line)| line.starts_with(b"import ") || line.starts_with(b"import\t"))
}

fn by_first_line(bytes: &[u8]) -> Kind {
    let line = bytes.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let line = String::from_utf8_lossy(&line[..line.len().min(200)]);
    let Some(program) = line.trim_start_matches('\u{feff}').strip_prefix("#!") else { return Kind::Other };
    let mut words = program
        .split([' ', '\t', '/', '\r'])
        .filter(|word| !word.is_empty() && *word != "env" && !word.starts_with('-'));
    let is = |names: &[&str]| names.iter().any(|name| words.clone().any(|word| word.starts_with(name)));
    if is(&["node", "deno", "bun", "tsx", "ts-node"]) {
        Kind::JavaScript
    } else if is(&["python", "pypy"]) {
        Kind::Python
    } else if is(&["sh", "bash", "zsh", "dash", "ksh", "ash", "fish"]) {
        Kind::Script("a shell script")
    } else if words.next().is_some() {
        Kind::Script("a script of another language")
    } else {
        Kind::Other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_goes_before_the_name() {
        assert_eq!(classify("readme.txt", b"\x7fELF\x02"), Kind::Native("an ELF program or library"));
        assert_eq!(classify("a.js", b"PK\x03\x04..."), Kind::Archive("zip"));
        assert_eq!(classify("a.bin", b"\0asm\x01"), Kind::Wasm);
        assert_eq!(classify("__pycache__/a.cpython-311.pyc", b""), Kind::Native("Python bytecode"));
        assert_eq!(classify("a.txt", b"MZ is how this text starts"), Kind::Other);
        assert_eq!(classify("a.dat", b"\x80\x04\x95."), Kind::Pickle);
        assert_eq!(classify("a.dat", b"cos\nsystem\n(S'id'\ntR."), Kind::Pickle);
        assert_eq!(classify("a.txt", b"carried\nout\nReally."), Kind::Other);
        assert_eq!(classify("a.txt", b"call me when you\ncan. Right."), Kind::Other);
    }

    #[test]
    fn sources_are_known_by_extension_or_first_line() {
        assert_eq!(classify("a/b.MJS", b""), Kind::JavaScript);
        assert_eq!(classify("a.py", b""), Kind::Python);
        assert_eq!(classify("tool", b"#!/usr/bin/env node\n"), Kind::JavaScript);
        assert_eq!(classify("tool", b"#!/usr/bin/python3\n"), Kind::Python);
        assert_eq!(classify("tool", b"#!/bin/sh -e\n"), Kind::Script("a shell script"));
        assert_eq!(classify("tool", b"#!/usr/bin/perl\n"), Kind::Script("a script of another language"));
        assert_eq!(classify("a.b/readme", b"text"), Kind::Other);
        assert_eq!(classify("de.ts", b"<?xml version='1.0'?><TS>"), Kind::Other);
        assert_eq!(classify("de.ts", b"export const a = 1"), Kind::JavaScript);
        assert_eq!(classify("a.pth", b"../lib\n"), Kind::Other);
        assert_eq!(classify("a.pth", b"# x\nimport os\n"), Kind::Python);
        assert_eq!(classify("a.js.map", b"{\"version\":3,\"mappings\":\"\"}"), Kind::SourceMap);
    }
}
