//! Policies as they are stored: one of a newer version refuses, and every change is in the audit log.

use frameos_domain::policy::Policy;
use frameos_gateway::{GatewayError, wire::AnyReceipt};
use frameos_store::{audit::audit_list_unscoped, page::Page, params, testing::TestDb};
use serde_json::{Value, json};

use crate::harness::Bench;

frameos_store::on_both_engines!(
    a_constraint_that_is_not_understood_refuses,
    what_another_process_changed_counts_at_once,
    every_change_is_in_the_audit_log,
    the_proof_of_a_refusal_can_be_fetched_for_a_while,
);

async fn a_constraint_that_is_not_understood_refuses(db: TestDb) {
    let bench = Bench::new(&db.store);
    bench.fund("u1", 100).await;
    let stored = Policy { daily_limit: Some(100), ..Policy::default() };
    bench.gateway.policy_put("u1".to_owned(), stored).await.unwrap();
    // As a newer version would have written it.
    for document in [r#"{"daily_limit":100,"weekly_limit":100}"#, r#"{"daily_limit":"100"}"#, "nonsense"] {
        let write = db.store.tx(move |tx| {
            Box::pin(async move {
                let sql = "UPDATE policies SET document = $1, revision = revision + 1";
                tx.execute(sql, &params![document]).await
            })
        });
        write.await.unwrap();
        let refusal = bench.issue("u1", 1).await.unwrap_err();
        let GatewayError::PolicyRefused { refusal, receipt: Some(_), .. } = refusal else {
            panic!("{refusal:?}")
        };
        assert_eq!(refusal.rule, "policy");
        assert!(refusal.limit.as_str().unwrap().starts_with("unreadable"), "{refusal}");
        assert_eq!(bench.gateway.policy_get("u1".to_owned()).await.unwrap_err().code(), "POLICY_REFUSED");
    }
    assert_eq!(bench.balances("u1").await, (100, 0));
    // Its owner can replace it.
    bench.gateway.policy_put("u1".to_owned(), Policy::default()).await.unwrap();
    bench.issue("u1", 1).await.unwrap();
}

/// A process remembers the policies it saw; what it remembers must not be what it decides by.
async fn what_another_process_changed_counts_at_once(db: TestDb) {
    let (bench, other) = (Bench::new(&db.store), Bench::new(&db.store));
    for owner in ["u1", "u2"] {
        bench.fund(owner, 1_000).await;
        bench.issue(owner, 1).await.unwrap();
    }
    let none = Policy::default;
    let stricter = [
        (Policy { per_execution_limit: Some(10), ..none() }, 11, "per_execution_limit"),
        (Policy { daily_limit: Some(20), ..none() }, 20, "daily_limit"),
        (Policy { monthly_limit: Some(30), ..none() }, 30, "monthly_limit"),
        (Policy { paused: true, ..none() }, 1, "paused"),
    ];
    for (policy, amount, rule) in stricter {
        // Remembered as it is while it allows all.
        bench.issue("u1", 1).await.unwrap();
        other.gateway.policy_put("u1".to_owned(), policy).await.unwrap();
        // Beside others, with whom it may share a transaction.
        let (refused, ..) = tokio::join!(
            bench.issue("u1", amount),
            async { bench.issue("u2", 1).await.unwrap() },
            async { bench.issue("u2", 1).await.unwrap() },
            async { bench.issue("u2", 1).await.unwrap() },
        );
        let GatewayError::PolicyRefused { refusal, .. } = refused.unwrap_err() else {
            panic!("not by the policy")
        };
        assert_eq!(refusal.rule, rule);
        other.gateway.policy_put("u1".to_owned(), none()).await.unwrap();
    }
    bench.issue("u1", 1).await.unwrap();
    let write = db
        .store
        .tx(|tx| Box::pin(async move { tx.execute("UPDATE policies SET document = 'nonsense'", &[]).await }));
    write.await.unwrap();
    assert_eq!(bench.issue("u1", 1).await.unwrap_err().code(), "POLICY_REFUSED");
    assert_eq!(bench.balances("u1").await, (1_000 - 6, 6));
    assert_eq!(bench.balances("u2").await, (1_000 - 13, 13));
    bench.assert_whole().await;
}

async fn every_change_is_in_the_audit_log(db: TestDb) {
    let bench = Bench::new(&db.store);
    let names = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    let policies = [
        Policy { daily_limit: Some(100), blocked_agents: names(&["a", "b"]), ..Policy::default() },
        Policy { paused: true, blocked_agents: names(&["b", "c"]), ..Policy::default() },
    ];
    for policy in policies {
        bench.gateway.policy_put("u1".to_owned(), policy.clone()).await.unwrap();
        bench.gateway.policy_put("u1".to_owned(), policy).await.unwrap();
        // The log is sorted by time.
        bench.clock.advance(std::time::Duration::from_secs(1));
    }
    let page = Page::new(1, 10);
    let log = db.store.read(move |tx| Box::pin(async move { audit_list_unscoped(tx, page).await }));
    let mut log = log.await.unwrap().items;
    log.reverse();
    assert_eq!(log.len(), 2, "the same again is no change: {log:?}");
    assert!(log.iter().all(|entry| (&*entry.actor, &*entry.action) == ("u1", "policy.change")));
    let details: Vec<Value> = log.iter().map(|entry| serde_json::from_str(&entry.detail).unwrap()).collect();
    assert_eq!(
        details[0],
        json!({"revision": 1, "changes": {
            "daily_limit": [null, 100], "blocked_agents": {"added": ["a", "b"], "removed": []}}})
    );
    assert_eq!(
        details[1],
        json!({"revision": 2, "changes": {
            "daily_limit": [100, null], "paused": [false, true],
            "blocked_agents": {"added": ["c"], "removed": ["a"]}}})
    );
}

async fn the_proof_of_a_refusal_can_be_fetched_for_a_while(db: TestDb) {
    let bench = Bench::new(&db.store);
    let refusal = bench.issue("u1", 5).await.unwrap_err();
    let GatewayError::InsufficientFunds { receipt: Some(proof), .. } = refusal else { panic!("{refusal:?}") };
    let (id, at) = (proof.receipt.id, proof.receipt.issued_at);
    let found = bench.gateway.receipt_find(id).await.unwrap();
    assert_eq!(found, AnyReceipt::Refusal(*proof));
    assert_eq!(bench.gateway.refusals_prune(at).await.unwrap(), 0);
    let later = at.plus(std::time::Duration::from_secs(1));
    assert_eq!(bench.gateway.refusals_prune(later).await.unwrap(), 1);
    assert_eq!(bench.gateway.receipt_find(id).await.unwrap_err().code(), "RECEIPT_NOT_FOUND");
    bench.assert_whole().await;
}
