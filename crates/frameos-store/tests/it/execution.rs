//! Runs: creation once per key, moves between states, what is encrypted and what is dropped.

use frameos_domain::{
    execution::{FailureReason, RunStatus, Settlement},
    id::{ExecutionId, IntentId, MandateId, PaymentId, ReceiptId},
    receipt::Resources,
};
use frameos_store::{
    Store,
    execution::{
        Execution, ExecutionFilter, ExecutionNew, Finish, KeyedExecution, RunResult,
        execution_cancel_request, execution_cancel_requested_unscoped, execution_charged, execution_credited,
        execution_delete_unscoped, execution_finish, execution_get, execution_get_by_key,
        execution_get_unscoped, execution_insert, execution_list, execution_list_by_developer,
        execution_mandate_set, execution_requeue, execution_result_set, execution_unbegin, executions_begin,
    },
    on_both_engines,
    page::Page,
    testing::TestDb,
};
use serde_json::json;

use crate::fixture::{World, at, id, read, tx, user};

on_both_engines!(
    a_key_makes_one_run,
    a_success_goes_through_its_states,
    a_failure_keeps_no_outputs,
    a_failures_reason_is_kept_to_its_end,
    a_final_state_is_never_left,
    attempts_are_recorded,
    a_run_is_its_users_alone,
    contents_are_encrypted,
    lists_filter_and_page,
    a_refused_run_is_removed,
);

fn result(status: RunStatus) -> RunResult {
    RunResult {
        status,
        outputs: Some(json!({"rows": "s3cret-output"})),
        error_message: None,
        failure_reason: None,
        exit_code: Some(0),
        resources: Some(Resources { wall_ms: 12, ..Resources::default() }),
        isolation: Some("linux".into()),
        stdout: "s3cret-log".into(),
        stderr: String::new(),
        stdout_bytes: 20_000,
        stderr_bytes: 0,
        log_object: Some("logs/x".into()),
        duration_ms: Some(12),
        completed_at: at(11),
    }
}

fn finish(status: RunStatus) -> Finish {
    Finish { status, error_message: None, failure_reason: None, withhold_stdout: false }
}

async fn begin(store: &Store, id: ExecutionId) -> bool {
    tx!(store, |tx| executions_begin(tx, &[id], "w1", Some("linux".into()), at(10))) != [None]
}

async fn load(store: &Store, id: ExecutionId) -> Execution {
    read!(store, |tx| execution_get_unscoped(tx, id)).unwrap()
}

async fn a_key_makes_one_run(db: TestDb) {
    let world = World::new(db).await;
    let (first, second) = (world.execution_new("key"), world.execution_new("key"));
    let (kept, user) = (first.id, world.user);
    assert!(tx!(world.store(), |tx| execution_insert(tx, &first)));
    assert!(!tx!(world.store(), |tx| execution_insert(tx, &second)));
    let keyed = KeyedExecution {
        id: kept,
        request_fingerprint: Some("fingerprint of key".into()),
        estimated_duration_ms: Some(700),
        is_authorized: false,
    };
    assert_eq!(read!(world.store(), |tx| execution_get_by_key(tx, user, "key")).as_ref(), Some(&keyed));
    let purchase = (id(), id());
    tx!(world.store(), |tx| execution_mandate_set(tx, kept, purchase.0, purchase.1));
    let held = KeyedExecution { is_authorized: true, ..keyed };
    assert_eq!(read!(world.store(), |tx| execution_get_by_key(tx, user, "key")), Some(held));

    // The same with the purchase made in the run's own transaction.
    let other = ExecutionNew { purchase: Some((id(), id())), ..world.execution_new("other") };
    let (other_id, mandate) = (other.id, other.purchase.map(|(_, mandate)| mandate));
    assert!(tx!(world.store(), |tx| execution_insert(tx, &other)));
    assert_eq!(load(world.store(), other_id).await.mandate_id, mandate);
    assert!(read!(world.store(), |tx| execution_get_by_key(tx, user, "other")).unwrap().is_authorized);
    assert!(read!(world.store(), |tx| execution_get_by_key(tx, user, "unused")).is_none());
}

