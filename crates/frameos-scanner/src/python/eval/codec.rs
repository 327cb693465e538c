//! Encodings and compressions that programs hide text in.
//!
//! Invariant: what is unpacked is never longer than [`MAX_TEXT`], whatever it claims to hold.

use std::io::Read;
use std::rc::Rc;

use flate2::read::{DeflateDecoder, GzDecoder, ZlibDecoder};

use super::super::value::{Atom, MAX_TEXT, Value};
use crate::decode;

/// What a module's decoding function makes of constant bytes, for those functions that are known.
pub(super) fn decode(function: &str, input: &Atom) -> Option<Value> {
    let text = || input.as_text();
    let bytes = match function {
        "base64.b64decode"
        | "base64.urlsafe_b64decode"
        | "base64.standard_b64decode"
        | "base64.decodebytes"
        | "base64.decodestring"
        | "binascii.a2b_base64" => decode::base64(&text()?)?,
        "base64.b16decode"
        | "binascii.unhexlify"
        | "binascii.a2b_hex"
        | "builtins.bytes.fromhex"
        | "builtins.bytearray.fromhex" => decode::hex(&text()?)?,
        "base64.b32decode" => base32(&text()?)?,
        "base64.b85decode" => base85(&text()?)?,
        "base64.a85decode" => ascii85(&text()?)?,
        "zlib.decompress" => inflate(ZlibDecoder::new(&*raw(input)?))
            .or_else(|| inflate(DeflateDecoder::new(&*raw(input)?)))?,
        "gzip.decompress" => inflate(GzDecoder::new(&*raw(input)?))?,
        "urllib.parse.unquote" | "urllib.parse.unquote_plus" => {
            return decode::percent(&text()?).map(Value::text);
        }
        _ => return None,
    };
    Some(Value::bytes(bytes))
}

/// What an encoding function makes of constant bytes: encoding twice to decode once is a way to hide.
pub(super) fn encode(function: &str, input: &Atom) -> Option<Value> {
    let bytes = raw(input)?;
    match function {
        "binascii.hexlify" | "binascii.b2a_hex" => Some(Value::bytes(hex(&bytes).into_bytes())),
        "base64.b16encode" => Some(Value::bytes(hex(&bytes).to_ascii_uppercase().into_bytes())),
        _ => None,
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes
        .iter()
        .flat_map(|byte| [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]])
        .map(char::from)
        .collect()
}

/// `codecs.decode(input, name)` and `input.decode(name)`.
pub(super) fn by_name(name: &str, input: &Atom) -> Option<Value> {
    let name = name.to_ascii_lowercase().replace(['-', ' '], "_");
    match name.strip_suffix("_codec").unwrap_or(&name) {
        "rot13" | "rot_13" => Some(Value::text(input.as_text()?.chars().map(rot13).collect::<String>())),
        "hex" => Some(Value::bytes(decode::hex(&input.as_text()?)?)),
        "base64" | "base_64" => Some(Value::bytes(decode::base64(&input.as_text()?)?)),
        "zlib" | "zip" => decode("zlib.decompress", input),
        "utf_8" | "utf8" | "ascii" | "u8" | "utf_8_sig" | "us_ascii" | "utf" => match input {
            Atom::Bytes(bytes) => {
                let text = std::str::from_utf8(bytes).ok()?;
                Some(Value::text(
                    text.strip_prefix('\u{feff}').filter(|_| name.ends_with("sig")).unwrap_or(text),
                ))
            }
            _ => None,
        },
        "latin_1" | "latin1" | "iso_8859_1" | "l1" | "cp1252" | "charmap" => match input {
            Atom::Bytes(bytes) => {
                Some(Value::text(bytes.iter().map(|&byte| char::from(byte)).collect::<String>()))
            }
            _ => None,
        },
        "utf_16" | "utf_16_le" | "utf_16le" => wide(&raw(input)?, u16::from_le_bytes),
        "utf_16_be" | "utf_16be" => wide(&raw(input)?, u16::from_be_bytes),
        "unicode_escape" | "raw_unicode_escape" | "string_escape" => {
            escapes(&input.as_text()?).map(Value::text)
        }
        _ => None,
    }
}

fn wide(bytes: &[u8], read: fn([u8; 2]) -> u16) -> Option<Value> {
    let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| read([pair[0], pair[1]])).collect();
    let text = String::from_utf16(&units).ok()?;
    Some(Value::text(text.trim_start_matches('\u{feff}')))
}

