//! Every value of the books, altered one at a time behind the gateway's back: the audit finds it and names an entry.

use std::time::Duration;

use frameos_domain::{clock::Clock, mandate::MandateStatus, signing::SigningKey};
use frameos_gateway::{GatewayKeys, LedgerAudit, LedgerReport, ledger_verify};
use frameos_store::testing::{TestDb, TestEngine};
use rusqlite::{Connection, types::Value};

use crate::{
    harness::{Bench, execute, intent, keys},
    payouts::{made, new as payout_of},
    refunds::{pay, refund},
    verify::{filled, lay_open},
};

const TABLES: [&str; 14] = [
    "ledger_transactions",
    "ledger_postings",
    "ledger_checkpoints",
    "payments",
    "payment_receipts",
    "mandates",
    "purchase_intents",
    "wallets",
    "budget_windows",
    "refunds",
    "refund_totals",
    "top_ups",
    "top_up_charges",
    "payouts",
];

/// What nothing else repeats, and no money depends on. Of a payout the account is sealed, and the provider knows what it paid.
const UNTOLD: [(&str, &[&str]); 8] = [
    ("wallets", &["updated_at"]),
    ("mandates", &["void_reason", "updated_at"]),
    ("payments", &["idempotency_key"]),
    ("purchase_intents", &["idempotency_key", "created_at"]),
    (
        "top_ups",
        &[
            "instrument",
            "return_url",
            "scenario",
            "reason",
            "work_until",
            "provider",
            "provider_reference",
            "idempotency_key",
            "created_at",
            "updated_at",
        ],
    ),
    (
        "top_up_charges",
        &[
            "number",
            "provider",
            "reference",
            "payment_reference",
            "checkout_url",
            "checkout_session",
            "reason",
            "flag",
            "asks",
            "looks",
            "look_at",
            "expires_at",
            "created_at",
            "updated_at",
        ],
    ),
    (
        "payouts",
        &[
            "period",
            "round",
            "account",
            "account_shown",
            "provider_reference",
            "bank_reference",
            "status",
            "reason",
            "claims",
            "claimed_until",
            "doubtful_until",
            "created_at",
            "sent_at",
            "paid_at",
            "undone_at",
        ],
    ),
    ("refunds", &["idempotency_key", "requested_amount", "reason", "created_at"]),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_altered_value_is_found() {
    let db = TestDb::open(TestEngine::Sqlite).await;
    let bench = filled(&db.store).await;
    let paid = bench.issue("u1", 40).await.unwrap();
    let paid = bench.gateway.execute(execute(&paid)).await.unwrap();
    refund(&bench, paid.payment_id, Some(15), "part").await.unwrap();
    bench.gateway.checkpoint_issue().await.unwrap();
    bench.issue("u1", 11).await.unwrap();
    pay(&bench, "dev_a", 100_000, Some("dev_b")).await;
    pay(&bench, "dev_b", 100_000, Some("dev_b")).await;
    for payee in ["dev_a", "dev_b"] {
        let payout = made(&bench.gateway, payout_of(payee, "2026-11-16")).await;
        bench.gateway.payout_advance(payout.payout_id).await.unwrap();
    }
    let file = Connection::open(db.folder().join("test.db")).unwrap();
    lay_open(&file);
    assert_eq!(audit(&db).await.first_bad, None);
    let mut altered = 0;
    for table in TABLES {
        for place in Place::all(&file, table) {
            let before = place.read(&file);
            place.write(&file, &other(&before));
            let report = audit(&db).await;
            let bad = report.first_bad.unwrap_or_else(|| panic!("not noticed: {place:?} was {before:?}"));
            assert!(!bad.entry.is_empty() && !bad.reason.is_empty(), "{bad:?}");
            place.write(&file, &before);
            altered += 1;
        }
    }
    assert!(altered > 300, "only {altered} values were altered");
    assert_eq!(audit(&db).await.first_bad, None, "all is as it was");
}

/// Whoever can write an intent can give it a fingerprint; who is paid for it is in what was signed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_else_is_paid_by_altering_intent_and_mandate_alike() {
    let db = TestDb::open(TestEngine::Sqlite).await;
    let bench = Bench::new(&db.store);
    bench.fund("u1", 1_000).await;
    let mandate = bench.issue("u1", 100).await.unwrap();
    let mut altered = intent("u1", 100);
    altered.metadata.insert("developer_id".to_owned(), "thief".into());
    let altered = bench.gateway.intent_create(altered).await.unwrap().intent_id.to_string();
    let file = Connection::open(db.folder().join("test.db")).unwrap();
    lay_open(&file);
    let intent_sql = "UPDATE purchase_intents SET (metadata, fingerprint) = \
                      (SELECT metadata, fingerprint FROM purchase_intents WHERE id = ?1) WHERE id = ?2";
    assert_eq!(file.execute(intent_sql, [altered, mandate.intent_id.to_string()]).unwrap(), 1);
    assert_eq!(file.execute("UPDATE mandates SET payee = 'thief'", []).unwrap(), 1);
    let bad = audit(&db).await.first_bad.unwrap();
    assert_eq!(bad.entry, mandate.mandate_id.to_string());
    assert!(bad.reason.contains("the signed mandate says otherwise"), "{bad:?}");
}

