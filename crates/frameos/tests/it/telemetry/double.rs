//! Somebody who is told things over HTTP: keeps each request, and answers as it is set to.

use std::{
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

/// Longer than anything takes; only what never comes waits for all of it.
const PATIENCE: Duration = Duration::from_secs(60);

/// One request.
#[derive(Debug, Clone)]
pub(super) struct Told {
    pub(super) path: String,
    /// With names in lower case.
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Told {
    pub(super) fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value)
    }
}

#[derive(Default)]
struct Kept {
    told: Mutex<Vec<Told>>,
    came: Condvar,
    is_silent: AtomicBool,
}

pub(super) struct Double {
    pub(super) address: String,
    kept: Arc<Kept>,
}

impl Double {
    pub(super) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let kept = Arc::new(Kept::default());
        let all = Arc::clone(&kept);
        std::thread::spawn(move || {
            for connection in listener.incoming().map_while(Result::ok) {
                let kept = Arc::clone(&all);
                std::thread::spawn(move || serve(connection, &kept));
            }
        });
        Self { address, kept }
    }

    /// From now on it takes requests and answers none.
    pub(super) fn fall_silent(&self) {
        self.kept.is_silent.store(true, Ordering::SeqCst);
    }

    /// Waits until `wanted` finds what it looks for in all that came.
    pub(super) fn wait<T>(&self, what: &str, wanted: impl Fn(&[Told]) -> Option<T>) -> T {
        let deadline = Instant::now() + PATIENCE;
        let mut told = self.kept.told.lock().unwrap();
        loop {
            if let Some(found) = wanted(&told) {
                return found;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "{what} never came; what did: {:?}", paths(&told));
            told = self.kept.came.wait_timeout(told, left).unwrap().0;
        }
    }

    pub(super) fn all(&self) -> Vec<Told> {
        self.kept.told.lock().unwrap().clone()
    }
}

fn paths(told: &[Told]) -> Vec<&str> {
    told.iter().map(|told| told.path.as_str()).collect()
}

fn serve(mut connection: TcpStream, kept: &Kept) {
    let mut reader = BufReader::new(connection.try_clone().unwrap());
    while let Some(told) = read(&mut reader) {
        kept.told.lock().unwrap().push(told);
        kept.came.notify_all();
        if kept.is_silent.load(Ordering::SeqCst) {
            std::thread::sleep(PATIENCE);
        }
        if connection.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").is_err() {
            return;
        }
    }
}

fn read(reader: &mut impl BufRead) -> Option<Told> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let path = lines.first()?.split(' ').nth(1)?.to_owned();
    let headers = lines[1..].iter().filter_map(|line| line.split_once(": "));
    let headers: Vec<_> = headers.map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect();
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let mut body = vec![0; length.map_or(0, |(_, length)| length.parse().unwrap())];
    reader.read_exact(&mut body).ok()?;
    Some(Told { path, headers, body })
}
