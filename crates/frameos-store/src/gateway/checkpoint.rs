//! Checkpoints of the ledger, in a hash chain of their own. Append-only; the signed document is the JWS.

use frameos_domain::clock::Timestamp;

use crate::{Row, StoreError, Tx, params};

/// A stored checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckpointRow {
    /// Position in the chain of checkpoints, from 1.
    pub number: i64,
    /// The last ledger transaction it covers.
    pub sequence: i64,
    pub jws: String,
    /// SHA-256 of `jws`.
    pub hash: String,
    pub created_at: Timestamp,
}

impl CheckpointRow {
    fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            number: row.get(0)?,
            sequence: row.get(1)?,
            jws: row.get(2)?,
            hash: row.get(3)?,
            created_at: row.get(4)?,
        })
    }
}

pub async fn checkpoint_insert(tx: &mut Tx, checkpoint: &CheckpointRow) -> Result<(), StoreError> {
    let sql = "INSERT INTO ledger_checkpoints (number, sequence, jws, hash, created_at) VALUES ($1, $2, $3, $4, $5)";
    let params = params![
        checkpoint.number,
        checkpoint.sequence,
        checkpoint.jws.as_str(),
        checkpoint.hash.as_str(),
        checkpoint.created_at
    ];
    tx.execute(sql, &params).await.map(drop)
}

/// The newest checkpoint.
pub async fn checkpoint_last_unscoped(tx: &mut Tx) -> Result<Option<CheckpointRow>, StoreError> {
    let sql =
        "SELECT number, sequence, jws, hash, created_at FROM ledger_checkpoints ORDER BY number DESC LIMIT 1";
    tx.query_opt(sql, &[]).await?.as_ref().map(CheckpointRow::read).transpose()
}

/// Up to `limit` checkpoints after the one numbered `after`, in order.
pub async fn checkpoints_page_unscoped(
    tx: &mut Tx,
    after: i64,
    limit: i64,
) -> Result<Vec<CheckpointRow>, StoreError> {
    let sql = "SELECT number, sequence, jws, hash, created_at FROM ledger_checkpoints \
               WHERE number > $1 ORDER BY number LIMIT $2";
    tx.query(sql, &params![after, limit]).await?.iter().map(CheckpointRow::read).collect()
}

/// The newest checkpoints first, with how many there are.
pub async fn checkpoints_list_unscoped(
    tx: &mut Tx,
    limit: i64,
    offset: i64,
) -> Result<(Vec<CheckpointRow>, i64), StoreError> {
    let total = tx.query_one("SELECT COUNT(*) FROM ledger_checkpoints", &[]).await?.get(0)?;
    let sql = "SELECT number, sequence, jws, hash, created_at FROM ledger_checkpoints \
               ORDER BY number DESC LIMIT $1 OFFSET $2";
    let rows = tx.query(sql, &params![limit, offset]).await?;
    Ok((rows.iter().map(CheckpointRow::read).collect::<Result<_, _>>()?, total))
}
