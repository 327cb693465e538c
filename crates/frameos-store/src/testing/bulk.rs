//! Many rows in few statements, for benchmarks that need a large database before they begin.

use crate::{
    StoreError, Tx, Value,
    gateway::ledger::{LedgerRow, transactions_insert},
};

/// Rows in one statement; both engines take this many parameters for our widest table.
const CHUNK: usize = 100;

/// Inserts rows of `columns` (`a, b, c`) into a table. Triggers and constraints see them as any others.
pub async fn rows_insert(
    tx: &mut Tx,
    table: &'static str,
    columns: &'static str,
    rows: Vec<Vec<Value>>,
) -> Result<(), StoreError> {
    let width = columns.split(',').count();
    for chunk in rows.chunks(CHUNK) {
        let places = (0..chunk.len()).map(|row| {
            let place: Vec<String> = (1..=width).map(|column| format!("${}", row * width + column)).collect();
            format!("({})", place.join(", "))
        });
        let places: Vec<String> = places.collect();
        let sql = format!("INSERT INTO {table} ({columns}) VALUES {}", places.join(", "));
        tx.query_dynamic(sql, &chunk.concat()).await?;
    }
    Ok(())
}

/// Inserts ledger transactions with their lines.
pub async fn ledger_insert(tx: &mut Tx, entries: &[LedgerRow<'_>]) -> Result<(), StoreError> {
    for chunk in entries.chunks(CHUNK) {
        transactions_insert(tx, chunk).await?;
    }
    Ok(())
}
