//! The door: opening a sandbox proves that this machine can isolate; running prepares one and hands it to `supervise`.
//!
//! A `Sandbox` is cheap to clone and shared by all runs. It holds no state of any run.

use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::config::{Backend, DockerConfig, SandboxConfig};
use crate::docker::{Docker, engine_answers};
use crate::error::SandboxError;
use crate::linux::Linux;
use crate::outcome::{Outcome, RunEvent};
use crate::pool::{Pool, WarmUse};
use crate::runtime::{self, Runtime};
use crate::sink::Sink;
use crate::spec::RunSpec;
use crate::supervise::{Started, supervise};
use crate::tier::Tier;
use crate::warm;

/// Runs programs. Clones share everything.
#[derive(Clone, Debug)]
pub struct Sandbox {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    runtimes_dir: PathBuf,
    runtimes: Vec<Runtime>,
    engine: Engine,
}

/// What builds the walls.
#[derive(Debug)]
enum Engine {
    Linux { linux: Arc<Linux>, pool: Option<Pool> },
    Docker(Arc<Docker>),
}

impl Sandbox {
    /// Proves that this machine can isolate, with a sandbox that is made up to the point where a program would start, and
    /// removes what a dead process left. With a container engine, images that are missing are imported, once.
    ///
    /// # Errors
    /// [`SandboxError::Unsupported`] names every missing piece; [`SandboxError::Jail`] the step that failed. With a
    /// container engine, its own errors say what to change.
    pub async fn open(config: SandboxConfig) -> Result<Self, SandboxError> {
        let config = SandboxConfig {
            state_dir: absolute(&config.state_dir)?,
            runtimes_dir: absolute(&config.runtimes_dir)?,
            ..config
        };
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&config.state_dir)
            .map_err(SandboxError::io("create", &config.state_dir))?;
        let runtimes = runtime::load(&config.runtimes_dir)?;
        let runtimes_dir = config.runtimes_dir.clone();
        let engine = match config.backend {
            Backend::Linux => {
                let warm = config.warm.clone();
                let opened = tokio::task::spawn_blocking(move || Linux::open(&config)).await;
                let linux = Arc::new(opened.map_err(|_| SandboxError::JailVanished { timed_out: false })??);
                let pool = (warm.per_runtime > 0).then(|| Pool::open(warm, &linux, &runtimes));
                Engine::Linux { linux, pool }
            }
            Backend::Docker(ref docker) => {
                Engine::Docker(Arc::new(Docker::open(&config, docker, &runtimes).await?))
            }
        };
        Ok(Self { inner: Arc::new(Inner { runtimes_dir, runtimes, engine }) })
    }

    /// The Linux backend; where this machine does not support it and an engine listens at `docker`, that.
    ///
    /// # Errors
    /// As [`Self::open`]; what was missing for the one and wrong with the other are told together.
    pub async fn open_or_docker(config: SandboxConfig, docker: DockerConfig) -> Result<Self, SandboxError> {
        let linux = SandboxConfig { backend: Backend::Linux, ..config };
        let mut missing = match Self::open(linux.clone()).await {
            Err(SandboxError::Unsupported { missing }) => missing,
            opened => return opened,
        };
        let socket = docker.socket.display().to_string();
        if !engine_answers(&docker.socket) {
            missing.push(format!("a Docker Engine would do instead, but none answers at {socket}"));
            return Err(SandboxError::Unsupported { missing });
        }
        tracing::warn!(
            missing = missing.join("; "),
            socket,
            "no Linux backend here; trying the Docker Engine"
        );
        let opened = Self::open(SandboxConfig { backend: Backend::Docker(docker), ..linux }).await;
        opened.map_err(|error| {
            missing.push(format!("a Docker Engine would do instead, but: {error}"));
            SandboxError::Unsupported { missing }
        })
    }

    /// What is enforced here.
    #[must_use]
    pub fn tier(&self) -> &Tier {
        match &self.inner.engine {
            Engine::Linux { linux, .. } => linux.tier(),
            Engine::Docker(docker) => docker.tier(),
        }
    }

    /// The runtime of a language, by its name.
    ///
    /// # Errors
    /// [`SandboxError::RuntimeMissing`] for an unknown language as for one that was not built before `open`.
    pub fn runtime(&self, language: &str) -> Result<&Runtime, SandboxError> {
        // The newest comes last.
        let found = self.inner.runtimes.iter().rev().find(|runtime| runtime.language.name() == language);
        found.ok_or_else(|| SandboxError::RuntimeMissing {
            language: language.to_owned(),
            dir: self.inner.runtimes_dir.clone(),
        })
    }

    /// How the warm pool, if there is one, has served since the start.
    #[must_use]
    pub fn warm_use(&self) -> WarmUse {
        match &self.inner.engine {
            Engine::Linux { pool: Some(pool), .. } => pool.used(),
            Engine::Linux { pool: None, .. } | Engine::Docker(_) => WarmUse::default(),
        }
    }

    /// Waits until the warm pool, if there is one, is as full as it gets.
    pub async fn warmed(&self) {
        match &self.inner.engine {
            Engine::Linux { pool: Some(pool), .. } => pool.full().await,
            Engine::Linux { pool: None, .. } | Engine::Docker(_) => {}
        }
    }

    /// The control groups of its runs that are still there; `None` if the backend makes none itself.
    pub(crate) fn groups_left(&self) -> Option<Vec<PathBuf>> {
        match &self.inner.engine {
            Engine::Linux { linux, .. } => Some(linux.groups_left()),
            Engine::Docker(_) => None,
        }
    }

    /// Runs one program to its end, and leaves nothing behind. Cancelling, like dropping the future, ends the program
    /// with SIGTERM and, after the grace time, SIGKILL of everything.
    ///
    /// # Errors
    /// Faults of the platform only; whatever the program does is in the outcome.
    pub async fn run(
        &self,
        spec: RunSpec,
        events: Option<mpsc::Sender<RunEvent>>,
        cancel: CancellationToken,
    ) -> Result<Outcome, SandboxError> {
        let called = Instant::now();
        let cancel = cancel.child_token();
        // When the caller goes away, the task sees a cancel and still cleans up.
        let gone = cancel.clone().drop_guard();
        let sandbox = self.clone();
        let task = tokio::spawn(async move {
            let meter = spec.meter.clone();
            supervise(sandbox.start(spec, called).await?, meter, Sink::new(events), cancel).await
        });
        let outcome = task.await;
        gone.disarm();
        outcome.map_err(|_| SandboxError::JailVanished { timed_out: false })?
    }

    async fn start(&self, mut spec: RunSpec, called: Instant) -> Result<Started, SandboxError> {
        spec.code_dir = absolute(&spec.code_dir)?;
        let runtime = self.runtime(spec.language.name())?.clone();
        match &self.inner.engine {
            Engine::Linux { linux, pool } => {
                let message = linux.check(&spec)?;
                let waiting = match pool {
                    Some(pool) if warm::fits(&spec.limits) => pool.take(spec.language),
                    _ => None,
                };
                if let Some(waiting) = waiting {
                    match waiting.hand_over(spec.clone(), message.clone(), called).await {
                        Ok(started) => return Ok(started),
                        Err(error) => {
                            tracing::warn!(
                                error = &error as &dyn std::error::Error,
                                "a waiting sandbox was of no use; starting cold"
                            );
                        }
                    }
                }
                let cold = Arc::clone(linux);
                let prepared =
                    tokio::task::spawn_blocking(move || cold.prepare(spec, message, &runtime)).await;
                prepared.map_err(|_| SandboxError::JailVanished { timed_out: false })??.start(called)
            }
            Engine::Docker(docker) => Arc::clone(docker).start(spec, runtime, called).await,
        }
    }
}

/// The jail resolves paths from another folder than we do.
fn absolute(path: &Path) -> Result<PathBuf, SandboxError> {
    std::path::absolute(path).map_err(SandboxError::io("resolve", path))
}