/// By a process that remembers what it signed, and by one that must look at the signature.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_moves_for_an_altered_mandate() {
    let db = TestDb::open(TestEngine::Sqlite).await;
    let bench = Bench::new(&db.store);
    bench.fund("u1", 1_000).await;
    bench.issue("u1", 500).await.unwrap();
    let file = Connection::open(db.folder().join("test.db")).unwrap();
    lay_open(&file);
    for (column, value) in [
        ("amount", "amount + 1"),
        ("payee", "'thief'"),
        ("orchestrator", "'thief'"),
        ("execution_id", "'exec_other'"),
        ("expires_at", "expires_at + 1000000"),
        ("expires_at", "created_at"),
        ("created_at", "created_at + 1"),
        ("mandate_hash", "hex(zeroblob(32))"),
        ("jws", "replace(jws, substr(jws, -9, 9), 'AAAAAAAAA')"),
    ] {
        let mandate = bench.issue("u1", 10).await.unwrap();
        let id = mandate.mandate_id.to_string();
        let place = format!("SELECT {column} FROM mandates WHERE id = ?1");
        let before: Value = file.query_row(&place, [&id], |row| row.get(0)).unwrap();
        let alter = format!("UPDATE mandates SET {column} = {value} WHERE id = ?1");
        assert_eq!(file.execute(&alter, [&id]).unwrap(), 1);
        let (there, elsewhere) = (&bench.gateway, &Bench::new(&db.store).gateway);
        for gateway in [there, elsewhere] {
            let refused = gateway.execute(execute(&mandate)).await.unwrap_err();
            assert_eq!(refused.code(), "INTERNAL", "{column}");
            let refused = gateway.mandate_void(mandate.mandate_id, "failed".into()).await.unwrap_err();
            assert_eq!(refused.code(), "INTERNAL", "{column}");
        }
        assert_eq!(bench.balances("u1").await, (490, 510), "{column}");
        let repair = format!("UPDATE mandates SET {column} = ?2 WHERE id = ?1");
        assert_eq!(file.execute(&repair, rusqlite::params![id, before]).unwrap(), 1);
        elsewhere.mandate_void(mandate.mandate_id, "failed".into()).await.unwrap();
    }
    bench.assert_whole().await;
}

