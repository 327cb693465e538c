//! Taking the guest's frames out of the stream in which they come. Pure.
//!
//! What comes is trusted no further than the container: a frame that no guest sends is an error, and never more than one
//! frame is kept.

use crate::jail::{FRAME_HEADER, FRAME_MAX, FrameKind};

#[derive(Default)]
pub(super) struct Frames {
    pending: Vec<u8>,
}

/// No guest sends this.
#[derive(Debug, PartialEq)]
pub(super) struct Malformed;

impl Frames {
    /// Calls `take` with each frame that is whole now.
    pub(super) fn feed(
        &mut self,
        mut bytes: &[u8],
        take: &mut dyn FnMut(FrameKind, Vec<u8>),
    ) -> Result<(), Malformed> {
        while !bytes.is_empty() {
            let wanted = match self.pending.get(..FRAME_HEADER) {
                None => FRAME_HEADER,
                Some(header) => FRAME_HEADER + length(header)?,
            };
            let (now, rest) = bytes.split_at(bytes.len().min(wanted - self.pending.len()));
            self.pending.extend_from_slice(now);
            bytes = rest;
            self.emit(take)?;
        }
        Ok(())
    }

    fn emit(&mut self, take: &mut dyn FnMut(FrameKind, Vec<u8>)) -> Result<(), Malformed> {
        let Some((header, data)) = self.pending.split_at_checked(FRAME_HEADER) else { return Ok(()) };
        if data.len() == length(header)? {
            let kind = FrameKind::from_byte(header[0]).ok_or(Malformed)?;
            take(kind, data.to_vec());
            self.pending.clear();
        }
        Ok(())
    }

    /// Whether the stream may end here.
    pub(super) fn is_between(&self) -> bool {
        self.pending.is_empty()
    }
}

fn length(header: &[u8]) -> Result<usize, Malformed> {
    let [kind, a, b, c, d] = header else { return Err(Malformed) };
    let length = u32::from_le_bytes([*a, *b, *c, *d]) as usize;
    if FrameKind::from_byte(*kind).is_none() || length > FRAME_MAX { Err(Malformed) } else { Ok(length) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jail::frame_header;

    fn frame(kind: FrameKind, data: &[u8]) -> Vec<u8> {
        [&frame_header(kind, data.len()), data].concat()
    }

    #[test]
    fn frames_are_found_however_they_are_cut() {
        let sent = [
            (FrameKind::Stdout, b"hello".to_vec()),
            (FrameKind::Report, Vec::new()),
            (FrameKind::Walls, vec![1]),
        ];
        let stream: Vec<u8> = sent.iter().flat_map(|(kind, data)| frame(*kind, data)).collect();
        for size in 1..=stream.len() {
            let (mut frames, mut got) = (Frames::default(), Vec::new());
            for piece in stream.chunks(size) {
                assert_eq!(frames.feed(piece, &mut |kind, data| got.push((kind, data))), Ok(()));
            }
            assert_eq!(got, sent, "{size}");
            assert!(frames.is_between());
        }
    }

    #[test]
    fn what_no_guest_sends_is_an_error_and_is_not_kept() {
        let overlong = frame_header(FrameKind::Stdout, FRAME_MAX + 1);
        for bad in [&b"\0\0\0\0\0"[..], b"\x09\x01\0\0\0x", b"panic: no such file", &overlong] {
            let mut frames = Frames::default();
            assert_eq!(frames.feed(bad, &mut |_, _| panic!("a frame")), Err(Malformed), "{bad:?}");
            assert!(frames.pending.len() <= FRAME_HEADER);
        }
        let mut frames = Frames::default();
        assert_eq!(frames.feed(&[1, 9], &mut |_, _| {}), Ok(()));
        assert!(!frames.is_between());
    }
}
