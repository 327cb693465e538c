//! Cryptocurrency addresses in text: Ethereum, Bitcoin in both of its forms.
//!
//! Base58 addresses count only with a valid checksum, since any long word could otherwise be one; the other two forms are
//! as distinct as the specification's patterns make them.

use aws_lc_rs::digest::{SHA256, digest};

/// Offset and kind of every address in `text`.
pub(crate) fn find(text: &str) -> Vec<(usize, &'static str)> {
    const MAX_PER_FILE: usize = 100;
    let mut found = Vec::new();
    let mut start = 0;
    for (at, byte) in text.bytes().chain([b' ']).enumerate() {
        if byte.is_ascii_alphanumeric() {
            continue;
        }
        if let Some(kind) = text.get(start..at).and_then(kind_of) {
            found.push((start, kind));
            if found.len() >= MAX_PER_FILE {
                break;
            }
        }
        start = at + 1;
    }
    found
}

fn kind_of(word: &str) -> Option<&'static str> {
    let bytes = word.as_bytes();
    match bytes {
        [b'0', b'x', digits @ ..] if digits.len() == 40 => {
            // The zero address and other plain constants belong to nobody.
            let is_someone = digits.iter().any(|digit| *digit != digits[0]);
            (is_someone && digits.iter().all(u8::is_ascii_hexdigit)).then_some("Ethereum")
        }
        [b'b', b'c', b'1', rest @ ..] if (39..=59).contains(&rest.len()) => Some("Bitcoin"),
        [b'1' | b'3', ..] if (26..=35).contains(&bytes.len()) && base58check(bytes) => Some("Bitcoin"),
        _ => None,
    }
}

/// Whether a word is 25 bytes of base58 whose last four are the double SHA-256 of the others.
fn base58check(word: &[u8]) -> bool {
    const ALPHABET: &[u8] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    let mut bytes = [0_u8; 25];
    for character in word {
        let Some(value) = ALPHABET.iter().position(|letter| letter == character) else { return false };
        let mut carry = u32::try_from(value).unwrap_or_default();
        for byte in bytes.iter_mut().rev() {
            carry += u32::from(*byte) * 58;
            *byte = carry.to_le_bytes()[0];
            carry >>= 8;
        }
        if carry != 0 {
            return false;
        }
    }
    let (payload, checksum) = bytes.split_at(21);
    digest(&SHA256, digest(&SHA256, payload).as_ref()).as_ref().starts_with(checksum)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<&'static str> {
        find(text).into_iter().map(|(_, kind)| kind).collect()
    }

    #[test]
    fn addresses_are_found() {
        assert_eq!(kinds("to: '0x742d35Cc6634C0532925a3b844Bc454e4438f44e'"), ["Ethereum"]);
        assert_eq!(kinds("bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq"), ["Bitcoin"]);
        assert_eq!(kinds("pay 1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa!"), ["Bitcoin"]);
        assert_eq!(find("é 3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy"), [(3, "Bitcoin")]);
    }

    #[test]
    fn look_alikes_are_not() {
        for text in [
            "0x742d35Cc6634C0532925a3b844Bc454e4438f44",
            "0x742d35Cc6634C0532925a3b844Bc454e4438f44e00",
            "0x0000000000000000000000000000000000000000",
            "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb",
            "1234567890123456789012345678",
            "bc1",
            "",
        ] {
            assert!(kinds(text).is_empty(), "{text}");
        }
    }
}
