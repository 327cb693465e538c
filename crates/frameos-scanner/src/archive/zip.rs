//! The zip format, as far as a look needs it: the directory at the end, stored and deflated entries.
//!
//! Invariant: every offset and length of the file is checked before it is followed.

use flate2::bufread::DeflateDecoder;

use super::Look;

const END_MARK: &[u8] = b"PK\x05\x06";
const END_SIZE: usize = 22;
const ENTRY_MARK: &[u8] = b"PK\x01\x02";
const ENTRY_SIZE: usize = 46;
const LOCAL_MARK: &[u8] = b"PK\x03\x04";
const LOCAL_SIZE: usize = 30;

/// Where the directory of an archive is, which need not begin at the file's first byte.
struct Directory {
    start: usize,
    /// What stands before the archive: offsets in it do not count that.
    skipped: usize,
}

struct Entry<'z> {
    name: &'z [u8],
    method: u16,
    is_encrypted: bool,
    packed: usize,
    local: usize,
}

/// Whether a file of another kind has an archive at its end.
pub(super) fn is_appended(bytes: &[u8]) -> bool {
    directory(bytes).is_some()
}

pub(super) fn open(bytes: &[u8], look: &mut Look<'_>) {
    let Some(directory) = directory(bytes) else { return look.unseen("it is damaged") };
    let mut at = directory.start;
    while let Some((entry, next)) = entry(bytes, at) {
        at = next;
        if entry.name.ends_with(b"/") {
            continue;
        }
        if !look.claim_entry() {
            return;
        }
        let name = String::from_utf8_lossy(entry.name).into_owned();
        let Some(data) = data(bytes, &entry, directory.skipped) else {
            look.unseen("it is damaged");
            continue;
        };
        let unpacked = match entry.method {
            _ if entry.is_encrypted => {
                look.unseen("it is encrypted");
                continue;
            }
            0 => look.read(data, data.len() as u64),
            8 => look.read(DeflateDecoder::new(data), data.len() as u64),
            _ => {
                look.unseen("it uses an unusual compression");
                continue;
            }
        };
        let Some(unpacked) = unpacked else { return };
        look.entry(&name, &unpacked);
    }
}

/// The end record is the last one whose comment ends with the file and whose directory lies before it.
fn directory(bytes: &[u8]) -> Option<Directory> {
    let from = bytes.len().saturating_sub(END_SIZE + 0xffff);
    for at in memchr::memmem::rfind_iter(&bytes[from..], END_MARK).take(50) {
        let end = from + at;
        let (Some(size), Some(offset), Some(comment)) =
            (u32_at(bytes, end + 12), u32_at(bytes, end + 16), u16_at(bytes, end + 20))
        else {
            continue;
        };
        let starts = end.checked_sub(size).filter(|start| bytes[*start..].starts_with(ENTRY_MARK));
        if let Some(start) = starts.filter(|_| end + END_SIZE + usize::from(comment) <= bytes.len()) {
            return Some(Directory { start, skipped: start.saturating_sub(offset) });
        }
    }
    None
}

fn entry(bytes: &[u8], at: usize) -> Option<(Entry<'_>, usize)> {
    if !bytes.get(at..)?.starts_with(ENTRY_MARK) {
        return None;
    }
    let lengths =
        [u16_at(bytes, at + 28)?, u16_at(bytes, at + 30)?, u16_at(bytes, at + 32)?].map(usize::from);
    let name = bytes.get(at + ENTRY_SIZE..at + ENTRY_SIZE + lengths[0])?;
    let entry = Entry {
        name,
        method: u16_at(bytes, at + 10)?,
        is_encrypted: u16_at(bytes, at + 8)? & 1 != 0,
        packed: u32_at(bytes, at + 20)?,
        local: u32_at(bytes, at + 42)?,
    };
    Some((entry, at + ENTRY_SIZE + lengths.iter().sum::<usize>()))
}

fn data<'z>(bytes: &'z [u8], entry: &Entry<'_>, skipped: usize) -> Option<&'z [u8]> {
    let local = entry.local.checked_add(skipped)?;
    if !bytes.get(local..)?.starts_with(LOCAL_MARK) {
        return None;
    }
    let name = usize::from(u16_at(bytes, local + 26)?);
    let extra = usize::from(u16_at(bytes, local + 28)?);
    let start = local + LOCAL_SIZE + name + extra;
    bytes.get(start..start.checked_add(entry.packed)?)
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|raw| u16::from_le_bytes(*raw))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<usize> {
    let number = bytes.get(at..)?.first_chunk().map(|raw| u32::from_le_bytes(*raw))?;
    usize::try_from(number).ok()
}
