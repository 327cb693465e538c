//! A PostgreSQL of the test's own, which it can stop and start again.
//!
//! What it has acknowledged survives being killed, but not the machine: it writes to a temporary folder and does not wait for the
//! disk. As root it runs as the user `postgres`, because it refuses to be root.

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::{Pid, User, chown, geteuid},
};
use tempfile::TempDir;

use super::fleet::port_choose;

const START: Duration = Duration::from_secs(60);
const PASSWORD: &str = "only-on-loopback";

pub(crate) struct Postgres {
    dir: TempDir,
    bin: PathBuf,
    pub(crate) port: u16,
    child: Option<Child>,
}

impl Postgres {
    pub(crate) fn start() -> Self {
        let dir = TempDir::new().unwrap();
        if geteuid().is_root() {
            let owner = User::from_name("postgres").unwrap().unwrap();
            chown(dir.path(), Some(owner.uid), Some(owner.gid)).unwrap();
        }
        let mut postgres = Self { dir, bin: newest(), port: port_choose(), child: None };
        let password = postgres.dir.path().join("password");
        std::fs::write(&password, PASSWORD).unwrap();
        let mut initdb = postgres.command("initdb");
        initdb.args(["-U", "frameos", "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8"]);
        initdb.arg("--no-sync").arg(format!("--pwfile={}", password.display())).arg("-D");
        let made = initdb.arg(postgres.data()).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        postgres.start_again();
        postgres
    }

    /// Starts the server, which must not be running.
    pub(crate) fn start_again(&mut self) {
        let mut command = self.command("postgres");
        command.arg("-D").arg(self.data()).arg("-k").arg(self.dir.path());
        command.args(["-p", &self.port.to_string()]);
        for setting in
            ["listen_addresses=127.0.0.1", "max_connections=300", "fsync=off", "full_page_writes=off"]
        {
            command.args(["-c", setting]);
        }
        self.child = Some(command.spawn().unwrap());
        let deadline = Instant::now() + START;
        // Not a connection attempt: it would look like one of a server under test.
        let ready = |data: &Path| {
            std::fs::read_to_string(data.join("postmaster.pid"))
                .is_ok_and(|text| text.lines().any(|line| line.starts_with("ready")))
        };
        while !ready(&self.data()) {
            assert!(Instant::now() < deadline, "PostgreSQL did not start");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Ends it without a chance to tidy up, as a crash would; `start_again` recovers from its log.
    pub(crate) fn crash(&mut self) {
        self.end(Signal::SIGQUIT);
    }

    pub(crate) fn url_at(port: u16) -> String {
        format!("postgres://frameos:{PASSWORD}@127.0.0.1:{port}/postgres")
    }

    fn end(&mut self, signal: Signal) {
        let Some(mut child) = self.child.take() else { return };
        let _ = kill(Pid::from_raw(child.id().cast_signed()), signal);
        let _ = child.wait();
    }

    fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    fn command(&self, program: &str) -> Command {
        #[expect(clippy::disallowed_methods, reason = "the database under the test is a process")]
        let mut command = Command::new("setpriv");
        if geteuid().is_root() {
            command.args(["--reuid=postgres", "--regid=postgres", "--init-groups"]);
        }
        // Should the test be killed outright, the server still stops.
        command.args(["--pdeathsig", "INT"]).arg(self.bin.join(program));
        command.current_dir(self.dir.path()).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.end(Signal::SIGINT);
    }
}

/// The folder of the newest server installed, Debian's layout first.
fn newest() -> PathBuf {
    let installed = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut versions: Vec<(u32, PathBuf)> = installed
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .filter(|(_, bin)| bin.join("initdb").exists())
        .collect();
    versions.sort();
    if let Some((_, bin)) = versions.pop() {
        return bin;
    }
    #[expect(clippy::disallowed_methods, reason = "programs are found on the PATH")]
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).find(|dir| dir.join("initdb").exists());
    found.expect("no PostgreSQL server is installed (14 or newer); scripts/with-postgres installs it")
}
