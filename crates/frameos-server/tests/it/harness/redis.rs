//! A Redis of one test's own, on a free port, that can be killed and started again.

use std::{
    net::{SocketAddr, TcpListener, TcpStream},
    process::{Child, Stdio},
    time::Duration,
};

/// `redis-server`, as scripts/with-redis makes sure of it.
pub struct Redis {
    port: u16,
    child: Option<Child>,
}

impl Redis {
    pub fn start() -> Self {
        for _ in 0..20 {
            let free = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap();
            let mut redis = Self { port: free.port(), child: None };
            if redis.begin() {
                return redis;
            }
        }
        panic!("redis-server does not start");
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/0", self.port)
    }

    /// Kills it as a machine's failure would.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// Starts it again, empty, on the same port.
    pub fn start_again(&mut self) {
        assert!(self.begin(), "its port was taken");
    }

    #[expect(clippy::disallowed_methods, reason = "the test's own server")]
    fn begin(&mut self) -> bool {
        let child = std::process::Command::new("redis-server")
            .args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", "/tmp", "--port"])
            .arg(self.port.to_string())
            .stdout(Stdio::null())
            .stdin(Stdio::null())
            .spawn()
            .expect("redis-server is installed: on Debian, apt-get install redis-server");
        self.child = Some(child);
        let address = SocketAddr::from(([127, 0, 0, 1], self.port));
        loop {
            if TcpStream::connect_timeout(&address, Duration::from_secs(1)).is_ok() {
                return true;
            }
            if self.child.as_mut().unwrap().try_wait().unwrap().is_some() {
                self.child = None;
                return false;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.kill();
    }
}
