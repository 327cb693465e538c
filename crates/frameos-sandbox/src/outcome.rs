//! What a run gave: how it ended, what it printed, what it returned, what it used.
//!
//! Everything in here but `end`, `resources` and `tier` was chosen by hostile code: sizes are bounded, meaning is not.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

/// How the program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// It exited by itself with this code.
    Exited(i32),
    /// A signal that was not ours killed it: a crash, a denied system call (31), or its own doing.
    Signaled(i32),
    /// It ran into `Limits::wall` and was stopped.
    TimedOut,
    /// It ran into `Limits::memory_bytes` and the kernel killed it.
    OutOfMemory,
    /// The caller cancelled it.
    Cancelled,
}

impl End {
    /// Whether the program ended by itself with exit code 0.
    #[must_use]
    pub fn is_success(self) -> bool {
        self == Self::Exited(0)
    }
}

/// The beginning of an output stream.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Captured {
    /// What was kept: at most the limit asked for.
    pub bytes: Vec<u8>,
    /// How much was written; more than `bytes.len()` means the rest was dropped.
    pub total: u64,
}

impl Captured {
    /// Whether something was dropped.
    #[must_use]
    pub fn truncated(&self) -> bool {
        self.total > self.bytes.len() as u64
    }

    /// What was kept, as text; bytes that are no UTF-8 become U+FFFD. A character that the limit cut in two is left out.
    #[must_use]
    pub fn text(&self) -> String {
        let cut = match std::str::from_utf8(&self.bytes) {
            Err(error) if self.truncated() && error.error_len().is_none() => error.valid_up_to(),
            _ => self.bytes.len(),
        };
        String::from_utf8_lossy(&self.bytes[..cut]).into_owned()
    }
}

/// What a run used. `None` where this kernel cannot tell.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Resources {
    /// From the program's first instruction to its end, milliseconds.
    pub wall_ms: u64,
    /// From the call of `run` to the program's first instruction, milliseconds.
    pub startup_ms: u64,
    /// Processor time in user mode, all processes, milliseconds.
    pub cpu_user_ms: Option<u64>,
    /// Processor time in the kernel, all processes, milliseconds.
    pub cpu_system_ms: Option<u64>,
    /// Time spent waiting because the CPU limit was used up, milliseconds.
    pub throttled_ms: Option<u64>,
    /// Highest memory use, bytes, page cache and `/tmp` included.
    pub peak_memory_bytes: Option<u64>,
    /// Highest number of processes and threads, the sandbox's own init included.
    pub peak_pids: Option<u64>,
    /// Bytes handed to the kernel by write calls of all processes: to files, pipes and sockets, what was printed
    /// included. Not what is written through shared memory.
    pub bytes_written: Option<u64>,
}

/// The result of a run that did run.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// How it ended.
    pub end: End,
    /// What it wrote to stdout.
    pub stdout: Captured,
    /// What it wrote to stderr.
    pub stderr: Captured,
    /// A handler's return value, or for a plain program the last stdout line that is a JSON object.
    pub outputs: Option<Value>,
    /// Why `outputs` is missing although a handler returned: its result came and could not be read. A run with this is a
    /// failure, whatever its exit code.
    pub outputs_error: Option<String>,
    /// What a handler threw, or why the program could not be started: type and first line.
    pub agent_error: Option<String>,
    /// What it counted with `ctx.charge`, of what its meter knows.
    pub counts: BTreeMap<String, u64>,
    /// What it used.
    pub resources: Resources,
    /// The isolation it ran under, as `Tier` prints it.
    pub tier: String,
}

/// What happens while a program runs.
#[derive(Debug, Clone, PartialEq)]
pub enum RunEvent {
    /// The program's first instruction is near: the sandbox is closed and the interpreter loaded.
    Started,
    /// A piece of stdout, as it came; pieces beyond the kept bytes are not sent.
    Stdout(Vec<u8>),
    /// A piece of stderr, likewise.
    Stderr(Vec<u8>),
    /// `ctx.progress(fraction, message)`; the fraction is within 0 and 1.
    Progress {
        /// Part done, 0 to 1.
        fraction: f64,
        /// What is being done.
        message: String,
    },
    /// `ctx.log(message)`.
    Log {
        /// `debug`, `info`, `warn` or `error`.
        level: String,
        /// One entry.
        message: String,
    },
    /// `ctx.charge(event, count)`, of an event that the meter knows.
    Charge {
        /// What was counted.
        event: String,
        /// How many, at least 1.
        count: u64,
        /// What all counts so far weigh, the start included; never more than the meter's limit.
        total: u64,
    },
    /// What was used so far, once a second.
    Sample(Resources),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_character_cut_by_the_limit_is_left_out() {
        let captured = |bytes: &[u8], total| Captured { bytes: bytes.to_vec(), total }.text();
        assert_eq!(captured(b"a\xc3", 3), "a");
        assert_eq!(captured(b"a\xc3", 2), "a\u{fffd}", "the program's own doing");
        assert_eq!(captured("aé".as_bytes(), 4), "aé");
    }
}
