//! Judgements about text that need no syntax: machine-made names, escapes, minified lines, encoded payloads.

/// Whether a name is of the kind obfuscators make: `_0x3fa2`, or long and only of letters that look alike.
pub(crate) fn is_machine_name(name: &str) -> bool {
    if let Some(digits) = name.strip_prefix("_0x") {
        return digits.len() >= 2 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    }
    let look_alike = |byte: u8| matches!(byte, b'I' | b'l' | b'1' | b'O' | b'0' | b'o');
    name.len() >= 8
        && name.bytes().filter(|&byte| byte != b'_').all(look_alike)
        && name.contains(['I', 'l', 'O'])
}

/// How many plain letters and digits a literal writes as `\x61`, `\u0061` or `\u{61}`. No honest tool does that:
/// escapes exist for what cannot be typed.
pub(crate) fn escaped_letters(raw: &str) -> usize {
    raw.match_indices('\\').filter(|&(at, _)| escaped_letter(&raw[at + 1..]).is_some()).count()
}

fn escaped_letter(rest: &str) -> Option<char> {
    let digits = match rest.as_bytes().first()? {
        b'x' => rest.get(1..3)?,
        b'u' if rest[1..].starts_with('{') => rest.get(2..2 + rest[2..].find('}')?)?,
        b'u' => rest.get(1..5)?,
        _ => return None,
    };
    let c = char::from_u32(u32::from_str_radix(digits, 16).ok()?)?;
    c.is_ascii_alphanumeric().then_some(c)
}

/// The offset of the first line of minified code: long, dense, and most of the file is like it.
pub(crate) fn minified(text: &str) -> Option<usize> {
    const MIN_FILE: usize = 2 * 1024;
    if text.len() < MIN_FILE {
        return None;
    }
    let (mut long, mut first, mut offset) = (0, None, 0);
    for end in memchr::memchr_iter(b'\n', text.as_bytes()).chain(std::iter::once(text.len())) {
        let line = &text.as_bytes()[offset..end];
        if is_dense(line) {
            long += line.len();
            first = first.or(Some(offset));
        }
        offset = end + 1;
    }
    first.filter(|_| long * 2 > text.len())
}

/// One long string on a line is data; minified code is dense with punctuation and has few spaces.
fn is_dense(line: &[u8]) -> bool {
    const LONG_LINE: usize = 1_000;
    if line.len() < LONG_LINE {
        return false;
    }
    let spaces = line.iter().filter(|byte| matches!(byte, b' ' | b'\t')).count();
    let marks = line.iter().filter(|byte| b"(){}[];,=.:".contains(byte)).count();
    spaces * 8 < line.len() && marks * 12 > line.len()
}

/// The offset of the first row of characters nobody sees that is longer than any writing system or emoji needs.
pub(crate) fn unseen_run(text: &str) -> Option<usize> {
    const MIN_RUN: u32 = 24;
    const STRIDE: usize = 64;
    let bytes = text.as_bytes();
    let (mut at, mut start, mut run) = (0, 0, 0_u32);
    while at < bytes.len() {
        if run == 0 && bytes.get(at..at + STRIDE).is_some_and(<[u8]>::is_ascii) {
            at += STRIDE;
            continue;
        }
        let Some(length) = unseen(&bytes[at..]) else {
            run = 0;
            at += 1;
            continue;
        };
        if run == 0 {
            start = at;
        }
        run += 1;
        if run >= MIN_RUN {
            return Some(start);
        }
        at += length;
    }
    None
}

/// The length of the invisible character that starts here: zero widths, fillers, variation selectors, tags.
fn unseen(bytes: &[u8]) -> Option<usize> {
    match bytes {
        // U+200B to U+200F, U+2060 to U+2064, U+115F and U+1160, U+3164, U+FE00 to U+FE0F, U+FEFF, U+FFA0.
        [0xe2, 0x80, 0x8b..=0x8f, ..]
        | [0xe2, 0x81, 0xa0..=0xa4, ..]
        | [0xe1, 0x85, 0x9f | 0xa0, ..]
        | [0xe3, 0x85, 0xa4, ..]
        | [0xef, 0xb8, 0x80..=0x8f, ..]
        | [0xef, 0xbb, 0xbf, ..]
        | [0xef, 0xbe, 0xa0, ..] => Some(3),
        // U+E0000 to U+E01FF.
        [0xf3, 0xa0, 0x80..=0x87, _, ..] => Some(4),
        _ => None,
    }
}

