//! SQLite's writer commits what waits together; nobody may notice, except by the speed.

use std::{
    collections::BTreeMap,
    panic,
    sync::{Arc, Mutex},
};

use frameos_store::{
    Store, StoreError, Tx, params,
    testing::{TestDb, TestEngine},
};
use futures::future::join_all;
use proptest::prelude::*;
use tokio::sync::oneshot;

const INSERT: &str = "INSERT INTO policies (owner, document, updated_at) VALUES ($1, '{}', $2)";
const PUT: &str = "INSERT INTO policies (owner, document, updated_at) VALUES ($1, '{}', $2) \
                   ON CONFLICT (owner) DO UPDATE SET updated_at = policies.updated_at * 3 + excluded.updated_at";
const DELETE: &str = "DELETE FROM policies WHERE owner = $1 OR updated_at = $2";

/// One statement of a job, on one of a few owners so that jobs meet.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// Fails when the owner is there.
    Insert(u8),
    Put(u8),
    Delete(u8),
}

#[derive(Debug, Clone, Copy)]
enum End {
    Keep,
    Mark,
    Error,
    Panic,
    /// Goes on as if nothing had happened, whatever failed.
    Swallow,
}

#[derive(Debug, Clone)]
struct Job {
    steps: Vec<Step>,
    end: End,
}

fn jobs() -> impl Strategy<Value = Vec<Job>> {
    let step = prop_oneof![
        (0..6_u8).prop_map(Step::Insert),
        (0..6_u8).prop_map(Step::Put),
        (0..6_u8).prop_map(Step::Delete)
    ];
    let end = prop_oneof![
        4 => Just(End::Keep),
        1 => Just(End::Mark),
        1 => Just(End::Error),
        1 => Just(End::Panic),
        1 => Just(End::Swallow)
    ];
    let job = (prop::collection::vec(step, 1..6), end).prop_map(|(steps, end)| Job { steps, end });
    prop::collection::vec(job, 1..40)
}

type State = BTreeMap<String, i64>;

/// What a job does to the table when it runs alone, and whether its caller hears of an error.
fn model(state: &mut State, number: i64, job: &Job) -> bool {
    let mut after = state.clone();
    let mut failed = false;
    for step in &job.steps {
        match *step {
            Step::Insert(owner) if after.contains_key(&owner.to_string()) => failed = true,
            Step::Insert(owner) => drop(after.insert(owner.to_string(), number)),
            Step::Put(owner) => {
                let value =
                    after.get(&owner.to_string()).map_or(number, |value| value.wrapping_mul(3) + number);
                after.insert(owner.to_string(), value);
            }
            Step::Delete(owner) => {
                after.retain(|known, value| *known != owner.to_string() && *value != number);
            }
        }
        if failed {
            break;
        }
    }
    let kept = !failed && matches!(job.end, End::Keep | End::Swallow);
    if kept {
        *state = after;
    }
    !kept && (failed || !matches!(job.end, End::Mark))
}

async fn run(store: Store, number: i64, job: Job) -> Result<(), StoreError> {
    let work = store.tx(move |tx| {
        Box::pin(async move {
            for step in job.steps {
                let (sql, owner) = match step {
                    Step::Insert(owner) => (INSERT, owner),
                    Step::Put(owner) => (PUT, owner),
                    Step::Delete(owner) => (DELETE, owner),
                };
                let done = tx.execute(sql, &params![owner.to_string(), number]).await;
                match job.end {
                    End::Swallow => {}
                    _ => drop(done?),
                }
            }
            match job.end {
                End::Keep | End::Swallow => {}
                End::Mark => tx.set_rollback(),
                End::Error => return Err(StoreError::Corrupt { what: "on purpose".into() }),
                End::Panic => panic::resume_unwind(Box::new("on purpose")),
            }
            Ok(())
        })
    });
    work.await
}

async fn table(store: &Store) -> State {
    let rows = store
        .read(|tx| Box::pin(async move { tx.query("SELECT owner, updated_at FROM policies", &[]).await }));
    rows.await.unwrap().iter().map(|row| (row.get(0).unwrap(), row.get(1).unwrap())).collect()
}

/// Keeps the writer busy, so that what is sent meanwhile waits in its queue, in order. Resolves when it is busy.
async fn busy(store: &Store) -> oneshot::Sender<()> {
    let (entered, is_busy) = oneshot::channel();
    let (free, freed) = oneshot::channel();
    let store = store.clone();
    tokio::spawn(async move {
        let work = store.tx(move |_| {
            Box::pin(async move {
                let _ = entered.send(());
                drop(freed.await);
                Ok(())
            })
        });
        work.await.unwrap();
    });
    is_busy.await.unwrap();
    free
}

