//! Where probes run: a sandbox, and the folder with their code, which is gone afterwards.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};
use tokio_util::sync::CancellationToken;

use crate::error::SandboxError;
use crate::outcome::{End, Outcome};
use crate::sandbox::Sandbox;
use crate::spec::{Language, Limits, RunSpec};
use crate::tier::Tier;

/// For the time of a start: a handler that does nothing.
pub(super) const HELLO: &str = "hello";
/// Everything else.
pub(super) const PROBE: &str = "probe";

const FILES: [(&str, &str); 4] = [
    ("probe.py", include_str!("probe.py")),
    ("probe.cjs", include_str!("probe.cjs")),
    ("hello.py", "def main(inputs, ctx):\n    return {}\n"),
    ("hello.cjs", "module.exports = () => ({});\n"),
];

#[derive(Clone, Copy)]
pub(super) struct Lab<'a> {
    pub(super) sandbox: &'a Sandbox,
    /// The probes' code.
    pub(super) folder: &'a Path,
}

/// Removed when dropped.
pub(super) struct Folder(PathBuf);

impl Folder {
    /// Below `state_dir`, which nobody else may enter; what is mounted from it can be read by everyone.
    pub(super) fn make(state_dir: &Path) -> Result<Self, SandboxError> {
        let state_dir = std::path::absolute(state_dir).map_err(SandboxError::io("resolve", state_dir))?;
        let folder = Self(state_dir.join(format!("check-{}", std::process::id())));
        // Whoever had this number before us was killed.
        let _ = fs::remove_dir_all(&folder.0);
        fs::create_dir(&folder.0).map_err(SandboxError::io("create", &folder.0))?;
        for (name, text) in FILES {
            let path = folder.0.join(name);
            fs::write(&path, text).map_err(SandboxError::io("write", &path))?;
            open_to_all(&path, 0o644)?;
        }
        open_to_all(&folder.0, 0o755)?;
        Ok(folder)
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // It costs a few kilobytes; there is nobody to tell while unwinding.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Whatever the umask says.
fn open_to_all(path: &Path, mode: u32) -> Result<(), SandboxError> {
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
        .map_err(SandboxError::io("set permissions of", path))
}

impl Lab<'_> {
    /// Whether the walls are those of the Linux backend, which promises more than others can.
    pub(super) fn is_linux(&self) -> bool {
        matches!(self.sandbox.tier(), Tier::Linux { .. })
    }

    /// One run of the probe doing `act`.
    pub(super) async fn act(
        &self,
        language: Language,
        act: &str,
        mut inputs: Map<String, Value>,
        limits: Limits,
    ) -> Result<Outcome, SandboxError> {
        inputs.insert("act".to_owned(), act.into());
        self.run(RunSpec { inputs, limits, ..self.spec(language, PROBE) }).await
    }

    pub(super) fn spec(&self, language: Language, program: &str) -> RunSpec {
        let extension = match language {
            Language::Nodejs => "cjs",
            Language::Python => "py",
        };
        RunSpec::new(language, self.folder, format!("{program}.{extension}"))
    }

    pub(super) async fn run(&self, spec: RunSpec) -> Result<Outcome, SandboxError> {
        self.sandbox.run(spec, None, CancellationToken::new()).await
    }
}

/// How a run ended, in a few words.
pub(super) fn ending(outcome: &Outcome) -> String {
    let end = match outcome.end {
        End::Exited(code) => format!("exit code {code}"),
        End::Signaled(signal) => format!("killed by signal {signal}"),
        End::TimedOut => "timed out".to_owned(),
        End::OutOfMemory => "out of memory".to_owned(),
        End::Cancelled => "cancelled".to_owned(),
    };
    match outcome.agent_error.as_ref().or(outcome.outputs_error.as_ref()) {
        Some(error) => format!("{end}: {error}"),
        None => end,
    }
}
