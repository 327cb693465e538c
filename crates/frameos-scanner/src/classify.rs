//! What a file is, by its first bytes before its name.

/// The kinds of file the scanner treats differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    JavaScript,
    Python,
    /// Machine code or bytecode, with a word for what it is.
    Native(&'static str),
    Wasm,
    Archive(&'static str),
    /// Any other file: data, scanned as text if it is text.
    Other,
}

/// Classifies a file of the bundle.
pub(crate) fn classify(path: &str, bytes: &[u8]) -> Kind {
    if let Some(kind) = by_magic(bytes) {
        return kind;
    }
    match extension(path).as_str() {
        "js" | "cjs" | "mjs" | "jsx" | "ts" | "cts" | "mts" | "tsx" => Kind::JavaScript,
        "py" | "pyw" | "pyi" => Kind::Python,
        "pyc" | "pyo" => Kind::Native("Python bytecode"),
        "node" => Kind::Native("a native Node module"),
        "so" | "dll" | "dylib" | "pyd" | "exe" => Kind::Native("a native library or program"),
        "wasm" => Kind::Wasm,
        "jsc" => Kind::Native("JavaScript bytecode"),
        _ => by_shebang(bytes),
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

fn by_magic(bytes: &[u8]) -> Option<Kind> {
    const MACH_O: [[u8; 4]; 5] = [
        [0xfe, 0xed, 0xfa, 0xce],
        [0xfe, 0xed, 0xfa, 0xcf],
        [0xce, 0xfa, 0xed, 0xfe],
        [0xcf, 0xfa, 0xed, 0xfe],
        [0xca, 0xfe, 0xba, 0xbe],
    ];
    let is_tar = bytes.get(257..262) == Some(b"ustar");
    match bytes {
        [0x7f, b'E', b'L', b'F', ..] => Some(Kind::Native("an ELF program or library")),
        [a, b, c, d, ..] if MACH_O.contains(&[*a, *b, *c, *d]) => {
            Some(Kind::Native("a Mach-O program or library"))
        }
        // Every CPython since 3.0 writes its number, a zero-free pair, then CR LF.
        [_, 0x0d, 0x0d, 0x0a, ..] => Some(Kind::Native("Python bytecode")),
        [0x00, b'a', b's', b'm', ..] => Some(Kind::Wasm),
        [b'P', b'K', 3 | 5, 4 | 6, ..] => Some(Kind::Archive("zip")),
        [0x1f, 0x8b, 8, ..] => Some(Kind::Archive("gzip")),
        [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, ..] => Some(Kind::Archive("bzip2")),
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Some(Kind::Archive("xz")),
        [b'7', b'z', 0xbc, 0xaf, 0x27, 0x1c, ..] => Some(Kind::Archive("7z")),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Kind::Archive("zstd")),
        _ if is_pe(bytes) => Some(Kind::Native("a Windows program or library")),
        _ if is_tar => Some(Kind::Archive("tar")),
        _ => None,
    }
}

/// `MZ` alone also starts honest text; the header it points to does not.
fn is_pe(bytes: &[u8]) -> bool {
    let offset = bytes.get(0x3c..0x40).and_then(<[u8]>::first_chunk::<4>).map(|raw| u32::from_le_bytes(*raw));
    let header = offset.and_then(|at| usize::try_from(at).ok()).and_then(|at| bytes.get(at..));
    bytes.starts_with(b"MZ") && header.is_some_and(|header| header.starts_with(b"PE\0\0"))
}

fn by_shebang(bytes: &[u8]) -> Kind {
    let line = bytes.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let line = String::from_utf8_lossy(&line[..line.len().min(200)]);
    match line.strip_prefix("#!") {
        Some(program) if program.contains("node") || program.contains("deno") || program.contains("bun") => {
            Kind::JavaScript
        }
        Some(program) if program.contains("python") => Kind::Python,
        _ => Kind::Other,
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
    }

    #[test]
    fn sources_are_known_by_extension_or_first_line() {
        assert_eq!(classify("a/b.MJS", b""), Kind::JavaScript);
        assert_eq!(classify("a.py", b""), Kind::Python);
        assert_eq!(classify("tool", b"#!/usr/bin/env node\n"), Kind::JavaScript);
        assert_eq!(classify("tool", b"#!/usr/bin/python3\n"), Kind::Python);
        assert_eq!(classify("a.b/readme", b"text"), Kind::Other);
    }
}