/// Runs all of `works` with the writer held back until all are queued.
async fn together<T>(store: &Store, works: Vec<impl Future<Output = T>>) -> Vec<T> {
    let free = busy(store).await;
    let mut works = Box::pin(join_all(works));
    // The first poll queues them all.
    assert!(futures::poll!(&mut works).is_pending());
    free.send(()).unwrap();
    works.await
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn together_is_as_one_by_one(jobs in jobs()) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(async move {
            let db = TestDb::open(TestEngine::Sqlite).await;
            let mut expected = State::new();
            let errors: Vec<bool> = (1..).zip(&jobs).map(|(number, job)| model(&mut expected, number, job)).collect();
            let works = (1..).zip(jobs).map(|(number, job)| run(db.store.clone(), number, job)).collect();
            let answers = together(&db.store, works).await;
            let heard: Vec<bool> = answers.iter().map(Result::is_err).collect();
            assert_eq!((heard, table(&db.store).await), (errors, expected));
        });
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_is_committed_together() {
    let db = TestDb::open(TestEngine::Sqlite).await;
    let other = Store::open(db.config.clone()).await.unwrap();
    for round in 0..100 {
        let works = (0..8).map(|job| {
            let (store, other) = (db.store.clone(), other.clone());
            async move {
                let put = store.tx(move |tx| {
                    Box::pin(async move { tx.execute(PUT, &params![format!("{round} {job}"), 1_i64]).await })
                });
                put.await.unwrap();
                table(&other).await.keys().filter(|owner| owner.starts_with(&format!("{round} "))).count()
            }
        });
        let seen = together(&db.store, works.collect()).await;
        // A batch may end early by its time; not every time.
        if seen.iter().all(|seen| *seen == 8) {
            return;
        }
    }
    panic!("eight waiting transactions were never committed at once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn claims_go_before_what_waits() {
    let db = TestDb::open(TestEngine::Sqlite).await;
    let order = Arc::new(Mutex::new(Vec::new()));
    let free = busy(&db.store).await;
    let note = |name: &'static str| {
        let order = Arc::clone(&order);
        move |tx: &mut Tx| {
            tx.wake_queue();
            order.lock().unwrap().push(name);
        }
    };
    let (first, second, claim) = (note("first"), note("second"), note("claim"));
    let first = db.store.tx(move |tx| {
        Box::pin(async move {
            first(tx);
            Ok(())
        })
    });
    let second = db.store.tx(move |tx| {
        Box::pin(async move {
            second(tx);
            Ok(())
        })
    });
    let claim = db.store.tx_claim(move |tx| {
        Box::pin(async move {
            claim(tx);
            tx.execute(INSERT, &params!["claimed", 1_i64]).await
        })
    });
    let mut all = Box::pin(async { futures::join!(first, second, claim) });
    // The first poll queues them all.
    assert!(futures::poll!(&mut all).is_pending());
    free.send(()).unwrap();
    let (first, second, claim) = all.await;
    first.and(second).and(claim.map(drop)).unwrap();
    assert_eq!(*order.lock().unwrap(), ["claim", "first", "second"]);
    let other = Store::open(db.config.clone()).await.unwrap();
    assert!(table(&other).await.contains_key("claimed"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_that_fails_fails_everyone_in_it() {
    let db = TestDb::open(TestEngine::Sqlite).await;
    let mut changed = Box::pin(db.store.queue_changed());
    let works = (0..9).map(|number| {
        let store = db.store.clone();
        async move {
            let work = store.tx(move |tx| {
                Box::pin(async move {
                    tx.wake_queue();
                    if number == 4 {
                        // Found out at the commit only.
                        tx.query("PRAGMA defer_foreign_keys = ON", &[]).await?;
                        let orphan = "INSERT INTO session_retired_hashes (hash, session_id, retired_at) VALUES ('h', 's', 1)";
                        return tx.execute(orphan, &[]).await;
                    }
                    tx.execute(INSERT, &params![number.to_string(), 1_i64]).await
                })
            });
            work.await
        }
    });
    let answers = together(&db.store, works.collect()).await;
    let kept = table(&db.store).await;
    assert!(answers[4].as_ref().is_err_and(StoreError::is_transient), "{:?}", answers[4]);
    for (number, answer) in answers.iter().enumerate() {
        assert_eq!(answer.is_ok(), kept.contains_key(&number.to_string()), "{number}: {answer:?}");
    }
    if answers.iter().all(Result::is_err) {
        assert!(futures::poll!(changed.as_mut()).is_pending(), "a signal of what was undone");
    }
    run(db.store.clone(), 1, Job { steps: vec![Step::Put(0)], end: End::Keep }).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_loses_nothing_that_was_answered() {
    let db = TestDb::open(TestEngine::Sqlite).await;
    let pages = |sql: &'static str| {
        let store = db.store.clone();
        async move { store.tx(move |tx| Box::pin(async move { tx.query(sql, &[]).await })).await }
    };
    pages("PRAGMA max_page_count = 1").await.unwrap();
    let large: Arc<str> = "x".repeat(1 << 20).into();
    let works = (0..6).map(|number| {
        let (store, large) = (db.store.clone(), Arc::clone(&large));
        async move {
            let document = if number == 3 { large.to_string() } else { "{}".to_owned() };
            let work = store.tx(move |tx| {
                Box::pin(async move {
                    let sql = "INSERT INTO policies (owner, document, updated_at) VALUES ($1, $2, 1)";
                    tx.execute(sql, &params![number.to_string(), document]).await
                })
            });
            work.await
        }
    });
    let answers = together(&db.store, works.collect()).await;
    let kept = table(&db.store).await;
    assert!(answers[3].as_ref().is_err_and(StoreError::is_transient), "{:?}", answers[3]);
    for (number, answer) in answers.iter().enumerate() {
        assert_eq!(answer.is_ok(), kept.contains_key(&number.to_string()), "{number}: {answer:?}");
    }
    pages("PRAGMA max_page_count = 1000000").await.unwrap();
    run(db.store.clone(), 1, Job { steps: vec![Step::Put(0)], end: End::Keep }).await.unwrap();
}
