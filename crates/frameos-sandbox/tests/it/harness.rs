//! A sandbox with both runtimes, and agents made of a few lines of code.
//!
//! The suite is the same for every backend; `FRAMEOS_TEST_SANDBOX` says which one a run of it is about. Runtimes are
//! built once per target folder and shared by all test processes.

use std::io::Write as _;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use frameos_sandbox::{
    Backend, DockerConfig, Language, Outcome, RunSpec, Sandbox, SandboxConfig, SandboxError, Tier,
    WarmConfig, runtime,
};
use serde_json::Value;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

/// Where this build's tests keep what they share.
pub(crate) fn shared(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

/// How many times slower than most this machine is, by its tester's word: an emulated one is.
pub(crate) fn slowness() -> u32 {
    variable("FRAMEOS_TEST_SLOW").map_or(1, |told| told.parse().expect("a whole number"))
}

/// What the suite runs over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Under {
    /// The Linux backend, a fresh jail for each run.
    Linux,
    /// The Linux backend with a pool of booted interpreters.
    Warm,
    /// A Docker Engine; its socket is in `FRAMEOS_TEST_DOCKER_SOCKET`.
    Docker,
}

impl Under {
    /// By `FRAMEOS_TEST_SANDBOX`: `linux` (the default), `warm` or `docker`.
    pub(crate) fn chosen() -> Self {
        match variable("FRAMEOS_TEST_SANDBOX").as_deref() {
            None | Some("" | "linux") => Self::Linux,
            Some("warm") => Self::Warm,
            Some("docker") => Self::Docker,
            Some(other) => panic!("FRAMEOS_TEST_SANDBOX={other}: expected linux, warm or docker"),
        }
    }
}

/// Whether all sandboxes have to share one user id.
pub(crate) fn is_rootless(sandbox: &Sandbox) -> bool {
    matches!(sandbox.tier(), Tier::Linux { root: false, .. })
}

/// Whether this run is about the Linux backend; if not, says why the test has nothing to show. For tests of that backend's
/// own mechanics only: what programs are promised is promised by all.
pub(crate) fn is_linux(what: &str) -> bool {
    let linux = Under::chosen() != Under::Docker;
    if !linux {
        let _ = writeln!(std::io::stderr(), "nothing to show here: {what} belongs to the Linux backend");
    }
    linux
}

#[expect(clippy::disallowed_methods, reason = "how whoever starts the tests says what they are about")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

pub(crate) fn config() -> SandboxConfig {
    let runtimes_dir = shared("runtimes");
    for language in Language::ALL {
        runtime::ensure(&runtimes_dir, language, None, &mut |_| {}).expect("a runtime");
    }
    let config = SandboxConfig {
        jail_path: Some(env!("CARGO_BIN_EXE_frameos-jail").into()),
        ..SandboxConfig::new(shared("state"), runtimes_dir)
    };
    match Under::chosen() {
        Under::Linux => config,
        Under::Warm => SandboxConfig { warm: WarmConfig::default(), ..config },
        Under::Docker => {
            let socket = docker_socket().expect("FRAMEOS_TEST_DOCKER_SOCKET: see scripts/with-docker");
            let docker = DockerConfig { socket, oci_runtime: None };
            SandboxConfig { backend: Backend::Docker(docker), ..config }
        }
    }
}

/// Whether the tests run over containers, which keep some promises differently.
pub(crate) fn is_docker() -> bool {
    Under::chosen() == Under::Docker
}

/// The engine that scripts/with-docker started.
pub(crate) fn docker_socket() -> Option<PathBuf> {
    variable("FRAMEOS_TEST_DOCKER_SOCKET").map(PathBuf::from)
}

pub(crate) async fn sandbox() -> Sandbox {
    open(config()).await
}

/// Every test opens its sandbox here, so that a suite over the warm pool can wait for the pool in one place.
pub(crate) async fn open(config: SandboxConfig) -> Sandbox {
    let sandbox = Sandbox::open(config).await.expect("this machine can isolate");
    sandbox.warmed().await;
    sandbox
}

/// A handler's result.
pub(crate) fn result(outcome: Outcome) -> Value {
    let text = outcome.stderr.text();
    outcome.outputs.unwrap_or_else(|| panic!("no result: {:?} {text}", outcome.end))
}

