//! Several processes on one PostgreSQL, and everything that can break: nothing is lost, nothing is done twice.
//!
//! API and worker processes are killed and paused, the database is cut off, stalled and crashed, at moments drawn from a seed, while
//! users of every kind ask for runs. When all has settled, the books must balance to the last run.
//!
//! `FRAMEOS_TEST_SEED=N` chooses other moments, `FRAMEOS_FAULTS_MINUTES=N` a longer time (`make test-faults`).

mod books;
mod fleet;
mod people;
pub(crate) mod postgres;
mod proxy;

use std::time::{Duration, Instant};

use frameos_domain::receipt::RunReceiptDocument;
use serde_json::json;

use self::{
    books::Books,
    fleet::{Fleet, LEASE, Role},
    people::{Http, Person},
    postgres::Postgres,
    proxy::{Line, Proxy},
};
use crate::{
    program::{Frameos, finish},
    random::{Random, setting},
    server::FirstRun,
};

const APIS: usize = 2;
const WORKERS: usize = 3;
/// Leases, retries and back-offs of what the last fault hit, on a slow machine.
const ALL_SETTLED: Duration = Duration::from_secs(180);

/// What can go wrong.
#[derive(Debug, Clone, Copy)]
enum Fault {
    WorkerKilled,
    ApiKilled,
    /// For longer than its lease: others take its runs, and it wakes up believing they are its own.
    WorkerPaused,
    DatabaseCut,
    DatabaseStalled,
    DatabaseCrashed,
}

const FAULTS: [Fault; 6] = [
    Fault::WorkerKilled,
    Fault::ApiKilled,
    Fault::WorkerPaused,
    Fault::DatabaseCut,
    Fault::DatabaseStalled,
    Fault::DatabaseCrashed,
];

/// An agent that does as its inputs say.
fn agent(slug: &str, retry: &str, price: i64, free_runs: u32) -> [(&'static str, String); 2] {
    let model = if free_runs > 0 { "free_tier" } else { "per_execution" };
    let manifest = json!({
        "name": slug, "slug": slug, "description": "Does as it is told.", "category": "tests", "version": "1.0.0",
        "pricing": {"model": model, "amount": price, "currency": "INR", "free_runs_per_month": free_runs},
        "runtime": {"language": "nodejs", "version": "20", "timeout_ms": 2500, "memory_mb": 128},
        "retry": retry,
        "inputs": [
            {"name": "ms", "type": "integer", "required": true, "minimum": 0},
            {"name": "how", "type": "string", "default": "well"}
        ],
        "outputs": [{"name": "waited", "type": "integer"}],
    });
    let code = "module.exports = async ({ ms, how }) => {\n  console.log(`waiting ${ms}`);\n  \
                await new Promise((resolve) => setTimeout(resolve, how === 'hang' ? 60000 : ms));\n  \
                if (how === 'fail') throw new Error('told to fail');\n  \
                if (how === 'tempfail') process.exit(75);\n  return { waited: ms };\n};\n";
    [("manifest.json", manifest.to_string()), ("index.js", code.to_owned())]
}

#[test]
fn whatever_breaks_every_run_ends_once_and_is_charged_once() {
    let seed: u64 = setting("FRAMEOS_TEST_SEED").unwrap_or(0xFA17);
    let minutes: Option<u64> = setting("FRAMEOS_FAULTS_MINUTES");
    eprintln!("seed {seed}");
    let mut random = Random::new(seed);
    let frameos = Frameos::new();
    let mut postgres = Postgres::start();
    let proxy = Proxy::start(postgres.port);
    let mut fleet = Fleet::start(&frameos, Postgres::url_at(proxy.port), APIS, WORKERS);
    let agents = ["paid", "safe", "taste", "gratis"].map(str::to_owned);
    publish(&frameos, &fleet.urls()[0]);

    let runtime = tokio::runtime::Runtime::new().unwrap();
    let http = Http::new(fleet.urls());
    let mut people = Vec::new();
    // Rich ones, one who can pay for a few runs, and one who pays for none.
    for (index, money) in [100_000, 100_000, 100_000, 300, 0].into_iter().enumerate() {
        let name = format!("person-{index}");
        people.push(runtime.block_on(Person::arrive(http.clone(), &name, money, &agents)));
    }

    let started = Instant::now();
    let end = started + minutes.map_or(Duration::from_secs(18), |minutes| Duration::from_secs(60 * minutes));
    let working: Vec<_> =
        people.into_iter().map(|person| runtime.spawn(person.go_on(random.fork(), end))).collect();
    let mut order = FAULTS;
    'flood: loop {
        for index in (1..order.len()).rev() {
            order.swap(index, usize::try_from(random.below(index as u64 + 1)).unwrap());
        }
        for fault in order {
            pause(&mut random, 300, 1_200);
            eprintln!("{:5} ms: {fault:?}", started.elapsed().as_millis());
            strike(fault, &mut random, &mut fleet, &mut postgres, &proxy);
            if minutes.is_some() && Instant::now() > end {
                break 'flood;
            }
        }
        // The short one breaks everything once.
        if minutes.is_none() {
            break;
        }
    }
    fleet.ready(Instant::now() + ALL_SETTLED);
    let people: Vec<Person> = working.into_iter().map(|person| runtime.block_on(person).unwrap()).collect();
    let flooded = started.elapsed();

    let direct = Postgres::url_at(postgres.port);
    let books = runtime.block_on(Books::open(direct, frameos.path("data/objects")));
    runtime.block_on(settled(&books));
    let told = people.iter().fold((0, 0, 0, 0, 0, Duration::ZERO), |sum, person| {
        let runs = &person.runs;
        let (accepted, unknown) = (sum.0 + runs.accepted.len(), sum.1 + runs.unknown.len());
        let (refused, cancels) = (sum.2 + runs.refused, sum.3 + runs.cancels);
        (accepted, unknown, refused, cancels, sum.4 + runs.unavailable, sum.5.max(runs.slowest))
    });
    eprintln!(
        "{} accepted, {} unknown, {} refused, {} cancels, {} times unavailable, slowest answer {:?}; {}; flood {flooded:?}, all in {:?}",
        told.0,
        told.1,
        told.2,
        told.3,
        told.4,
        told.5,
        runtime.block_on(books.summary()),
        started.elapsed()
    );
    runtime.block_on(books.check(&people));
    assert!(runtime.block_on(books.count_of("success")) > 0, "not one run succeeded");
    assert!(told.4 > 0, "nobody met a fault");

    runtime.block_on(receipts_verify(&http, &books));
    let verify = fleet.command(&["ledger", "verify", "--data-dir", "data", "--json"]);
    let verified = finish(verify, "").expect(0).json();
    assert!(verified["first_bad"].is_null(), "{verified}");
    assert_eq!(fleet.stop(), Vec::<String>::new(), "ended badly");
}

