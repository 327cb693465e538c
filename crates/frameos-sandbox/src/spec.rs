//! What to run: one program in one language, its inputs and its limits.
//!
//! Paths in a `RunSpec` are the caller's and trusted; everything below `code_dir` is hostile. Nothing here is
//! read from the environment.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::meter::Meter;

/// The interpreters this crate can start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// Node.js 20 or newer.
    Nodejs,
    /// CPython 3.11 or newer.
    Python,
}

impl Language {
    /// Every language, in the order they are listed to people.
    pub const ALL: [Self; 2] = [Self::Nodejs, Self::Python];

    /// The name used in manifests and folder names: `nodejs` or `python`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Nodejs => "nodejs",
            Self::Python => "python",
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A language name that is neither `nodejs` nor `python`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown language {name:?}: expected nodejs or python")]
pub struct UnknownLanguage {
    /// What was asked for.
    pub name: String,
}

impl FromStr for Language {
    type Err = UnknownLanguage;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|language| language.name() == name)
            .ok_or_else(|| UnknownLanguage { name: name.to_owned() })
    }
}

/// Bounds of one run. The default is what FrameOS promises its users.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Time from the program's first instruction to SIGTERM.
    pub wall: Duration,
    /// Time from SIGTERM to SIGKILL of everything.
    pub grace: Duration,
    /// Thousandths of one processor: 1000 is one whole core.
    pub cpu_millis: u32,
    /// Bytes of memory, page cache and kernel memory included; swap is 0.
    pub memory_bytes: u64,
    /// Processes and threads, the program's first one included.
    pub pids: u32,
    /// Bytes of `/tmp` (they count as memory too).
    pub tmp_bytes: u64,
    /// Files and folders in `/tmp`.
    pub tmp_files: u64,
    /// Bytes kept of stdout.
    pub stdout_bytes: usize,
    /// Bytes kept of stderr.
    pub stderr_bytes: usize,
    /// Open descriptors per process.
    pub open_files: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            wall: Duration::from_secs(300),
            grace: Duration::from_secs(2),
            cpu_millis: 1000,
            memory_bytes: 512 << 20,
            pids: 50,
            tmp_bytes: 100 << 20,
            tmp_files: 20_000,
            stdout_bytes: 1 << 20,
            stderr_bytes: 1 << 20,
            open_files: 1024,
        }
    }
}

/// One run of one program.
#[derive(Debug, Clone)]
pub struct RunSpec {
    /// Which interpreter.
    pub language: Language,
    /// The unpacked bundle on the host, seen by the program as `/agent`, read-only. Must be readable by everyone
    /// (folders 0755, files 0644): the program runs under an id that owns nothing.
    pub code_dir: PathBuf,
    /// The program's file relative to `code_dir`, such as `index.js`.
    pub entrypoint: String,
    /// Handed to a handler as its first argument, and to every program as `INPUT_<NAME>` and `FRAMEOS_INPUTS`.
    pub inputs: Map<String, Value>,
    /// More environment variables.
    pub env: Vec<(String, String)>,
    /// Seen by the program as `FRAMEOS_EXECUTION_ID` and in its context.
    pub execution_id: String,
    /// What the program may count; `None`: nothing.
    pub meter: Option<Meter>,
    /// Bounds of the run.
    pub limits: Limits,
}

impl RunSpec {
    /// A run without inputs, with the default limits.
    #[must_use]
    pub fn new(language: Language, code_dir: impl Into<PathBuf>, entrypoint: impl Into<String>) -> Self {
        Self {
            language,
            code_dir: code_dir.into(),
            entrypoint: entrypoint.into(),
            inputs: Map::new(),
            env: Vec::new(),
            execution_id: String::new(),
            meter: None,
            limits: Limits::default(),
        }
    }
}
