//! The wire between FrameOS and its database, which can be cut, stalled and mended.

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{Arc, Condvar, Mutex, MutexGuard},
};

/// What the wire does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Line {
    Open,
    /// Connections stay, and nothing comes through: a network that swallows packets, a server that is stopped.
    Stalled,
    /// Connections are closed, and new ones end at once.
    Cut,
}

pub(super) struct Proxy {
    pub(super) port: u16,
    wire: Arc<Wire>,
}

struct Wire {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    line: Line,
    connections: Vec<TcpStream>,
}

impl Proxy {
    /// Listens on a port of its own and passes on to `target`, for as long as the process lives.
    pub(super) fn start(target: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Mutex::new(State { line: Line::Open, connections: Vec::new() });
        let wire = Arc::new(Wire { state, changed: Condvar::new() });
        let shared = Arc::clone(&wire);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let wire = Arc::clone(&shared);
                std::thread::spawn(move || wire.serve(client, target));
            }
        });
        Self { port, wire }
    }

    pub(super) fn set(&self, line: Line) {
        let mut state = self.wire.state();
        state.line = line;
        if line == Line::Cut {
            for connection in state.connections.drain(..) {
                let _ = connection.shutdown(Shutdown::Both);
            }
        }
        drop(state);
        self.wire.changed.notify_all();
    }
}

impl Wire {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Waits while the line is stalled. False when it is cut.
    fn passes(&self) -> bool {
        self.changed.wait_while(self.state(), |state| state.line == Line::Stalled).unwrap().line != Line::Cut
    }

    fn serve(self: &Arc<Self>, client: TcpStream, target: u16) {
        if !self.passes() {
            return;
        }
        let Ok(server) = TcpStream::connect(("127.0.0.1", target)) else { return };
        let mut state = self.state();
        if state.line == Line::Cut {
            return;
        }
        state.connections.extend([client.try_clone().unwrap(), server.try_clone().unwrap()]);
        drop(state);
        let (client_half, server_half, wire) =
            (client.try_clone().unwrap(), server.try_clone().unwrap(), Arc::clone(self));
        std::thread::spawn(move || wire.pump(client_half, server_half));
        self.pump(server, client);
    }

    fn pump(&self, mut from: TcpStream, mut to: TcpStream) {
        let mut buffer = [0; 16 << 10];
        while let Ok(count @ 1..) = from.read(&mut buffer) {
            if !self.passes() || to.write_all(&buffer[..count]).is_err() {
                break;
            }
        }
        let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
    }
}
