//! Top-ups: money from a provider into a wallet.
//!
//! Invariants: the top-up and each charge are stored before a provider hears of them; a charge is credited in the one
//! transaction that marks it paid, whoever brings the news first (the answer, a webhook or a lookup), so a crash at any point
//! leaves something that the same call, a webhook or the next look brings to its end. What was paid is credited, never what
//! was asked.

mod ask;
mod credit;
mod reconcile;
mod webhook;

pub use reconcile::Reconciled;

use std::time::Duration;

use frameos_domain::{id::TopUpId, money::Money};
use frameos_store::{
    StoreError, Tx,
    gateway::{
        posting::MAX_MINOR,
        top_up::{TopUpRow, top_up_count, top_up_get, top_up_get_by_key, top_up_insert, top_up_list},
        top_up_charge::{TopUpChargeRow, charges_of},
        wallet::wallet_get,
    },
};

use crate::{
    error::GatewayError,
    gateway::{Decision, Gateway, corrupt, refuse},
    metadata::{
        amount_check, key_check, name_check, return_url_check, scenario_check, wallet_currency_check,
    },
    provider::Charge,
    wallet::page_offset,
    wire::{Instrument, TopUp, TopUpNew, TopUpPage, TopUpStatus},
    x402::account_check,
};

const PENDING: &str = "pending";
const SETTLED: &str = "settled";
const FAILED: &str = "failed";
/// The reason of a top-up that nobody paid.
const EXPIRED: &str = "expired";
/// How long a payer has.
const CHECKOUT_TTL: Duration = Duration::from_secs(3600);

impl Gateway {
    /// Puts money into a wallet through a provider. Without an idempotency key every call is a new top-up.
    pub async fn wallet_top_up(&self, owner: String, top_up: TopUpNew) -> Result<TopUp, GatewayError> {
        name_check("owner", &owner)?;
        account_check("owner", &owner)?;
        amount_check(top_up.amount)?;
        wallet_currency_check(top_up.currency)?;
        key_check(top_up.idempotency_key.as_deref())?;
        return_url_check(top_up.return_url.as_deref())?;
        scenario_check(top_up.scenario.as_deref())?;
        let now = self.now();
        let mut row = TopUpRow {
            id: TopUpId::generate(now),
            owner: owner.clone(),
            amount: top_up.amount,
            currency: top_up.currency,
            provider: String::new(),
            provider_reference: None,
            status: PENDING.to_owned(),
            idempotency_key: top_up.idempotency_key,
            created_at: now,
            instrument: top_up.instrument.map(|instrument| instrument.as_str().to_owned()),
            return_url: top_up.return_url,
            scenario: top_up.scenario,
            reason: None,
        };
        self.route(&row)?[0].provider.name().clone_into(&mut row.provider);
        let row = self.store.tx(move |tx| Box::pin(top_up_start(tx, row))).await??;
        match row.status.as_str() {
            PENDING => {
                let id = row.id;
                self.top_up_ask(row).await?;
                self.top_up_get(owner, id).await
            }
            FAILED if row.reason.as_deref() != Some(EXPIRED) => {
                let reason = "it refused before; try again under another idempotency key".to_owned();
                Err(GatewayError::ProviderRefused { provider: row.provider, reason })
            }
            _ => self.top_up_get(owner, row.id).await,
        }
    }

    pub async fn top_up_get(&self, owner: String, top_up_id: TopUpId) -> Result<TopUp, GatewayError> {
        name_check("owner", &owner)?;
        let found = self.store.read(move |tx| {
            Box::pin(async move {
                let Some(row) = top_up_get(tx, &owner, top_up_id).await? else { return Ok(None) };
                let charges = charges_of(tx, &owner, top_up_id).await?;
                top_up_view(row, &charges).map(Some)
            })
        });
        found.await?.ok_or(GatewayError::TopUpNotFound { top_up_id })
    }