async fn a_success_goes_through_its_states(db: TestDb) {
    let world = World::new(db).await;
    let (store, run) = (world.store(), world.execution().await);
    let (intent, mandate): (IntentId, MandateId) = (id(), id());
    tx!(store, |tx| execution_mandate_set(tx, run, intent, mandate));
    assert!(begin(store, run).await);
    let running = load(store, run).await;
    assert_eq!((running.status, running.attempt, running.started_at), (RunStatus::Running, 1, Some(at(10))));
    assert_eq!((running.mandate_id, running.isolation.as_deref()), (Some(mandate), Some("linux")));
    let given = result(RunStatus::Settling);
    assert!(tx!(store, |tx| execution_result_set(tx, run, &given)));
    assert!(!begin(store, run).await, "a settling run does not start again");
    let (payment, receipt): (PaymentId, ReceiptId) = (id(), id());
    let success = finish(RunStatus::Success);
    let early = success.clone();
    assert!(!tx!(store, |tx| execution_finish(tx, run, &early, at(20))), "it is not charged");
    assert!(!tx!(store, |tx| execution_credited(tx, run)), "nor can it be credited");
    assert!(tx!(store, |tx| execution_charged(tx, run, Some((payment, receipt)))));
    assert!(!tx!(store, |tx| execution_charged(tx, run, None)), "once");
    let early = success.clone();
    assert!(!tx!(store, |tx| execution_finish(tx, run, &early, at(20))), "it is not credited");
    assert!(tx!(store, |tx| execution_credited(tx, run)));
    assert!(!tx!(store, |tx| execution_credited(tx, run)), "once");
    assert_eq!(load(store, run).await.settlement, Some(Settlement::Credited));
    assert!(tx!(store, |tx| execution_finish(tx, run, &success, at(20))));
    let done = load(store, run).await;
    assert_eq!(
        (done.status, done.payment_id, done.payment_receipt_id),
        (RunStatus::Success, Some(payment), Some(receipt))
    );
    assert_eq!(done.outputs, Some(json!({"rows": "s3cret-output"})));
    assert_eq!((done.completed_at, done.duration_ms), (Some(at(11)), Some(12)));
    assert_eq!((done.stdout.as_deref(), done.stdout_bytes), (Some("s3cret-log"), 20_000));
    assert_eq!(done.resources.map(|used| used.wall_ms), Some(12));
}

async fn a_failure_keeps_no_outputs(db: TestDb) {
    let world = World::new(db).await;
    let (store, run) = (world.store(), world.execution().await);
    assert!(begin(store, run).await);
    let given = result(RunStatus::Settling);
    assert!(tx!(store, |tx| execution_result_set(tx, run, &given)));
    let refused = Finish {
        error_message: Some("refused".into()),
        failure_reason: Some(FailureReason::PaymentDeclined),
        withhold_stdout: true,
        ..finish(RunStatus::Failed)
    };
    assert!(tx!(store, |tx| execution_finish(tx, run, &refused, at(20))));
    let failed = load(store, run).await;
    assert_eq!(
        (failed.status, failed.outputs, failed.stdout, failed.error_message.as_deref()),
        (RunStatus::Failed, None, None, Some("refused"))
    );
    assert_eq!(failed.failure_reason, Some(FailureReason::PaymentDeclined));
}

