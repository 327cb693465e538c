//! The checksums of wallet addresses: base 58 with SHA-256 or Keccak-256, bech32, and Ethereum's in the case of letters.
//!
//! Invariant: any bytes may be asked about; the work grows with the square of at most 106 letters.

use aws_lc_rs::digest::{SHA256, digest};
use sha3::{Digest, Keccak256};

const BITCOIN: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
const RIPPLE: &[u8; 58] = b"rpshnaf39wBUDNEGHJKLM4PQRST7VWXYZ2bcdeCg65jkm8oFqi1tuvAxyz";

/// The version bytes of a Bitcoin-like address whose last four bytes are the double SHA-256 of the others.
pub(super) fn base58_checked(word: &[u8]) -> Option<Vec<u8>> {
    let bytes: [u8; 25] = base58(word, BITCOIN)?;
    double_sha256(&bytes).then(|| vec![bytes[0]])
}

/// The version byte of an address of the XRP ledger, which has an alphabet of its own.
pub(super) fn ripple_checked(word: &[u8]) -> Option<u8> {
    let bytes: [u8; 25] = base58(word, RIPPLE)?;
    double_sha256(&bytes).then_some(bytes[0])
}

fn double_sha256(bytes: &[u8; 25]) -> bool {
    let (payload, checksum) = bytes.split_at(21);
    digest(&SHA256, digest(&SHA256, payload).as_ref()).as_ref().starts_with(checksum)
}

/// A number in base 58, as exactly `N` bytes.
fn base58<const N: usize>(word: &[u8], alphabet: &[u8; 58]) -> Option<[u8; N]> {
    let mut bytes = [0_u8; N];
    for character in word {
        let value = alphabet.iter().position(|letter| letter == character)?;
        let mut carry = u32::try_from(value).ok()?;
        for byte in bytes.iter_mut().rev() {
            carry += u32::from(*byte) * 58;
            *byte = carry.to_le_bytes()[0];
            carry >>= 8;
        }
        if carry != 0 {
            return None;
        }
    }
    Some(bytes)
}

/// Whether a word is an address of Monero: blocks of eight bytes in eleven letters, the last four bytes a Keccak-256.
pub(super) fn monero_checked(word: &[u8]) -> bool {
    let Some(bytes) = word.chunks(11).map(monero_block).collect::<Option<Vec<_>>>() else { return false };
    let bytes = bytes.concat();
    let Some((payload, checksum)) = bytes.split_last_chunk::<4>() else { return false };
    matches!(payload.first(), Some(18 | 19 | 42)) && Keccak256::digest(payload).starts_with(checksum)
}

fn monero_block(block: &[u8]) -> Option<Vec<u8>> {
    let size = match block.len() {
        11 => 8,
        7 => 5,
        _ => return None,
    };
    let bytes: [u8; 8] = base58(block, BITCOIN)?;
    let (zeros, rest) = bytes.split_at(8 - size);
    zeros.iter().all(|byte| *byte == 0).then(|| rest.to_vec())
}

/// Which of the two checksums a bech32 word has right: 1 for the first, 0x2bc830a3 for the one that amends it.
pub(super) fn bech32_variant(word: &str) -> Option<u32> {
    const LETTERS: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";
    const GENERATOR: [u32; 5] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3];
    let (prefix, data) = word.rsplit_once('1')?;
    if prefix.is_empty() || data.len() < 6 || word.len() > 120 {
        return None;
    }
    let step = |sum: u32, value: u32| {
        let top = sum >> 25;
        let next = (sum & 0x01ff_ffff) << 5 ^ value;
        (0..5).filter(|bit| top >> bit & 1 == 1).fold(next, |next, bit| next ^ GENERATOR[bit])
    };
    let mut sum = prefix.bytes().fold(1, |sum, byte| step(sum, u32::from(byte >> 5)));
    sum = step(sum, 0);
    sum = prefix.bytes().fold(sum, |sum, byte| step(sum, u32::from(byte & 31)));
    for byte in data.bytes() {
        let value = LETTERS.iter().position(|letter| *letter == byte)?;
        sum = step(sum, u32::try_from(value).ok()?);
    }
    matches!(sum, 1 | 0x2bc8_30a3).then_some(sum)
}

