//! The forms a secret value is searched for in.
//!
//! As it is; escaped as in JSON, in ASCII too; percent-encoded by the rules of query strings, forms, JavaScript and Python, or
//! whole, in both cases of hex; in hex; and in base64 of both alphabets, at each of the three places it may have in a longer
//! text. Long values are searched for in overlapping pieces, which bounds what a stream holds back.

use std::collections::BTreeSet;

use base64::{Engine, engine::general_purpose};
use serde_json::Value;

use super::SHORTEST;

/// Longer values are cut into pieces of this many bytes.
const PIECE: usize = 512;
/// By so much, so that no form leaves a gap between two of them.
const OVERLAP: usize = 16;
/// Beyond so many bytes of needles, further values are searched for only as they are and in JSON: each byte takes twenty.
const ENOUGH: usize = 1 << 20;

/// Everything to search for.
pub(super) fn needles(secrets: &[&str]) -> Vec<String> {
    let mut needles = BTreeSet::new();
    let mut bytes = 0;
    for piece in secrets.iter().flat_map(|secret| pieces(secret)) {
        let mut forms = vec![piece.to_owned(), json(piece), json_ascii(piece)];
        if bytes < ENOUGH {
            encoded(piece, &mut forms);
        }
        for form in forms.into_iter().filter(|form| form.len() >= SHORTEST) {
            let length = form.len();
            if needles.insert(form) {
                bytes += length;
            }
        }
    }
    needles.into_iter().collect()
}

fn encoded(value: &str, forms: &mut Vec<String>) {
    for upper in [true, false] {
        for kept in ["", "/", "!*'()"] {
            forms.push(percent(value, upper, |byte| unreserved(byte) || kept.as_bytes().contains(&byte)));
        }
        forms.push(percent(value, upper, |byte| unreserved(byte) || byte == b' ').replace(' ', "+"));
        forms.push(percent(value, upper, |_| false));
    }
    let hex = hex::encode(value);
    forms.extend([hex.to_uppercase(), hex]);
    for before in 0..3 {
        for engine in [general_purpose::STANDARD_NO_PAD, general_purpose::URL_SAFE_NO_PAD] {
            forms.extend(base64(&engine, before, value));
        }
    }
}

/// The value in base64 behind `before` bytes of a group of three: what it alone decides, and up to the end if it is the end.
fn base64(engine: &general_purpose::GeneralPurpose, before: usize, value: &str) -> [String; 2] {
    let encoded = engine.encode([&b"\0\0"[..before], value.as_bytes()].concat());
    let decided = (before + value.len()) * 8 / 6;
    // The characters before this one hold bits of what stands in front.
    let from = (before * 8).div_ceil(6);
    [encoded[from..decided].to_owned(), encoded[from..].to_owned()]
}

fn pieces(value: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut start = 0;
    while value.len() - start > PIECE {
        let end = value.floor_char_boundary(start + PIECE);
        pieces.push(&value[start..end]);
        start = value.floor_char_boundary(end - OVERLAP);
    }
    pieces.push(&value[start..]);
    pieces
}

fn percent(text: &str, upper: bool, keep: impl Fn(u8) -> bool) -> String {
    let mut out = String::with_capacity(text.len() * 3);
    for byte in text.bytes() {
        if keep(byte) {
            out.push(char::from(byte));
        } else if upper {
            out.push_str(&format!("%{byte:02X}"));
        } else {
            out.push_str(&format!("%{byte:02x}"));
        }
    }
    out
}

fn unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte)
}

fn json(text: &str) -> String {
    let quoted = Value::String(text.to_owned()).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

/// As Python writes it: everything beyond ASCII as `\u…`.
fn json_ascii(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in json(text).chars() {
        if letter.is_ascii() {
            out.push(letter);
        } else {
            let mut units = [0; 2];
            letter.encode_utf16(&mut units).iter().for_each(|unit| out.push_str(&format!("\\u{unit:04x}")));
        }
    }
    out
}
