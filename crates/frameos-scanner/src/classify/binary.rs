//! Files that machines run, by their first bytes: programs, libraries and bytecode of every runtime.

/// A word for what machine code or bytecode a file holds, if it does.
pub(super) fn name(bytes: &[u8]) -> Option<&'static str> {
    const MACH_O: [[u8; 4]; 4] = [
        [0xfe, 0xed, 0xfa, 0xce],
        [0xfe, 0xed, 0xfa, 0xcf],
        [0xce, 0xfa, 0xed, 0xfe],
        [0xcf, 0xfa, 0xed, 0xfe],
    ];
    match bytes {
        [0x7f, b'E', b'L', b'F', ..] => Some("an ELF program or library"),
        [a, b, c, d, ..] if MACH_O.contains(&[*a, *b, *c, *d]) => Some("a Mach-O program or library"),
        // Java chose the magic of fat binaries; those hold few architectures, and classes have versions above 44.
        [0xca, 0xfe, 0xba, 0xbe | 0xbf, 0, 0, 0, 1..=32, ..] => Some("a Mach-O program or library"),
        [0xca, 0xfe, 0xba, 0xbe, _, _, _, 45..=255, ..] => Some("a Java class"),
        [b'd', b'e', b'x', b'\n', b'0', b'1'..=b'9', _, 0, ..] => Some("Android bytecode"),
        [_, _, 0xde, 0xc0, ..] if std::str::from_utf8(&bytes[..4]).is_err() => Some("V8 bytecode"),
        [0xc6, 0x1f, 0xbc, 0x03, 0xc1, 0x03, 0x19, 0x1f, ..] => Some("Hermes bytecode"),
        [0x1b, b'L', b'u', b'a', ..] => Some("Lua bytecode"),
        [b'B', b'C', 0xc0, 0xde, ..] => Some("LLVM bitcode"),
        [b'!', b'<', b'a', b'r', b'c', b'h', b'>', b'\n', ..] => Some("a static library or Debian package"),
        [0xed, 0xab, 0xee, 0xdb, ..] => Some("an RPM package"),
        _ if is_python_bytecode(bytes) => Some("Python bytecode"),
        _ if is_windows_program(bytes) => Some("a Windows program or library"),
        _ => None,
    }
}

/// CPython writes its number, then CR LF; versions before 3.0 counted differently, and `PyPy` counts from a few hundred.
fn is_python_bytecode(bytes: &[u8]) -> bool {
    let Some(([low, high, b'\r', b'\n'], rest)) = bytes.split_first_chunk::<4>() else { return false };
    let number = u16::from_le_bytes([*low, *high]);
    let is_known = matches!(number, 50..=500 | 3_000..=4_200 | 20_121 | 50_428 | 50_823 | 60_202 | 60_717 | 62_000..=62_300);
    // What follows is a number of flags, a time and a size, or marshalled code: none of it is text.
    is_known && (rest.is_empty() || rest.iter().take(12).any(|byte| *byte < 9 || *byte >= 0x80))
}

/// `MZ` alone also starts honest text; the header it points to does not.
fn is_windows_program(bytes: &[u8]) -> bool {
    let offset = bytes.get(0x3c..0x40).and_then(<[u8]>::first_chunk::<4>).map(|raw| u32::from_le_bytes(*raw));
    let header = offset.and_then(|at| usize::try_from(at).ok()).and_then(|at| bytes.get(at..));
    bytes.starts_with(b"MZ") && header.is_some_and(|header| header.starts_with(b"PE\0\0"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_runtime_is_known_by_its_first_bytes() {
        let mut program = b"MZ".to_vec();
        program.resize(0x3c, 0);
        program.extend([0x40, 0, 0, 0, b'P', b'E', 0, 0]);
        for (bytes, word) in [
            (b"\x7fELF\x02".as_slice(), "ELF"),
            (b"\xcf\xfa\xed\xfe", "Mach-O"),
            (b"\xca\xfe\xba\xbe\0\0\0\x02", "Mach-O"),
            (b"\xca\xfe\xba\xbe\0\0\0\x3d", "Java"),
            (b"dex\n035\0", "Android"),
            (b"\x2a\x06\xde\xc0\0\0", "V8"),
            (b"\x1bLua", "Lua"),
            (b"!<arch>\n", "static"),
            (b"\xcb\x0d\r\n\0\0\0\0", "Python"),
            (b"\x2b\x0e\r\n\0\0\0\0", "Python"),
            (b"\x03\xf3\r\n\x01\x02\x03\x04c\0", "Python"),
            (b"\x50\x01\r\n\0\0\0\0", "Python"),
            (&program, "Windows"),
        ] {
            assert!(name(bytes).is_some_and(|name| name.contains(word)), "{word}: {:?}", name(bytes));
        }
    }

    #[test]
    fn text_is_no_program() {
        for text in [
            "MZ is how this starts",
            "ab\r\nsecond line of text",
            "de\u{1}x",
            "!<arch",
            "",
            "\u{b}\u{d}\r\nplain text",
        ] {
            assert_eq!(name(text.as_bytes()), None, "{text:?}");
        }
    }
}
