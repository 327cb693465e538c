//! An S3 store of one test's own, on a free loopback port, that can be stopped, paused and started again.
//!
//! It is the program that `FRAMEOS_TEST_S3` names (scripts/with-s3 builds it). Without it a test fails and says what to do.

use std::{
    net::{SocketAddr, TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    time::Duration,
};

use tempfile::TempDir;

use crate::S3Config;

const KEY: &str = "frameos-test";
const SECRET: &str = "frameos-test-secret";
const BUCKET: &str = "frameos";

/// A running store with one bucket.
pub struct S3Server {
    port: u16,
    child: Option<Child>,
    folder: TempDir,
}

#[expect(clippy::expect_used, clippy::panic, reason = "a test that cannot be set up has failed")]
impl S3Server {
    pub fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::create_dir(folder.path().join(BUCKET)).expect("the bucket is a folder");
        let mut server = Self { port: 0, child: None, folder };
        for _ in 0..20 {
            let free = TcpListener::bind(("127.0.0.1", 0)).and_then(|free| free.local_addr());
            server.port = free.expect("a free port").port();
            if server.begin() {
                return server;
            }
        }
        panic!("the S3 store does not start");
    }

    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The environment of a process that is to use it.
    pub fn environment(&self) -> [(&'static str, String); 3] {
        [
            ("FRAMEOS_OBJECTS__URL", format!("s3://{BUCKET}/objects?endpoint={}", self.endpoint())),
            ("AWS_ACCESS_KEY_ID", KEY.to_owned()),
            ("AWS_SECRET_ACCESS_KEY", SECRET.to_owned()),
        ]
    }

    /// As a store is told of it, with another bucket or secret where a test wants that.
    pub fn config(&self, bucket: Option<&str>, secret: Option<&str>) -> S3Config {
        let setting = |name: &str, value: &str| (name.to_owned(), value.to_owned().into());
        S3Config {
            bucket: bucket.unwrap_or(BUCKET).to_owned(),
            prefix: "objects".to_owned(),
            region: None,
            endpoint: Some(self.endpoint()),
            virtual_hosted: false,
            settings: vec![
                setting("AWS_ACCESS_KEY_ID", KEY),
                setting("AWS_SECRET_ACCESS_KEY", secret.unwrap_or(SECRET)),
            ],
        }
    }

    /// The file that holds an object's bytes.
    pub fn file(&self, path: &str) -> std::path::PathBuf {
        self.folder.path().join(BUCKET).join("objects").join(path)
    }

    /// Kills it as a machine's failure would. What it has stays.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().and_then(|()| child.wait()).expect("its child can be killed");
        }
    }

    /// Has it take connections and answer nothing.
    pub fn pause(&self) {
        self.signal("-STOP");
        // A thread that has not noticed yet would answer once more.
        let id = self.child.as_ref().map_or(0, Child::id);
        let is_stopped = |task: std::io::Result<std::fs::DirEntry>| {
            let stat = task.and_then(|task| std::fs::read_to_string(task.path().join("stat")));
            stat.is_ok_and(|stat| {
                stat.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with('T'))
            })
        };
        while !std::fs::read_dir(format!("/proc/{id}/task")).expect("it runs").all(is_stopped) {
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    pub fn go_on(&self) {
        self.signal("-CONT");
    }

    /// Starts it again on the same port, with what it had.
    pub fn start_again(&mut self) {
        assert!(self.begin(), "its port was taken");
    }

    #[expect(clippy::disallowed_methods, reason = "the test's own server")]
    fn signal(&self, signal: &str) {
        let id = self.child.as_ref().expect("it runs").id().to_string();
        let told = Command::new("kill").args([signal, &id]).status();
        assert!(told.is_ok_and(|status| status.success()), "kill {signal}");
    }

    #[expect(clippy::disallowed_methods, reason = "the test's own server, where the test script says it is")]
    fn begin(&mut self) -> bool {
        let program = std::env::var_os("FRAMEOS_TEST_S3").expect(
            "FRAMEOS_TEST_S3 is not set: run `make test`, or set it to what scripts/with-s3 prints, or leave these tests out with \
             -E 'not test(s3)'",
        );
        let child = Command::new(program)
            .args(["--host", "127.0.0.1", "--access-key", KEY, "--secret-key", SECRET, "--port"])
            .arg(self.port.to_string())
            .arg(self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program of FRAMEOS_TEST_S3 can be run");
        let child = self.child.insert(child);
        let address = SocketAddr::from(([127, 0, 0, 1], self.port));
        loop {
            if TcpStream::connect_timeout(&address, Duration::from_secs(1)).is_ok() {
                return true;
            }
            if !matches!(child.try_wait(), Ok(None)) {
                self.child = None;
                return false;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for S3Server {
    fn drop(&mut self) {
        // A paused one is killed all the same.
        if let Some(mut child) = self.child.take() {
            drop(child.kill());
            drop(child.wait());
        }
    }
}