async fn a_failures_reason_is_kept_to_its_end(db: TestDb) {
    let world = World::new(db).await;
    let store = world.store();
    for reason in FailureReason::ALL {
        let (run, owner) = (world.execution().await, world.user);
        let listed = async || {
            let all = ExecutionFilter::default();
            let found = read!(store, |tx| execution_list(tx, owner, &all, Page::new(1, 1)));
            (found.items[0].id, found.items[0].failure_reason)
        };
        assert!(begin(store, run).await);
        let given = RunResult { failure_reason: Some(reason), ..result(RunStatus::Running) };
        assert!(tx!(store, |tx| execution_result_set(tx, run, &given)));
        assert_eq!(listed().await, (run, None), "not while its hold is still to be given back");
        let end = finish(RunStatus::Failed);
        assert!(tx!(store, |tx| execution_finish(tx, run, &end, at(20))));
        assert_eq!(load(store, run).await.failure_reason, Some(reason));
        assert_eq!(listed().await, (run, Some(reason)));
    }
}

async fn a_final_state_is_never_left(db: TestDb) {
    let world = World::new(db).await;
    let store = world.store();
    for status in RunStatus::ALL.into_iter().filter(|status| status.is_final()) {
        let (run, user) = (world.execution().await, world.user);
        if status == RunStatus::Success {
            assert!(begin(store, run).await);
            let given = result(RunStatus::Settling);
            assert!(tx!(store, |tx| execution_result_set(tx, run, &given)));
            assert!(
                tx!(store, |tx| execution_charged(tx, run, None))
                    && tx!(store, |tx| execution_credited(tx, run))
            );
        }
        let end = finish(status);
        assert!(tx!(store, |tx| execution_finish(tx, run, &end, at(20))));
        for next in RunStatus::ALL.into_iter().filter(|next| next.is_final()) {
            let other = finish(next);
            assert!(!tx!(store, |tx| execution_finish(tx, run, &other, at(21))), "{status} to {next}");
        }
        let given = result(RunStatus::Settling);
        assert!(!begin(store, run).await, "{status}");
        assert!(!tx!(store, |tx| execution_result_set(tx, run, &given)), "{status}");
        assert!(!tx!(store, |tx| execution_requeue(tx, run, "r", at(21))), "{status}");
        assert!(!tx!(store, |tx| execution_cancel_request(tx, user, run)), "{status}");
        assert_eq!(load(store, run).await.status, status);
    }
}

async fn attempts_are_recorded(db: TestDb) {
    let world = World::new(db).await;
    let (store, run) = (world.store(), world.execution().await);
    assert!(begin(store, run).await);
    assert!(tx!(store, |tx| execution_requeue(tx, run, "node lost", at(12))));
    let waiting = load(store, run).await;
    assert_eq!((waiting.status, waiting.isolation), (RunStatus::Queued, None));
    assert!(begin(store, run).await, "the second attempt");
    assert!(begin(store, run).await, "the third: the second's worker is gone");
    assert!(!tx!(store, |tx| execution_unbegin(tx, run, 2)), "that attempt is over");
    assert!(tx!(store, |tx| execution_unbegin(tx, run, 3)));
    let waiting = load(store, run).await;
    assert_eq!((waiting.status, waiting.attempt, waiting.started_at), (RunStatus::Queued, 2, None));
    assert!(begin(store, run).await, "the third again");
    let given = result(RunStatus::Settling);
    assert!(tx!(store, |tx| execution_result_set(tx, run, &given)));
    let attempts: Vec<(i64, Option<String>)> = read!(store, |tx| async {
        let sql = "SELECT attempt, outcome FROM execution_attempts ORDER BY attempt";
        tx.query(sql, &[]).await?.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
    });
    let outcomes: Vec<Option<&str>> = attempts.iter().map(|(_, outcome)| outcome.as_deref()).collect();
    assert_eq!(outcomes, [Some("requeued"), Some("lost"), Some("ended")]);
}

