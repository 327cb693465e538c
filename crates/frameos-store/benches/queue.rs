//! The queue alone: no-op jobs added one by one, each in a durable transaction of its own, with 50 in flight, then drained by one process.
//!
//! Prints one JSON line: jobs a second of each round, per engine. SQLite in a temporary folder; PostgreSQL where
//! `FRAMEOS_TEST_POSTGRES_URL` says, which must be a server that waits for its disk (`FRAMEOS_POSTGRES_DURABLE=1 scripts/with-postgres`).
//! `scripts/bench-engine` sets it beside BullMQ's. `FRAMEOS_BENCH_JOBS` and `FRAMEOS_BENCH_ROUNDS` say how much.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark reports or fails")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use frameos_domain::clock::Clock;
use frameos_store::{
    Store,
    clock::SystemClock,
    job::{JobNew, Work, job_delete, job_enqueue, work_claim},
    testing::{TestDb, TestEngine},
    ticket::Lease,
};
use serde_json::json;

const IN_FLIGHT: usize = 50;
/// Batches under way at once while draining.
const CLAIMERS: usize = 4;

fn main() {
    // `cargo test` starts benchmarks too; only `cargo bench` passes this.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (jobs, rounds) = (setting("FRAMEOS_BENCH_JOBS", 10_000), setting("FRAMEOS_BENCH_ROUNDS", 3));
    let mut figures = json!({"sqlite": runtime.block_on(measure(TestEngine::Sqlite, jobs, rounds))});
    if variable("FRAMEOS_TEST_POSTGRES_URL").is_some() {
        figures["postgres"] = runtime.block_on(measure(TestEngine::Postgres, jobs, rounds));
    }
    println!("{figures}");
}

fn setting(name: &str, default: usize) -> usize {
    variable(name).map_or(default, |text| text.parse().unwrap())
}

fn variable(name: &str) -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "how much is measured is up to the script")]
    std::env::var(name).ok()
}

async fn measure(engine: TestEngine, jobs: usize, rounds: usize) -> serde_json::Value {
    let db = TestDb::open(engine).await;
    let (mut added, mut processed) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        added.push(add(&db.store, jobs).await);
        processed.push(drain(&db.store, jobs).await);
    }
    json!({"add": added, "process": processed})
}

async fn add(store: &Store, jobs: usize) -> f64 {
    let next = Arc::new(AtomicUsize::new(0));
    let started = Instant::now();
    let senders = (0..IN_FLIGHT).map(|_| {
        let (store, next) = (store.clone(), Arc::clone(&next));
        tokio::spawn(async move {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= jobs {
                    return;
                }
                let now = SystemClock.now();
                let job = JobNew {
                    kind: "noop",
                    key: number.to_string(),
                    payload: json!({"n": number}),
                    run_at: now,
                };
                let enqueued = store.tx(move |tx| Box::pin(async move { job_enqueue(tx, &job, now).await }));
                assert!(enqueued.await.unwrap());
            }
        })
    });
    futures::future::join_all(senders).await.into_iter().for_each(|sender| sender.unwrap());
    rate(jobs, started)
}

async fn drain(store: &Store, jobs: usize) -> f64 {
    let done = Arc::new(AtomicUsize::new(0));
    let started = Instant::now();
    let claimers = (0..CLAIMERS).map(|claimer| {
        let (store, done) = (store.clone(), Arc::clone(&done));
        tokio::spawn(async move {
            while done.load(Ordering::Relaxed) < jobs {
                let now = SystemClock.now();
                let lease = Lease {
                    owner: format!("claimer-{claimer}"),
                    now,
                    until: now.plus(Duration::from_secs(30)),
                };
                let most = u32::try_from(IN_FLIGHT).unwrap();
                let claimed = store
                    .tx(move |tx| Box::pin(async move { work_claim(tx, &lease, most).await }))
                    .await
                    .unwrap();
                let finished = store.tx(move |tx| {
                    Box::pin(async move {
                        let mut finished = 0;
                        for work in &claimed {
                            if let Work::Job(job) = work {
                                finished += usize::from(job_delete(tx, job).await?);
                            }
                        }
                        Ok(finished)
                    })
                });
                done.fetch_add(finished.await.unwrap(), Ordering::Relaxed);
            }
        })
    });
    futures::future::join_all(claimers).await.into_iter().for_each(|claimer| claimer.unwrap());
    rate(jobs, started)
}

#[expect(clippy::cast_precision_loss, reason = "a figure to be read")]
fn rate(jobs: usize, started: Instant) -> f64 {
    jobs as f64 / started.elapsed().as_secs_f64()
}
