//! Runs the binary under test with an environment of its own.

use std::{
    ffi::OsStr,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::Value;
use tempfile::TempDir;

/// One person's machine: a home folder, and the binary.
pub(crate) struct Frameos {
    home: TempDir,
}

/// What a finished command left.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Frameos {
    pub(crate) fn new() -> Self {
        Self { home: TempDir::new().unwrap() }
    }

    /// The same below a folder of the caller's choice.
    #[allow(dead_code, reason = "for the engine's benchmark")]
    pub(crate) fn new_in(folder: &str) -> Self {
        Self { home: TempDir::new_in(folder).unwrap() }
    }

    /// A path in the home folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// Writes files below the home folder and returns the folder they are in.
    pub(crate) fn folder(&self, name: &str, files: &[(&str, &str)]) -> PathBuf {
        let folder = self.path(name);
        for (path, text) in files {
            let path = folder.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        folder
    }

    /// The binary with these arguments, in this home, with nothing else of the caller's environment.
    pub(crate) fn command<I: IntoIterator<Item: AsRef<OsStr>>>(&self, args: I) -> Command {
        let binary = Path::new(env!("CARGO_BIN_EXE_frameos"));
        let jail = binary.with_file_name("frameos-jail");
        assert!(jail.exists(), "{} is missing: run `cargo build -p frameos-sandbox` first", jail.display());
        #[expect(clippy::disallowed_methods, reason = "the binary under test is run as a process")]
        let mut command = Command::new(binary);
        #[expect(clippy::disallowed_methods, reason = "interpreters are found on the PATH")]
        let path = std::env::var_os("PATH").unwrap_or_default();
        command
            .env_clear()
            .env("PATH", path)
            .env("HOME", self.home.path())
            // Runtimes take seconds to build, and the binary takes care that processes do not get in each other's way.
            .env("XDG_CACHE_HOME", concat!(env!("CARGO_TARGET_TMPDIR"), "/cache"))
            .current_dir(self.home.path())
            .args(args);
        command
    }

    /// Runs the binary to its end.
    pub(crate) fn run<I: IntoIterator<Item: AsRef<OsStr>>>(&self, args: I) -> Ran {
        finish(self.command(args), "")
    }

    /// Runs the binary to its end with `stdin`.
    pub(crate) fn run_with<I: IntoIterator<Item: AsRef<OsStr>>>(&self, args: I, stdin: &str) -> Ran {
        finish(self.command(args), stdin)
    }
}

/// Runs a prepared command to its end.
pub(crate) fn finish(mut command: Command, stdin: &str) -> Ran {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A command that does not read its stdin may be gone by now.
    let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
    let output = child.wait_with_output().unwrap();
    Ran {
        code: output.status.code().unwrap_or_else(|| panic!("ended by a signal: {:?}", output.status)),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

impl Ran {
    /// Asserts the exit code.
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// stdout as one JSON value and nothing else.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| {
            panic!("not one JSON value ({error}):\n{}\nstderr:\n{}", self.stdout, self.stderr)
        })
    }

    /// Asserts that stderr holds `text`.
    #[track_caller]
    pub(crate) fn complains(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "stderr lacks {text:?}:\n{}", self.stderr);
        self
    }
}
