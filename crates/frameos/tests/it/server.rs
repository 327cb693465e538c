//! A running `frameos serve` and the people who use it.

use std::{
    io::{BufRead, BufReader, Read, Write},
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    time::Duration,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::Value;
use totp_rs::{Builder, Secret};

use crate::program::{Frameos, Ran};

/// Longer than any start takes, runtimes built included; only a server that never comes up waits for all of it.
const START: Duration = Duration::from_secs(180);

/// The server process. Killed when dropped, so that a failing test leaves nothing running.
pub(crate) struct Server {
    child: Child,
    pub(crate) url: String,
    stderr: Receiver<String>,
}

/// The accounts in `first-run.json`.
pub(crate) struct FirstRun(Value);

impl Server {
    /// Starts `frameos serve` on this home's data folder and waits until it accepts connections.
    pub(crate) fn start(frameos: &Frameos) -> Self {
        Self::start_at(frameos, "127.0.0.1:0")
    }

    /// The same where an earlier server was, so that saved logins still fit.
    pub(crate) fn start_at(frameos: &Frameos, address: &str) -> Self {
        Self::start_with(frameos, address, &[])
    }

    /// The same with further arguments.
    pub(crate) fn start_with(frameos: &Frameos, address: &str, more: &[&str]) -> Self {
        let data = frameos.path("data");
        let args = ["serve", "--listen", address, "--data-dir", data.to_str().unwrap()];
        let mut command = frameos.command(args.iter().chain(more));
        command.env("FRAMEOS_WORKER__STARTS_PER_SECOND", "0").env("FRAMEOS_LIMITS__ENABLED", "false");
        command.env("FRAMEOS_WEBHOOKS__ALLOW_PRIVATE", "true");
        Self::listening(command)
    }

    /// Starts `frameos serve` on this home's data folder with these variables.
    pub(crate) fn start_env(frameos: &Frameos, address: &str, variables: &[(&str, String)]) -> Self {
        let data = frameos.path("data");
        let args = ["serve", "--listen", address, "--data-dir", data.to_str().unwrap()];
        let mut command = frameos.command(args);
        command.env("FRAMEOS_WORKER__STARTS_PER_SECOND", "0").env("FRAMEOS_LIMITS__ENABLED", "false");
        command.envs(variables.iter().map(|(name, value)| (name, value)));
        Self::listening(command)
    }

    /// What `/readyz` answers: status and body.
    pub(crate) fn readiness(&self) -> (u16, Value) {
        let mut stream = std::net::TcpStream::connect(self.address()).unwrap();
        write!(stream, "GET /readyz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, serde_json::from_str(body).unwrap_or_else(|_| panic!("{text}")))
    }

    /// Starts `frameos gateway` on this home's data folder, with these variables.
    pub(crate) fn gateway_at(frameos: &Frameos, address: &str, variables: &[(&str, &str)]) -> Self {
        let data = frameos.path("data");
        let mut command =
            frameos.command(["gateway", "--listen", address, "--data-dir", data.to_str().unwrap()]);
        command.envs(variables.iter().copied());
        Self::listening(command)
    }

    /// The same on any port with further arguments and variables.
    #[allow(dead_code, reason = "not for the benchmarks")]
    pub(crate) fn start_as(frameos: &Frameos, more: &[&str], variables: &[(&str, String)]) -> Self {
        let data = frameos.path("data");
        let args = ["serve", "--listen", "127.0.0.1:0", "--data-dir", data.to_str().unwrap()];
        let mut command = frameos.command(args.iter().chain(more));
        command
            .env("FRAMEOS_LIMITS__ENABLED", "false")
            .envs(variables.iter().map(|(name, value)| (name, value)));
        Self::listening(command)
    }

    /// Starts it and waits until it accepts connections.
    pub(crate) fn listening(command: Command) -> Self {
        Self::started(command, "listening on ")
    }

    /// Starts it and waits until it says, behind `word`, where it can be reached.
    pub(crate) fn started(mut command: Command, word: &str) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let stderr = lines(child.stderr.take().unwrap());
        let mut server = Self { child, url: String::new(), stderr };
        let mut seen = Vec::new();
        while server.url.is_empty() {
            match server.stderr.recv_timeout(START) {
                Ok(line) => {
                    server.url = line.strip_prefix(word).unwrap_or_default().to_owned();
                    seen.push(line);
                }
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                    panic!("the server did not come up:\n{}", seen.join("\n"))
                }
            }
        }
        server
    }

    pub(crate) fn address(&self) -> &str {
        self.url.strip_prefix("http://").unwrap()
    }

    /// The process.
    #[allow(dead_code, reason = "for the interface's benchmark")]
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The CPU time the process has taken, on all its threads.
    #[allow(dead_code, reason = "for the engine's benchmark")]
    pub(crate) fn cpu(&self) -> Duration {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        // Fields 14 and 15, in hundredths of a second; the second field is a name, which may hold spaces.
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
        let ticks: u64 = fields[11..13].iter().map(|field| field.parse::<u64>().unwrap()).sum();
        Duration::from_millis(ticks * 10)
    }

    /// SIGKILL: the process gets no chance to tidy up.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM, and its exit status once it has drained.
    pub(crate) fn stop(mut self) -> ExitStatus {
        kill(Pid::from_raw(self.child.id().cast_signed()), Signal::SIGTERM).unwrap();
        self.child.wait().unwrap()
    }

    /// What the server has logged since the last call.
    pub(crate) fn log(&self) -> String {
        self.stderr.try_iter().collect::<Vec<_>>().join("\n")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            for line in self.stderr.try_iter() {
                let _ = writeln!(std::io::stderr(), "server: {line}");
            }
        }
    }
}

/// The lines of a stream, read all the time so that the writer never blocks.
fn lines(stream: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    receiver
}

impl FirstRun {
    pub(crate) fn read(frameos: &Frameos) -> Self {
        let bytes = std::fs::read(frameos.path("data/first-run.json")).unwrap();
        Self(serde_json::from_slice(&bytes).unwrap())
    }

    /// What `POST /auth/login` wants of an account without a second factor.
    pub(crate) fn credentials(&self, role: &str) -> Value {
        let account = &self.0[role];
        serde_json::json!({"email": account["email"], "password": account["password"]})
    }

    /// Logs in as `admin`, `developer` or `user`; the login is saved under that name.
    pub(crate) fn log_in(&self, frameos: &Frameos, url: &str, role: &str) -> Ran {
        let account = &self.0[role];
        let text = |key: &str| account[key].as_str().unwrap();
        let mut args = vec!["login", "--server", url, "--email", text("email"), "--password-stdin"];
        let otp = account["totp_secret"].as_str().map(one_time_code);
        args.extend(otp.iter().flat_map(|otp| ["--otp", otp]));
        frameos.run_with(args, &format!("{}\n", text("password"))).expect(0)
    }
}

fn one_time_code(secret: &str) -> String {
    let secret = Secret::try_from_base32(secret).unwrap();
    let totp = Builder::new().with_secret(secret).with_account_name("admin").with_issuer(Some("FrameOS"));
    totp.build().unwrap().generate_current().to_string()
}

/// A port that is free now, below those that the system gives to connections.
#[allow(dead_code, reason = "not for the engine's benchmark")]
pub(crate) fn port_free() -> u16 {
    let start = std::process::id() % 20_000;
    let mut ports = (0..20_000).map(|offset| 10_000 + (start + offset) % 20_000);
    let free = ports.find_map(|port| {
        let port = u16::try_from(port).unwrap();
        std::net::TcpListener::bind(("127.0.0.1", port)).is_ok().then_some(port)
    });
    free.unwrap()
}
