//! The audit finds what was altered behind the gateway's back, and names it.

use frameos_gateway::{Gateway, LedgerAudit, ledger_verify, wire::Execute};
use frameos_store::{
    Store, StoreError,
    testing::{TestDb, TestEngine},
};
use rusqlite::Connection;

use crate::harness::{Bench, execute, keys};

frameos_store::on_both_engines!(an_honest_ledger_is_whole, the_database_refuses_to_alter_the_ledger);

/// Two payers; a payment, a part of one, a voided mandate, a standing one and a refused execute.
pub(crate) async fn filled(store: &Store) -> Bench {
    let bench = Bench::new(store);
    bench.fund("u1", 1_000).await;
    bench.fund("u2", 500).await;
    let paid = bench.issue("u1", 100).await.unwrap();
    bench.gateway.execute(execute(&paid)).await.unwrap();
    let voided = bench.issue("u1", 70).await.unwrap();
    bench.gateway.mandate_void(voided.mandate_id, "failed".into()).await.unwrap();
    bench.gateway.execute(execute(&voided)).await.unwrap_err();
    bench.issue("u2", 30).await.unwrap();
    let paid = bench.issue("u2", 8).await.unwrap();
    bench.gateway.execute(Execute { amount: Some(3), ..execute(&paid) }).await.unwrap();
    bench
}

async fn an_honest_ledger_is_whole(db: TestDb) {
    let bench = filled(&db.store).await;
    let report = bench.gateway.ledger_verify().await.unwrap();
    assert!(report.is_whole(), "{:?}", report.first_bad);
    assert_eq!((report.transactions, report.receipts, report.payments), (9, 3, 2));
    assert_eq!((report.wallets, report.mandates), (2, 4));
    let stranger = Gateway::new(db.store.clone(), bench.clock, {
        let seed = [1; 32];
        frameos_gateway::GatewayKeys::new(frameos_domain::signing::SigningKey::from_seed(&seed).unwrap())
    });
    let report = ledger_verify(&db.store, LedgerAudit { keys: stranger.jwks(), ..LedgerAudit::default() })
        .await
        .unwrap();
    assert!(!report.receipts_whole && report.chain_whole, "receipts of an unknown key are not accepted");
}

async fn the_database_refuses_to_alter_the_ledger(db: TestDb) {
    filled(&db.store).await;
    for sql in [
        "UPDATE ledger_postings SET amount = amount + 1",
        "DELETE FROM ledger_postings",
        "UPDATE ledger_transactions SET at = 0",
        "DELETE FROM ledger_transactions WHERE sequence = 9",
        "UPDATE payment_receipts SET jws = ''",
        "DELETE FROM payment_receipts",
        "UPDATE payments SET amount = 1",
        "UPDATE wallets SET available = -1 WHERE owner = 'u1'",
    ] {
        let result = db.store.tx(move |tx| Box::pin(async move { tx.execute(sql, &[]).await })).await;
        assert!(matches!(result, Err(StoreError::Refused { .. })), "{sql}: {result:?}");
    }
}

