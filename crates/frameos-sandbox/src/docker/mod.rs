//! The Docker backend: one container per run, with the walls of whatever OCI runtime the engine is told to use.
//!
//! The engine is given the flags that `docker run` users know; inside, `frameos-jail guest` adds the filters of the Linux
//! backend and carries the program's descriptors over the container's stdin and stdout. `driver` stands in for the jail's
//! outer process, so that `supervise` sees no difference. Opening it proves, with a container, that all of it works.

mod archive;
mod connect;
mod container;
mod delivery;
mod driver;
mod frames;
mod image;
mod meter;
mod names;
mod profile;
mod reap;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bollard::Docker as Engine;
use bollard::query_parameters::CreateContainerOptionsBuilder;
use tokio::time::Instant;

use crate::body::Body;
use crate::config::{DockerConfig, SandboxConfig};
use crate::control::fault;
use crate::error::SandboxError;
use crate::jail::{GuestConfig, ProcMasks, Report};
use crate::linux::{check_readable, find_jail};
use crate::owner::Owner;
use crate::program;
use crate::runtime::Runtime;
use crate::slot::Slots;
use crate::spec::{Limits, RunSpec};
use crate::supervise::Started;
use crate::tier::Tier;
pub(crate) use connect::engine_answers;
use connect::is_missing;
use container::Wanted;
pub(crate) use driver::Container;
use driver::{Held, Launch};
use image::{Images, Source};
use names::Names;

/// How long a container may take to prove itself.
const PROBE_PATIENCE: Duration = Duration::from_secs(30);
/// How much longer than its run a container may live.
const LIFE_AFTER: Duration = Duration::from_secs(60);

pub(crate) struct Docker {
    engine: Engine,
    images: Images,
    tier: Tier,
    /// Whether Landlock is enforced inside; `None` until the probe has told.
    landlock: Option<bool>,
    /// As configured: `None` is the engine's own choice.
    oci_runtime: Option<String>,
    slots: Slots,
    owner: Owner,
    proc: ProcMasks,
    seccomp: String,
    state_dir: PathBuf,
}

impl std::fmt::Debug for Docker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Docker").field("tier", &self.tier).finish_non_exhaustive()
    }
}

impl Docker {
    /// Imports what images are missing, which may take some seconds; else a few hundred milliseconds.
    pub(crate) async fn open(
        config: &SandboxConfig,
        docker: &DockerConfig,
        runtimes: &[Runtime],
    ) -> Result<Self, SandboxError> {
        let jail = find_jail(config.jail_path.clone())?;
        let connected = connect::connect(docker).await?;
        let engine = connected.engine;
        reap::reap(&engine).await?;
        let (oci_runtime, cgroup) = (connected.oci_runtime, connected.cgroup);
        let mut opened = Self {
            images: Images::new(engine.clone(), jail, &config.state_dir, &config.runtimes_dir)?,
            engine,
            tier: Tier::Docker { oci_runtime: oci_runtime.clone(), cgroup, landlock: false },
            landlock: None,
            oci_runtime: docker.oci_runtime.clone(),
            slots: Slots::open(&config.state_dir)?,
            owner: Owner::register(&config.state_dir, &[])?,
            proc: crate::procfs::masks()?,
            seccomp: profile::profile()?,
            state_dir: config.state_dir.clone(),
        };
        let landlock = opened.probe().await?;
        opened.landlock = Some(landlock);
        opened.tier = Tier::Docker { oci_runtime, cgroup, landlock };
        // Of each language the newest comes last, and only that one is ever run.
        let newest: Vec<&Runtime> = runtimes
            .iter()
            .enumerate()
            .filter(|(at, one)| !runtimes[at + 1..].iter().any(|later| later.language == one.language))
            .map(|(_, runtime)| runtime)
            .collect();
        let needed = newest.iter().map(|runtime| opened.images.of(runtime)).collect::<Result<Vec<_>, _>>()?;
        for source in &needed {
            opened.images.ensure(source).await?;
        }
        opened.images.prune(&needed).await?;
        Ok(opened)
    }

    pub(crate) fn tier(&self) -> &Tier {
        &self.tier
    }

