//! The network: a loopback of one's own that works, and nothing else, whatever listens on the host.

use std::io::ErrorKind;
use std::net::TcpListener;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixListener};

use serde_json::{Value, json};

use crate::harness::{Agent, is_docker, result, sandbox};

/// Listeners on the host that nobody inside may reach.
struct Host {
    tcp: TcpListener,
    tcp6: Option<TcpListener>,
    abstract_: UnixListener,
    path: UnixListener,
    dir: tempfile::TempDir,
    name: String,
}

impl Host {
    fn listen() -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let name = format!("frameos-test-{}", std::process::id());
        let tcp = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = tcp.local_addr().expect("an address").port();
        Self {
            // A host may be without.
            tcp6: TcpListener::bind(("::1", port)).ok(),
            tcp,
            abstract_: UnixListener::bind_addr(&SocketAddr::from_abstract_name(&name).expect("a name"))
                .expect("bound"),
            path: UnixListener::bind(dir.path().join("socket")).expect("bound"),
            dir,
            name,
        }
    }

    /// With the listeners' names, and the path of one in the bundle, where a program does see it.
    fn told_to(&self, agent: Agent) -> Agent {
        let port = self.tcp.local_addr().expect("an address").port();
        agent
            .with_input("port", port)
            .with_input("abstract", self.name.clone())
            .with_input("path", self.dir.path().join("socket").display().to_string())
    }

    /// Nobody came.
    fn assert_untouched(self) {
        self.tcp.set_nonblocking(true).expect("flags");
        self.abstract_.set_nonblocking(true).expect("flags");
        self.path.set_nonblocking(true).expect("flags");
        let visits = [
            ("tcp", self.tcp.accept().err()),
            ("abstract", self.abstract_.accept().err()),
            ("path", self.path.accept().err()),
            (
                "tcp6",
                self.tcp6.map_or(Some(ErrorKind::WouldBlock.into()), |socket| {
                    socket.set_nonblocking(true).expect("flags");
                    socket.accept().err()
                }),
            ),
        ];
        for (which, refusal) in visits {
            assert!(
                refusal.is_some_and(|error| error.kind() == ErrorKind::WouldBlock),
                "{which} was reached"
            );
        }
    }
}

fn attempts(map: &Value) -> impl Iterator<Item = (&String, &str)> {
    map.as_object().expect("attempts").iter().map(|(name, got)| (name, got.as_str().unwrap_or("done")))
}

#[tokio::test]
async fn there_is_no_network_but_the_loopback() {
    let host = Host::listen();
    let agent = host.told_to(Agent::probe(include_str!("probes/network.py")));
    let seen = result(agent.run(&sandbox().await).await);
    assert_eq!(seen["interfaces"], json!(["lo"]));
    let loopback6 = json!(["00000000000000000000000000000001", "lo"]);
    assert!(
        seen["addresses"].as_array().is_some_and(|all| all.iter().all(|one| *one == loopback6)),
        "{seen}"
    );
    assert_eq!(seen["routes"], json!([]));
    for (way, got) in attempts(&seen["unreachable"]) {
        assert!(["ENETUNREACH", "EADDRNOTAVAIL", "EHOSTUNREACH"].contains(&got), "{way}: {got}");
    }
    for (way, got) in attempts(&seen["host"]) {
        assert!(["ECONNREFUSED", "ENOENT", "EADDRNOTAVAIL"].contains(&got), "{way}: {got}");
    }
    for (what, got) in attempts(&seen["families"]).chain(attempts(&seen["raised"])) {
        assert!(got.starts_with('E'), "{what}: {got}");
    }
    let own6 = if is_docker() && seen["own"][1] != "done" { "EADDRNOTAVAIL" } else { "done" };
    assert_eq!(seen["own"], json!(["done", own6]));
    assert_eq!(seen["udp"], "EPROTONOSUPPORT");
    assert_ne!(seen["name"], "done");
    assert_eq!(seen["localhost"][0], "127.0.0.1");
    host.assert_untouched();
}

#[tokio::test]
async fn node_has_a_loopback_and_no_network() {
    let code = "
module.exports = async (inputs) => {
  const server = net.createServer((socket) => socket.end()).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.on('listening', resolve));
  const own = await reached({ host: '127.0.0.1', port: server.address().port });
  server.close();
  const udp = await new Promise((resolve) => {
    const socket = require('dgram').createSocket('udp4');
    socket.on('error', (error) => resolve(error.code));
    socket.bind(0, () => resolve('done'));
  });
  const fetched = await fetch(`http://127.0.0.1:${inputs.port}/`).then(() => 'done', (error) => error.cause.code);
  const name = await require('dns').promises.lookup('example.com').then(() => 'done', (error) => error.code);
  return { own, udp, fetched, name, interfaces: tried(() => os.networkInterfaces()),
    host: await reached({ host: '127.0.0.1', port: inputs.port }), internet: await reached({ host: '1.1.1.1', port: 443 }),
    abstract: await reached({ path: '\\0' + inputs.abstract }), path: await reached({ path: inputs.path }) };
};";
    let host = Host::listen();
    let seen = result(host.told_to(Agent::node_probe(code)).run(&sandbox().await).await);
    assert_eq!(seen["own"], "done");
    for failed in ["udp", "fetched", "name", "host", "internet", "abstract", "path"] {
        assert!(seen[failed].as_str().is_some_and(|got| got.starts_with('E')), "{failed}: {}", seen[failed]);
    }
    // It asks over netlink, which there is not.
    assert_eq!(seen["interfaces"], "ERR_SYSTEM_ERROR");
    host.assert_untouched();
}
