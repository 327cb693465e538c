//! What an operator sees of the queue and of what became of runs.

use frameos_domain::{
    execution::{FailureReason, RunStatus},
    id::TicketId,
};
use frameos_store::{
    Store, on_both_engines,
    overview::{QueueClass, RunsSince, overview_unscoped, queue_depth_unscoped, runs_since_unscoped},
    params,
    testing::TestDb,
};

use crate::fixture::{World, at, read, tx};

on_both_engines!(what_waits_is_told_by_class, what_became_of_runs_is_told_by_time);

async fn change(store: &Store, sql: &'static str, id: TicketId, seconds: i64) {
    let params = params![id, at(seconds)];
    tx!(store, |tx| tx.execute(sql, &params));
}

async fn what_waits_is_told_by_class(db: TestDb) {
    let world = World::new(db).await;
    let (store, user) = (world.store(), world.user);
    let empty = read!(store, |tx| queue_depth_unscoped(tx, at(60)));
    assert!(empty.iter().all(|depth| depth.depth == 0 && depth.since.is_none()) && empty.len() == 6);

    for class in [0, 0, 1] {
        world.queued(user, class).await;
    }
    let leased = world.queued(user, 0).await.1;
    change(store, "UPDATE tickets SET lease_until = $2 WHERE id = $1", leased, 90).await;
    let lapsed = world.queued(user, 1).await.1;
    change(store, "UPDATE tickets SET lease_until = $2 WHERE id = $1", lapsed, 50).await;
    let delayed = world.queued(user, 0).await.1;
    change(store, "UPDATE tickets SET run_at = $2 WHERE id = $1", delayed, 70).await;
    let authorizing = world.queued(user, 0).await.1;
    change(store, "UPDATE tickets SET kind = 'authorize', run_at = $2 WHERE id = $1", authorizing, 70).await;
    let job = world.queued(user, 0).await.1;
    change(store, "UPDATE tickets SET kind = 'sweep', run_at = $2 WHERE id = $1", job, 5).await;
    let (run, settling) = world.queued(user, 0).await;
    change(store, "UPDATE tickets SET kind = 'settle', lease_until = $2 WHERE id = $1", settling, 90).await;
    let sealed = "UPDATE agent_executions SET status = 'settling', completed_at = $2 WHERE id = $1";
    let params = params![run, at(40)];
    tx!(store, |tx| tx.execute(sealed, &params));

    let found: Vec<_> = read!(store, |tx| queue_depth_unscoped(tx, at(60)))
        .into_iter()
        .map(|depth| (depth.class, depth.depth, depth.since))
        .collect();
    assert_eq!(
        found,
        [
            (QueueClass::Paid, 2, Some(at(2))),
            (QueueClass::Free, 2, Some(at(2))),
            (QueueClass::Settling, 1, Some(at(40))),
            (QueueClass::Authorizing, 1, Some(at(2))),
            (QueueClass::Delayed, 1, Some(at(2))),
            (QueueClass::Jobs, 1, Some(at(5))),
        ]
    );
    let overview = read!(store, |tx| overview_unscoped(tx));
    assert_eq!((overview.queued, overview.settling, overview.oldest_sealed), (8, 1, Some(at(40))));
}

async fn what_became_of_runs_is_told_by_time(db: TestDb) {
    let world = World::new(db).await;
    let store = world.store();
    for (status, reason, created) in [
        (RunStatus::Success, None, 100),
        (RunStatus::Success, None, 5),
        (RunStatus::Failed, Some(FailureReason::Oom), 100),
        (RunStatus::Failed, Some(FailureReason::Exit), 100),
        (RunStatus::Timeout, Some(FailureReason::Timeout), 5),
        (RunStatus::Running, None, 100),
    ] {
        let run = world.execution().await;
        let ended =
            "UPDATE agent_executions SET status = $2, failure_reason = $3, created_at = $4 WHERE id = $1";
        let params = params![run, status, reason, at(created)];
        tx!(store, |tx| tx.execute(ended, &params));
        for (attempt, outcome) in [(1, Some("requeued")), (2, Some("lost")), (3, Some("ended")), (4, None)] {
            let tried = "INSERT INTO execution_attempts (execution_id, attempt, worker, started_at, outcome) \
                         VALUES ($1, $2, 'w', $3, $4)";
            let params = params![run, i64::from(attempt), at(created), outcome];
            tx!(store, |tx| tx.execute(tried, &params));
        }
    }
    assert_eq!(
        read!(store, |tx| runs_since_unscoped(tx, at(50))),
        RunsSince {
            states: vec![(RunStatus::Failed, 2), (RunStatus::Running, 1), (RunStatus::Success, 1)],
            failures: vec![(FailureReason::Exit, 1), (FailureReason::Oom, 1)],
            retries: 4,
            lost: 4,
        }
    );
    let all = read!(store, |tx| runs_since_unscoped(tx, at(0)));
    assert_eq!(all.states.iter().map(|(_, runs)| runs).sum::<i64>(), 6);
    assert_eq!((all.retries, all.lost), (6, 6));
}