async fn a_run_is_its_users_alone(db: TestDb) {
    let world = World::new(db).await;
    let (store, run, owner) = (world.store(), world.execution().await, world.user);
    let other = user(store, "other@example.com").await;
    assert!(read!(store, |tx| execution_get(tx, other, run)).is_none());
    assert!(read!(store, |tx| execution_get(tx, owner, run)).is_some());
    assert!(!tx!(store, |tx| execution_cancel_request(tx, other, run)));
    assert!(!read!(store, |tx| execution_cancel_requested_unscoped(tx, run)));
    assert!(tx!(store, |tx| execution_cancel_request(tx, owner, run)));
    assert!(read!(store, |tx| execution_cancel_requested_unscoped(tx, run)));
    let all = ExecutionFilter::default();
    assert_eq!(read!(store, |tx| execution_list(tx, other, &all, Page::new(1, 10))).total, 0);
}

async fn contents_are_encrypted(db: TestDb) {
    let world = World::new(db).await;
    let (store, run) = (world.store(), world.execution().await);
    assert!(begin(store, run).await);
    let given = result(RunStatus::Settling);
    assert!(tx!(store, |tx| execution_result_set(tx, run, &given)));
    let row = read!(store, |tx| async {
        tx.query_one("SELECT inputs, outputs, stdout FROM agent_executions", &[]).await
    });
    for column in 0..3 {
        let raw: Vec<u8> = row.get(column).unwrap();
        assert!(!raw.windows(6).any(|part| part == b"s3cret"), "column {column}");
    }
    assert!(!format!("{:?}", load(store, run).await).contains("s3cret"));
}

async fn lists_filter_and_page(db: TestDb) {
    let world = World::new(db).await;
    let (store, owner, developer) = (world.store(), world.user, world.developer);
    let (first, second, third) = (world.execution().await, world.execution().await, world.execution().await);
    let end = finish(RunStatus::Cancelled);
    assert!(tx!(store, |tx| execution_finish(tx, second, &end, at(20))));
    let list = async |filter: ExecutionFilter, page| {
        let found = read!(store, |tx| execution_list(tx, owner, &filter, page));
        (found.items.into_iter().map(|run| run.id).collect::<Vec<_>>(), found.total)
    };
    assert_eq!(list(ExecutionFilter::default(), Page::new(1, 2)).await, (vec![third, second], 3));
    assert_eq!(list(ExecutionFilter::default(), Page::new(2, 2)).await, (vec![first], 3));
    let queued = ExecutionFilter { status: Some(RunStatus::Queued), ..ExecutionFilter::default() };
    assert_eq!(list(queued, Page::new(1, 9)).await, (vec![third, first], 2));
    let elsewhere = ExecutionFilter { agent_id: Some(id()), ..ExecutionFilter::default() };
    assert_eq!(list(elsewhere, Page::new(1, 9)).await, (Vec::new(), 0));
    let all = ExecutionFilter::default();
    let seen = read!(store, |tx| execution_list_by_developer(tx, developer, &all, Page::new(1, 2))).items;
    assert_eq!(seen.iter().map(|run| (run.id, run.revenue)).collect::<Vec<_>>(), [(third, 0), (second, 0)]);
}

async fn a_refused_run_is_removed(db: TestDb) {
    let world = World::new(db).await;
    let store = world.store();
    let (refused, _) = world.queued(world.user, 0).await;
    tx!(store, |tx| execution_delete_unscoped(tx, refused));
    assert!(read!(store, |tx| execution_get_unscoped(tx, refused)).is_none());
    let left: i64 =
        read!(store, |tx| async { tx.query_one("SELECT COUNT(*) FROM tickets", &[]).await?.get(0) });
    assert_eq!(left, 0);
    let (paid, _) = world.queued(world.user, 0).await;
    let (intent, mandate): (IntentId, MandateId) = (id(), id());
    tx!(store, |tx| execution_mandate_set(tx, paid, intent, mandate));
    tx!(store, |tx| execution_delete_unscoped(tx, paid));
    assert!(read!(store, |tx| execution_get_unscoped(tx, paid)).is_some(), "one with a mandate stays");
}
