//! Faults of the platform: why a run could not be made, never what an agent did wrong.

use std::io;
use std::path::{Path, PathBuf};

use crate::jail_step::JailStep;
use crate::spec::Language;

/// A fault of the platform. Whoever sees one may try again; the agent is not to blame.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The kernel or the permissions lack something that isolation needs.
    #[error("this machine cannot isolate agents: {}", missing.join("; "))]
    Unsupported {
        /// Every missing piece, one sentence each.
        missing: Vec<String>,
    },
    /// No runtime folder for a language.
    #[error("no runtime for {language} in {}: build it first", dir.display())]
    RuntimeMissing {
        /// The language asked for.
        language: String,
        /// Where it was looked for.
        dir: PathBuf,
    },
    /// No interpreter on the host from which to build a runtime.
    #[error("no interpreter for {language}: {reason}")]
    InterpreterMissing {
        /// The language asked for.
        language: Language,
        /// What was tried and why it would not do.
        reason: String,
    },
    /// The `frameos-jail` program is not where it should be.
    #[error("frameos-jail not found; looked at {}", tried.iter().map(|p| p.display().to_string()).collect::<Vec<_>>().join(", "))]
    JailMissing {
        /// The paths tried.
        tried: Vec<PathBuf>,
    },
    /// The spec cannot be run as given.
    #[error("cannot run this: {reason}")]
    BadSpec {
        /// What is wrong with it.
        reason: String,
    },
    /// A step of the jail's set-up failed.
    #[error("sandbox set-up failed at {step}{}: {source}", detail.as_deref().map(|d| format!(" ({d})")).unwrap_or_default())]
    Jail {
        /// Which step.
        step: JailStep,
        /// What it worked on.
        detail: Option<String>,
        /// What the kernel said.
        source: io::Error,
    },
    /// The jail ended without saying how the program ended.
    #[error("the jail ended without a report{}", if *.timed_out { ": it did not start in time" } else { "" })]
    JailVanished {
        /// Whether it was stopped because set-up took too long.
        timed_out: bool,
    },
    /// Something could not be read, written or made on the host.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was attempted, such as `create`.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// What the kernel said.
        source: io::Error,
    },
    /// A host program needed to build a runtime failed.
    #[error("{program} failed: {reason}")]
    Tool {
        /// Which program.
        program: String,
        /// What it said.
        reason: String,
    },
    /// Nobody answers at the container engine's socket.
    #[error("no Docker Engine answers at {}: {source}; start it, or name the socket it listens on", socket.display())]
    EngineUnreachable {
        /// Where it was looked for.
        socket: PathBuf,
        /// What came instead of an answer.
        source: EngineFault,
    },
    /// The engine's socket is not for us.
    #[error("not permitted to use the Docker Engine at {}: run as root, or as a member of the group that owns the socket", socket.display())]
    EngineForbidden {
        /// Whose permissions are in the way.
        socket: PathBuf,
    },
    /// The engine does not know what isolation needs.
    #[error(
        "the Docker Engine speaks version {version} of its API; isolation needs {needed} or newer (Docker 20.10): update it"
    )]
    EngineTooOld {
        /// What it speaks.
        version: String,
        /// What it should.
        needed: &'static str,
    },
    /// The engine does not know the OCI runtime asked for.
    #[error("the Docker Engine has no OCI runtime {name:?}; it has {}: name one of these, or add it to the engine's daemon.json", known.join(", "))]
    OciRuntimeUnknown {
        /// The runtime asked for.
        name: String,
        /// Those it has.
        known: Vec<String>,
    },
    /// A runtime folder could not be made an image.
    #[error("the Docker Engine cannot import {image}: {source}")]
    ImageImport {
        /// The image's name and tag.
        image: String,
        /// What the engine, or reading the folder, came upon.
        source: EngineFault,
    },
    /// The engine refused something, or went away in the middle of it.
    #[error("the Docker Engine cannot {action}: {source}")]
    Engine {
        /// What was asked for, such as `create a container`.
        action: &'static str,
        /// What it said.
        source: EngineFault,
    },
    /// Every sandbox slot is taken.
    #[error("all {slots} sandbox slots are in use")]
    SlotsExhausted {
        /// How many there are.
        slots: u32,
    },
}

/// What a container engine, or the connection to it, said.
pub type EngineFault = Box<dyn std::error::Error + Send + Sync>;

impl SandboxError {
    /// An `Engine` error's constructor in the shape `map_err` wants.
    pub(crate) fn engine<E: Into<EngineFault>>(action: &'static str) -> impl FnOnce(E) -> Self {
        move |source| Self::Engine { action, source: source.into() }
    }

    /// An `Io` error's constructor in the shape `map_err` wants.
    pub(crate) fn io(action: &'static str, path: impl AsRef<Path>) -> impl FnOnce(io::Error) -> Self {
        let path = path.as_ref().to_path_buf();
        move |source| Self::Io { action, path, source }
    }
}