    pub(crate) async fn start(
        self: Arc<Self>,
        spec: RunSpec,
        runtime: Runtime,
        called: Instant,
    ) -> Result<Started, SandboxError> {
        let message = program::request(&spec)?;
        check_readable(&spec, true)?;
        let guest = GuestConfig {
            argv: program::argv(spec.language),
            env: program::environment(),
            tmp_bytes: spec.limits.tmp_bytes,
            open_files: spec.limits.open_files,
            lifetime_ms: lifetime(&spec.limits),
            probe: false,
        };
        let held = self.hold()?;
        let source = self.images.of(&runtime)?;
        let wanted = Wanted {
            code: Some(&spec.code_dir),
            execution: &spec.execution_id,
            ..self.wanted(&source, &held, &spec.limits)
        };
        let id = self.create(&source, &wanted).await?;
        let launch = self.launch(id, held, guest, message);
        launch.start(spec.limits, called, self.tier.to_string()).await
    }

    /// One container up to the point where a program would start; whether Landlock is enforced in it.
    async fn probe(&self) -> Result<bool, SandboxError> {
        let source = self.images.of_probe()?;
        let limits = Limits::default();
        let guest = GuestConfig {
            argv: Vec::new(),
            env: Vec::new(),
            tmp_bytes: limits.tmp_bytes,
            open_files: limits.open_files,
            lifetime_ms: lifetime(&limits),
            probe: true,
        };
        // An empty folder, which the image has there anyway: so that the mount is proven, too.
        let code = self.state_dir.join("probe-root/var/empty");
        let held = self.hold()?;
        let wanted = Wanted { code: Some(&code), ..self.wanted(&source, &held, &limits) };
        let id = self.create(&source, &wanted).await?;
        let launch = self.launch(id, held, guest, Vec::new());
        let started = launch.start(limits, Instant::now(), String::new()).await?;
        let (mut control, body) = (started.control, started.body);
        let verdict = tokio::time::timeout(PROBE_PATIENCE, async {
            let mut passed = false;
            while let Some(report) = control.next().await {
                passed |= matches!(report, Report::Exited { code: 0, .. });
                fault(report)?;
            }
            Ok(passed)
        });
        let passed = verdict.await.map_err(|_| SandboxError::JailVanished { timed_out: true })??;
        match body {
            Body::Container(container) if passed => {
                container.landlock().ok_or(SandboxError::JailVanished { timed_out: false })
            }
            _ => Err(SandboxError::JailVanished { timed_out: false }),
        }
    }

    fn wanted<'a>(&'a self, source: &Source, held: &'a Held, limits: &'a Limits) -> Wanted<'a> {
        Wanted {
            image: source.name.clone(),
            owner: self.owner.token(),
            execution: "",
            uid: held.slot.uid(),
            names: held.names.dir(),
            code: None,
            limits,
            oci_runtime: self.oci_runtime.as_deref(),
            seccomp: &self.seccomp,
            proc: &self.proc,
        }
    }

    /// Imports the image if it is missing, which is seldom.
    async fn create(&self, source: &Source, wanted: &Wanted<'_>) -> Result<String, SandboxError> {
        let create = || {
            let options = CreateContainerOptionsBuilder::new().name(&self.owner.group_name()).build();
            self.engine.create_container(Some(options), container::body(wanted))
        };
        let created = match create().await {
            Err(error) if is_missing(&error) => {
                self.images.ensure(source).await?;
                create().await
            }
            created => created,
        };
        let created = created.map_err(SandboxError::engine("create a container"))?;
        for warning in created.warnings {
            tracing::warn!(warning, "the container engine warns");
        }
        Ok(created.id)
    }

    fn hold(&self) -> Result<Arc<Held>, SandboxError> {
        let slot = self.slots.take()?;
        let names = Names::write(&self.state_dir, &slot)?;
        Ok(Arc::new(Held { names, slot }))
    }

    fn launch(&self, id: String, held: Arc<Held>, guest: GuestConfig, message: Vec<u8>) -> Launch {
        Launch { engine: self.engine.clone(), id, held, guest, message, landlock: self.landlock }
    }
}

fn lifetime(limits: &Limits) -> u64 {
    let all = limits.wall.saturating_add(limits.grace).saturating_add(LIFE_AFTER);
    u64::try_from(all.as_millis()).unwrap_or(u64::MAX)
}
