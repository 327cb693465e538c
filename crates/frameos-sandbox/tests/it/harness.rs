//! A sandbox with both runtimes, and agents made of a few lines of code.
//!
//! Runtimes are built once per target folder and shared by all test processes.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use frameos_sandbox::{
    Language, Outcome, RunSpec, Sandbox, SandboxConfig, SandboxError, WarmConfig, runtime,
};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

/// Where this build's tests keep what they share.
pub(crate) fn shared(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

/// How many times slower than most this machine is, by its tester's word: an emulated one is.
pub(crate) fn slowness() -> u32 {
    #[expect(clippy::disallowed_methods, reason = "how a slow machine is made known to the tests")]
    let told = std::env::var("FRAMEOS_TEST_SLOW").ok();
    told.map_or(1, |told| told.parse().expect("a whole number"))
}

pub(crate) fn config() -> SandboxConfig {
    let runtimes_dir = shared("runtimes");
    for language in Language::ALL {
        runtime::ensure(&runtimes_dir, language, None, &mut |_| {}).expect("a runtime");
    }
    SandboxConfig {
        jail_path: Some(env!("CARGO_BIN_EXE_frameos-jail").into()),
        ..SandboxConfig::new(shared("state"), runtimes_dir)
    }
}

/// As the environment says: `FRAMEOS_TEST_SANDBOX` is `linux` (the default) or `warm`.
pub(crate) async fn sandbox() -> Sandbox {
    #[expect(clippy::disallowed_methods, reason = "how the suite is told over what it runs")]
    let over = std::env::var("FRAMEOS_TEST_SANDBOX").unwrap_or_default();
    let warm = if over == "warm" { WarmConfig::default() } else { WarmConfig::OFF };
    let sandbox = Sandbox::open(SandboxConfig { warm, ..config() }).await.expect("this machine can isolate");
    sandbox.warmed().await;
    sandbox
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
        spec.limits.wall = Duration::from_secs(20) * slowness();
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

    pub(crate) fn with_input(mut self, name: &str, value: impl Into<serde_json::Value>) -> Self {
        self.spec.inputs.insert(name.to_owned(), value.into());
        self
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
    for owner in std::fs::read_dir(state_dir.join("owners")).expect("owners").flatten() {
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
