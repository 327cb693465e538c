//! Every value of the books, altered one at a time behind the gateway's back: the audit finds it and names an entry.

use frameos_gateway::{LedgerAudit, LedgerReport, ledger_verify};
use frameos_store::testing::{TestDb, TestEngine};
use rusqlite::{Connection, types::Value};

use crate::{
    harness::{execute, keys},
    refunds::refund,
    verify::{filled, lay_open},
};

const TABLES: [&str; 12] = [
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
];

/// What nothing else repeats, and no money depends on.
const UNTOLD: [&str; 20] = [
    "wallets.updated_at",
    "mandates.void_reason",
    "mandates.updated_at",
    "payments.idempotency_key",
    "purchase_intents.idempotency_key",
    "purchase_intents.created_at",
    "top_ups.instrument",
    "top_ups.return_url",
    "top_ups.scenario",
    "top_ups.reason",
    "top_ups.work_until",
    "top_ups.provider",
    "top_ups.provider_reference",
    "top_ups.idempotency_key",
    "top_ups.created_at",
    "top_ups.updated_at",
    "refunds.idempotency_key",
    "refunds.requested_amount",
    "refunds.reason",
    "refunds.created_at",
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
        let told = columns.iter().filter(|(name, _)| !UNTOLD.contains(&&*format!("{table}.{name}")));
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
