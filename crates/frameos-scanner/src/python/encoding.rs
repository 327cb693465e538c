//! The encoding a Python file declares (PEP 263), and what text Python reads because of it.

use std::borrow::Cow;

/// What the declared encoding means for a scan.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Declared {
    /// The text is what it seems.
    Same,
    /// Python turns the text into other code before it runs: a way to hide code.
    Hidden(String),
    /// An encoding that is not read here.
    Other(String),
}

/// Judges a text that is valid UTF-8.
pub(super) fn declared(text: &str) -> Declared {
    let Some(name) = name(text) else { return Declared::Same };
    let normal = normal(&name);
    if is_utf8(&normal) || is_ascii_superset(&normal) && text.is_ascii() {
        return Declared::Same;
    }
    match normal.as_str() {
        "utf-7" | "u7" | "unicode-1-1-utf-7" | "rot13" | "rot-13" | "unicode-escape"
        | "raw-unicode-escape" | "punycode" | "idna" | "hex" | "hex-codec" | "base64" | "base64-codec"
        | "zlib" | "zlib-codec" | "bz2" | "uu" | "quopri" | "string-escape" | "utf-16" | "utf-32"
        | "undefined" => Declared::Hidden(name),
        // Text of these that is valid UTF-8 shows other characters, but only in strings and comments.
        _ if is_single_byte(&normal) => Declared::Same,
        _ => Declared::Other(name),
    }
}

/// The text of a file that is not UTF-8, if it declares an encoding that is read here.
pub(crate) fn decode(bytes: &[u8]) -> Option<Cow<'static, str>> {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(400)]).into_owned();
    let normal = normal(&name(&head)?);
    is_single_byte(&normal).then(|| bytes.iter().map(|&byte| char::from(byte)).collect::<String>().into())
}

fn name(text: &str) -> Option<String> {
    for line in text.split(['\n', '\r']).take(2) {
        let Some(comment) = line.trim_start_matches([' ', '\t', '\u{c}']).strip_prefix('#') else {
            // A second line counts only after a first that is a comment or empty.
            if line.trim().is_empty() {
                continue;
            }
            return None;
        };
        let mut rest = comment;
        while let Some((_, after)) = rest.split_once("coding") {
            rest = after;
            let Some(value) = after.strip_prefix([':', '=']) else { continue };
            let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
            let name: String =
                value.trim_start_matches([' ', '\t']).chars().take_while(|&c| is_name(c)).collect();
            if !name.is_empty() {
                return Some(name);
            }
        }
    }
    None
}

fn normal(name: &str) -> String {
    name.to_ascii_lowercase().replace('_', "-")
}

fn is_utf8(name: &str) -> bool {
    name == "utf-8" || name.starts_with("utf-8-") || matches!(name, "utf8" | "u8" | "utf")
}

fn is_ascii_superset(name: &str) -> bool {
    matches!(
        name,
        "ascii" | "us-ascii" | "gbk" | "gb2312" | "gb18030" | "big5" | "euc-jp" | "euc-kr" | "cp932"
    ) || is_single_byte(name)
}

/// Encodings of one byte for each character, whose ASCII half is ASCII.
fn is_single_byte(name: &str) -> bool {
    name.starts_with("iso-8859-")
        || name.starts_with("iso8859-")
        || name.starts_with("latin")
        || name.starts_with("windows-125")
        || name.starts_with("cp125")
        || matches!(name, "l1" | "iso-latin-1" | "koi8-r" | "koi8-u" | "mac-roman" | "ascii" | "us-ascii")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_that_change_the_code_are_told() {
        assert_eq!(declared("# -*- coding: utf-8 -*-\nx"), Declared::Same);
        assert_eq!(declared("#!/usr/bin/python\n# vim: set fileencoding=latin-1 :\nx"), Declared::Same);
        assert_eq!(declared("# coding=utf-7\n"), Declared::Hidden("utf-7".to_owned()));
        assert_eq!(declared("\u{c}# coding: rot13\n"), Declared::Hidden("rot13".to_owned()));
        assert_eq!(
            declared("# a coding style; coding: unicode_escape\n"),
            Declared::Hidden("unicode_escape".to_owned())
        );
        assert_eq!(declared("# coding: my-own\nx"), Declared::Other("my-own".to_owned()));
        assert_eq!(declared("x = 1\n# coding: rot13\n"), Declared::Same);
        assert_eq!(declared("x\ny\n# coding: rot13\n"), Declared::Same);
    }

    #[test]
    fn old_single_byte_files_are_read() {
        assert_eq!(decode(b"# coding: latin-1\nx = '\xe9'").as_deref(), Some("# coding: latin-1\nx = 'é'"));
        assert_eq!(decode(b"x = '\xe9'"), None);
    }
}
