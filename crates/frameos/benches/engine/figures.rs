//! The figures, each with a server of its own.

use std::{
    sync::Barrier,
    thread,
    time::{Duration, Instant},
};

use frameos_contract::execution::Execution;
use frameos_domain::clock::Timestamp;
use serde_json::json;

use crate::{
    client::publish_obedient,
    http::{Connection, data},
    program::Frameos,
    server::{FirstRun, Server},
};

const CONNECTIONS: usize = 16;
const TRIGGERS_EACH: usize = 500;
const WARM_RUNS: usize = 200;
const WARM_UP: usize = 100;

/// Trigger → 202: the run recorded and queued, its mandate signed and its price held, all on disk.
///
/// No worker claims what is queued, so that nothing else is measured.
pub(crate) fn trigger() -> Vec<String> {
    let bench = Bench::new(&["--roles", "api,gateway"]);
    bench.flood(WARM_UP);
    let (cpu, started) = (bench.server.cpu(), Instant::now());
    let mut waits = bench.flood(TRIGGERS_EACH);
    let (took, cpu) = (started.elapsed(), bench.server.cpu() - cpu);
    waits.sort();
    #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
    let count = waits.len() as f64;
    let (rate, cores) = (count / took.as_secs_f64(), cpu.as_secs_f64() / took.as_secs_f64());
    vec![
        format!("{count} over {CONNECTIONS} connections in {took:.2?}: {rate:.0}/s"),
        format!(
            "server: {:.3} CPU seconds per 1,000, {cores:.2} cores, {:.0}/s on one core's worth",
            cpu.as_secs_f64() * 1_000.0 / count,
            rate / cores
        ),
        spread(&waits),
    ]
}

/// Trigger → success of a warm Node program, one after another, as the client waits for it.
pub(crate) fn warm() -> Vec<String> {
    let bench = Bench::new(&[]);
    let mut connection = bench.connection();
    let mut run = |key: String| {
        let started = Instant::now();
        let ran = data(connection.post(&bench.path, &headers(&key, "prefer: wait=30\r\n"), &bench.body), 200);
        assert_eq!(ran["status"], "success", "{ran}");
        (started.elapsed(), serde_json::from_value::<Execution>(ran).unwrap())
    };
    for number in 0..WARM_UP / 4 {
        run(format!("warm-up-{number}"));
    }
    let cpu = bench.server.cpu();
    let runs: Vec<(Duration, Execution)> =
        (0..WARM_RUNS).map(|number| run(format!("run-{number}"))).collect();
    let cpu = (bench.server.cpu() - cpu) / u32::try_from(WARM_RUNS).unwrap();
    let millis = |from: Timestamp, to: Option<Timestamp>| {
        Duration::from_millis(to.unwrap().millis_since(from).unsigned_abs())
    };
    let stage = |of: &dyn Fn(&(Duration, Execution)) -> Duration| {
        let mut took: Vec<Duration> = runs.iter().map(of).collect();
        took.sort();
        spread(&took)
    };
    vec![
        format!("{WARM_RUNS} runs: {}; {cpu:.1?} CPU of the server each", stage(&|(wait, _)| *wait)),
        format!("  until it starts: {}", stage(&|(_, run)| millis(run.created_at, run.started_at))),
        format!(
            "  until it has run: {}",
            stage(&|(_, run)| millis(run.started_at.unwrap(), run.completed_at))
        ),
        format!(
            "  the rest, to be settled and told: {}",
            stage(&|(wait, run)| wait.saturating_sub(millis(run.created_at, run.completed_at)))
        ),
    ]
}

/// A server with a priced agent deployed by a user who can pay for it.
struct Bench {
    server: Server,
    token: String,
    path: String,
    body: String,
    /// Kept: what the server works on is in it.
    _home: Frameos,
}

impl Bench {
    fn new(arguments: &[&str]) -> Self {
        let home = Frameos::new_in(env!("CARGO_TARGET_TMPDIR"));
        let server = Server::start_with(&home, "127.0.0.1:0", arguments);
        publish_obedient(&home, &server);
        let credentials = FirstRun::read(&home).credentials("user");
        let mut connection = Connection::open(server.address(), "");
        let tokens = data(connection.post("/auth/login", "", &credentials.to_string()), 200);
        let token = tokens["access_token"].as_str().unwrap().to_owned();
        let mut connection = Connection::open(server.address(), &token);
        let money = json!({"amount": 1_000_000_000}).to_string();
        data(connection.post("/wallet/top-ups", &headers("money", ""), &money), 201);
        let deployed = data(connection.post("/agents/obedient/deploy", &headers("deploy", ""), "{}"), 201);
        let body = json!({"deployment_id": deployed["deployment_id"], "inputs": {"ms": 0}}).to_string();
        Self { server, token, path: "/agents/obedient/execute".to_owned(), body, _home: home }
    }

    fn connection(&self) -> Connection {
        Connection::open(self.server.address(), &self.token)
    }

    /// Triggers `each` runs on every connection at once; how long each trigger took.
    fn flood(&self, each: usize) -> Vec<Duration> {
        let start = Barrier::new(CONNECTIONS);
        thread::scope(|scope| {
            let connections: Vec<_> = (0..CONNECTIONS)
                .map(|number| {
                    let (start, path, body) = (&start, &self.path, &self.body);
                    let mut connection = self.connection();
                    scope.spawn(move || {
                        start.wait();
                        let trigger = |turn| {
                            let sent = Instant::now();
                            let key = headers(&format!("{each}-{number}-{turn}"), "");
                            let (status, answer) = connection.post(path, &key, body);
                            assert_eq!(status, 202, "{}", String::from_utf8_lossy(&answer));
                            sent.elapsed()
                        };
                        (0..each).map(trigger).collect::<Vec<_>>()
                    })
                })
                .collect();
            connections.into_iter().flat_map(|connection| connection.join().unwrap()).collect()
        })
    }
}

fn headers(key: &str, more: &str) -> String {
    format!("idempotency-key: {key}\r\n{more}")
}

/// The middle and the tail of sorted waits.
fn spread(waits: &[Duration]) -> String {
    let at = |percent: usize| waits[(waits.len() * percent / 100).min(waits.len() - 1)];
    format!("median {:.1?}, p90 {:.1?}, p99 {:.1?}", at(50), at(90), at(99))
}
