//! A gzip reader that counts, checks and remembers why it failed.
//!
//! Invariants: never yields more than its budget; every member's CRC and length are verified; bytes after the last
//! member are an error. flate2's own `GzDecoder` folds these faults into one `io::Error`, and each needs its own code.

use std::cell::Cell;
use std::io::{self, Read};
use std::rc::Rc;

use flate2::Crc;
use flate2::bufread::DeflateDecoder;

use super::BundleError;

/// What went wrong inside the gzip layer; shared with the tar layer above, which sees only an `io::Error`.
pub(super) type Fault = Rc<Cell<Option<BundleError>>>;

pub(super) struct GzipReader<'a> {
    packed: &'a [u8],
    member: Option<Member<'a>>,
    budget: u64,
    limit: u64,
    fault: Fault,
}

struct Member<'a> {
    inflate: DeflateDecoder<&'a [u8]>,
    crc: Crc,
}

impl<'a> GzipReader<'a> {
    /// Reads all members of `packed`; more than `budget` bytes of output is [`BundleError::UnpackedTooLarge`] with `limit`.
    pub(super) fn new(packed: &'a [u8], budget: u64, limit: u64) -> (Self, Fault) {
        let fault = Fault::default();
        (Self { packed, member: None, budget, limit, fault: fault.clone() }, fault)
    }

    fn fail<T>(&self, fault: BundleError) -> io::Result<T> {
        self.fault.set(Some(fault));
        Err(io::Error::from(io::ErrorKind::InvalidData))
    }

    fn next_member(&mut self) -> io::Result<Option<Member<'a>>> {
        if self.packed.is_empty() {
            return Ok(None);
        }
        match header_length(self.packed) {
            Ok(length) => {
                self.packed = &self.packed[length..];
                Ok(Some(Member { inflate: DeflateDecoder::new(self.packed), crc: Crc::new() }))
            }
            Err(reason) => self.fail(BundleError::NotGzip { reason }),
        }
    }

    fn finish_member(&mut self, member: &Member<'a>) -> io::Result<()> {
        let consumed = usize::try_from(member.inflate.total_in()).unwrap_or(usize::MAX);
        let trailer = self.packed.get(consumed..).and_then(<[u8]>::first_chunk::<8>);
        let Some([c0, c1, c2, c3, l0, l1, l2, l3]) = trailer.copied() else {
            return self.fail(BundleError::SizeMismatch { reason: "the gzip stream is cut short" });
        };
        if u32::from_le_bytes([l0, l1, l2, l3]) != member.crc.amount() {
            return self.fail(BundleError::SizeMismatch { reason: "the gzip trailer states another length" });
        }
        if u32::from_le_bytes([c0, c1, c2, c3]) != member.crc.sum() {
            return self.fail(BundleError::SizeMismatch { reason: "the gzip checksum does not match" });
        }
        self.packed = &self.packed[consumed + 8..];
        Ok(())
    }
}

impl Read for GzipReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            let Some(mut member) = self.member.take() else {
                self.member = self.next_member()?;
                if self.member.is_none() {
                    return Ok(0);
                }
                continue;
            };
            match member.inflate.read(buffer) {
                Ok(0) => self.finish_member(&member)?,
                Ok(read) => {
                    member.crc.update(&buffer[..read]);
                    self.member = Some(member);
                    let Some(budget) = self.budget.checked_sub(read as u64) else {
                        return self.fail(BundleError::UnpackedTooLarge { limit: self.limit });
                    };
                    self.budget = budget;
                    return Ok(read);
                }
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                    return self.fail(BundleError::SizeMismatch { reason: "the gzip stream is cut short" });
                }
                Err(_) => {
                    return self.fail(BundleError::NotGzip { reason: "the compressed data is damaged" });
                }
            }
        }
    }
}

/// The length of the member header at the start of `bytes` (RFC 1952 §2.3).
fn header_length(bytes: &[u8]) -> Result<usize, &'static str> {
    const EXTRA: u8 = 4;
    const NAME: u8 = 8;
    const COMMENT: u8 = 16;
    const HEADER_CRC: u8 = 2;
    const CUT: &str = "its header is cut short";
    let [0x1f, 0x8b, method, flags, ..] = *bytes else {
        return Err("it does not start with the gzip magic bytes, or other data follows it");
    };
    if method != 8 || flags & 0xe0 != 0 {
        return Err("its header asks for an unknown compression method");
    }
    let mut at = 10;
    if flags & EXTRA != 0 {
        let length = bytes.get(at..).and_then(<[u8]>::first_chunk::<2>).ok_or(CUT)?;
        at += 2 + usize::from(u16::from_le_bytes(*length));
    }
    for flag in [NAME, COMMENT] {
        if flags & flag != 0 {
            let text = bytes.get(at..).ok_or(CUT)?;
            at += 1 + text.iter().position(|&byte| byte == 0).ok_or(CUT)?;
        }
    }
    if flags & HEADER_CRC != 0 {
        at += 2;
    }
    if at > bytes.len() { Err(CUT) } else { Ok(at) }
}