/// Whether the case of 40 hex digits is that of EIP-55: upper where the Keccak-256 of the lower-case address says so.
pub(super) fn eip55(digits: &[u8]) -> bool {
    let hash = Keccak256::digest(digits.to_ascii_lowercase());
    digits.iter().enumerate().all(|(at, digit)| {
        let nibble = hash[at / 2] >> if at % 2 == 0 { 4 } else { 0 } & 15;
        !digit.is_ascii_alphabetic() || digit.is_ascii_uppercase() == (nibble >= 8)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn to_base58(bytes: &[u8], alphabet: &[u8; 58]) -> String {
        let mut digits: Vec<u8> = Vec::new();
        for byte in bytes {
            let mut carry = u32::from(*byte);
            for digit in &mut digits {
                carry += u32::from(*digit) << 8;
                *digit = u8::try_from(carry % 58).expect("below 58");
                carry /= 58;
            }
            while carry > 0 {
                digits.push(u8::try_from(carry % 58).expect("below 58"));
                carry /= 58;
            }
        }
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
        digits.extend(std::iter::repeat_n(0, zeros));
        digits.iter().rev().map(|digit| char::from(alphabet[usize::from(*digit)])).collect()
    }

    /// The word with one letter replaced by another of the alphabet.
    fn with_fault(word: &str, at: usize, by: usize, alphabet: &[u8]) -> String {
        let mut letters = word.as_bytes().to_vec();
        let old = alphabet.iter().position(|letter| *letter == letters[at]).expect("of the alphabet");
        letters[at] = alphabet[(old + by) % alphabet.len()];
        String::from_utf8(letters).expect("ASCII")
    }

    proptest! {
        #[test]
        fn base58_is_right_with_its_checksum_only(
            body in any::<[u8; 20]>(), version in any::<u8>(), at in any::<prop::sample::Index>(), by in 1_usize..58,
        ) {
            let payload = [&[version], body.as_slice()].concat();
            let sum = digest(&SHA256, digest(&SHA256, &payload).as_ref());
            let bytes = [payload.as_slice(), &sum.as_ref()[..4]].concat();
            let word = to_base58(&bytes, BITCOIN);
            prop_assert_eq!(base58_checked(word.as_bytes()), Some(vec![version]));
            prop_assert_eq!(ripple_checked(to_base58(&bytes, RIPPLE).as_bytes()), Some(version));
            let wrong = with_fault(&word, at.index(word.len()), by, BITCOIN);
            prop_assert_eq!(base58_checked(wrong.as_bytes()), None);
        }

        #[test]
        fn monero_is_right_with_its_checksum_only(
            body in prop::collection::vec(any::<u8>(), 64), at in 1_usize..95, by in 1_usize..58,
        ) {
            let payload = [&[18], body.as_slice()].concat();
            let bytes = [payload.as_slice(), &Keccak256::digest(&payload)[..4]].concat();
            let word: String = bytes
                .chunks(8)
                .map(|block| format!("{:1>1$}", to_base58(block, BITCOIN).trim_start_matches('1'), if block.len() == 8 { 11 } else { 7 }))
                .collect();
            prop_assert_eq!(word.len(), 95);
            prop_assert!(monero_checked(word.as_bytes()));
            prop_assert!(!monero_checked(with_fault(&word, at, by, BITCOIN).as_bytes()));
        }

        #[test]
        fn one_wrong_letter_breaks_bech32(at in 4_usize..42, by in 1_usize..32) {
            let word = "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq";
            prop_assert_eq!(bech32_variant(word), Some(1));
            prop_assert_eq!(bech32_variant(&with_fault(word, at, by, b"qpzry9x8gf2tvdw0s3jn54khce6mua7l")), None);
        }

        #[test]
        fn any_word_may_be_asked_about(word in "[0-9A-Za-z]{0,120}") {
            base58_checked(word.as_bytes());
            monero_checked(word.as_bytes());
            bech32_variant(&word);
        }
    }

    #[test]
    fn the_case_of_letters_is_the_checksum_of_ethereum() {
        for address in [
            "5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
            "fB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
            "dbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
            "D1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
        ] {
            assert!(eip55(address.as_bytes()), "{address}");
            assert!(!eip55(address.to_ascii_lowercase().as_bytes()), "{address}");
        }
    }
}
