//! Checkpoints: from time to time the gateway signs where its chains stand, so that a copy kept elsewhere proves them later.
//!
//! Invariant: what a checkpoint vouches for was committed, and checked entry by entry with every receipt's signature, before
//! it was signed. So an audit that trusts a checkpoint need not check those signatures again.

use std::sync::Arc;

use frameos_domain::{
    canonical,
    checkpoint::LedgerCheckpoint,
    clock::Timestamp,
    receipt::{GENESIS_HASH, PaymentReceipt},
    signing::KeySet,
};
use frameos_store::{
    StoreError, Tx,
    chain::{chain_advance, chain_set},
    gateway::{
        audit::{Beside, receipts_page_unscoped},
        chain::{CHECKPOINT_CHAIN, LEDGER_CHAIN, RECEIPT_CHAIN, chain_head_unscoped},
        checkpoint::{CheckpointRow, checkpoint_insert, checkpoint_last_unscoped, checkpoints_list_unscoped},
        ledger::ledger_page_unscoped,
    },
};

use crate::{
    GatewayKeys,
    error::GatewayError,
    gateway::{Gateway, corrupt},
    wire::{Checkpoint, CheckpointPage},
};

const PAGE: i64 = 1_000;

impl Gateway {
    /// Checks what came to the ledger and the receipts since the last checkpoint, and signs where they stand now. None when nothing
    /// came; an error, and no checkpoint, when something does not fit.
    pub async fn checkpoint_issue(&self) -> Result<Option<Checkpoint>, GatewayError> {
        let (keys, now) = (self.keys(), self.now());
        let stand = self.store.read(move |tx| Box::pin(stand_check(tx, keys.set()))).await?;
        let Some(stand) = stand else { return Ok(None) };
        let keys = self.keys();
        let issued = self.store.tx(move |tx| Box::pin(checkpoint_sign(tx, keys, stand, now))).await?;
        issued.map(checkpoint_view).transpose()
    }

    /// The checkpoints, newest first.
    pub async fn checkpoints_list(&self, page: u32, limit: u32) -> Result<CheckpointPage, GatewayError> {
        let offset = i64::from(page.saturating_sub(1)) * i64::from(limit);
        let (rows, total) = self
            .store
            .read(move |tx| Box::pin(checkpoints_list_unscoped(tx, i64::from(limit), offset)))
            .await?;
        let checkpoints = rows.into_iter().map(checkpoint_view).collect::<Result<_, _>>()?;
        Ok(CheckpointPage { checkpoints, total, page, limit })
    }
}

/// Where the chains stand, and the checkpoint before.
struct Stand {
    number: i64,
    ledger: (i64, String),
    receipts: (i64, String),
}

/// Walks the chains from the last checkpoint to where they stand. None when the ledger did not move.
async fn stand_check(tx: &mut Tx, keys: KeySet) -> Result<Option<Stand>, StoreError> {
    tx.take_long();
    let genesis = || (0, GENESIS_HASH.to_owned());
    let (number, ledger, receipts) = match checkpoint_last_unscoped(tx).await? {
        None => (0, genesis(), genesis()),
        Some(last) => {
            let signed = LedgerCheckpoint::verify(&last.jws, Some(&keys))
                .map_err(|error| corrupt(format!("checkpoint {} does not verify: {error}", last.number)))?;
            let ledger = (signed.ledger_sequence, signed.ledger_hash);
            (signed.number, ledger, (signed.receipt_sequence, signed.receipt_hash))
        }
    };
    let head = chain_head_unscoped(tx, LEDGER_CHAIN).await?;
    if head.0 == ledger.0 {
        return Ok(None);
    }
    let ledger = ledger_walk(tx, ledger).await?;
    let receipts = receipts_walk(tx, receipts, &keys).await?;
    for (chain, end) in [(LEDGER_CHAIN, &ledger), (RECEIPT_CHAIN, &receipts)] {
        if chain_head_unscoped(tx, chain).await? != *end {
            return Err(corrupt(format!("the chain of {chain} does not lead to its head")));
        }
    }
    Ok(Some(Stand { number, ledger, receipts }))
}

async fn ledger_walk(tx: &mut Tx, mut end: (i64, String)) -> Result<(i64, String), StoreError> {
    loop {
        let unread = ledger_page_unscoped(tx, end.0, PAGE).await?;
        let page = unread.read()?;
        if page.is_empty() {
            return Ok(end);
        }
        for entry in page {
            let fits = entry.sequence == end.0 + 1 && entry.previous_hash == end.1;
            if !fits || entry.expected_hash() != entry.hash {
                return Err(corrupt(format!("ledger entry {} does not fit", entry.id)));
            }
            end = (entry.sequence, entry.hash.into_owned());
        }
    }
}

async fn receipts_walk(
    tx: &mut Tx,
    mut end: (i64, String),
    keys: &KeySet,
) -> Result<(i64, String), StoreError> {
    loop {
        let unread = receipts_page_unscoped(tx, end.0, PAGE, Beside::Refusals).await?;
        let page = unread.read()?;
        if page.is_empty() {
            return Ok(end);
        }
        for row in page {
            let fits = row.sequence == end.0 + 1
                && row.previous_hash == end.1
                && canonical::sha256_hex(row.jws.as_bytes()) == row.hash;
            if !fits || PaymentReceipt::verify(row.jws, Some(keys)).is_err() {
                return Err(corrupt(format!("receipt {} does not fit", row.id)));
            }
            end = (row.sequence, row.hash.to_owned());
        }
    }
}

async fn checkpoint_sign(
    tx: &mut Tx,
    keys: Arc<GatewayKeys>,
    stand: Stand,
    now: Timestamp,
) -> Result<Option<CheckpointRow>, StoreError> {
    let place = chain_advance(tx, CHECKPOINT_CHAIN).await?;
    if place.sequence != stand.number + 1 {
        // Another process was faster.
        return Ok(None);
    }
    let checkpoint = LedgerCheckpoint {
        number: place.sequence,
        previous_hash: place.previous_hash,
        ledger_sequence: stand.ledger.0,
        ledger_hash: stand.ledger.1,
        receipt_sequence: stand.receipts.0,
        receipt_hash: stand.receipts.1,
        issued_at: now,
    };
    let jws = checkpoint.sign(&keys.active).map_err(|error| corrupt(error.to_string()))?;
    let hash = canonical::sha256_hex(jws.as_bytes());
    let (number, sequence) = (checkpoint.number, checkpoint.ledger_sequence);
    let row = CheckpointRow { number, sequence, jws, hash, created_at: now };
    checkpoint_insert(tx, &row).await?;
    chain_set(tx, CHECKPOINT_CHAIN, row.number, &row.hash).await?;
    Ok(Some(row))
}

fn checkpoint_view(row: CheckpointRow) -> Result<Checkpoint, GatewayError> {
    let checkpoint = LedgerCheckpoint::verify(&row.jws, None)
        .map_err(|error| corrupt(format!("checkpoint {} does not verify: {error}", row.number)))?;
    Ok(Checkpoint { checkpoint, jws: row.jws })
}
