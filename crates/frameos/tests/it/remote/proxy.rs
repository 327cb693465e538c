//! The wire between the marketplace and its gateway: one request at a time, each with a fate of its own.
//!
//! It knows just enough of HTTP to tell where a request and an answer end, so that it can lose an answer after its effect.

use std::{
    collections::BTreeMap,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    time::Duration,
};

use crate::random::Random;

/// What the wire is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wire {
    Whole,
    /// Half of the requests meet something.
    Faulty,
    /// Nothing comes through.
    Cut,
}

/// What a request meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fate {
    /// Nothing: it goes there and back.
    Passes,
    /// Done, and the answer is lost.
    AnswerLost,
    /// Done, and the answer comes too late for anybody.
    AnswerHeld,
    /// Done, and the answer comes a few bytes at a time.
    Trickled,
    /// Done, and half of the answer comes.
    Halved,
    /// Delivered twice; the second answer comes back.
    TwiceSecond,
    /// Delivered twice; the first answer comes back.
    TwiceFirst,
    /// Never delivered, and somebody on the way says so.
    Refused,
    /// Done, and somebody on the way says that it was not.
    DoneAndRefused,
    /// Never delivered.
    Dropped,
}

const FATES: [Fate; 9] = [
    Fate::AnswerLost,
    Fate::AnswerHeld,
    Fate::Trickled,
    Fate::Halved,
    Fate::TwiceSecond,
    Fate::TwiceFirst,
    Fate::Refused,
    Fate::DoneAndRefused,
    Fate::Dropped,
];
const REFUSAL: &[u8] =
    b"HTTP/1.1 503 Unavailable\r\ncontent-type: text/html\r\ncontent-length: 6\r\nconnection: close\r\n\r\n<html>";
/// Longer than the marketplace waits.
const HELD: Duration = Duration::from_secs(4);

pub(super) struct Proxy {
    pub(super) port: u16,
    shared: Arc<Shared>,
}

struct Shared {
    target: u16,
    state: Mutex<State>,
}

struct State {
    wire: Wire,
    random: Random,
    met: BTreeMap<Fate, usize>,
}

impl Proxy {
    /// Listens on a port of its own for as long as the process lives.
    pub(super) fn start(target: u16, random: Random) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Mutex::new(State { wire: Wire::Whole, random, met: BTreeMap::new() });
        let shared = Arc::new(Shared { target, state });
        let serving = Arc::clone(&shared);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let shared = Arc::clone(&serving);
                std::thread::spawn(move || shared.serve(client));
            }
        });
        Self { port, shared }
    }

    pub(super) fn set(&self, wire: Wire) {
        self.shared.state.lock().unwrap().wire = wire;
    }

    /// Requests that met something.
    pub(super) fn faults(&self) -> usize {
        let state = self.shared.state.lock().unwrap();
        state.met.iter().filter(|(fate, _)| **fate != Fate::Passes).map(|(_, count)| count).sum()
    }

    pub(super) fn summary(&self) -> String {
        format!("{:?}", self.shared.state.lock().unwrap().met)
    }
}

impl Shared {
    fn fate(&self) -> Fate {
        let mut state = self.state.lock().unwrap();
        let wire = state.wire;
        let fate = match wire {
            Wire::Whole => Fate::Passes,
            Wire::Cut => Fate::Dropped,
            Wire::Faulty if state.random.below(2) == 0 => Fate::Passes,
            Wire::Faulty => *state.random.pick(&FATES),
        };
        *state.met.entry(fate).or_default() += 1;
        fate
    }

    /// One request, and its connection is closed.
    fn serve(&self, mut client: TcpStream) {
        let Some(request) = message(&mut client) else { return };
        let fate = self.fate();
        let deliver = || self.deliver(&request);
        let answer = match fate {
            Fate::Dropped => None,
            Fate::Refused => Some(REFUSAL.to_vec()),
            Fate::DoneAndRefused => deliver().map(|_| REFUSAL.to_vec()),
            Fate::TwiceFirst => {
                let first = deliver();
                deliver();
                first
            }
            Fate::TwiceSecond => {
                deliver();
                deliver()
            }
            Fate::AnswerLost => deliver().and(None),
            Fate::AnswerHeld => {
                let answer = deliver();
                std::thread::sleep(HELD);
                answer
            }
            Fate::Passes | Fate::Trickled | Fate::Halved => deliver(),
        };
        let Some(answer) = answer else { return };
        let answer = match fate {
            Fate::Halved => &answer[..answer.len() / 2],
            _ => &answer,
        };
        if fate == Fate::Trickled {
            for piece in answer.chunks(20) {
                if client.write_all(piece).is_err() {
                    return;
                }
                std::thread::sleep(Duration::from_millis(60));
            }
        } else {
            let _ = client.write_all(answer);
        }
    }

    /// The gateway's whole answer, or none when it is not there.
    fn deliver(&self, request: &[u8]) -> Option<Vec<u8>> {
        let mut gateway = TcpStream::connect(("127.0.0.1", self.target)).ok()?;
        gateway.write_all(request).ok()?;
        let answer = message(&mut gateway)?;
        // Whoever reads it must not send another request here.
        let end = answer.windows(2).position(|pair| pair == b"\r\n")? + 2;
        Some([&answer[..end], b"connection: close\r\n", &answer[end..]].concat())
    }
}

/// A whole request or answer; none when the connection ends before it does.
fn message(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut read = Vec::new();
    let mut buffer = [0; 16 << 10];
    loop {
        if let Some(head) = read.windows(4).position(|four| four == b"\r\n\r\n") {
            let text = String::from_utf8_lossy(&read[..head]).to_lowercase();
            let length = text.lines().find_map(|line| line.strip_prefix("content-length:"));
            let length: usize = length.map_or(0, |length| length.trim().parse().unwrap());
            if read.len() >= head + 4 + length {
                return Some(read);
            }
        }
        match stream.read(&mut buffer) {
            Ok(count @ 1..) => read.extend_from_slice(&buffer[..count]),
            _ => return None,
        }
    }
}
