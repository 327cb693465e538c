//! Files that hold pictures, sounds, letters, tables and models, by their first bytes; and where such a file really ends.

/// A word for a binary file that holds data and nothing that runs.
pub(super) fn name(bytes: &[u8]) -> Option<&'static str> {
    let riff = bytes.get(8..12).unwrap_or_default();
    Some(match bytes {
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => "a PNG image",
        [0xff, 0xd8, 0xff, ..] => "a JPEG image",
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => "a GIF image",
        [b'R', b'I', b'F', b'F', ..] if riff == b"WEBP" => "a WebP image",
        [b'R', b'I', b'F', b'F', ..] if riff == b"WAVE" || riff == b"AVI " => "a RIFF recording",
        [0, 0, 1 | 2, 0, count, _, ..] if *count > 0 && bytes.len() > 22 => "an icon",
        [b'B', b'M', ..] if bytes.get(6..10) == Some(&[0; 4]) && bytes.len() > 26 => "a BMP image",
        [b'I', b'I', b'*', 0, ..] | [b'M', b'M', 0, b'*', ..] => "a TIFF image",
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => "an MPEG-4 file",
        [b'w', b'O', b'F', b'F' | b'2', ..] => "a web font",
        [0, 1, 0, 0, 0, ..] | [b'O', b'T', b'T', b'O', ..] | [b't', b't', b'c', b'f', ..] => "a font",
        [b'I', b'D', b'3', ..] | [0xff, 0xfb | 0xf3 | 0xf2 | 0xf1 | 0xf9, ..] => "a sound file",
        [b'O', b'g', b'g', b'S', ..] | [b'f', b'L', b'a', b'C', ..] => "a sound file",
        [0x1a, 0x45, 0xdf, 0xa3, ..] => "a Matroska file",
        [b'%', b'P', b'D', b'F', b'-', ..] => "a PDF document",
        [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1, ..] => "an old Office document",
        [b'P', b'A', b'R', b'1', ..] => "a Parquet table",
        [b'A', b'R', b'R', b'O', b'W', b'1', ..] => "an Arrow table",
        [0x93, b'N', b'U', b'M', b'P', b'Y', ..] => "a NumPy array",
        [0x89, b'H', b'D', b'F', ..] => "an HDF5 file",
        [b'G', b'G', b'U', b'F', ..] => "a GGUF model",
        _ if bytes.starts_with(b"SQLite format 3\0") => "an SQLite database",
        _ if is_safetensors(bytes) => "a safetensors model",
        _ => return None,
    })
}

/// Eight bytes of length, then a JSON object of that length.
fn is_safetensors(bytes: &[u8]) -> bool {
    let Some((length, rest)) = bytes.split_first_chunk::<8>() else { return false };
    let length = u64::from_le_bytes(*length);
    rest.starts_with(b"{\"") && length >= 2 && length <= rest.len() as u64
}

/// What a picture carries behind its own end.
pub(crate) fn tail(bytes: &[u8]) -> Option<&[u8]> {
    let end = match name(bytes)? {
        "a PNG image" => png_end(bytes)?,
        "a GIF image" => gif_end(bytes)?,
        "a WebP image" | "a RIFF recording" => {
            let size = u32::from_le_bytes(*bytes.get(4..)?.first_chunk::<4>()?);
            let size = usize::try_from(size).ok()?;
            8 + size + size % 2
        }
        "a JPEG image" => memchr::memmem::rfind(bytes, &[0xff, 0xd9])? + 2,
        _ => return None,
    };
    bytes.get(end..).filter(|tail| tail.iter().any(|byte| !matches!(byte, 0 | b'\n' | b'\r')))
}

/// Chunks are a length, a name, data and a checksum; the last one is `IEND`.
fn png_end(bytes: &[u8]) -> Option<usize> {
    let mut at = 8;
    loop {
        let head = bytes.get(at..at + 8)?;
        let length = usize::try_from(u32::from_be_bytes(*head.first_chunk::<4>()?)).ok()?;
        at = at.checked_add(length)?.checked_add(12)?;
        if &head[4..8] == b"IEND" {
            return Some(at.min(bytes.len()));
        }
    }
}

/// A header, perhaps a palette, then blocks up to the trailer.
fn gif_end(bytes: &[u8]) -> Option<usize> {
    let palette = |flags: u8| if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) };
    let mut at = 13 + palette(*bytes.get(10)?);
    loop {
        match bytes.get(at)? {
            0x3b => return Some(at + 1),
            0x21 => at = blocks_end(bytes, at + 2)?,
            0x2c => at = blocks_end(bytes, at + 11 + palette(*bytes.get(at + 9)?))?,
            _ => return None,
        }
    }
}

fn blocks_end(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        match bytes.get(at)? {
            0 => return Some(at + 1),
            size => at += usize::from(*size) + 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tails_begin_where_pictures_end() {
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\x02abcdxxCRC1\0\0\0\0IENDCRC2";
        assert_eq!(tail(png), None);
        assert_eq!(tail(&[png.as_slice(), b"tail"].concat()), Some(b"tail".as_slice()));
        let gif = b"GIF89a\x01\0\x01\0\0\0\0\x2c\0\0\0\0\x01\0\x01\0\0\x02\x02\x4c\x01\0\x3b";
        assert_eq!(tail(gif), None);
        assert_eq!(tail(&[gif.as_slice(), b"PK"].concat()), Some(b"PK".as_slice()));
        assert_eq!(tail(&gif[..20]), None, "cut short");
        assert_eq!(tail(b"\xff\xd8\xff\xe0data\xff\xd9\0\0"), None);
        assert_eq!(tail(b"\xff\xd8\xff\xe0data\xff\xd9#!/bin/sh"), Some(b"#!/bin/sh".as_slice()));
    }
}