/// The offset of the first unbroken run of at least 4,096 base64 or hex characters.
pub(crate) fn encoded_payload(text: &str) -> Option<usize> {
    const MIN_RUN: usize = 4_096;
    let bytes = text.as_bytes();
    let mut start = 0;
    while start + MIN_RUN <= bytes.len() {
        // Seen from its end, a window without a run of this length shows at once how far to go on.
        if let Some(broken) = bytes[start..start + MIN_RUN].iter().rposition(|&byte| !is_encoded(byte)) {
            start += broken + 1;
            continue;
        }
        let rest = bytes[start + MIN_RUN..].iter().position(|&byte| !is_encoded(byte));
        let end = rest.map_or(bytes.len(), |rest| start + MIN_RUN + rest);
        if is_varied(&bytes[start..end]) {
            return Some(start);
        }
        start = end + 1;
    }
    None
}

fn is_encoded(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'-' | b'_')
}

/// A ruler of dashes is not a payload.
fn is_varied(run: &[u8]) -> bool {
    let mut seen = [false; 256];
    run.iter().for_each(|&byte| seen[usize::from(byte)] = true);
    seen.iter().filter(|&&seen| seen).count() >= 12
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn machine_names_are_told_from_honest_ones() {
        for name in ["_0x3fa2", "_0xab", "IlIlIIll", "OOO0O0OO"] {
            assert!(is_machine_name(name), "{name}");
        }
        for name in ["_0", "_0xyz", "lolo", "illegal", "_", "lo", "ok", "oooooooo", "10000000"] {
            assert!(!is_machine_name(name), "{name}");
        }
    }

    #[test]
    fn a_row_of_unseen_characters_is_told_from_emoji() {
        let hidden: String = (0..40).map(|n| char::from_u32(0xe0100 + n).unwrap_or(' ')).collect();
        assert_eq!(unseen_run(&format!("a `{hidden}`")), Some(3));
        assert_eq!(unseen_run(&"\u{200b}\u{feff}\u{3164}\u{ffa0}".repeat(6)), Some(0));
        let family = "\u{1f468}\u{200d}\u{1f469}\u{fe0f}".repeat(50);
        let flag = "\u{1f3f4}\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}".repeat(50);
        assert_eq!(unseen_run(&format!("{family}{flag}")), None);
    }

    #[test]
    fn only_escapes_of_plain_letters_count() {
        assert_eq!(escaped_letters(r"\x65\x76\u0061\u{6c}"), 4);
        assert_eq!(escaped_letters(r"\n\x00\u00e9\u2028\x1b[0m\"), 0);
        assert_eq!(escaped_letters("\\u{6"), 0);
        assert_eq!(escaped_letters("\\xé"), 0);
    }

    #[test]
    fn minified_code_is_told_from_long_data() {
        let code = "function a(b){return c(b[d].e,f)}".repeat(100);
        assert_eq!(minified(&code), Some(0));
        assert_eq!(minified(&format!("x = '{}'", "words of a poem ".repeat(300))), None);
        assert_eq!(minified(&"const a = b(c);\n".repeat(500)), None);
    }

    #[test]
    fn long_encoded_runs_are_found() {
        let run: String = (0..5_000_u32).map(|n| char::from(b'a' + (n * 7 % 26) as u8)).collect();
        assert_eq!(encoded_payload(&format!("x = '{run}'")), Some(5));
        assert_eq!(encoded_payload(&format!("{} {run}", "-".repeat(5_000))), Some(5_001));
        assert_eq!(encoded_payload(&run[..4_095]), None);
        assert_eq!(encoded_payload(&run[..4_096]), Some(0));
        assert_eq!(encoded_payload(&"-".repeat(10_000)), None);
        assert_eq!(encoded_payload(&"some words ".repeat(1_000)), None);
    }
}