/// A bundle on disk, removed when dropped.
pub(crate) struct Agent {
    dir: TempDir,
    pub(crate) spec: RunSpec,
}

impl Agent {
    pub(crate) fn new(language: Language, entrypoint: &str, code: &str) -> Self {
        let dir = TempDir::new().expect("a folder");
        std::fs::set_permissions(dir.path(), PermissionsExt::from_mode(0o755)).expect("chmod");
        let mut spec = RunSpec::new(language, dir.path(), entrypoint);
        // A test that hangs should say so soon.
        spec.limits.wall = Duration::from_secs(60) * slowness();
        Self { dir, spec }.with_file(entrypoint, code)
    }

    pub(crate) fn node(code: &str) -> Self {
        Self::new(Language::Nodejs, "index.js", code)
    }

    pub(crate) fn python(code: &str) -> Self {
        Self::new(Language::Python, "main.py", code)
    }

    pub(crate) fn with_file(self, name: &str, content: &str) -> Self {
        let path = self.dir.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("mkdir");
        std::fs::write(path, content).expect("write");
        self
    }

    pub(crate) fn with_input(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.spec.inputs.insert(name.to_owned(), value.into());
        self
    }

    /// A program of `probes/`; what they have in common stands before it.
    pub(crate) fn probe(code: &str) -> Self {
        Self::python(&format!("{}\n{code}", include_str!("probes/prelude.py")))
    }

    pub(crate) fn node_probe(code: &str) -> Self {
        Self::node(&format!("{}\n{code}", include_str!("probes/prelude.cjs")))
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) async fn try_run(&self, sandbox: &Sandbox) -> Result<Outcome, SandboxError> {
        sandbox.run(self.spec.clone(), None, CancellationToken::new()).await
    }

    pub(crate) async fn run(&self, sandbox: &Sandbox) -> Outcome {
        self.try_run(sandbox).await.expect("no platform fault")
    }
}

/// How many processes on this machine have `code_dir` mounted.
pub(crate) fn sandbox_processes(code_dir: &Path) -> usize {
    let name = code_dir.file_name().and_then(|name| name.to_str()).expect("a name");
    let processes = std::fs::read_dir("/proc").expect("/proc").flatten();
    let mounts =
        processes.map(|entry| std::fs::read_to_string(entry.path().join("mountinfo")).unwrap_or_default());
    mounts.filter(|mounts| mounts.contains(name) && mounts.contains(" /agent ")).count()
}

/// The control groups made by sandboxes with this state folder, those of the dead included.
pub(crate) fn groups_of(state_dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let Ok(owners) = std::fs::read_dir(state_dir.join("owners")) else {
        assert!(!is_linux("the list of owners"), "no owners");
        return found;
    };
    for owner in owners.flatten() {
        let prefix = format!("frameos-{}-", owner.file_name().to_string_lossy());
        for base in std::fs::read_to_string(owner.path()).unwrap_or_default().lines() {
            let entries = std::fs::read_dir(base).expect("a hierarchy").flatten();
            found.extend(entries.map(|entry| entry.path()).filter(|path| {
                path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(&prefix))
            }));
        }
    }
    found
}

/// Those of them in which no interpreter waits for a run. One that is just being made is taken for left: wait for the pool.
pub(crate) fn groups_left(state_dir: &Path) -> Vec<PathBuf> {
    let waits = |group: &PathBuf| {
        let members = std::fs::read_to_string(group.join("cgroup.procs")).unwrap_or_default();
        let of = |pid: &str, file: &str| {
            std::fs::read_to_string(format!("/proc/{pid}/{file}")).unwrap_or_default()
        };
        let warm = |pid: &str| of(pid, "cmdline").split('\0').any(|word| word == "warm");
        let has_code = |pid: &str| of(pid, "mountinfo").contains(" /agent ");
        members.lines().any(warm) && !members.lines().any(has_code)
    };
    groups_of(state_dir).into_iter().filter(|group| !waits(group)).collect()
}

/// Looks until it holds; a test that waits too long is a failed one.
pub(crate) async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = std::time::Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(30), "never: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
