//! Takes out of a text for others what may be a person's or a secret: addresses of mail and of the internet, tokens, keys, passwords in
//! URLs, query strings, long numbers.
//!
//! Our own messages hold none of it; this is for what other libraries' errors and panics quote. It errs on the side of removing.

use std::net::{IpAddr, SocketAddr};

const REMOVED: &str = "[removed]";
/// Of a text; the rest is cut.
const LONGEST: usize = 4_096;
/// Words at least as long, of letters and digits, are taken for keys.
const KEY: usize = 32;
/// Ends of a word's parts.
const PARTS: [char; 5] = ['/', ':', '.', '=', '&'];
const TOKENS: [&str; 10] = ["fos_", "frt_", "eyJ", "sk_", "rk_", "pk_", "whsec_", "$argon2", "$2a$", "$2b$"];

/// The text without them.
pub(super) fn scrub(text: &str) -> String {
    let text = &text[..text.floor_char_boundary(LONGEST)];
    let mut clean = String::with_capacity(text.len());
    let mut after_scheme = false;
    for piece in text.split_inclusive(is_border) {
        let end = piece.char_indices().next_back().filter(|(_, last)| is_border(*last));
        let (word, border) = piece.split_at(end.map_or(piece.len(), |(at, _)| at));
        if word.is_empty() {
            clean.push_str(border);
            continue;
        }
        if after_scheme {
            clean.push_str(REMOVED);
        } else {
            word_clean(word, &mut clean);
        }
        after_scheme = ["bearer", "basic"].iter().any(|scheme| word.eq_ignore_ascii_case(scheme));
        clean.push_str(border);
    }
    clean
}

fn is_border(letter: char) -> bool {
    letter.is_whitespace() || "\"'`<>()[]{},;|".contains(letter)
}

fn word_clean(word: &str, clean: &mut String) {
    let value = word.rsplit('=').next().unwrap_or(word);
    if word.contains('@') || is_someones(value.trim_end_matches(['.', ':'])) {
        clean.push_str(REMOVED);
        return;
    }
    let (path, query) = word.split_at(word.find('?').unwrap_or(word.len()));
    for part in path.split_inclusive(PARTS) {
        let (name, border) = part.split_at(part.trim_end_matches(PARTS).len());
        if TOKENS.iter().any(|token| name.starts_with(token)) {
            // What comes behind a point belongs to it.
            clean.push_str(REMOVED);
            return;
        }
        clean.push_str(if is_key(name) { REMOVED } else { name });
        clean.push_str(border);
    }
    if query.len() > 1 {
        clean.push('?');
        clean.push_str(REMOVED);
    } else {
        clean.push_str(query);
    }
}

/// An address on the internet; those of a machine's own network name a part of the installation.
fn is_someones(word: &str) -> bool {
    let bare = word.trim_start_matches('[').trim_end_matches(']');
    let address = bare.parse().ok().or_else(|| word.parse::<SocketAddr>().ok().map(|socket| socket.ip()));
    match address {
        Some(IpAddr::V4(v4)) => !(v4.is_private() || v4.is_loopback() || v4.is_unspecified()),
        Some(IpAddr::V6(v6)) => !(v6.is_loopback() || v6.is_unspecified() || v6.is_unique_local()),
        None => false,
    }
}

/// What looks made of random bytes, or is a long number; not an id of ours, whose kind stands before it.
fn is_key(word: &str) -> bool {
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    let letters = word.bytes().filter(u8::is_ascii_alphabetic).count();
    let all = word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-_".contains(&byte));
    if letters == 0 && (11..=19).contains(&digits) {
        return true;
    }
    let is_id = word.rsplit_once('_').is_some_and(|(kind, id)| {
        kind.len() <= 10
            && kind.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
            && id.len() <= KEY
            && id.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_lowercase())
    });
    word.len() >= KEY && all && digits > 1 && letters > 1 && !is_id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_somebodys_or_secret_goes() {
        for (given, expected) in [
            ("no account for ana@example.com here", "no account for [removed] here"),
            (
                "connecting to postgres://frameos:pw@db.internal/frameos failed",
                "connecting to [removed] failed",
            ),
            ("Authorization: Bearer abc.def", "Authorization: Bearer [removed]"),
            ("token fos_abcdef", "token [removed]"),
            ("token=\"eyJhbGciOi.x.y\"", "token=\"[removed]\""),
            ("GET https://api.example.com/v1/pay?key=1", "GET https://api.example.com/v1/pay?[removed]"),
            ("peer=203.0.113.9 key=fos_x", "[removed] key=[removed]"),
            ("from 203.0.113.9:4711: reset", "from [removed] reset"),
            ("from [2001:db8::1]:443", "from [[removed]]:443"),
            ("key 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b", "key [removed]"),
            ("card 4111111111111111.", "card [removed]."),
            ("caller +919876543210", "caller [removed]"),
        ] {
            assert_eq!(scrub(given), expected);
        }
    }

    #[test]
    fn what_tells_where_it_went_wrong_stays() {
        for text in [
            "the database or object store cannot be used: no such table: sessions (code 1)",
            "crates/frameos-app/src/run.rs:101:17",
            "execution exec_0190a5d5c2f97c4e8a3f1b2c3d4e5f60 is missing",
            "connection to 127.0.0.1:5432 refused after 30000 ms",
            "tokio_postgres::error::Error { kind: Closed }",
        ] {
            assert_eq!(scrub(text), text);
        }
        assert_eq!(scrub(&"é".repeat(5_000)).len(), LONGEST);
    }
}
