//! The figures, all with one server.

use std::{
    fmt,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use serde_json::json;

use crate::{
    client::publish_obedient,
    http::{Connection, data},
    program::Frameos,
    seed,
    server::{FirstRun, Server},
    wrk::{Load, load},
};

/// A number, what it should be, and on which side.
pub(crate) struct Figure {
    name: &'static str,
    measured: f64,
    target: f64,
    unit: &'static str,
    at_least: bool,
}

impl Figure {
    const fn at_least(name: &'static str, measured: f64, target: f64, unit: &'static str) -> Self {
        Self { name, measured, target, unit, at_least: true }
    }

    const fn at_most(name: &'static str, measured: f64, target: f64, unit: &'static str) -> Self {
        Self { name, measured, target, unit, at_least: false }
    }

    pub(crate) fn is_met(&self) -> bool {
        if self.at_least { self.measured >= self.target } else { self.measured <= self.target }
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = usize::from(self.unit != "/s");
        let cell = |number: f64| format!("{number:.digits$} {}", self.unit);
        let sign = if self.at_least { ">=" } else { "<=" };
        let verdict = if self.is_met() { "met" } else { "MISSED" };
        let target = format!("{sign} {}", cell(self.target));
        write!(f, "{:<58} {:>12} {target:>12}  {verdict}", self.name, cell(self.measured))
    }
}

/// After this long without a request a server is idle.
const SETTLED: Duration = Duration::from_secs(10);

pub(crate) fn measure(agents: usize, seconds: usize) -> Vec<Figure> {
    let home = Frameos::new_in(env!("CARGO_TARGET_TMPDIR"));
    let first = Server::start(&home);
    publish_obedient(&home, &first);
    let (token, run) = paid_run(&home, &first);
    first.stop();
    let folder = home.path("");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (store, developer) = runtime.block_on(async {
        let store = seed::open(&folder).await;
        let developer = seed::seed(&store, agents).await;
        (store, developer)
    });
    let server = Server::start(&home);
    let url = server.url.clone();
    let get = |paths: &[String], token: Option<&str>| {
        load(&folder, &url, paths, token, 2);
        load(&folder, &url, paths, token, seconds)
    };
    // Whoever asks first has the catalogue read; an idle server has it anyway.
    let mut connection = Connection::open(server.address(), "");
    data(connection.get("/agents?limit=1"), 200);
    thread::sleep(SETTLED);
    let idle = memory(&server);
    let lists = ["/agents?limit=20".to_owned()];
    let quiet = get(&lists, None);
    let searches = get(&searches(), None);
    let pages: Vec<String> =
        (0..agents).step_by(7).map(|number| format!("/agents/{}", seed::slug(number))).collect();
    let pages = get(&pages, None);
    let runs = get(&[format!("/executions/{run}")], Some(&token));
    let loaded = memory(&server);
    let stop = AtomicBool::new(false);
    let stormy = thread::scope(|scope| {
        let storm = scope.spawn(|| runtime.block_on(seed::storm(&store, developer, agents, &stop)));
        let stormy = get(&lists, None);
        stop.store(true, Ordering::Relaxed);
        let published = storm.join().unwrap();
        assert!(published > seconds * 10, "published in the storm: {published}");
        stormy
    });
    let millis = |time: Duration| time.as_secs_f64() * 1e3;
    let rate = |name, load: Load, target| Figure::at_least(name, load.per_second, target, "/s");
    vec![
        rate("GET /agents?limit=20", quiet, 15_000.0),
        Figure::at_most("  p99", millis(quiet.p99), 10.0, "ms"),
        rate("GET /agents?search=…&category=…&sort=rating, all different", searches, 8_000.0),
        rate("GET /agents/:slug", pages, 20_000.0),
        rate("GET /executions/:id with JWT", runs, 8_000.0),
        Figure::at_most("resident memory, idle", idle, 60.0, "MB"),
        Figure::at_most("resident memory, after the load", loaded, 150.0, "MB"),
        Figure::at_most(
            "list p99 in a storm of 20 publications a second, times",
            millis(stormy.p99) / millis(quiet.p99),
            2.0,
            "x",
        ),
    ]
}

/// Different questions: more than there is room to keep the answers of.
fn searches() -> Vec<String> {
    let mut paths = Vec::new();
    for (number, subject) in (0..4_000).zip(seed::SUBJECTS.iter().cycle()) {
        let category = seed::CATEGORIES[number / 20 % seed::CATEGORIES.len()];
        let other = ["reader", "writer", "planner", "chekcer", "prof"][number % 5];
        let page = number / 160 + 1;
        paths.push(format!("/agents?search={subject}%20{other}&category={category}&sort=rating&page={page}"));
    }
    paths
}

/// A user's token and a run of theirs.
fn paid_run(home: &Frameos, server: &Server) -> (String, String) {
    let credentials = FirstRun::read(home).credentials("user");
    let mut connection = Connection::open(server.address(), "");
    let tokens = data(connection.post("/auth/login", "", &credentials.to_string()), 200);
    let token = tokens["access_token"].as_str().unwrap().to_owned();
    let mut connection = Connection::open(server.address(), &token);
    let deployed = data(connection.post("/agents/obedient/deploy", "idempotency-key: deploy\r\n", "{}"), 201);
    let body = json!({"deployment_id": deployed["deployment_id"], "inputs": {"ms": 0}}).to_string();
    let key = "idempotency-key: run\r\nprefer: wait=30\r\n";
    let ran = data(connection.post("/agents/obedient/execute", key, &body), 200);
    assert_eq!(ran["status"], "success", "{ran}");
    (token, ran["id"].as_str().unwrap().to_owned())
}

/// Resident memory of the server's process, in MB.
fn memory(server: &Server) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").trim().parse::<f64>().unwrap() / 1024.0
}