/// Breaks something, waits, and mends it.
fn strike(fault: Fault, random: &mut Random, fleet: &mut Fleet<'_>, postgres: &mut Postgres, proxy: &Proxy) {
    let role = if matches!(fault, Fault::ApiKilled) { Role::Api } else { Role::Worker };
    let those: Vec<usize> = (0..fleet.nodes.len()).filter(|index| fleet.nodes[*index].role == role).collect();
    let victim = *random.pick(&those);
    match fault {
        Fault::WorkerKilled | Fault::ApiKilled => {
            fleet.kill(victim);
            pause(random, 100, 1_000);
        }
        Fault::WorkerPaused => {
            fleet.pause(victim);
            std::thread::sleep(LEASE);
            pause(random, 500, 2_000);
            fleet.go_on(victim);
        }
        Fault::DatabaseCut => {
            proxy.set(Line::Cut);
            pause(random, 1_000, 5_000);
            proxy.set(Line::Open);
        }
        Fault::DatabaseStalled => {
            proxy.set(Line::Stalled);
            pause(random, 1_000, 14_000);
            proxy.set(Line::Open);
        }
        Fault::DatabaseCrashed => {
            postgres.crash();
            pause(random, 200, 2_000);
            postgres.start_again();
        }
    }
    fleet.tend();
}

fn pause(random: &mut Random, least: u64, most: u64) {
    std::thread::sleep(Duration::from_millis(least + random.below(most - least)));
}

/// Waits until nothing is under way any more.
async fn settled(books: &Books) {
    let deadline = Instant::now() + ALL_SETTLED;
    while books.open_ends().await > 0 {
        assert!(Instant::now() < deadline, "never settled: {:#?}", books.open_list().await);
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// Publishes the agents as their developer and approves them as the administrator.
fn publish(frameos: &Frameos, url: &str) {
    FirstRun::read(frameos).log_in(frameos, url, "admin");
    let developer = ["--server", url, "--email", "dev@example.com", "--password-stdin"];
    let register = ["register", "--role", "developer", "--name", "Dev"];
    frameos.run_with(register.iter().chain(&developer), "a long enough passphrase").expect(0);
    let login = ["login", "--profile", "developer"];
    frameos.run_with(login.iter().chain(&developer), "a long enough passphrase").expect(0);
    for (slug, retry, price, free_runs) in [
        ("paid", "never", 50, 0),
        ("safe", "safe", 33, 0),
        ("taste", "never", 20, 3),
        ("gratis", "safe", 10, 100_000),
    ] {
        let files = agent(slug, retry, price, free_runs);
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
        let dir = frameos.folder(slug, &files);
        let published = frameos
            .run(["publish", dir.to_str().unwrap(), "--profile", "developer", "--json"])
            .expect(0)
            .json();
        frameos.run(["admin", "approve", published["version_id"].as_str().unwrap()]).expect(0);
    }
}

/// Every receipt verifies with the keys that the installation publishes, whichever node signed it.
async fn receipts_verify(http: &Http, books: &Books) {
    let keys = http.keys().await;
    for document in books.texts("SELECT document FROM run_receipts").await {
        let document: RunReceiptDocument = serde_json::from_str(&document).unwrap();
        document.verify(Some(&keys)).unwrap();
    }
}