/// Takes away what would refuse changes.
pub(crate) fn lay_open(file: &Connection) {
    let triggers: Vec<String> = {
        let mut query = file.prepare("SELECT name FROM sqlite_schema WHERE type = 'trigger'").unwrap();
        query.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    for trigger in triggers {
        file.execute_batch(&format!("DROP TRIGGER {trigger}")).unwrap();
    }
    file.execute_batch("PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON").unwrap();
}

/// Alters the closed database as somebody with the file would, and returns what the audit says.
async fn after(sql: &str) -> (String, String) {
    let db = TestDb::open(TestEngine::Sqlite).await;
    filled(&db.store).await;
    let path = db.folder().join("test.db");
    let file = Connection::open(path).unwrap();
    lay_open(&file);
    let changed = file.execute(sql, []).unwrap();
    assert!(changed > 0, "{sql} changed nothing");
    let report =
        ledger_verify(&db.store, LedgerAudit { keys: keys().set(), ..LedgerAudit::default() }).await.unwrap();
    let bad = report.first_bad.unwrap_or_else(|| panic!("the audit did not notice: {sql}"));
    (bad.entry, bad.reason)
}

async fn check(sql: &str, expected: &str) {
    let (entry, reason) = after(sql).await;
    assert!(reason.contains(expected), "{sql}: {entry}: {reason}");
}

mod altered {
    use super::check;

    #[tokio::test]
    async fn altered_ledger_rows_are_named() {
        check(
            "UPDATE ledger_postings SET amount = amount + 1 WHERE sequence = 4 AND line = 1",
            "its hash does not fit",
        )
        .await;
        check(
            "UPDATE ledger_postings SET owner = 'u3' WHERE sequence = 4 AND line = 2",
            "its hash does not fit",
        )
        .await;
        check("UPDATE ledger_transactions SET at = at + 1 WHERE sequence = 2", "its hash does not fit").await;
        check("DELETE FROM ledger_postings WHERE sequence = 5", "its hash does not fit").await;
        check("DELETE FROM ledger_transactions WHERE sequence = 3", "an entry before this one is missing")
            .await;
        check("DELETE FROM ledger_transactions WHERE sequence = 9", "the chain ends at 8").await;
        let insert = "INSERT INTO ledger_postings VALUES (99, 1, 'developer_payable', 'thief', 5, 'INR')";
        check(insert, "postings without a transaction").await;
    }

    #[tokio::test]
    async fn altered_receipts_are_named() {
        check("UPDATE payment_receipts SET jws = jws || 'A' WHERE sequence = 1", "its hash does not fit")
            .await;
        check("UPDATE payment_receipts SET status = 'refused' WHERE sequence = 1", "otherwise than its row")
            .await;
        check("DELETE FROM payment_receipts WHERE sequence = 2", "an entry before this one is missing").await;
        check("UPDATE payments SET amount = 1, developer_amount = 1", "otherwise than its payment").await;
    }

    #[tokio::test]
    async fn wallets_and_mandates_that_disagree_are_named() {
        check(
            "UPDATE wallets SET available = available + 5 WHERE owner = 'u2'",
            "not the sum of its postings",
        )
        .await;
        check("UPDATE wallets SET held = held - 1 WHERE owner = 'u2'", "not the sum of its postings").await;
        check("DELETE FROM wallets WHERE owner = 'u1'", "wallet that does not exist").await;
        check(
            "UPDATE mandates SET status = 'issued' WHERE status = 'executed'",
            "sum of its issued mandates",
        )
        .await;
        check("UPDATE mandates SET status = 'executed' WHERE status = 'voided'", "has no payment").await;
        check("UPDATE mandates SET amount = amount + 1 WHERE status = 'executed'", "otherwise than its row")
            .await;
        check("UPDATE mandates SET captured_amount = captured_amount - 1", "capture of its amount").await;
        check("UPDATE mandates SET expires_at = expires_at + 1", "says otherwise than its row").await;
        check("UPDATE mandates SET execution_id = 'exec_z' WHERE status = 'issued'", "says otherwise").await;
        check("UPDATE mandates SET jws = jws || 'A' WHERE status = 'voided'", "its hash does not fit").await;
        check(
            "UPDATE mandates SET jws = (SELECT jws FROM mandates WHERE status = 'voided'), mandate_hash = \
             (SELECT mandate_hash FROM mandates WHERE status = 'voided') WHERE status = 'issued'",
            "says otherwise than its row",
        )
        .await;
        // In no page: ids follow the empty text.
        check("UPDATE mandates SET intent_id = '' WHERE status = 'issued'", "otherwise than the ledger")
            .await;
        check("UPDATE payments SET developer = 'thief'", "not what the ledger credited").await;
    }

    #[tokio::test]
    async fn top_ups_and_charges_that_disagree_are_named() {
        for sql in [
            "UPDATE top_ups SET status = 'failed'",
            "UPDATE top_ups SET amount = amount + 1 WHERE owner = 'u1'",
            "UPDATE top_ups SET owner = 'u2' WHERE owner = 'u1'",
            "UPDATE top_up_charges SET credited = 0",
        ] {
            check(sql, "disagree on whether it settled").await;
        }
        let more = "UPDATE top_up_charges SET credited = credited + 1, paid_amount = paid_amount + 1 WHERE owner = 'u1'";
        check(more, "not credited what was paid").await;
        check("UPDATE top_up_charges SET status = 'closed'", "top-up was not paid").await;
        check("UPDATE top_up_charges SET taken = 5 WHERE owner = 'u1'", "not the sum of its parts").await;
    }
}
