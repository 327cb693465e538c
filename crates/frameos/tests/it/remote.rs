//! A marketplace and its payment gateway as two processes, and everything that can go wrong on the wire between them: whatever does, no
//! run is lost, none is charged twice, and nobody waits for long.
//!
//! Answers are lost after the effect, held back, trickled or cut; requests are delivered twice; the gateway is killed and comes back.
//! `FRAMEOS_TEST_SEED=N` chooses other moments.

mod proxy;

use std::{
    collections::BTreeMap,
    process::{Child, Command, Stdio},
    sync::{Arc, LazyLock, Mutex},
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use self::proxy::{Proxy, Wire};
use crate::{
    client::publish_obedient,
    program::{Frameos, finish},
    random::{Random, setting},
    server::{FirstRun, Server, port_free},
};

const PRICE: i64 = 50;
const PEOPLE: usize = 3;
const RUNS_EACH: usize = 8;
const KILLS: usize = 2;
/// A call's time limit at the marketplace.
const TIME_LIMIT: Duration = Duration::from_millis(1_500);
/// Two calls of a trigger, and a slow machine.
const PATIENCE: Duration = Duration::from_secs(20);
/// Far beyond what take-overs and back-offs take.
const ALL_ENDED: Duration = Duration::from_secs(240);

/// What requests are sent on.
static RUNTIME: LazyLock<tokio::runtime::Runtime> = LazyLock::new(|| tokio::runtime::Runtime::new().unwrap());

/// The gateway's process. Killed when dropped.
struct Gateway {
    child: Child,
    port: u16,
}

impl Gateway {
    fn start(frameos: &Frameos, port: u16) -> Self {
        let listen = format!("127.0.0.1:{port}");
        let mut command = gateway_command(frameos, &["gateway", "--listen", &listen]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let gateway = Self { child: command.spawn().unwrap(), port };
        let deadline = Instant::now() + Duration::from_secs(60);
        let health = format!("http://{listen}/healthz");
        while !RUNTIME
            .block_on(async { reqwest::get(&health).await.is_ok_and(|answer| answer.status() == 200) })
        {
            assert!(Instant::now() < deadline, "the gateway did not come up");
            std::thread::sleep(Duration::from_millis(20));
        }
        gateway
    }

    /// SIGKILL, and up again where it was after a while.
    fn crash(&mut self, frameos: &Frameos, away: Duration) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        std::thread::sleep(away);
        *self = Self::start(frameos, self.port);
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = (self.child.kill(), self.child.wait());
    }
}

fn gateway_command(frameos: &Frameos, args: &[&str]) -> Command {
    let data = frameos.path("gateway");
    let mut command = frameos.command(args.iter().chain(&["--data-dir", data.to_str().unwrap()]));
    command.env("FRAMEOS_LIMITS__ENABLED", "false");
    command
}

/// A user of the marketplace.
struct Person {
    http: reqwest::Client,
    url: String,
    token: String,
    deployment: String,
}

/// What became of one request.
struct Told {
    status: u16,
    retry_after: bool,
    body: Value,
}

impl Person {
    fn log_in(frameos: &Frameos, url: &str) -> Self {
        let http = reqwest::Client::builder().timeout(PATIENCE).no_proxy().build().unwrap();
        let login = FirstRun::read(frameos).credentials("user");
        let answer = told(http.post(format!("{url}/auth/login")).json(&login));
        let token = answer.body["data"]["access_token"].as_str().unwrap().to_owned();
        let mut person = Self { http, url: url.to_owned(), token, deployment: String::new() };
        let deployed = person.get("/deployments?limit=100").body;
        let deployed = deployed["data"]["deployments"].as_array().unwrap().iter();
        let mut ours = deployed.filter(|deployment| deployment["agent_slug"] == "obedient");
        person.deployment = ours.next().unwrap()["id"].as_str().unwrap().to_owned();
        person
    }

    fn get(&self, path: &str) -> Told {
        told(self.http.get(format!("{}{path}", self.url)).bearer_auth(&self.token))
    }

    fn post(&self, path: &str, key: &str, body: &Value) -> Told {
        let request = self.http.post(format!("{}{path}", self.url)).bearer_auth(&self.token);
        told(request.header("idempotency-key", key).json(body))
    }

    /// Asks for a run under one key until there is an answer. What comes meanwhile is a clear 503.
    fn execute(&self, key: &str, inputs: &Value) -> String {
        let body = json!({"deployment_id": self.deployment, "inputs": inputs});
        let deadline = Instant::now() + ALL_ENDED;
        loop {
            let answer = self.post("/agents/obedient/execute", key, &body);
            match answer.status {
                202 => return answer.body["data"]["execution_id"].as_str().unwrap().to_owned(),
                503 => unavailable(&answer),
                _ => panic!("{}: {}", answer.status, answer.body),
            }
            assert!(Instant::now() < deadline, "{key} was never accepted");
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    fn runs(&self) -> Vec<Value> {
        let listed = self.get("/executions?limit=100").body;
        let runs = listed["data"]["executions"].as_array().unwrap().clone();
        assert_eq!(listed["data"]["total"], runs.len(), "all runs fit on one page");
        runs
    }

    fn balance(&self) -> (i64, i64) {
        let wallet = self.get("/wallet").body;
        (wallet["data"]["available"].as_i64().unwrap(), wallet["data"]["held"].as_i64().unwrap())
    }
}

/// Sends a request; nobody is kept waiting for longer than [`PATIENCE`].
fn told(request: reqwest::RequestBuilder) -> Told {
    RUNTIME.block_on(async {
        let answer = request.send().await.unwrap();
        let retry_after = answer.headers().contains_key("retry-after");
        Told { status: answer.status().as_u16(), retry_after, body: answer.json().await.unwrap() }
    })
}

fn unavailable(answer: &Told) {
    assert_eq!(
        (answer.status, &answer.body["error"]["code"]),
        (503, &json!("UNAVAILABLE")),
        "{}",
        answer.body
    );
    assert!(answer.retry_after, "a 503 says when to ask again");
}

#[test]
fn whatever_happens_on_the_way_no_run_is_lost_and_none_is_charged_twice() {
    let seed = setting("FRAMEOS_TEST_SEED").unwrap_or(0x6A7E);
    eprintln!("seed {seed}");
    let mut random = Random::new(seed);
    let frameos = Frameos::new();
    finish(gateway_command(&frameos, &["migrate"]), "").expect(0);
    let added = gateway_command(&frameos, &["gateway", "client", "add", "market", "--sign", "--json"]);
    let added = finish(added, "").expect(0).json();
    let mut gateway = Gateway::start(&frameos, port_free());
    let proxy = Proxy::start(gateway.port, random.fork());
    let config = format!(
        "[gateway]\nurl = \"http://127.0.0.1:{}\"\napi_key = {}\nsigning_key = {}\ntimeout_ms = {}\n",
        proxy.port,
        added["api_key"],
        added["signing_key"],
        TIME_LIMIT.as_millis()
    );
    let folder = frameos.folder("config", &[("market.toml", &config)]);
    let config = folder.join("market.toml");
    let server = Server::start_with(&frameos, "127.0.0.1:0", &["--config", config.to_str().unwrap()]);
    publish_obedient(&frameos, &server);
    let person = Person::log_in(&frameos, &server.url);
    let (funds, _) = person.balance();

    // Away altogether: everybody hears it soon, and what was asked for is done when it is back.
    proxy.set(Wire::Cut);
    unavailable(&person.get("/wallet"));
    let body = json!({"deployment_id": person.deployment, "inputs": {"ms": 1}});
    unavailable(&person.post("/agents/obedient/execute", "while-away", &body));
    proxy.set(Wire::Whole);
    let accepted = Arc::new(Mutex::new(BTreeMap::new()));
    let id = person.execute("while-away", &json!({"ms": 1}));
    accepted.lock().unwrap().insert("while-away".to_owned(), id);

    proxy.set(Wire::Faulty);
    std::thread::scope(|scope| {
        for index in 0..PEOPLE {
            let (mut random, accepted) = (random.fork(), Arc::clone(&accepted));
            let person = Person::log_in(&frameos, &server.url);
            scope.spawn(move || go_on(&person, index, &mut random, &accepted));
        }
        for _ in 0..KILLS {
            std::thread::sleep(Duration::from_millis(500 + random.below(2_500)));
            let away = Duration::from_millis(200 + random.below(1_500));
            gateway.crash(&frameos, away);
        }
    });
    proxy.set(Wire::Whole);

    let runs = all_ended(&person, &server);
    let accepted = accepted.lock().unwrap();
    let known: Vec<&str> = accepted.values().map(String::as_str).collect();
    assert_eq!(accepted.len(), PEOPLE * RUNS_EACH + 1);
    for id in &known {
        assert!(runs.iter().any(|run| run["id"] == **id), "{id} was accepted and is gone");
    }
    assert_eq!(runs.len(), accepted.len(), "a key has one run");
    let charged = runs.iter().filter(|run| run["status"] == "success").count();
    eprintln!("{} runs, {charged} charged; {}", runs.len(), proxy.summary());
    assert!(charged > 0 && proxy.faults() > 0, "nothing was tested");
    assert_eq!(person.balance(), (funds - PRICE * i64::try_from(charged).unwrap(), 0));

    assert_eq!(server.stop().code(), Some(0));
    drop(gateway);
    let verified = gateway_command(&frameos, &["ledger", "verify", "--json"]);
    let verified = finish(verified, "").expect(0).json();
    assert!(verified["first_bad"].is_null(), "{verified}");
    assert_eq!(verified["payments"], charged, "{verified}");
}

/// Asks for runs, some of which fail or are cancelled.
fn go_on(person: &Person, index: usize, random: &mut Random, accepted: &Mutex<BTreeMap<String, String>>) {
    for run in 0..RUNS_EACH {
        let key = format!("p{index}-r{run}");
        let inputs = json!({"ms": random.below(400), "fail": random.below(5) == 0});
        let id = person.execute(&key, &inputs);
        if random.below(6) == 0 {
            let cancelled =
                person.post(&format!("/executions/{id}/cancel"), &format!("{key}-cancel"), &json!({}));
            assert!(matches!(cancelled.status, 200 | 202 | 409 | 503), "{}", cancelled.body);
        }
        // Somebody looks at the wallet, too; that is an answer or a clear refusal.
        let wallet = person.get("/wallet");
        if wallet.status != 200 {
            unavailable(&wallet);
        }
        accepted.lock().unwrap().insert(key, id);
    }
}

/// Waits until no run is under way and returns them all.
fn all_ended(person: &Person, server: &Server) -> Vec<Value> {
    let deadline = Instant::now() + ALL_ENDED;
    loop {
        let runs = person.runs();
        let is_open =
            |run: &&Value| matches!(run["status"].as_str(), Some("queued" | "running" | "settling"));
        let open: Vec<&Value> = runs.iter().filter(is_open).collect();
        if open.is_empty() {
            return runs;
        }
        assert!(Instant::now() < deadline, "{} runs never ended: {open:?}\n{}", open.len(), server.log());
        std::thread::sleep(Duration::from_millis(500));
    }
}
