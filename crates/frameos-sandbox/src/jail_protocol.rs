//! What the library and `frameos-jail` say to each other.
//!
//! The jail's descriptor 0 is a unix socket of packets. Each, of one byte, asks for a sandbox and brings five descriptors: a unix
//! stream socket for it alone, and those that become its program's 1 to 4.
//!
//! On the stream the library first sends a `JailConfig` (four bytes of length, little-endian, then JSON). Then the jail sends
//! `Report`s, one JSON line each, and the library may send commands: single bytes, one of them followed by a path. The end of
//! the stream means: every process of the sandbox is gone. The program itself never holds it.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::jail_step::JailStep;

/// All that the jail needs to know. Made by the host; nothing in it comes from an agent.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct JailConfig {
    /// The runtime folder that becomes `/`.
    pub root: PathBuf,
    /// The folder that becomes `/agent`; `None` leaves it empty.
    pub code: Option<PathBuf>,
    /// The control group to enter.
    pub cgroup: JailCgroup,
    /// The host's user and group id that the program's id stands for.
    pub host_uid: u32,
    /// As `host_uid`, for the group.
    pub host_gid: u32,
    /// Whether the parent is root: then supplementary groups are dropped, else they cannot be.
    pub privileged: bool,
    /// Bytes of `/tmp`.
    pub tmp_bytes: u64,
    /// Files in `/tmp`.
    pub tmp_files: u64,
    /// Open descriptors per process.
    pub open_files: u64,
    /// What to hide under `/proc`.
    pub proc: ProcMasks,
    /// Program and arguments, as seen from inside.
    pub argv: Vec<String>,
    /// The program's whole environment, `NAME=value`.
    pub env: Vec<String>,
    /// Stop before the program starts: the set-up itself was the question.
    pub probe: bool,
}

/// The control group to enter.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum JailCgroup {
    /// The `tasks` file of each hierarchy.
    V1 {
        /// Absolute paths.
        tasks: Vec<PathBuf>,
    },
    /// The group's folder.
    V2 {
        /// Absolute path.
        dir: PathBuf,
    },
}

/// Entries of `/proc`, relative to it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ProcMasks {
    /// Files to cover with `/dev/null`.
    pub files: Vec<String>,
    /// Folders to cover with an empty one.
    pub dirs: Vec<String>,
}

/// One line from the jail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Report {
    /// A step failed; nothing of the agent's has run.
    Failed {
        /// Which.
        step: JailStep,
        /// The kernel's error number.
        errno: i32,
        /// What the step worked on.
        detail: Option<String>,
    },
    /// The program has been started.
    Started,
    /// The code that was asked for with [`COMMAND_MOUNT`] is in its place.
    Mounted,
    /// The program's first process ended by itself.
    Exited {
        /// Its exit code.
        code: i32,
        /// What all processes wrote.
        written: Option<u64>,
    },
    /// A signal ended the program's first process.
    Signaled {
        /// Which.
        signal: i32,
        /// What all processes wrote.
        written: Option<u64>,
    },
}

/// Ask the program to end: SIGTERM to its first process.
pub const COMMAND_TERMINATE: u8 = b'T';
/// Mount code at `/agent`: followed by two bytes of length, little-endian, and that many of an absolute path. Answered by
/// `Mounted` or `Failed`. For a sandbox that was started without code, once, before its program is told anything.
pub const COMMAND_MOUNT: u8 = b'M';
/// Kill every process of the sandbox.
pub const COMMAND_KILL: u8 = b'K';
/// The user and group id that the program sees as its own.
pub const INNER_ID: u32 = 1000;
/// Upper bound of a `JailConfig` in JSON, bytes.
pub const CONFIG_MAX: usize = 256 * 1024;
/// Where the program gets its request and gives its reports.
pub const REQUEST_FD: i32 = 3;
/// As `REQUEST_FD`, the other direction.
pub const REPORT_FD: i32 = 4;
