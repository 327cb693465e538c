//! `kill -9` at random moments: every run still ends, each success is charged once, nothing else is, and the books balance.
//!
//! `FRAMEOS_TEST_SEED=N` chooses other moments than the built-in ones.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::{
    client::{publish_obedient, wallet},
    program::{Frameos, Ran},
    random::{Random, setting},
    server::Server,
};

const RUNS: usize = 50;
const KILLS: usize = 6;
const PRICE: i64 = 50;
/// A run that is certainly still running when the kill comes.
const LONG_MS: u64 = 4000;
/// Far beyond what leases, retries and 50 short runs take on a slow machine.
const ALL_ENDED: Duration = Duration::from_secs(240);

#[test]
fn killed_at_random_moments_it_loses_and_charges_nothing_twice() {
    let frameos = Frameos::new();
    let mut random = Random::new(setting("FRAMEOS_TEST_SEED").unwrap_or(0x5EED));
    let mut server = Server::start(&frameos);
    publish_obedient(&frameos, &server);
    let (funds, _) = wallet(&frameos);
    let address = server.address().to_owned();
    let mut starts = Starts { random: Random::new(0xBEEF), left: RUNS, accepted: Vec::new() };
    for _ in 0..KILLS {
        starts.one_that_runs(&frameos);
        std::thread::scope(|scope| {
            // The moment of the kill is what is random here: starts, claims, runs and settlements are all under way.
            let moment = Duration::from_millis(random.below(LONG_MS / 2));
            scope.spawn(|| starts.go_on(&frameos));
            std::thread::sleep(moment);
            server.kill();
        });
        server = Server::start_at(&frameos, &address);
    }
    starts.go_on(&frameos);
    assert_eq!(starts.left, 0, "with nobody killing it, the server accepts every run");
    let accepted = starts.accepted;

    let runs = all_ended(&frameos, &server);
    for id in &accepted {
        assert!(runs.iter().any(|run| run["id"] == **id), "{id} was accepted and is gone");
    }
    let mut payments = Vec::new();
    let full_runs: Vec<Value> = runs
        .iter()
        .map(|run| frameos.run(["execution", run["id"].as_str().unwrap(), "--json"]).expect(0).json())
        .collect();
    for full in &full_runs {
        if full["status"] == "success" {
            assert_eq!(full["payment"]["amount"], PRICE, "{full}");
            assert!(full["outputs"]["waited"].is_i64(), "{full}");
            payments.push(full["payment"]["payment_id"].as_str().unwrap().to_owned());
        } else {
            assert!(full["payment"].is_null() && full.get("outputs").is_none_or(Value::is_null), "{full}");
            assert!(full["error_message"].is_string() && full["failure_reason"].is_string(), "{full}");
        }
    }
    let charged = payments.len();
    eprintln!("{} runs, {charged} charged, {} retried", runs.len(), retried(&full_runs));
    payments.sort();
    payments.dedup();
    assert_eq!(payments.len(), charged, "two runs share a payment");
    assert!(charged > 0, "not one run succeeded: {runs:?}");
    assert!(retried(&full_runs) > 0, "no kill hit a run");
    assert_eq!(wallet(&frameos), (funds - PRICE * i64::try_from(charged).unwrap(), 0));
    assert_eq!(captures(&frameos), charged);

    assert_eq!(server.stop().code(), Some(0));
    let data = frameos.path("data");
    let verified =
        frameos.run(["ledger", "verify", "--data-dir", data.to_str().unwrap(), "--json"]).expect(0).json();
    assert!(verified["first_bad"].is_null(), "{verified}");
}

/// How many runs took more than one attempt: a kill hit them while they ran.
fn retried(runs: &[Value]) -> usize {
    runs.iter().filter(|run| run["attempt"].as_i64().is_some_and(|attempt| attempt > 1)).count()
}

/// The runs that are still to be started, and those the server has accepted.
struct Starts {
    random: Random,
    left: usize,
    accepted: Vec<String>,
}

impl Starts {
    /// Starts runs of random length, one in eight told to fail, until all are started or the server is gone.
    ///
    /// A start that got no answer may have been accepted all the same; it is not tried again and not counted.
    fn go_on(&mut self, frameos: &Frameos) {
        while self.left > 0 {
            let (ms, fail) = (self.random.below(800), self.random.below(8) == 0);
            let ran = execute(frameos, ms, fail);
            if ran.code != 0 {
                assert!(
                    ran.stderr.contains("cannot reach") || ran.stderr.contains("broke"),
                    "{}",
                    ran.stderr
                );
                return;
            }
            self.accept(&ran);
        }
    }

    /// Starts a long run and waits until the agent in it is running.
    fn one_that_runs(&mut self, frameos: &Frameos) {
        let id = self.accept(&execute(frameos, LONG_MS, false).expect(0));
        loop {
            let run = frameos.run(["execution", &id, "--json"]).expect(0).json();
            match run["status"].as_str() {
                Some("queued") => {}
                Some("running") => return,
                other => panic!("{other:?} before it was seen running: {run}"),
            }
        }
    }

    fn accept(&mut self, ran: &Ran) -> String {
        let id = ran.json()["execution_id"].as_str().unwrap().to_owned();
        self.accepted.push(id.clone());
        self.left = self.left.saturating_sub(1);
        id
    }
}

fn execute(frameos: &Frameos, ms: u64, fail: bool) -> Ran {
    let (ms, fail) = (format!("ms={ms}"), format!("fail={fail}"));
    frameos.run(["execute", "obedient", "--input", &ms, "--input", &fail, "--json"])
}

/// Waits until no run is under way and returns them all.
fn all_ended(frameos: &Frameos, server: &Server) -> Vec<Value> {
    let deadline = Instant::now() + ALL_ENDED;
    loop {
        let listed = frameos.run(["executions", "--limit", "100", "--json"]).expect(0).json();
        let runs = listed["executions"].as_array().unwrap().clone();
        assert_eq!(listed["total"], runs.len(), "all runs fit on one page");
        let open: Vec<&Value> = runs
            .iter()
            .filter(|run| matches!(run["status"].as_str(), Some("queued" | "running" | "settling")))
            .collect();
        if open.is_empty() {
            return runs;
        }
        assert!(Instant::now() < deadline, "{} runs never ended: {open:?}\n{}", open.len(), server.log());
        std::thread::sleep(Duration::from_millis(500));
    }
}

fn captures(frameos: &Frameos) -> usize {
    let mut page = 1;
    let mut found = 0;
    loop {
        let page_text = page.to_string();
        let args = ["wallet", "--transactions", "--limit", "100", "--page", &page_text, "--json"];
        let listed = frameos.run(args).expect(0).json();
        let changes = listed["transactions"].as_array().unwrap();
        if changes.is_empty() {
            return found;
        }
        found += changes.iter().filter(|change| change["kind"] == "capture").count();
        page += 1;
    }
}
