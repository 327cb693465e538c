//! What a sandbox is opened with.
//!
//! Plain data; nothing here is read from the environment.

use std::path::PathBuf;
use std::time::Duration;

/// Where things are and how programs are held. Relative paths are taken from the current folder when the sandbox is opened.
#[derive(Debug, Clone)]
pub struct SandboxConfig {
    /// Scratch: locks and the probe's root. Made with mode 0700 when missing. Processes that share it never give two
    /// sandboxes one user id.
    pub state_dir: PathBuf,
    /// The folders made by [`crate::runtime::build`].
    pub runtimes_dir: PathBuf,
    /// The jail program; `None` means `frameos-jail` beside this executable, or one folder up.
    pub jail_path: Option<PathBuf>,
    /// What builds the walls.
    pub backend: Backend,
    /// Interpreters that wait, booted, for a run.
    pub warm: WarmConfig,
}

impl SandboxConfig {
    /// The Linux backend, without a warm pool.
    pub fn new(state_dir: impl Into<PathBuf>, runtimes_dir: impl Into<PathBuf>) -> Self {
        Self {
            state_dir: state_dir.into(),
            runtimes_dir: runtimes_dir.into(),
            jail_path: None,
            backend: Backend::Linux,
            warm: WarmConfig::OFF,
        }
    }
}

/// What builds the walls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Backend {
    /// This crate itself, with the kernel's own means.
    Linux,
    /// A Docker Engine on this machine.
    Docker(DockerConfig),
}

/// How to reach a Docker Engine, and what it should run containers with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DockerConfig {
    /// The engine's unix socket.
    pub socket: PathBuf,
    /// An OCI runtime by the name the engine knows it by, such as `runsc`; `None` is the engine's own choice.
    pub oci_runtime: Option<String>,
}

impl Default for DockerConfig {
    fn default() -> Self {
        Self { socket: PathBuf::from("/var/run/docker.sock"), oci_runtime: None }
    }
}

/// Bounds of the warm pool. Each waiting interpreter has a whole sandbox of its own and is used once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WarmConfig {
    /// Sandboxes kept waiting for each runtime; 0 is no pool.
    pub per_runtime: usize,
    /// What all waiting sandboxes together may hold in memory, bytes.
    pub memory_bytes: u64,
    /// One that waited so long is replaced.
    pub idle: Duration,
}

impl WarmConfig {
    /// No pool.
    pub const OFF: Self = Self { per_runtime: 0, memory_bytes: 0, idle: Duration::ZERO };
}

impl Default for WarmConfig {
    fn default() -> Self {
        Self { per_runtime: 2, memory_bytes: 512 << 20, idle: Duration::from_secs(600) }
    }
}
