//! Python: parse, resolve what names mean, report what the program reaches for.
//!
//! The parser crates are pinned and used in this module and in `nesting/python.rs` only.

mod check;
mod fold;
mod names;
mod resolve;
mod scope;

use ruff_python_ast::PySourceType;
use ruff_python_parser::parse_unchecked_source;
use ruff_text_size::Ranged;

use crate::classify::Kind;
use crate::files::Files;
use crate::findings::Findings;
use crate::nesting::{self, MAX_DEPTH};
use crate::rules;
use crate::source::Source;

/// The most tokens a file may have; the tree of more would not fit the memory a scan is allowed.
const MAX_TOKENS: u32 = 1_500_000;

/// Scans all Python of a bundle.
pub(crate) fn scan_bundle(files: &Files<'_>, findings: &mut Findings) {
    for file in files.iter().filter(|file| file.kind == Kind::Python) {
        if let Some(text) = file.text() {
            scan(&Source::new(file.path, text), findings);
        } else {
            let valid = std::str::from_utf8(file.bytes).map_or_else(|error| error.valid_up_to(), str::len);
            let what = format!("this file is not UTF-8 from byte {valid} on");
            findings.in_file(rules::UNPARSABLE, file.path, &what);
        }
    }
}

/// Whether a text is a Python program; prose and data are not.
pub(crate) fn is_program(text: &str) -> bool {
    let (depth, tokens) = nesting::python(text);
    depth <= MAX_DEPTH
        && tokens <= MAX_TOKENS
        && parse_unchecked_source(text, PySourceType::Python).errors().is_empty()
}

fn scan(source: &Source<'_>, findings: &mut Findings) {
    if let Some(encoding) = other_encoding(source.text) {
        let what = format!("this file declares the encoding {encoding:?} instead of UTF-8");
        findings.at(rules::UNPARSABLE, source, 0, &what);
        return;
    }
    let (depth, tokens) = nesting::python(source.text);
    if depth > MAX_DEPTH {
        findings.in_file(rules::TOO_DEEPLY_NESTED, source.path, "this file nests too deeply to be parsed");
        return;
    }
    if tokens > MAX_TOKENS {
        findings.in_file(rules::TOO_COMPLEX, source.path, "this file has more than 1.5 million tokens");
        return;
    }
    let parsed = parse_unchecked_source(source.text, PySourceType::Python);
    if let Some(error) = parsed.errors().first() {
        let what = format!("this file does not parse ({})", error.error);
        findings.at(rules::UNPARSABLE, source, error.range().start().to_usize(), &what);
        return;
    }
    check::check(parsed.suite(), source, findings);
}

/// The encoding a file declares (PEP 263) when Python would read other text from these bytes than we do.
fn other_encoding(text: &str) -> Option<String> {
    for line in text.lines().take(2) {
        let Some(comment) = line.trim_start().strip_prefix('#') else { continue };
        let Some((_, rest)) = comment.split_once("coding") else { continue };
        let Some(name) = rest.strip_prefix([':', '=']) else { continue };
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let name: String = name.trim_start().chars().take_while(|&c| is_name(c)).collect();
        let normal = name.to_ascii_lowercase().replace('_', "-");
        let is_utf8 =
            normal == "utf-8" || normal.starts_with("utf-8-") || matches!(normal.as_str(), "utf8" | "u8");
        let is_subset =
            matches!(normal.as_str(), "ascii" | "us-ascii" | "latin-1" | "iso-8859-1" | "iso-latin-1");
        let is_same = is_utf8 || is_subset && text.is_ascii();
        return (!is_same).then_some(name);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_encodings_that_read_the_same_text_are_accepted() {
        assert_eq!(other_encoding("# -*- coding: utf-8 -*-\nx"), None);
        assert_eq!(other_encoding("#!/usr/bin/python\n# vim: set fileencoding=latin-1 :\nx"), None);
        assert_eq!(other_encoding("# coding: latin-1\nx = 'é'").as_deref(), Some("latin-1"));
        assert_eq!(other_encoding("# coding=utf-7\n").as_deref(), Some("utf-7"));
        assert_eq!(other_encoding("# coding: rot13\n").as_deref(), Some("rot13"));
        assert_eq!(other_encoding("x\ny\n# coding: rot13\n"), None);
    }
}