    /// The owner's top-ups, newest first. `page` counts from 1; `limit` is 1 to 100.
    pub async fn top_up_list(&self, owner: String, page: u32, limit: u32) -> Result<TopUpPage, GatewayError> {
        name_check("owner", &owner)?;
        let offset = page_offset(page, limit)?;
        let read = self.store.read(move |tx| {
            Box::pin(async move {
                let mut top_ups = Vec::new();
                for row in top_up_list(tx, &owner, limit.into(), offset).await? {
                    let charges = charges_of(tx, &owner, row.id).await?;
                    top_ups.push(top_up_view(row, &charges)?);
                }
                Ok((top_ups, top_up_count(tx, &owner).await?))
            })
        });
        let (top_ups, total) = read.await?;
        Ok(TopUpPage { top_ups, total, page, limit })
    }
}

async fn top_up_start(tx: &mut Tx, row: TopUpRow) -> Decision<TopUpRow> {
    if !top_up_insert(tx, &row).await? {
        let key = row.idempotency_key.clone().unwrap_or_default();
        let known = top_up_get_by_key(tx, &row.owner, &key).await?;
        let known = known.ok_or_else(|| corrupt("a top-up that conflicts but cannot be found"))?;
        let is_same = known.money() == row.money()
            && known.instrument == row.instrument
            && known.return_url == row.return_url
            && known.scenario == row.scenario;
        return if is_same { Ok(Ok(known)) } else { refuse(tx, GatewayError::IdempotencyConflict { key }) };
    }
    // Better said before anybody pays than after.
    let wallet = wallet_get(tx, &row.owner, row.currency).await?;
    let holds = wallet.map_or(0, |wallet| wallet.available.saturating_add(wallet.held));
    if holds.saturating_add(row.amount) > MAX_MINOR {
        return refuse(tx, GatewayError::invalid("amount", "the wallet cannot hold that much"));
    }
    Ok(Ok(row))
}

/// What a provider is asked, from what is stored.
fn charge_of(row: &TopUpRow, charge: &TopUpChargeRow) -> Charge {
    Charge {
        id: charge.id.clone(),
        top_up_id: row.id,
        owner: row.owner.clone(),
        amount: Money::new(charge.amount, charge.currency),
        instrument: row.instrument.as_deref().and_then(Instrument::parse),
        return_url: row.return_url.clone(),
        scenario: row.scenario.clone(),
        created_at: charge.created_at,
        expires_at: charge.expires_at,
    }
}

fn top_up_view(row: TopUpRow, charges: &[TopUpChargeRow]) -> Result<TopUp, StoreError> {
    let sum = |part: fn(&TopUpChargeRow) -> i64| charges.iter().map(part).sum::<i64>();
    let (credited, reversed) = (sum(|charge| charge.credited), sum(|charge| charge.reversed));
    let status = match row.status.as_str() {
        PENDING => TopUpStatus::Pending,
        SETTLED if reversed > 0 && reversed == credited => TopUpStatus::Reversed,
        SETTLED => TopUpStatus::Settled,
        FAILED if row.reason.as_deref() == Some(EXPIRED) => TopUpStatus::Expired,
        FAILED => TopUpStatus::Failed,
        other => return Err(corrupt(format!("`{other}` is no top-up status"))),
    };
    let open = charges.iter().rev().find(|charge| charge.status == "open");
    let open = open.filter(|_| status == TopUpStatus::Pending);
    Ok(TopUp {
        top_up_id: row.id,
        owner: row.owner,
        amount: row.amount,
        currency: row.currency,
        status,
        provider: row.provider,
        provider_reference: row
            .provider_reference
            .or_else(|| open.and_then(|charge| charge.reference.clone())),
        created_at: row.created_at,
        credited,
        reversed,
        debt: sum(|charge| charge.debt),
        instrument: row.instrument,
        checkout_url: open.and_then(|charge| charge.checkout_url.clone()),
        payment_session_id: open.and_then(|charge| charge.checkout_session.clone()),
        expires_at: open.map(|charge| charge.expires_at),
        reason: row.reason,
        flags: charges.iter().filter_map(|charge| charge.flag.clone()).collect(),
    })
}