/// The bytes of a constant.
pub(super) fn raw(atom: &Atom) -> Option<Rc<[u8]>> {
    match atom {
        Atom::Bytes(bytes) => Some(Rc::clone(bytes)),
        Atom::Text(text) => Some(Rc::from(text.as_bytes())),
        _ => None,
    }
}

pub(super) fn rot13(c: char) -> char {
    let turn = |base: u8| char::from((c as u8 - base + 13) % 26 + base);
    match c {
        'a'..='z' => turn(b'a'),
        'A'..='Z' => turn(b'A'),
        c => c,
    }
}

fn inflate(reader: impl Read) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let limit = u64::try_from(MAX_TEXT).unwrap_or(0) + 1;
    reader.take(limit).read_to_end(&mut out).ok()?;
    (out.len() <= MAX_TEXT).then_some(out)
}

fn base32(text: &str) -> Option<Vec<u8>> {
    let (mut out, mut buffer, mut bits) = (Vec::new(), 0_u32, 0);
    for byte in text.bytes().filter(|byte| !byte.is_ascii_whitespace() && *byte != b'=') {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a',
            b'2'..=b'7' => byte - b'2' + 26,
            _ => return None,
        };
        buffer = buffer << 5 | u32::from(value);
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            out.push((buffer >> bits).to_le_bytes()[0]);
            buffer &= (1 << bits) - 1;
        }
    }
    Some(out)
}

const BASE85: &[u8; 85] =
    b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~";

fn base85(text: &str) -> Option<Vec<u8>> {
    let values = text.bytes().map(|byte| BASE85.iter().position(|&known| known == byte));
    fives(&values.collect::<Option<Vec<_>>>()?)
}

fn ascii85(text: &str) -> Option<Vec<u8>> {
    let text = text.trim();
    let text = text.strip_prefix("<~").unwrap_or(text);
    let text = text.strip_suffix("~>").unwrap_or(text);
    let mut values = Vec::new();
    for byte in text.bytes().filter(|byte| !byte.is_ascii_whitespace()) {
        match byte {
            b'z' => values.extend([0; 5]),
            b'!'..=b'u' => values.push(usize::from(byte - b'!')),
            _ => return None,
        }
    }
    fives(&values)
}

/// Groups of five digits to base 85, each four bytes; the last may be short.
fn fives(values: &[usize]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    for group in values.chunks(5) {
        let padded = (0..5).map(|at| group.get(at).copied().unwrap_or(84));
        let number = padded.fold(0_u64, |number, value| number * 85 + value as u64);
        let bytes = u32::try_from(number).ok()?.to_be_bytes();
        out.extend_from_slice(&bytes[..group.len().saturating_sub(1)]);
    }
    Some(out)
}

/// Backslash escapes, as `unicode_escape` reads them.
fn escapes(text: &str) -> Option<String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        out.push_str(before);
        let kind = after.chars().next()?;
        let digits = match kind {
            'x' => 2,
            'u' => 4,
            'U' => 8,
            _ => 0,
        };
        rest = &after[kind.len_utf8()..];
        if digits > 0 {
            let code = u32::from_str_radix(rest.get(..digits)?, 16).ok()?;
            out.push(char::from_u32(code)?);
            rest = &rest[digits..];
        } else if kind.is_digit(8) {
            let octal: String = after.chars().take(3).take_while(|c| c.is_digit(8)).collect();
            out.push(char::from_u32(u32::from_str_radix(&octal, 8).ok()?)?);
            rest = &after[octal.len()..];
        } else {
            out.push(match kind {
                'n' => '\n',
                't' => '\t',
                'r' => '\r',
                other => other,
            });
        }
    }
    out.push_str(rest);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_are_undone() {
        let text = |text: &str| Atom::Text(text.into());
        let bytes =
            |value: Option<Value>| value.and_then(|value| value.texts().next()).map(|text| text.to_string());
        for (function, input) in [
            ("base64.b64decode", "c3lzdGVt"),
            ("base64.b32decode", "ON4XG5DFNU======"),
            ("base64.b85decode", "b9r-gWo-"),
            ("binascii.unhexlify", "73797374656d"),
            ("urllib.parse.unquote", "%73ystem"),
        ] {
            assert_eq!(bytes(decode(function, &text(input))).as_deref(), Some("system"), "{function}");
        }
        for (name, input) in
            [("rot13", "flfgrz"), ("HEX", "73797374656d"), ("unicode-escape", r"\x73yst\u0065m")]
        {
            assert_eq!(bytes(by_name(name, &text(input))).as_deref(), Some("system"), "{name}");
        }
        assert_eq!(decode("base64.b85decode", &text("é")), None);
        assert_eq!(fives(&[84, 84, 84, 84, 84]), None);
    }
}
