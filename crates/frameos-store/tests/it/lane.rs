//! Jobs of one lane share their transactions and their statements; each must get and keep its own.

use std::collections::BTreeSet;

use frameos_domain::execution::RunStatus;
use frameos_store::{
    Lane, Store, StoreError,
    execution::{
        RunResult, execution_attempts, execution_get_unscoped, execution_result_set, execution_settle,
        executions_begin,
    },
    on_both_engines,
    testing::TestDb,
    ticket::{ClaimRules, Lease, Ticket, ticket_claim, ticket_delete, ticket_to_settle},
};
use futures::future::join_all;
use serde_json::json;

use crate::fixture::{World, at, read, tx};

on_both_engines!(many_results_are_each_ones_own, one_that_gets_nothing_spoils_no_other);

const RUNS: usize = 60;

/// Runs that were claimed together and have begun.
async fn begun(world: &World) -> Vec<Ticket> {
    for _ in 0..RUNS {
        world.queued(world.user, 0).await;
    }
    let lease = Lease { owner: "w".into(), now: at(10), until: at(40) };
    let hashes: Vec<String> = (0..RUNS).map(|run| format!("hash-{run}")).collect();
    let store = world.store();
    let claimed = tx!(store, |tx| ticket_claim(tx, &lease, &hashes, ClaimRules::default()));
    assert_eq!(claimed.len(), RUNS);
    let ids: Vec<_> = claimed.iter().map(|ticket| ticket.execution_id).collect();
    assert_eq!(
        tx!(store, |tx| executions_begin(tx, &ids, "w", Some("linux".into()), at(10))),
        vec![Some(1); RUNS]
    );
    claimed
}

fn result(said: &str) -> RunResult {
    RunResult {
        status: RunStatus::Settling,
        outputs: Some(json!({"said": said})),
        error_message: None,
        failure_reason: None,
        exit_code: Some(0),
        resources: None,
        isolation: None,
        stdout: format!("{said}'s output"),
        stderr: String::new(),
        stdout_bytes: 7,
        stderr_bytes: 0,
        log_object: None,
        duration_ms: Some(1),
        completed_at: at(11),
    }
}

/// False when the ticket is not this claim's, or its run has a result already: then nothing is kept.
async fn store_result(store: &Store, ticket: &Ticket, said: String) -> Result<bool, StoreError> {
    let (id, attempt, run) = (ticket.id, ticket.attempt, ticket.execution_id);
    let stored = store.tx_shared(Lane::Results, move |tx| {
        let said = said.clone();
        Box::pin(async move {
            let kept = ticket_to_settle(tx, id, attempt, "w", &json!({"end": said})).await?
                && execution_result_set(tx, run, &result(&said)).await?;
            if !kept {
                tx.set_rollback();
            }
            Ok(kept)
        })
    });
    stored.await
}

async fn settle(store: &Store, ticket: &Ticket) -> Result<bool, StoreError> {
    let (id, attempt, run) = (ticket.id, ticket.attempt, ticket.execution_id);
    let settled = store.tx_shared(Lane::Settlements, move |tx| {
        Box::pin(async move {
            Ok(ticket_delete(tx, id, attempt).await? && execution_settle(tx, run, None, at(12)).await?)
        })
    });
    settled.await
}

async fn many_results_are_each_ones_own(db: TestDb) {
    let world = World::new(db).await;
    let (store, user, tickets) = (world.store(), world.user, begun(&world).await);
    let stored = tickets
        .iter()
        .enumerate()
        .map(|(number, ticket)| store_result(store, ticket, format!("number {number}")));
    assert!(join_all(stored).await.into_iter().all(Result::unwrap));
    // Each is settled by two who do not know of each other.
    let settled = join_all(tickets.iter().chain(&tickets).map(|ticket| settle(store, ticket))).await;
    assert_eq!(settled.into_iter().filter(|settled| *settled.as_ref().unwrap()).count(), RUNS);
    for (number, ticket) in tickets.iter().enumerate() {
        let id = ticket.execution_id;
        let run = read!(store, |tx| execution_get_unscoped(tx, id)).unwrap();
        assert_eq!((run.status, run.attempt), (RunStatus::Success, 1));
        assert_eq!(run.outputs, Some(json!({"said": format!("number {number}")})));
        assert_eq!(run.stdout, Some(format!("number {number}'s output")));
        let attempts = read!(store, |tx| execution_attempts(tx, user, id));
        assert_eq!(attempts[0].outcome.as_deref(), Some("ended"));
    }
}

async fn one_that_gets_nothing_spoils_no_other(db: TestDb) {
    let world = World::new(db).await;
    let (store, tickets) = (world.store(), begun(&world).await);
    // Some have lost their claim, and each asks twice: one of the two is too late.
    let lost: BTreeSet<_> = tickets.iter().step_by(7).map(|ticket| ticket.id).collect();
    let asked = tickets.iter().chain(&tickets).enumerate().map(|(number, ticket)| {
        let attempt = if lost.contains(&ticket.id) { ticket.attempt + 1 } else { ticket.attempt };
        let ticket = Ticket { attempt, ..ticket.clone() };
        async move { store_result(store, &ticket, format!("number {number}")).await.unwrap() }
    });
    let stored = join_all(asked).await;
    for (number, ticket) in tickets.iter().enumerate() {
        let id = ticket.execution_id;
        let run = read!(store, |tx| execution_get_unscoped(tx, id)).unwrap();
        let told: Vec<_> = [number, number + RUNS].into_iter().filter(|number| stored[*number]).collect();
        if lost.contains(&ticket.id) {
            assert_eq!((run.status, run.outputs, told), (RunStatus::Running, None, vec![]));
        } else {
            let [winner] = told[..] else { panic!("one of two is told so: {told:?}") };
            assert_eq!(run.outputs, Some(json!({"said": format!("number {winner}")})));
        }
    }
}