/// A mandate's state is signed by nobody: what the ledger says of its hold counts.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hold_leaves_once_whatever_the_state_says() {
    let db = TestDb::open(TestEngine::Sqlite).await;
    let bench = Bench::new(&db.store);
    bench.fund("u1", 1_000).await;
    bench.issue("u1", 500).await.unwrap();
    let (voided, executed) = (bench.issue("u1", 10).await.unwrap(), bench.issue("u1", 10).await.unwrap());
    bench.gateway.mandate_void(voided.mandate_id, "failed".into()).await.unwrap();
    bench.gateway.execute(execute(&executed)).await.unwrap();
    let file = Connection::open(db.folder().join("test.db")).unwrap();
    lay_open(&file);
    file.execute("UPDATE mandates SET status = 'issued', captured_amount = NULL", []).unwrap();
    for mandate in [voided, executed] {
        let id = mandate.mandate_id;
        assert_eq!(bench.gateway.execute(execute(&mandate)).await.unwrap_err().code(), "INTERNAL");
        let refused = bench.gateway.mandate_void(id, "again".into()).await.unwrap_err();
        assert_eq!(refused.code(), "INTERNAL");
        assert_eq!(bench.gateway.mandate_get(id).await.unwrap().status, MandateStatus::Issued, "undone");
    }
    assert_eq!(bench.balances("u1").await, (490, 500));
    let live = bench.issue("u1", 20).await.unwrap();
    let alter = |status: &str| {
        let sql = "UPDATE mandates SET status = ?2 WHERE id = ?1";
        assert_eq!(file.execute(sql, [&live.mandate_id.to_string(), status]).unwrap(), 1);
    };
    for status in ["voided", "expired"] {
        alter(status);
        let refused = bench.gateway.execute(execute(&live)).await.unwrap_err();
        assert_eq!(refused.code(), "INTERNAL", "no refusal is signed for a hold that is there");
    }
    alter("issued");
    bench.gateway.execute(execute(&live)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn altered_mandates_do_not_keep_others_from_expiring() {
    let db = TestDb::open(TestEngine::Sqlite).await;
    let bench = Bench::new(&db.store);
    bench.fund("u1", 1_000).await;
    for _ in 0..205 {
        bench.issue("u1", 1).await.unwrap();
    }
    let file = Connection::open(db.folder().join("test.db")).unwrap();
    file.execute("UPDATE mandates SET amount = 2", []).unwrap();
    bench.clock.advance(Duration::from_secs(1));
    bench.issue("u1", 7).await.unwrap();
    bench.clock.advance(Duration::from_secs(600));
    assert_eq!(bench.gateway.mandates_expire(bench.clock.now()).await.unwrap(), 1);
    assert_eq!(bench.balances("u1").await, (795, 205));
}

/// Another process has begun to sign with a new key: its mandates are for later, and keep nobody else's from expiring.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_is_not_known_yet_is_waited_for() {
    let db = TestDb::open(TestEngine::Sqlite).await;
    let (here, there) = (Bench::new(&db.store), Bench::new(&db.store));
    let rotated = || GatewayKeys {
        active: SigningKey::from_seed(&[8; 32]).unwrap(),
        retired: vec![keys().active.public().clone()],
    };
    there.gateway.keys_replace(rotated());
    here.fund("u1", 100).await;
    let mandate = there.issue("u1", 10).await.unwrap();
    here.clock.advance(Duration::from_secs(1));
    here.issue("u1", 10).await.unwrap();
    let refused = here.gateway.execute(execute(&mandate)).await.unwrap_err();
    assert_eq!(refused.code(), "UNAVAILABLE", "to be tried again");
    let later = Clock::now(&*here.clock).plus(Duration::from_secs(600));
    assert_eq!(here.gateway.mandates_expire(later).await.unwrap(), 1);
    here.gateway.keys_replace(rotated());
    here.gateway.execute(execute(&mandate)).await.unwrap();
    assert_eq!(here.balances("u1").await, (90, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_goes_back_for_an_altered_payment() {
    let db = TestDb::open(TestEngine::Sqlite).await;
    let bench = Bench::new(&db.store);
    let paid = pay(&bench, "dev_a", 100, Some("dev_b")).await.payment_id;
    refund(&bench, paid, Some(5), "first").await.unwrap();
    bench.fund("thief", 100).await;
    let file = Connection::open(db.folder().join("test.db")).unwrap();
    lay_open(&file);
    for (table, change) in [
        ("payments", "agent_id = 'thief'"),
        ("payments", "developer = 'dev_c'"),
        ("payments", "(amount, developer_amount) = (1000, 970)"),
        ("payments", "(developer_amount, orchestrator_amount) = (60, 20)"),
        ("payments", "created_at = created_at + 1"),
        ("payments", "receipt_id = 'rcpt_' || substr(id, 5)"),
        ("refund_totals", "refunded = 0"),
        ("mandates", "agent_id = 'thief'"),
        ("mandates", "orchestrator = 'dev_a'"),
        ("ledger_postings", "owner = 'dev_c' WHERE account_kind = 'orchestrator_payable'"),
        ("payment_receipts", "jws = replace(jws, substr(jws, -9, 9), 'AAAAAAAAA')"),
    ] {
        file.execute_batch(&format!("CREATE TEMP TABLE kept AS SELECT * FROM {table}")).unwrap();
        file.execute(&format!("UPDATE {table} SET {change}"), []).unwrap();
        let refused = refund(&bench, paid, Some(10), "key").await.unwrap_err();
        assert_eq!(refused.code(), "INTERNAL", "{table} {change}");
        let back = format!("DELETE FROM {table}; INSERT INTO {table} SELECT * FROM kept; DROP TABLE kept");
        file.execute_batch(&back).unwrap();
    }
    assert_eq!((bench.balances("u1").await, bench.balances("thief").await), ((5, 0), (100, 0)));
    refund(&bench, paid, Some(10), "key").await.unwrap();
    bench.assert_whole().await;
}

async fn audit(db: &TestDb) -> LedgerReport {
    ledger_verify(&db.store, LedgerAudit { keys: keys().set(), ..LedgerAudit::default() }).await.unwrap()
}

/// A value that says something else, of the same type.
fn other(value: &Value) -> Value {
    match value {
        Value::Integer(number) => Value::Integer(number + 1_000),
        Value::Text(text) => Value::Text(format!("{text}x")),
        _ => Value::Text("x".into()),
    }
}

/// One value of one row.
#[derive(Debug)]
struct Place {
    table: &'static str,
    column: String,
    /// Its key as it is while nothing is altered.
    row: Vec<Value>,
    key: Vec<String>,
}

impl Place {
    fn all(file: &Connection, table: &'static str) -> Vec<Self> {
        let mut query = file.prepare(&format!("SELECT name, pk FROM pragma_table_info('{table}')")).unwrap();
        let columns = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        let columns: Vec<(String, i64)> = columns.map(Result::unwrap).collect();
        let key: Vec<String> =
            columns.iter().filter(|(_, pk)| *pk > 0).map(|(name, _)| name.clone()).collect();
        let mut query = file.prepare(&format!("SELECT {} FROM {table}", key.join(", "))).unwrap();
        let width = key.len();
        let rows = query.query_map([], |row| (0..width).map(|index| row.get(index)).collect()).unwrap();
        let rows: Vec<Vec<Value>> = rows.map(Result::unwrap).collect();
        let untold =
            UNTOLD.iter().find(|(untold, _)| *untold == table).map_or(&[][..], |(_, columns)| columns);
        let told = columns.iter().filter(|(name, _)| !untold.contains(&&**name));
        told.flat_map(|(column, _)| {
            rows.iter().map(|row| Self { table, column: column.clone(), row: row.clone(), key: key.clone() })
        })
        .collect()
    }

    fn read(&self, file: &Connection) -> Value {
        let sql = format!("SELECT {} FROM {} WHERE {}", self.column, self.table, self.condition());
        file.query_row(&sql, rusqlite::params_from_iter(&self.row), |row| row.get(0)).unwrap()
    }

    /// Writes the value, whether or not the row has its own key at the moment.
    fn write(&self, file: &Connection, value: &Value) {
        let mut row = self.row.clone();
        if let Some(index) = self.key.iter().position(|name| *name == self.column)
            && row[index] == *value
        {
            row[index] = other(value);
        }
        let value_place = row.len() + 1;
        let sql =
            format!("UPDATE {} SET {} = ?{value_place} WHERE {}", self.table, self.column, self.condition());
        row.push(value.clone());
        assert_eq!(file.execute(&sql, rusqlite::params_from_iter(&row)).unwrap(), 1, "{sql} {row:?}");
    }

    fn condition(&self) -> String {
        let parts = (1..).zip(&self.key).map(|(place, name)| format!("{name} = ?{place}"));
        parts.collect::<Vec<_>>().join(" AND ")
    }
}
