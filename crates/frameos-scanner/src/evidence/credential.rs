//! Secrets that are known by the names they are assigned to, and how a credential is reported.

use std::ops::Range;

use super::{Hit, Text};
use crate::findings::Findings;
use crate::role::{Role, is_environment_file};
use crate::rules;

/// Longer values are data, and shorter ones no secrets.
const LENGTHS: std::ops::RangeInclusive<usize> = 8..=200;

/// Reports a credential at a range of the text without ever showing it.
pub(super) fn report(text: &Text<'_, '_>, range: Range<usize>, what: &str, findings: &mut Findings) -> bool {
    let secret = text.text.get(range.clone()).unwrap_or_default();
    findings.hide(secret);
    let shown = if secret.is_empty() { String::new() } else { format!(" ({})", masked(secret)) };
    findings.at(
        rules::CREDENTIAL,
        text.source,
        text.place(range.start),
        &format!("this looks like {what}{shown}"),
    );
    true
}

/// The first letters of a secret, enough to know which one it is.
pub(crate) fn masked(secret: &str) -> String {
    let shown: String = secret.chars().take(4).collect();
    format!("{shown}…, {} characters", secret.chars().count())
}

/// A literal assigned to a name that secrets have: `apiKey: '…'`, `SECRET = "…"`, in environment files also unquoted.
pub(super) fn judge(text: &Text<'_, '_>, hit: Hit, findings: &mut Findings) -> bool {
    if matches!(text.role, Role::Prose | Role::Data) {
        return false;
    }
    let bytes = text.text.as_bytes();
    let mut at = hit.end
        + text.run(hit.end, 40, |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')).len();
    let name_end = at;
    at += text.run(at, 2, |byte| matches!(byte, b'"' | b'\'' | b']')).len();
    at += text.run(at, 20, |byte| matches!(byte, b' ' | b'\t')).len();
    let mark = text.run(at, 2, |byte| matches!(byte, b':' | b'='));
    // `==` compares, and `::` is a path.
    if mark.len() != 1 {
        return false;
    }
    at += 1;
    at += text.run(at, 20, |byte| matches!(byte, b' ' | b'\t')).len();
    let quote = bytes.get(at).copied().filter(|byte| matches!(byte, b'"' | b'\'' | b'`'));
    let value = match quote {
        Some(quote) => text.run(at + 1, 201, |byte| byte != quote && byte > b' ' && byte != b'\\'),
        None if is_environment_file(text.source.path) => {
            text.run(at, 201, |byte| byte > b' ' && byte != b'#')
        }
        None => return false,
    };
    let start = at + usize::from(quote.is_some());
    let is_closed = quote.is_none() || bytes.get(start + value.len()).copied() == quote;
    let name = name_of(text, hit.start, name_end);
    if !is_closed || !is_secret(&name, value) {
        return false;
    }
    report(
        text,
        start..start + value.len(),
        &format!("a secret, by the name `{name}` that it is assigned to"),
        findings,
    )
}

/// The whole name around a needle.
fn name_of(text: &Text<'_, '_>, start: usize, end: usize) -> String {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    let from = start - text.before(start, 40).bytes().rev().take_while(|byte| is_part(byte)).count();
    text.text.get(from..end).unwrap_or_default().to_owned()
}

/// Whether a value is random enough for what its name says it is.
fn is_secret(name: &str, value: &str) -> bool {
    let name = name.to_ascii_lowercase();
    // Names of things about secrets: their length, kind, place or the message about them.
    const ABOUT: &[&str] = &[
        "type",
        "length",
        "size",
        "name",
        "field",
        "header",
        "regex",
        "pattern",
        "url",
        "uri",
        "path",
        "endpoint",
        "label",
        "message",
        "error",
        "hash",
        "prefix",
        "suffix",
        "placeholder",
        "hint",
        "public",
        "integrity",
        "csrf",
        "cancel",
        "kind",
        "class",
        "id",
        "ids",
        "algorithm",
        "format",
        "file",
        "version",
        "title",
        "text",
        "color",
        "expires",
        "scope",
        "key_id",
        "keyid",
        "tokenizer",
        "tokens",
        "chars",
        "alphabet",
        "selector",
        "role",
    ];
    if ABOUT.iter().any(|about| name.ends_with(about))
        || !LENGTHS.contains(&value.len())
        || is_placeholder(value)
    {
        return false;
    }
    let has = |class: fn(&u8) -> bool| value.as_bytes().iter().any(class);
    let (lower, upper, digit) =
        (has(u8::is_ascii_lowercase), has(u8::is_ascii_uppercase), has(u8::is_ascii_digit));
    let is_password = name.contains("pass") || name.ends_with("pwd");
    if is_password {
        let mark =
            value.bytes().any(|byte| byte.is_ascii_punctuation() && !matches!(byte, b'-' | b'_' | b'.'));
        return digit
            && (lower || upper)
            && (mark || lower && upper)
            && entropy(value) >= 2.8
            && !is_code(value);
    }
    let is_hex = value.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_plain = value
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=' | b'-' | b'_' | b'.'));
    let needed = if is_hex { 3.0 } else { 3.7 };
    value.len() >= if is_hex { 32 } else { 20 }
        && is_plain
        && digit
        && (lower || upper)
        && entropy(value) >= needed
        && !is_code(value)
}

/// Whether a value is an expression, a path, a name or an identifier rather than something random.
fn is_code(value: &str) -> bool {
    let words = value.split(['-', '_', '.', '/']).filter(|part| !part.is_empty());
    let letters = |part: &str| part.bytes().all(|byte| byte.is_ascii_alphabetic());
    let (all, plain) = words.fold((0, 0), |(all, plain), part| (all + 1, plain + usize::from(letters(part))));
    let is_uuid = value.len() == 36 && value.bytes().filter(|byte| *byte == b'-').count() == 4;
    value.contains(['(', '<', '{', '$', '['])
        || value.contains("://")
        || is_uuid
        || all >= 3 && plain * 3 >= all * 2
}

/// Whether a value is of the kind that people write where a secret will stand.
pub(super) fn is_placeholder(value: &str) -> bool {
    const WORDS: &[&str] = &[
        "example",
        "your",
        "xxxx",
        "placeholder",
        "changeme",
        "change-me",
        "change_me",
        "dummy",
        "sample",
        "insert",
        "replace",
        "redacted",
        "secret",
        "password",
        "passw0rd",
        "test",
        "todo",
        "fake",
        "mock",
        "1234567",
        "abcdefg",
        "00000000",
        "aaaaaaa",
        "........",
        "*****",
        "process.env",
        "os.environ",
        "undefined",
        "null",
        "foobar",
        "lorem",
        "deadbeef",
        "0123456",
    ];
    let lower = value.to_ascii_lowercase();
    WORDS.iter().any(|word| lower.contains(word))
        || value.starts_with(['$', '<', '{', '%'])
        || value.contains("${")
        || value.contains("{{")
}

/// Bits per byte, by how often each byte occurs.
pub(super) fn entropy(text: &str) -> f64 {
    let mut counts = [0_u32; 256];
    text.bytes().for_each(|byte| counts[usize::from(byte)] += 1);
    let all = f64::from(u32::try_from(text.len()).unwrap_or(u32::MAX).max(1));
    counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| f64::from(*count) / all)
        .map(|part| -part * part.log2())
        .sum()
}
