//! How well a worker keeps its slots busy, and how soon a newcomer is served beside a heavy user. Agents are replaced by sleeps;
//! claims, results, payments, settlements and receipts are the real ones, on disk.
//!
//! `make bench-engine` runs it. SQLite; PostgreSQL too when `FRAMEOS_TEST_POSTGRES_URL` is set; `FRAMEOS_BENCH_ENGINE` (`sqlite`, `postgres`)
//! leaves the other out. `FRAMEOS_BENCH_RUNS` says how many runs.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark reports or fails")]

mod platform;
mod sleeper;

use std::time::{Duration, Instant};

use frameos_app::worker_run;
use frameos_store::testing::TestEngine;
use tokio_util::sync::CancellationToken;

use crate::platform::{Platform, Settings};

/// As the server.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

const SLEEP: Duration = Duration::from_millis(100);
const SLOTS: u32 = 100;
const USERS: usize = 10;
const NEWCOMERS: u32 = 20;

fn main() {
    // `cargo test` starts benchmarks too; only `cargo bench` passes this.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let runs = variable("FRAMEOS_BENCH_RUNS").map_or(10_000, |runs| runs.parse().unwrap());
    let mut engines = vec![TestEngine::Sqlite];
    engines.extend(variable("FRAMEOS_TEST_POSTGRES_URL").map(|_| TestEngine::Postgres));
    if let Some(only) = variable("FRAMEOS_BENCH_ENGINE") {
        engines.retain(|engine| format!("{engine:?}").to_lowercase() == only);
    }
    for engine in engines {
        runtime.block_on(slots(engine, runs));
        runtime.block_on(order(engine, runs / 2));
    }
}

fn variable(name: &str) -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "how much is measured is up to the script")]
    std::env::var(name).ok()
}

/// All runs are queued, then a worker starts: how far its slots' time goes into runs.
async fn slots(engine: TestEngine, runs: u32) {
    let platform = Platform::open(engine, Settings { slots: SLOTS, sleep: SLEEP, users: USERS }).await;
    let each = runs / u32::try_from(USERS).unwrap();
    for user in 0..USERS {
        platform.queue(user, each).await;
    }
    let runs = each * u32::try_from(USERS).unwrap();
    // A thread for each sleep is there before, and not made while a run starts.
    let threads = (0..SLOTS).map(|_| tokio::task::spawn_blocking(|| std::thread::sleep(SLEEP)));
    for thread in threads.collect::<Vec<_>>() {
        thread.await.unwrap();
    }
    let stop = CancellationToken::new();
    let started = Instant::now();
    let worker = tokio::spawn(worker_run(platform.app.clone(), stop.clone()));
    platform.sleeper.ended(runs as usize).await;
    let (busy, slept) = (started.elapsed(), platform.sleeper.slept());
    platform.settled(runs).await;
    let settled = started.elapsed();
    stop.cancel();
    worker.await.unwrap();
    let optimum = SLEEP * runs / SLOTS;
    println!(
        "slots      {engine:?}: {runs} runs of {SLEEP:?} over {SLOTS} slots in {busy:.2?}: {:.1} % of the optimum; slots had a run for {:.1} % of the time; all settled after {settled:.2?}",
        100.0 * optimum.as_secs_f64() / busy.as_secs_f64(),
        100.0 * slept.as_secs_f64() / (busy * SLOTS).as_secs_f64()
    );
}

/// One user's runs fill the queue; now and then another user asks for one.
async fn order(engine: TestEngine, runs: u32) {
    let platform = Platform::open(engine, Settings { slots: SLOTS, sleep: SLEEP, users: 2 }).await;
    platform.queue(0, runs).await;
    let stop = CancellationToken::new();
    let worker = tokio::spawn(worker_run(platform.app.clone(), stop.clone()));
    platform.sleeper.ended(SLOTS as usize).await;
    let mut waits = Vec::new();
    for _ in 0..NEWCOMERS {
        let asked = Instant::now();
        let run = platform.trigger(1).await;
        waits.push(platform.sleeper.started(&run).await.duration_since(asked));
    }
    let left = platform.waiting(0).await;
    stop.cancel();
    worker.await.unwrap();
    assert!(left > 0, "the heavy user's runs were over before the last newcomer came: ask for more");
    waits.sort();
    let turns = |wait: Duration| wait.as_secs_f64() / SLEEP.as_secs_f64();
    println!(
        "order      {engine:?}: beside {runs} runs of another user, one run starts after {:.1} slot turns (median), {:.1} at most",
        turns(waits[waits.len() / 2]),
        turns(waits[waits.len() - 1])
    );
}
