//! Hash chains: gapless and linear under concurrency. Run receipts: one per run, never changed.

use frameos_domain::{
    execution::RunStatus,
    id::ExecutionId,
    receipt::{GENESIS_HASH, RunReceipt, RunReceiptDocument},
    signing::SigningKey,
};
use frameos_store::{
    StoreError,
    chain::{chain_advance, chain_set, run_receipt_get, run_receipt_insert},
    on_both_engines,
    testing::TestDb,
};

use crate::fixture::{World, at, id, read, tx};

on_both_engines!(
    a_chain_has_no_gaps_and_no_forks,
    an_undone_step_leaves_no_gap,
    a_run_has_one_receipt_for_ever
);

async fn a_chain_has_no_gaps_and_no_forks(db: TestDb) {
    let steps: Vec<_> = (0..20)
        .map(|number| {
            let store = db.store.clone();
            tokio::spawn(async move {
                tx!(store, |tx| async {
                    let place = chain_advance(tx, "test").await?;
                    let hash = format!("hash-{number}");
                    chain_set(tx, "test", place.sequence, &hash).await?;
                    Ok((place.sequence, place.previous_hash, hash))
                })
            })
        })
        .collect();
    let mut links = Vec::new();
    for step in steps {
        links.push(step.await.unwrap());
    }
    links.sort();
    let mut previous = GENESIS_HASH.to_owned();
    for (expected, (sequence, previous_hash, hash)) in (1..).zip(links) {
        assert_eq!((sequence, previous_hash), (expected, previous));
        previous = hash;
    }
}

async fn an_undone_step_leaves_no_gap(db: TestDb) {
    let undone: i64 = tx!(db.store, |tx| async {
        let place = chain_advance(tx, "test").await?;
        tx.set_rollback();
        Ok(place.sequence)
    });
    let kept = tx!(db.store, |tx| chain_advance(tx, "test"));
    assert_eq!((undone, kept.sequence, kept.previous_hash.as_str()), (1, 1, GENESIS_HASH));
}

fn receipt(execution_id: ExecutionId, sequence: i64) -> RunReceiptDocument {
    RunReceipt {
        id: id(),
        sequence,
        previous_hash: GENESIS_HASH.into(),
        execution_id,
        user_id: "agt_user_x".into(),
        agent_id: "agt_def_x".into(),
        agent_slug: "csv-profiler".into(),
        agent_version: "1.0.0".into(),
        code_sha256: "00".into(),
        input_sha256: "00".into(),
        output_sha256: None,
        status: RunStatus::Failed,
        failure_reason: None,
        exit_code: Some(1),
        attempt: 1,
        started_at: None,
        completed_at: at(9),
        resources: None,
        isolation: None,
        payment: None,
        mandate: None,
        issued_at: at(9),
    }
    .sign(&SigningKey::from_seed(&[3; 32]).unwrap())
    .unwrap()
}

async fn a_run_has_one_receipt_for_ever(db: TestDb) {
    let world = World::new(db).await;
    let (store, run) = (world.store(), world.execution().await);
    let (first, second) = (receipt(run, 1), receipt(run, 2));
    let kept = serde_json::to_value(&first).unwrap();
    tx!(store, |tx| async { run_receipt_insert(tx, &first, &first.hash()).await });
    let again = store
        .tx(move |tx| Box::pin(async move { run_receipt_insert(tx, &second, &second.hash()).await }))
        .await
        .unwrap_err();
    assert!(again.is_conflict_on("run_receipts_execution_id_key"), "{again}");
    assert_eq!(read!(store, |tx| run_receipt_get(tx, run)), Some(kept));
    for sql in ["UPDATE run_receipts SET hash = 'x'", "DELETE FROM run_receipts"] {
        let refused = store.tx(move |tx| Box::pin(async move { tx.execute(sql, &[]).await })).await;
        assert!(
            matches!(&refused, Err(StoreError::Refused { rule }) if rule == "run_receipts is append-only"),
            "{refused:?}"
        );
    }
}
