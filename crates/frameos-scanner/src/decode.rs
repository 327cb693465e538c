//! Decoders for text that programs use to hide names: base64, hex, percent-encoding.
//!
//! They are lenient the way the languages' own decoders are, and refuse what those refuse.

/// Base64 in either alphabet, with or without padding.
pub(crate) fn base64(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let (mut buffer, mut bits) = (0_u32, 0);
    for byte in text.bytes().filter(|byte| !byte.is_ascii_whitespace() && *byte != b'=') {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        };
        buffer = buffer << 6 | u32::from(value);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((buffer >> bits).to_le_bytes()[0]);
            buffer &= (1 << bits) - 1;
        }
    }
    Some(bytes)
}

/// Pairs of hex digits; white space between them is skipped.
pub(crate) fn hex(text: &str) -> Option<Vec<u8>> {
    let digits =
        text.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_digit(16)).collect::<Option<Vec<_>>>()?;
    digits.chunks_exact(2).map(|pair| u8::try_from(pair[0] << 4 | pair[1]).ok()).collect()
}

/// `%41` and the like, as UTF-8.
pub(crate) fn percent(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        rest = tail;
        if first == b'%' {
            let (pair, tail) = rest.split_first_chunk::<2>()?;
            bytes.extend(hex(std::str::from_utf8(pair).ok()?)?);
            rest = tail;
        } else {
            bytes.push(first);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_comes_back() {
        assert_eq!(base64("ZXZhbA==").as_deref(), Some(b"eval".as_slice()));
        assert_eq!(base64("ZXZhbA").as_deref(), Some(b"eval".as_slice()));
        assert_eq!(base64("Zé"), None);
        assert_eq!(hex("65 76").as_deref(), Some(b"ev".as_slice()));
        assert_eq!(hex("6g"), None);
        assert_eq!(percent("%65val").as_deref(), Some("eval"));
        assert_eq!(percent("%6"), None);
        assert_eq!(percent("%é"), None);
    }
}
