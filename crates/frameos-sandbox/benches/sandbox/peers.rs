//! What the sandbox is compared with: plain processes, and containers of a Docker Engine.
//!
//! Peers get the same programs and as little else as possible.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use frameos_sandbox::Runtime;
use tempfile::TempDir;

pub(crate) type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// A folder with `hello.js`, `hello.py` and an empty `true`.
pub(crate) fn programs() -> Result<TempDir> {
    let code = tempfile::tempdir()?;
    std::fs::set_permissions(code.path(), std::fs::Permissions::from_mode(0o755))?;
    std::fs::write(code.path().join("hello.js"), "console.log('hello')\n")?;
    std::fs::write(code.path().join("hello.py"), "print('hello')\n")?;
    std::fs::write(code.path().join("true"), "")?;
    Ok(code)
}

fn timed(command: &mut Command) -> Result<Duration> {
    let begun = Instant::now();
    let output = command.env_clear().stdin(Stdio::null()).output()?;
    let spent = begun.elapsed();
    if output.status.success() {
        Ok(spent)
    } else {
        Err(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr)).into())
    }
}

/// Fork, exec and wait, its output read.
pub(crate) fn plain(program: &str, arguments: &[&str], file: Option<&Path>) -> Result<Duration> {
    #[expect(clippy::disallowed_methods, reason = "the plain start to compare with")]
    let mut command = Command::new(program);
    timed(command.args(arguments).args(file))
}

/// An image of a runtime folder in a Docker Engine.
pub(crate) struct Docker {
    host: String,
    image: String,
}

impl Docker {
    /// `None` when no engine is named in the environment.
    pub(crate) fn import(runtime: &Runtime) -> Result<Option<Self>> {
        #[expect(clippy::disallowed_methods, reason = "how a benchmark is told where the peer is")]
        let Some(socket) = std::env::var_os("FRAMEOS_TEST_DOCKER_SOCKET") else { return Ok(None) };
        let host = format!("unix://{}", socket.display());
        let image = "frameos-bench:runtime".to_owned();
        let import =
            format!("tar -C '{}' -c . | docker -H '{host}' import - {image}", runtime.root.display());
        #[expect(clippy::disallowed_methods, reason = "the peer's own client")]
        let status = Command::new("sh").args(["-c", &import]).stdout(Stdio::null()).status()?;
        if status.success() {
            Ok(Some(Self { host, image }))
        } else {
            Err(format!("import: {status}").into())
        }
    }

    /// `docker run` with the spec's flags.
    pub(crate) fn run(&self, code: &Path) -> Result<Duration> {
        let mount = format!("{}:/agent:ro", code.display());
        #[expect(clippy::disallowed_methods, reason = "the peer's own client")]
        let mut command = Command::new("/usr/bin/docker");
        timed(
            command
                .args(["-H", &self.host, "run", "--network=none", "--read-only", "--tmpfs", "/tmp:size=100m"])
                .args([
                    "--cpus=1.0",
                    "--memory=512m",
                    "--memory-swap=512m",
                    "--pids-limit=50",
                    "--cap-drop=ALL",
                    "--security-opt=no-new-privileges",
                    "--rm",
                    "-v",
                    &mount,
                    &self.image,
                    "/usr/bin/node",
                    "/agent/hello.js",
                ]),
        )
    }
}
