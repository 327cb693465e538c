//! Top-ups: money from a provider into a wallet.
//!
//! Invariant: the top-up is stored before the provider is called and credited in the transaction that closes it, so a crash at
//! any point leaves something that the same call, under the same idempotency key, brings to its end.

use frameos_domain::{clock::Timestamp, id::TopUpId, money::Money};
use frameos_store::{
    StoreError, Tx,
    gateway::{
        ledger::{LedgerKind, ledger_post},
        posting::AccountKind,
        top_up::{TopUpRow, top_up_close, top_up_get, top_up_get_by_key, top_up_insert},
        wallet::wallet_credit,
    },
};

use crate::{
    error::GatewayError,
    gateway::{Decision, Gateway, corrupt, refuse},
    mandate::transfer,
    metadata::{amount_check, key_check, name_check, wallet_currency_check},
    provider::{Charge, Settlement},
    wire::{TopUp, TopUpNew, TopUpStatus},
    x402::account_check,
};

const PENDING: &str = "pending";
const SETTLED: &str = "settled";
const FAILED: &str = "failed";

impl Gateway {
    /// Puts money into a wallet through the provider. Without an idempotency key every call is a new top-up.
    pub async fn wallet_top_up(&self, owner: String, top_up: TopUpNew) -> Result<TopUp, GatewayError> {
        name_check("owner", &owner)?;
        account_check("owner", &owner)?;
        amount_check(top_up.amount)?;
        wallet_currency_check(top_up.currency)?;
        key_check(top_up.idempotency_key.as_deref())?;
        let now = self.now();
        let row = TopUpRow {
            id: TopUpId::generate(now),
            owner,
            amount: top_up.amount,
            currency: top_up.currency,
            provider: self.provider.name().to_owned(),
            provider_reference: None,
            status: PENDING.to_owned(),
            idempotency_key: top_up.idempotency_key,
            created_at: now,
        };
        let row = self.store.tx(move |tx| Box::pin(top_up_start(tx, row))).await??;
        match row.status.as_str() {
            PENDING => top_up_view(self.top_up_charge(row).await?),
            FAILED => {
                let reason = "it refused before; try again under another idempotency key".to_owned();
                Err(GatewayError::ProviderRefused { provider: row.provider, reason })
            }
            _ => top_up_view(row),
        }
    }

    async fn top_up_charge(&self, row: TopUpRow) -> Result<TopUpRow, GatewayError> {
        let charge = Charge { top_up_id: row.id, owner: row.owner.clone(), amount: row.money() };
        let settlement = self.provider.charge(charge).await.map_err(GatewayError::unavailable)?;
        let now = self.now();
        match settlement {
            Settlement::Pending { .. } => Ok(row),
            Settlement::Settled { reference } => {
                self.store
                    .tx_books(move |tx| Box::pin(top_up_settle(tx, row.clone(), reference.clone(), now)))
                    .await?
            }
            Settlement::Refused { reason } => {
                let provider = row.provider.clone();
                self.store.tx(move |tx| Box::pin(top_up_close(tx, row.id, FAILED, None, now))).await?;
                Err(GatewayError::ProviderRefused { provider, reason })
            }
        }
    }
}

async fn top_up_start(tx: &mut Tx, row: TopUpRow) -> Decision<TopUpRow> {
    if top_up_insert(tx, &row).await? {
        return Ok(Ok(row));
    }
    let key = row.idempotency_key.unwrap_or_default();
    let known = top_up_get_by_key(tx, &row.owner, &key).await?;
    let known = known.ok_or_else(|| corrupt("a top-up that conflicts but cannot be found"))?;
    if known.amount == row.amount && known.currency == row.currency {
        Ok(Ok(known))
    } else {
        refuse(tx, GatewayError::IdempotencyConflict { key })
    }
}

async fn top_up_settle(tx: &mut Tx, row: TopUpRow, reference: String, now: Timestamp) -> Decision<TopUpRow> {
    if !top_up_close(tx, row.id, SETTLED, Some(&reference), now).await? {
        let closed = top_up_get(tx, &row.owner, row.id).await?;
        return closed.map(Ok).ok_or_else(|| corrupt("a top-up that vanished"));
    }
    if !wallet_credit(tx, &row.owner, row.money(), now).await? {
        return refuse(tx, GatewayError::invalid("amount", "the wallet cannot hold that much"));
    }
    ledger_credit(tx, &row, row.money(), now).await?;
    Ok(Ok(TopUpRow { status: SETTLED.to_owned(), provider_reference: Some(reference), ..row }))
}

async fn ledger_credit(tx: &mut Tx, row: &TopUpRow, amount: Money, now: Timestamp) -> Result<(), StoreError> {
    let from = (AccountKind::ProviderClearing, &*row.provider);
    let postings = transfer(from, (AccountKind::Wallet, &row.owner), amount)?;
    ledger_post(tx, LedgerKind::TopUp, &row.id.to_string(), &postings, now).await.map(drop)
}

fn top_up_view(row: TopUpRow) -> Result<TopUp, GatewayError> {
    let status = match row.status.as_str() {
        PENDING => TopUpStatus::Pending,
        SETTLED => TopUpStatus::Settled,
        FAILED => TopUpStatus::Failed,
        other => return Err(corrupt(format!("`{other}` is no top-up status")).into()),
    };
    Ok(TopUp {
        top_up_id: row.id,
        owner: row.owner,
        amount: row.amount,
        currency: row.currency,
        status,
        provider: row.provider,
        provider_reference: row.provider_reference,
        created_at: row.created_at,
    })
}
