//! The processes of one installation: API and worker nodes on one database, killed, paused and started again.
//!
//! The first API and the first worker share a data folder; every other node has one of its own, as on another machine, with only
//! the master key and the objects in common.

use std::{
    fs::File,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use crate::program::Frameos;

/// What the workers under test have instead of half a minute.
pub(super) const LEASE: Duration = Duration::from_secs(3);
const START: Duration = Duration::from_secs(180);
/// Log lines of a node that are shown when the test fails.
const LOG_SHOWN: usize = 60;

pub(super) struct Fleet<'a> {
    frameos: &'a Frameos,
    database_url: String,
    pub(super) nodes: Vec<Node>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Api,
    Worker,
}

pub(super) struct Node {
    pub(super) name: String,
    pub(super) role: Role,
    /// Where an API listens, in every one of its lives.
    pub(super) address: String,
    data: PathBuf,
    child: Child,
}

impl<'a> Fleet<'a> {
    /// Starts `apis` and `workers` processes and waits until all work.
    pub(super) fn start(frameos: &'a Frameos, database_url: String, apis: usize, workers: usize) -> Self {
        let mut fleet = Self { frameos, database_url, nodes: Vec::new() };
        // The first is alone when it makes keys and the first accounts.
        for (role, count) in [(Role::Api, apis), (Role::Worker, workers)] {
            for index in 0..count {
                fleet.add(role, index);
                if index == 0 {
                    fleet.ready(Instant::now() + START);
                }
            }
        }
        fleet.ready(Instant::now() + START);
        fleet
    }

    pub(super) fn urls(&self) -> Vec<String> {
        let apis = self.nodes.iter().filter(|node| node.role == Role::Api);
        apis.map(|node| format!("http://{}", node.address)).collect()
    }

    /// A command with the environment of the installation.
    pub(super) fn command(&self, args: &[&str]) -> Command {
        let mut command = self.frameos.command(args);
        let objects = format!("file://{}", self.frameos.path("data/objects").display());
        let lease = LEASE.as_secs().to_string();
        command.envs([
            ("FRAMEOS_DATABASE__URL", self.database_url.as_str()),
            ("FRAMEOS_MASTER_KEY", "abcdefabcdefabcdefabcdefabcdefabcdefabcdefabcdefabcdefabcdefabcd"),
            ("FRAMEOS_OBJECTS__URL", &objects),
            ("FRAMEOS_SEED", "none"),
            ("FRAMEOS_LIMITS__ENABLED", "false"),
            ("FRAMEOS_WORKER__LEASE_SECONDS", &lease),
            ("FRAMEOS_WORKER__STARTS_PER_SECOND", "0"),
            ("FRAMEOS_WORKER__SLOTS", "3"),
            ("FRAMEOS_SANDBOX__WARM", "0"),
        ]);
        command
    }

    /// SIGKILL.
    pub(super) fn kill(&mut self, index: usize) {
        let node = &mut self.nodes[index];
        node.child.kill().unwrap();
        node.child.wait().unwrap();
    }

    pub(super) fn pause(&self, index: usize) {
        self.nodes[index].signal(Signal::SIGSTOP);
    }

    pub(super) fn go_on(&self, index: usize) {
        self.nodes[index].signal(Signal::SIGCONT);
    }

    /// Starts again whoever is not there, as any supervisor of processes does.
    pub(super) fn tend(&mut self) {
        for index in 0..self.nodes.len() {
            if self.nodes[index].child.try_wait().unwrap().is_some() {
                let node = &self.nodes[index];
                self.nodes[index].child = self.spawn(node.role, &node.name, &node.address, &node.data);
            }
        }
    }

    /// Waits until every node works, starting again those that gave up meanwhile.
    pub(super) fn ready(&mut self, deadline: Instant) {
        while !self.nodes.iter_mut().all(Node::is_ready) {
            assert!(Instant::now() < deadline, "not every node came up:\n{}", self.logs());
            std::thread::sleep(Duration::from_millis(50));
            self.tend();
        }
    }

    /// Ends all with SIGTERM, and says which did not end well.
    pub(super) fn stop(&mut self) -> Vec<String> {
        self.nodes.iter().for_each(|node| node.signal(Signal::SIGTERM));
        let ended = self.nodes.iter_mut().map(|node| (node.name.clone(), node.child.wait().unwrap()));
        ended
            .filter(|(_, status)| !status.success())
            .map(|(name, status)| format!("{name}: {status}"))
            .collect()
    }

    /// The last lines of every node's log.
    pub(super) fn logs(&self) -> String {
        let mut shown = String::new();
        for node in &self.nodes {
            let lines: Vec<String> = File::open(self.log(&node.name))
                .map(|file| BufReader::new(file).lines().map_while(Result::ok).collect())
                .unwrap_or_default();
            let last = lines[lines.len().saturating_sub(LOG_SHOWN)..].join("\n");
            shown.push_str(&format!("--- {} ({} lines)\n{last}\n", node.name, lines.len()));
        }
        shown
    }

    fn add(&mut self, role: Role, index: usize) {
        let name = format!("{role:?}-{index}").to_lowercase();
        let data = if index == 0 { "data".to_owned() } else { format!("data-{name}") };
        let data = self.frameos.path(&data);
        if index > 0 {
            // Each node would build them for itself.
            std::fs::create_dir_all(&data).unwrap();
            std::os::unix::fs::symlink(self.frameos.path("data/runtimes"), data.join("runtimes")).unwrap();
        }
        let address = format!("127.0.0.1:{}", port_choose());
        let child = self.spawn(role, &name, &address, &data);
        self.nodes.push(Node { name, role, address, data, child });
    }

    fn spawn(&self, role: Role, name: &str, address: &str, data: &Path) -> Child {
        let data = data.to_str().unwrap();
        let mut command = match role {
            Role::Api => {
                self.command(&["serve", "--roles", "api,gateway", "--listen", address, "--data-dir", data])
            }
            Role::Worker => self.command(&["worker", "--data-dir", data]),
        };
        let log = File::options().create(true).append(true).open(self.log(name)).unwrap();
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().unwrap()
    }

    fn log(&self, name: &str) -> PathBuf {
        self.frameos.path(&format!("{name}.log"))
    }
}

impl Drop for Fleet<'_> {
    #[expect(clippy::print_stderr, reason = "whoever reads of the failure looks there first")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.logs());
        }
        for node in &mut self.nodes {
            let _ = (node.child.kill(), node.child.wait());
        }
    }
}

impl Node {
    /// An API listens only when it is ready. A worker has nothing to ask; it is ready when it runs, and whoever waits for a run
    /// waits for it too.
    fn is_ready(&mut self) -> bool {
        let lives = self.child.try_wait().unwrap().is_none();
        lives && (self.role == Role::Worker || answers(&self.address).unwrap_or(false))
    }

    fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id().cast_signed()), signal).unwrap();
    }
}

/// Whether an API says that it is ready. It accepts connections before it is.
fn answers(address: &str) -> std::io::Result<bool> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(1)))?;
    stream.write_all(b"GET /readyz HTTP/1.1\r\nhost: node\r\nconnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer.starts_with("HTTP/1.1 200"))
}

/// A port that stays free while its process is gone: below those that the system gives to connections.
pub(super) fn port_choose() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    loop {
        let place = std::process::id().wrapping_mul(101).wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed));
        let port = 10_000 + u16::try_from(place % 20_000).unwrap();
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
