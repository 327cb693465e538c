//! Several processes that count together, and one that dies between what it did and saying so.

use std::{
    net::{TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use frameos_store::{MasterKey, ObjectsConfig, Store, StoreConfig};
use serde_json::{Value, json};

use crate::{
    client::publish_obedient,
    faults::postgres::Postgres,
    program::Frameos,
    server::{FirstRun, Server},
};

/// Longer than anything takes; only what never comes waits for all of it.
const PATIENCE: Duration = Duration::from_secs(90);

/// `redis-server` on a free port, killed when dropped.
struct Redis {
    child: Child,
    url: String,
}

impl Redis {
    fn start() -> Self {
        let free = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap();
        #[expect(clippy::disallowed_methods, reason = "the test's own server")]
        let child = Command::new("redis-server")
            .args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", "/tmp", "--port"])
            .arg(free.port().to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .expect("redis-server is installed: on Debian, apt-get install redis-server");
        let deadline = Instant::now() + PATIENCE;
        while TcpStream::connect_timeout(&free, Duration::from_secs(1)).is_err() {
            assert!(Instant::now() < deadline, "redis-server does not start");
            std::thread::sleep(Duration::from_millis(10));
        }
        Self { child, url: format!("redis://{free}/0") }
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = (self.child.kill(), self.child.wait());
    }
}

#[test]
fn two_processes_share_a_limit_in_redis_and_keep_it_when_redis_is_killed() {
    let mut redis = Redis::start();
    let homes = [Frameos::new(), Frameos::new()];
    let [one, two] = homes.each_ref().map(|home| {
        let data = home.path("data");
        let args = ["serve", "--listen", "127.0.0.1:0", "--roles", "api", "--seed", "none", "--data-dir"];
        let mut command = home.command(args);
        command.arg(data).env("FRAMEOS_REDIS__URL", &redis.url);
        command.env("FRAMEOS_LIMITS__AGENTS_LIST", "10/day").env("FRAMEOS_LOG__FORMAT", "json");
        Server::listening(command)
    });
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let list = |server: &Server| {
        let answer = runtime.block_on(http.get(format!("{}/agents", server.url)).send()).unwrap();
        let left = answer.headers()["ratelimit-remaining"].to_str().unwrap().parse::<u32>().unwrap();
        (answer.status().as_u16(), left)
    };
    // A process counts for itself until it is connected.
    let deadline = Instant::now() + PATIENCE;
    loop {
        let ((_, first), (_, second)) = (list(&one), list(&two));
        if second + 1 == first {
            break;
        }
        assert!(Instant::now() < deadline, "they do not count together: {first}, {second}");
        assert!(first > 1, "the limit is used up before they count together");
    }
    let mut passed = 0;
    while list(&one).0 == 200 {
        passed += 1;
    }
    assert!(passed <= 8, "{passed}");
    assert_eq!(list(&two), (429, 0), "what one has used up, the other has not");

    redis.child.kill().unwrap();
    redis.child.wait().unwrap();
    let logged = |server: &Server| {
        let deadline = Instant::now() + PATIENCE;
        let mut seen = String::new();
        while !seen.contains("Redis does not answer") {
            assert!(Instant::now() < deadline, "nothing is logged of it:\n{seen}");
            // Each goes on with what it knows: neither open nor closed.
            let (status, _) = list(server);
            assert!(status == 200 || status == 429, "{status}");
            seen.push_str(&server.log());
        }
    };
    logged(&one);
    logged(&two);
    let open = (0..30).filter(|_| list(&one).0 == 200).count();
    assert!(open <= 10, "{open} of 30 passed a limit of 10 without Redis");
    assert!(one.stop().success() && two.stop().success());
}

/// Has the database hold back each answer that is to be kept, until the trigger is gone.
const HOLD: [&str; 2] = [
    "CREATE FUNCTION hold_back() RETURNS trigger AS $$ BEGIN IF NEW.status IS NOT NULL THEN PERFORM pg_sleep(600); END IF; \
     RETURN NEW; END $$ LANGUAGE plpgsql",
    "CREATE TRIGGER hold_back BEFORE UPDATE ON idempotency_keys FOR EACH ROW EXECUTE FUNCTION hold_back()",
];
const LET_GO: [&str; 2] = [
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() \
     AND state = 'active' AND query LIKE '%idempotency_keys%'",
    "DROP TRIGGER hold_back ON idempotency_keys",
];

#[test]
fn a_request_whose_process_is_killed_before_its_answer_is_kept_has_its_effect_once() {
    let (frameos, postgres) = (Frameos::new(), Postgres::start());
    let database = Postgres::url_at(postgres.port);
    let variables = [("FRAMEOS_DATABASE__URL", database.clone())];
    let server = Server::start_as(&frameos, &[], &variables);
    publish_obedient(&frameos, &server);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let store = runtime.block_on(store_open(database, frameos.path("data/objects")));
    let tell = |statements: [&'static str; 2]| {
        for sql in statements {
            let told = store.tx(move |tx| Box::pin(async move { tx.query(sql, &[]).await.map(drop) }));
            runtime.block_on(told).unwrap();
        }
    };
    let count = |sql: &'static str| {
        let read = store.read(move |tx| Box::pin(async move { tx.query_one(sql, &[]).await?.get::<i64>(0) }));
        runtime.block_on(read).unwrap()
    };
    let deployments = "SELECT COUNT(*) FROM agent_deployments";
    let before = count(deployments);

    tell(HOLD);
    let (token, body) = (runtime.block_on(token(&frameos, &server.url)), json!({"config": {}}));
    let asked = runtime.spawn(ask(server.url.clone(), token.clone(), body.clone()));
    let deadline = Instant::now() + PATIENCE;
    while count(deployments) == before {
        assert!(Instant::now() < deadline, "the request has no effect");
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(!asked.is_finished(), "it was answered already");
    server.kill();
    assert!(runtime.block_on(asked).unwrap().is_none(), "its client never heard");
    tell(LET_GO);

    let server = Server::start_as(&frameos, &[], &variables);
    let deadline = Instant::now() + PATIENCE;
    let first = loop {
        let (status, answer) =
            runtime.block_on(ask(server.url.clone(), token.clone(), body.clone())).unwrap();
        match status {
            // Until the lock of the process that died runs out.
            409 => assert_eq!(answer["error"]["code"], "IDEMPOTENCY_IN_PROGRESS", "{answer}"),
            status => break (status, answer),
        }
        assert!(Instant::now() < deadline, "the key stays locked");
        std::thread::sleep(Duration::from_millis(250));
    };
    assert_eq!(first.0, 201, "{}", first.1);
    assert_eq!(count(deployments), before + 1, "done once");
    let made = "SELECT COUNT(*) FROM agent_deployments WHERE id = (SELECT MAX(id) FROM agent_deployments)";
    assert_eq!(count(made), 1);
    let again = runtime.block_on(ask(server.url.clone(), token, body)).unwrap();
    assert_eq!(again, first, "and answered alike from then on");
    assert!(server.stop().success());
}

/// A deployment under one key; None when the connection ended without an answer.
async fn ask(url: String, token: String, body: Value) -> Option<(u16, Value)> {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let request = http.post(format!("{url}/agents/obedient/deploy")).bearer_auth(token);
    let answer = request.header("idempotency-key", "cut-short").json(&body).send().await.ok()?;
    Some((answer.status().as_u16(), answer.json().await.ok()?))
}

async fn token(frameos: &Frameos, url: &str) -> String {
    let login = FirstRun::read(frameos).credentials("user");
    let request = reqwest::Client::new().post(format!("{url}/auth/login")).json(&login);
    let answer: Value = request.send().await.unwrap().json().await.unwrap();
    answer["data"]["access_token"].as_str().unwrap().to_owned()
}

async fn store_open(database_url: String, objects: std::path::PathBuf) -> Store {
    let config = StoreConfig {
        database_url,
        // Nothing encrypted is read here.
        master_key: MasterKey::from_bytes([0; 32]),
        older_master_keys: Vec::new(),
        objects: ObjectsConfig::Folder(objects),
    };
    Store::open(config).await.unwrap()
}
