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
    job::{JobNew, JobQueue, Work, work_claim},
    testing::{TestDb, TestEngine},
    ticket::Lease,
};
use serde_json::json;
use tokio::sync::Semaphore;

/// As the server.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

const IN_FLIGHT: usize = 50;
/// Jobs worked on at once by the process that drains, as by its peer.
const PLACES: usize = 200;

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
    let (queue, next) = (JobQueue::open(store.clone()), Arc::new(AtomicUsize::new(0)));
    let started = Instant::now();
    let senders = (0..IN_FLIGHT).map(|_| {
        let (queue, next) = (queue.clone(), Arc::clone(&next));
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
                assert!(queue.add(job, now).await.unwrap());
            }
        })
    });
    futures::future::join_all(senders).await.into_iter().for_each(|sender| sender.unwrap());
    rate(jobs, started)
}

/// As a worker does it: claims as much as it has room for, works on each by itself, and reports each by itself.
async fn drain(store: &Store, jobs: usize) -> f64 {
    let (queue, room) = (JobQueue::open(store.clone()), Arc::new(Semaphore::new(PLACES)));
    let started = Instant::now();
    let mut claimed = 0;
    while claimed < jobs {
        let mut free = vec![Arc::clone(&room).acquire_owned().await.unwrap()];
        while let Ok(more) = Arc::clone(&room).try_acquire_owned() {
            free.push(more);
        }
        let (now, most) = (SystemClock.now(), u32::try_from(free.len()).unwrap());
        let lease = Lease { owner: "claimer".into(), now, until: now.plus(Duration::from_secs(30)) };
        let work = store.tx(move |tx| Box::pin(async move { work_claim(tx, &lease, most).await }));
        for (work, place) in work.await.unwrap().into_iter().zip(free) {
            let Work::Job(job) = work else { panic!("there are only jobs") };
            claimed += 1;
            let queue = queue.clone();
            tokio::spawn(async move {
                assert!(queue.finish(job).await.unwrap());
                drop(place);
            });
        }
    }
    drop(room.acquire_many(u32::try_from(PLACES).unwrap()).await.unwrap());
    rate(jobs, started)
}

#[expect(clippy::cast_precision_loss, reason = "a figure to be read")]
fn rate(jobs: usize, started: Instant) -> f64 {
    jobs as f64 / started.elapsed().as_secs_f64()
}
