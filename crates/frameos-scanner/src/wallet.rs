//! Addresses of cryptocurrency wallets in text.
//!
//! Where a format has a checksum, only a valid one counts, since any long word could otherwise be an address; Ethereum's is
//! in the case of its letters, so that an address in one case is weaker evidence and says so. The specification's two
//! patterns (`0x` and 40 hex digits, `bc1` and 39 to 59 letters) count in any case.

mod checksum;

use checksum::{base58_checked, bech32_variant, eip55, monero_checked};

/// The most addresses reported of one file.
const MAX_PER_FILE: usize = 40;

/// An address in a text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) offset: usize,
    pub(crate) length: usize,
    pub(crate) coin: &'static str,
    /// Whether its checksum is right, rather than absent.
    pub(crate) is_checked: bool,
}

/// Every address in `text`.
pub(crate) fn find(text: &str) -> Vec<Address> {
    const SHORTEST: usize = 25;
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut start = 0;
    // A word of the shortest length that begins here has a letter where it would end; else the next word begins behind the
    // last byte that is none. This skips most of ordinary text.
    while let Some(window) = bytes.get(start..start + SHORTEST) {
        if let Some(gap) = window.iter().rposition(|byte| !byte.is_ascii_alphanumeric()) {
            start += gap + 1;
            continue;
        }
        let rest = &bytes[start + SHORTEST..];
        let length = SHORTEST + rest.iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
        if let Some((coin, is_checked)) = text.get(start..start + length).and_then(coin_of) {
            found.push(Address { offset: start, length, coin, is_checked });
            if found.len() >= MAX_PER_FILE {
                break;
            }
        }
        start += length + 1;
    }
    found
}

fn coin_of(word: &str) -> Option<(&'static str, bool)> {
    let bytes = word.as_bytes();
    match bytes {
        [b'0', b'x' | b'X', digits @ ..] if digits.len() == 40 => ethereum(digits),
        [b'b' | b'l' | b't' | b'a' | b'B' | b'L' | b'T' | b'A', ..] if word.contains(['1']) => {
            segwit(word).or_else(|| old_format(bytes))
        }
        // By the specification's pattern this is Bitcoin, checksum or not.
        _ => old_format(bytes),
    }
}

fn ethereum(digits: &[u8]) -> Option<(&'static str, bool)> {
    // The zero address and other plain constants belong to nobody.
    let mut different = digits.to_ascii_lowercase();
    different.sort_unstable();
    different.dedup();
    if different.len() < 6 || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    let has = |class: fn(&u8) -> bool| digits.iter().any(class);
    let is_mixed = has(u8::is_ascii_lowercase) && has(u8::is_ascii_uppercase);
    Some(("Ethereum", is_mixed && eip55(digits)))
}

/// Addresses of the newer form: a prefix that names the coin, `1`, and letters with a checksum of their own.
fn segwit(word: &str) -> Option<(&'static str, bool)> {
    let lower = word.to_ascii_lowercase();
    if lower != word && word.to_ascii_uppercase() != word {
        return None;
    }
    let is_valid = bech32_variant(&lower).is_some();
    let coin = match lower.split_once('1')?.0 {
        "bc" => "Bitcoin",
        "ltc" => "Litecoin",
        "addr" => "Cardano",
        "tb" | "tltc" => return None,
        "bnb" => "BNB",
        _ => return None,
    };
    let matches_pattern = word.starts_with("bc1") && (42..=62).contains(&word.len());
    (is_valid || matches_pattern).then_some((coin, is_valid))
}

/// Addresses of the older form: base 58, whose first byte names the coin.
fn old_format(word: &[u8]) -> Option<(&'static str, bool)> {
    let has_digit = word.iter().any(u8::is_ascii_digit);
    let coin = match (word.first()?, word.len()) {
        _ if !has_digit => return None,
        (b'4' | b'8', 95 | 106) => return monero_checked(word).then_some(("Monero", true)),
        (b'r', 25..=35) => return (checksum::ripple_checked(word) == Some(0)).then_some(("XRP", true)),
        (b'1' | b'3' | b'L' | b'M' | b'D' | b'9' | b'A' | b'T' | b't' | b'X' | b'7', 25..=35) => {
            base58_checked(word)?
        }
        _ => return None,
    };
    let name = match coin.as_slice() {
        [0 | 5] => "Bitcoin",
        [48 | 50] => "Litecoin",
        [30 | 22] => "Dogecoin",
        [65] => "Tron",
        [76 | 16] => "Dash",
        _ => return None,
    };
    Some((name, true))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn coins(text: &str) -> Vec<(&'static str, bool)> {
        find(text).into_iter().map(|address| (address.coin, address.is_checked)).collect()
    }

    #[test]
    fn addresses_of_every_coin_are_found() {
        for (address, coin, is_checked) in [
            ("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "Ethereum", true),
            ("0x742d35Cc6634C0532925a3b844Bc454e4438f44e", "Ethereum", true),
            ("0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed", "Ethereum", false),
            ("0x5AAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "Ethereum", false),
            ("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "Bitcoin", true),
            ("3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy", "Bitcoin", true),
            ("bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq", "Bitcoin", true),
            ("bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0", "Bitcoin", true),
            ("BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4", "Bitcoin", true),
            ("bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdx", "Bitcoin", false),
            ("LbCB49tEKu84TqHQ7K6bA4PvUueejAwavX", "Litecoin", true),
            ("MPsP2NUokG3p6hZaA9mE8JwVjvAY71k6d7", "Litecoin", true),
            ("DM7KLCX3YenHk2mqfm6rRoVm9q1fxFENSg", "Dogecoin", true),
            ("TRwRnzx8PxzxNCesXSm1QC2JBV2goPzqGR", "Tron", true),
            ("Xrf4dCEJCx6bMyBpo4RWja1x72s4ahUbqo", "Dash", true),
            ("rGyD8A2QENtrDpbNABfHtsLwG6H4YMvEmw", "XRP", true),
        ] {
            assert_eq!(coins(&format!("pay '{address}'.")), [(coin, is_checked)], "{address}");
        }
        let address = &find("é 3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy")[0];
        assert_eq!((address.offset, address.length), (3, 34));
    }

    #[test]
    fn look_alikes_are_not() {
        for text in [
            "0x742d35Cc6634C0532925a3b844Bc454e4438f44",
            "0x742d35Cc6634C0532925a3b844Bc454e4438f44e00",
            "0x0000000000000000000000000000000000000000",
            "0x00000000000000000000000000000000deadbeef00",
            "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb",
            "1234567890123456789012345678",
            "742d35cc6634c0532925a3b844bc454e4438f44e",
            "LcHKQbUz8xWq4vKXrjaKsYUTQnaaaaaaaa",
            "DogeDogeDogeDogeDogeDogeDogeDoge12",
            "bc1",
            "",
        ] {
            assert_eq!(coins(text), [], "{text}");
        }
    }
}
