//! PostgreSQL's copy: what COPY gives of every table, as text, in one REPEATABLE READ transaction.
//!
//! Putting it back is one transaction too. Triggers that guard appending rest meanwhile: the rows have been through them. What tables
//! refer to each other by is checked by the database itself, but for the lines of the ledger, whose reference is such a trigger.

use std::{io::Cursor, path::Path, pin::pin};

use futures::{SinkExt, TryStreamExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{DatabaseCopy, TableCopy, Told, objects, schema_version, table_file, tables};
use crate::{dialect, error::StoreError, params, postgres::convert, tx::Tx};

const PIECE: usize = 256 << 10;
/// Written by whoever makes the schema.
const NOT_COPIED: &str = "schema_migrations";

pub(super) async fn copy(
    tx: &mut Tx,
    folder: &Path,
    told: &Told,
) -> Result<(DatabaseCopy, Vec<String>), StoreError> {
    tx.take_long();
    let schema_version = schema_version(tx).await?;
    let mut copied = Vec::new();
    for name in in_order(tx).await? {
        let columns = columns(tx, &name).await?;
        let sql = format!("COPY {} TO STDOUT", told_table(&name, &columns));
        let rows = table_copy(tx, &sql, &folder.join(table_file(&name))).await?;
        told(&name, rows);
        copied.push(TableCopy { name, columns, rows });
    }
    let objects = objects(tx).await?;
    Ok((DatabaseCopy { engine: "postgres".into(), schema_version, tables: copied }, objects))
}

async fn table_copy(tx: &mut Tx, sql: &str, path: &Path) -> Result<u64, StoreError> {
    let client = tx.postgres_client()?;
    let mut stream = pin!(client.copy_out(sql).await.map_err(convert)?);
    let mut file = tokio::fs::File::create_new(path).await.map_err(failed)?;
    let (mut rows, mut piece) = (0, Vec::with_capacity(PIECE));
    // In COPY's text a line end within a value is written otherwise.
    while let Some(bytes) = stream.try_next().await.map_err(convert)? {
        rows += bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
        piece.extend_from_slice(&bytes);
        if piece.len() >= PIECE {
            file.write_all(&piece).await.map_err(failed)?;
            piece.clear();
        }
    }
    file.write_all(&piece).await.map_err(failed)?;
    file.flush().await.map_err(failed)?;
    Ok(rows)
}

pub(super) async fn restore(
    tx: &mut Tx,
    copy: &DatabaseCopy,
    folder: &Path,
    told: &Told,
) -> Result<(), StoreError> {
    tx.take_long();
    let mut known = in_order(tx).await?;
    known.sort();
    let mut given: Vec<_> = copy.tables.iter().map(|table| table.name.clone()).collect();
    given.sort();
    if known != given {
        return Err(StoreError::corrupt("the backup has other tables than its schema"));
    }
    for table in &copy.tables {
        let columns = columns(tx, &table.name).await?;
        if columns.iter().any(|column| !table.columns.contains(column))
            || columns.len() != table.columns.len()
        {
            return Err(StoreError::corrupt(format!("table {} of the backup has other columns", table.name)));
        }
    }
    let all = copy.tables.iter().map(|table| quoted(&table.name)).collect::<Vec<_>>().join(", ");
    let triggers = |word: &str| {
        let each = copy
            .tables
            .iter()
            .map(|table| format!("ALTER TABLE {} {word} TRIGGER USER;", quoted(&table.name)));
        each.collect::<String>()
    };
    // Some migrations leave rows of their own, which the backup has, too.
    tx.batch(&format!("{} TRUNCATE {all};", triggers("DISABLE"))).await?;
    for table in &copy.tables {
        let sql = format!("COPY {} FROM STDIN", told_table(&table.name, &table.columns));
        let rows = table_fill(tx, &sql, &folder.join(table_file(&table.name))).await?;
        if rows != table.rows {
            return Err(StoreError::corrupt(format!(
                "table {} has {rows} rows, not {}",
                table.name, table.rows
            )));
        }
        told(&table.name, rows);
    }
    let alone = "SELECT 1 FROM ledger_postings p WHERE NOT EXISTS \
                 (SELECT 1 FROM ledger_transactions t WHERE t.sequence = p.sequence) LIMIT 1";
    if tx.query_opt(alone, &[]).await?.is_some() {
        return Err(StoreError::corrupt("the backup has lines of the ledger without their transaction"));
    }
    tx.batch(&format!("SET CONSTRAINTS ALL IMMEDIATE; {}", triggers("ENABLE"))).await
}

async fn table_fill(tx: &mut Tx, sql: &str, path: &Path) -> Result<u64, StoreError> {
    let client = tx.postgres_client()?;
    let sink = client.copy_in::<_, Cursor<Vec<u8>>>(sql).await.map_err(convert)?;
    let mut sink = pin!(sink);
    let mut file = tokio::fs::File::open(path).await.map_err(failed)?;
    loop {
        let mut piece = vec![0; PIECE];
        let length = file.read(&mut piece).await.map_err(failed)?;
        if length == 0 {
            return sink.finish().await.map_err(convert);
        }
        piece.truncate(length);
        sink.send(Cursor::new(piece)).await.map_err(convert)?;
    }
}

/// The tables that are copied, each after those it refers to.
async fn in_order(tx: &mut Tx) -> Result<Vec<String>, StoreError> {
    let mut waiting = tables(tx).await?;
    waiting.retain(|name| name != NOT_COPIED);
    let rows = tx.query(dialect::PG_REFERENCES, &[]).await?;
    let references = rows
        .iter()
        .map(|row| Ok((row.get(0)?, row.get(1)?)))
        .collect::<Result<Vec<(String, String)>, StoreError>>()?;
    let mut ordered: Vec<String> = Vec::new();
    while !waiting.is_empty() {
        let is_free = |name: &String| {
            references.iter().all(|(from, to)| from != name || to == name || ordered.contains(to))
        };
        let (free, held): (Vec<_>, Vec<_>) = waiting.iter().cloned().partition(is_free);
        if free.is_empty() {
            return Err(StoreError::corrupt("tables refer to each other in a circle"));
        }
        ordered.extend(free);
        waiting = held;
    }
    Ok(ordered)
}

async fn columns(tx: &mut Tx, table: &str) -> Result<Vec<String>, StoreError> {
    let rows = tx.query(dialect::PG_COLUMNS, &params![table]).await?;
    rows.iter().map(|row| row.get(0)).collect()
}

fn told_table(name: &str, columns: &[String]) -> String {
    let columns = columns.iter().map(|column| quoted(column)).collect::<Vec<_>>().join(", ");
    format!("{} ({columns})", quoted(name))
}

/// Names come from a manifest, which is a file.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn failed(error: std::io::Error) -> StoreError {
    StoreError::unavailable("a file of the backup cannot be read or written", error)
}
