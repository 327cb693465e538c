//! Jobs added and finished by many at once: shared commits, each job for itself.

use std::{collections::BTreeSet, time::Duration};

use frameos_store::{
    StoreError,
    job::{JobNew, JobQueue, JobTicket, Work, work_claim},
    on_both_engines,
    testing::TestDb,
    ticket::Lease,
};
use futures::future::join_all;
use serde_json::json;

use crate::fixture::{at, tx};

on_both_engines!(
    what_many_add_and_finish_at_once_is_each_their_own,
    a_job_that_the_database_refuses_spoils_no_other,
    a_claim_that_was_lost_finishes_nothing,
);

fn job(key: &str) -> JobNew {
    JobNew { kind: "x", key: key.into(), payload: json!({"key": key, "text": "\"\\ü\n"}), run_at: at(2) }
}

async fn claimed(db: &TestDb, now: i64) -> Vec<JobTicket> {
    let lease = Lease { owner: "w".into(), now: at(now), until: at(now).plus(Duration::from_secs(30)) };
    let store = &db.store;
    let work = tx!(store, |tx| work_claim(tx, &lease, 1_000));
    let jobs = work.into_iter().map(|work| match work {
        Work::Job(job) => job,
        Work::Money(ticket) => panic!("{ticket:?} is no job"),
    });
    jobs.collect()
}

async fn what_many_add_and_finish_at_once_is_each_their_own(db: TestDb) {
    let queue = JobQueue::open(db.store.clone());
    // Every key twice.
    let added = (0..400).map(|number: u32| {
        let queue = queue.clone();
        tokio::spawn(async move { queue.add(job(&(number / 2).to_string()), at(2)).await.unwrap() })
    });
    let added: Vec<bool> = join_all(added).await.into_iter().map(Result::unwrap).collect();
    assert!(added.chunks(2).all(|pair| pair[0] ^ pair[1]), "one of each key is new, the other is not");
    let jobs = claimed(&db, 3).await;
    let keys: BTreeSet<&str> = jobs.iter().filter_map(|job| job.payload["key"].as_str()).collect();
    assert_eq!((jobs.len(), keys.len()), (200, 200));
    assert!(jobs.iter().all(|job| job.payload["text"] == "\"\\ü\n" && job.attempt == 1));
    let finished = jobs.into_iter().map(|job| {
        let queue = queue.clone();
        tokio::spawn(async move { queue.finish(job).await.unwrap() })
    });
    assert!(join_all(finished).await.into_iter().all(Result::unwrap));
    assert_eq!(claimed(&db, 99).await, []);
}

async fn a_job_that_the_database_refuses_spoils_no_other(db: TestDb) {
    let queue = JobQueue::open(db.store.clone());
    // In the same moment, so that some share a commit. PostgreSQL keeps no NUL in a text; SQLite does.
    let (good, bad) = tokio::join!(
        join_all((0..20).map(|number| queue.add(job(&number.to_string()), at(2)))),
        queue.add(job("nul\0"), at(2)),
    );
    assert!(good.into_iter().all(|added| added.unwrap()));
    let kept = if let Err(error) = bad {
        assert!(!error.is_transient(), "{error}");
        20
    } else {
        21
    };
    assert_eq!(claimed(&db, 3).await.len(), kept);
}

async fn a_claim_that_was_lost_finishes_nothing(db: TestDb) {
    let queue = JobQueue::open(db.store.clone());
    assert!(queue.add(job("1"), at(2)).await.unwrap());
    let lost = claimed(&db, 3).await.pop().unwrap();
    let held = claimed(&db, 50).await.pop().unwrap();
    let finished: [Result<bool, StoreError>; 2] =
        tokio::join!(queue.finish(lost), queue.finish(held.clone())).into();
    let [lost, held] = finished.map(Result::unwrap);
    assert_eq!((lost, held), (false, true));
}
