//! What the host and `frameos-jail guest`, the first process of a container, say to each other.
//!
//! A container has stdin, stdout and stderr and nothing else. On stdin the guest first gets a `GuestConfig` and then the
//! program's request, each as four bytes of length (little-endian) and that many bytes, and at last one `GUEST_ACK`, by
//! which the host says that it has measured what it wanted. The end of stdin means that the host is gone. On stdout the
//! guest sends frames: a kind, four bytes of length (little-endian), data. The program never holds either of the two, so
//! frames of the kinds `Walls` and `Control` cannot come from it.

use serde::{Deserialize, Serialize};

/// The one argument by which `frameos-jail` is told that it is the first process of a container.
pub const GUEST_ARGUMENT: &str = "guest";
/// Kind and length.
pub const FRAME_HEADER: usize = 5;
/// Upper bound of a frame's data, bytes.
pub const FRAME_MAX: usize = 32 << 10;
/// The host has what it needs of a program that has ended.
pub const GUEST_ACK: u8 = b'A';

/// All that the guest needs to know. Made by the host; nothing in it comes from an agent.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct GuestConfig {
    /// Program and arguments.
    pub argv: Vec<String>,
    /// The program's whole environment, `NAME=value`.
    pub env: Vec<String>,
    /// Bytes of `/tmp`.
    pub tmp_bytes: u64,
    /// Open descriptors per process.
    pub open_files: u64,
    /// Milliseconds after which the guest ends by itself. The host ends runs long before; this is for a container that
    /// neither the host nor the engine looks after any more.
    pub lifetime_ms: u64,
    /// Stop before the program starts: the set-up itself was the question.
    pub probe: bool,
}

/// What a frame holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrameKind {
    /// The program's stdout.
    Stdout,
    /// The program's stderr.
    Stderr,
    /// The program's descriptor 4.
    Report,
    /// One byte: whether Landlock is enforced, which not every kernel under a container can.
    Walls,
    /// A `Report` of the guest itself, in JSON.
    Control,
}

impl FrameKind {
    /// As it is sent.
    #[must_use]
    pub fn byte(self) -> u8 {
        match self {
            Self::Stdout => 1,
            Self::Stderr => 2,
            Self::Report => 3,
            Self::Walls => 4,
            Self::Control => 5,
        }
    }

    /// `None` for what no guest sends.
    #[must_use]
    pub fn from_byte(byte: u8) -> Option<Self> {
        let all = [Self::Stdout, Self::Stderr, Self::Report, Self::Walls, Self::Control];
        all.into_iter().find(|kind| kind.byte() == byte)
    }
}

/// The header of a frame with so much data, which is at most [`FRAME_MAX`].
#[must_use]
pub fn frame_header(kind: FrameKind, length: usize) -> [u8; FRAME_HEADER] {
    let [a, b, c, d] = u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes();
    [kind.byte(), a, b, c, d]
}
