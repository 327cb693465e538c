//! Run receipts and the hash chain they form.
//!
//! Invariants: `chain_advance` locks the chain's head until the transaction ends, so that no two receipts get one place; the
//! head is written once, before the commit (`heads.rs`).

use frameos_domain::{
    id::ExecutionId,
    receipt::{GENESIS_HASH, RunReceiptDocument},
};
use serde_json::Value as Json;

use crate::{
    StoreError, Tx,
    heads::{Head, Heads},
    params,
    postponed::{Column, Rows, Write, rows},
};

/// The chain that run receipts form.
pub const RUN_RECEIPTS: &str = "run_receipts";

/// The place the next entry of a chain takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainPlace {
    /// From 1.
    pub sequence: i64,
    pub previous_hash: String,
}

/// The next place of a chain, whose head is locked until the transaction ends. It is taken by [`chain_set`]: between the two
/// nothing may be awaited, because the jobs of a batch share the chain.
pub async fn chain_advance(tx: &mut Tx, name: &'static str) -> Result<ChainPlace, StoreError> {
    let head = chain_lock(tx, name).await?;
    Ok(ChainPlace { sequence: head.sequence + 1, previous_hash: head.hash })
}

/// Puts the entry at the place just given at the head of its chain.
pub async fn chain_set(tx: &mut Tx, name: &'static str, sequence: i64, hash: &str) -> Result<(), StoreError> {
    chain_lock(tx, name).await?;
    tx.heads().set(name, sequence, hash);
    Ok(())
}

/// Locks the head of a chain, as [`chain_advance`] does, and tells where it stands.
pub(crate) async fn chain_lock(tx: &mut Tx, name: &'static str) -> Result<Head, StoreError> {
    if let Some(head) = tx.heads().get(name) {
        return Ok(head);
    }
    let sql = "INSERT INTO chain_heads (name, sequence, hash) VALUES ($1, 0, $2) \
               ON CONFLICT (name) DO UPDATE SET sequence = chain_heads.sequence RETURNING sequence, hash";
    let row = tx.query_one(sql, &params![name, GENESIS_HASH]).await?;
    let (sequence, hash) = (row.get(0)?, row.get(1)?);
    Ok(tx.heads().learn(name, sequence, hash))
}

/// Locks the heads of two chains at most in the order of their names, as [`chain_lock`] does one. PostgreSQL only.
pub(crate) async fn chains_lock(tx: &mut Tx, names: &[&'static str]) -> Result<(), StoreError> {
    let (Some(first), Some(last)) = (names.first(), names.last()) else { return Ok(()) };
    // Of a list of any length PostgreSQL makes a plan each time, which costs twice what following it does.
    let sql = "SELECT name, sequence, hash FROM chain_heads WHERE name IN ($1, $2) ORDER BY name FOR UPDATE";
    for row in tx.query(sql, &params![*first, *last]).await? {
        let found: String = row.get(0)?;
        if let Some(name) = names.iter().find(|name| **name == found) {
            tx.heads().learn(name, row.get(1)?, row.get(2)?);
        }
    }
    // One that has no entry yet.
    for name in names {
        chain_lock(tx, name).await?;
    }
    Ok(())
}

/// Writes the heads that moved: the last statements of a transaction.
pub(crate) async fn heads_write(tx: &mut Tx) -> Result<(), StoreError> {
    let sql = "UPDATE chain_heads SET sequence = $2, hash = $3 WHERE name = $1 AND sequence = $4";
    let moved = tx.heads().moved();
    let write = |head: Head| (sql, params![head.name, head.sequence, head.hash, head.stored].to_vec());
    let statements: Vec<_> = moved.into_iter().map(write).collect();
    if statements.is_empty() || tx.execute_all(&statements).await?.iter().all(|changed| *changed == 1) {
        return Ok(());
    }
    Err(StoreError::corrupt("the head of a chain moved while it was locked"))
}

/// What writes the heads that moved, if any did, with parameters from this number on. A head that stands elsewhere than it was read, though it
/// was locked, is refused: without a sequence it cannot be stored. PostgreSQL only.
pub(crate) fn heads_at_once(heads: &Heads, first: usize) -> Option<Write> {
    let moved = heads.moved();
    if moved.is_empty() {
        return None;
    }
    let [name, sequence, hash, stored] = [first, first + 1, first + 2, first + 3];
    let sql = format!(
        "UPDATE chain_heads SET sequence = CASE WHEN chain_heads.sequence = new.stored THEN new.sequence END, hash = new.hash \
         FROM UNNEST(CAST(${name} AS TEXT[]), CAST(${sequence} AS BIGINT[]), CAST(${hash} AS TEXT[]), CAST(${stored} AS BIGINT[])) \
         AS new (name, sequence, hash, stored) WHERE chain_heads.name = new.name"
    );
    let columns = vec![
        Column::Text(moved.iter().map(|head| Some(head.name.to_owned())).collect()),
        Column::BigInt(moved.iter().map(|head| Some(head.sequence)).collect()),
        Column::Text(moved.iter().map(|head| Some(head.hash.clone())).collect()),
        Column::BigInt(moved.iter().map(|head| Some(head.stored)).collect()),
    ];
    Some(Write { parts: vec![sql], columns })
}

const RECEIPTS: Rows = rows!("run_receipts", (id Text, execution_id Text, sequence BigInt, hash Text, previous_hash Text,
    document Text, created_at BigInt));

/// Keeps a signed run receipt. A run has one.
pub async fn run_receipt_insert(
    tx: &mut Tx,
    document: &RunReceiptDocument,
    hash: &str,
) -> Result<(), StoreError> {
    let receipt = &document.receipt;
    let text = serde_json::to_string(document).map_err(|error| StoreError::corrupt(error.to_string()))?;
    let sql = "INSERT INTO run_receipts (id, execution_id, sequence, hash, previous_hash, document, created_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let params = params![
        receipt.id,
        receipt.execution_id,
        receipt.sequence,
        hash,
        receipt.previous_hash.as_str(),
        text,
        receipt.issued_at
    ];
    if tx.postpone(&RECEIPTS, &params)? {
        return Ok(());
    }
    tx.execute(sql, &params).await.map(drop)
}

/// The receipt of a run. Whether the asker may see the run is for the caller to have checked.
pub async fn run_receipt_get(tx: &mut Tx, execution: ExecutionId) -> Result<Option<Json>, StoreError> {
    let sql = "SELECT document FROM run_receipts WHERE execution_id = $1";
    tx.query_opt(sql, &params![execution]).await?.map(|row| row.json(0)).transpose()
}
