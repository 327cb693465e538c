//! Asking providers for a charge, one after the other until one gives a checkout.
//!
//! Invariant: another provider is asked only when the payer cannot have seen a checkout of the one before: it refused, was not
//! reached, or gave no answer, and nobody can pay at an address that nobody knows. Should such a charge be paid all the same,
//! it is credited like any other.

use std::time::Duration;

use frameos_domain::clock::Timestamp;
use frameos_store::{
    StoreError, Tx,
    gateway::{
        top_up::{TopUpRow, top_up_fail, top_up_provider_set, top_up_work_begin, top_up_work_end},
        top_up_charge::{
            ChargeOpen, TopUpChargeRow, charge_asked, charge_close_unscoped, charge_insert,
            charge_open_unscoped, charge_unanswered, charges_of,
        },
    },
};
use thiserror::Error;

use super::{CHECKOUT_TTL, charge_of, credit::charge_credit};
use crate::{
    error::GatewayError,
    gateway::Gateway,
    provider::{Charge, Checkout, Entry, Open, ProviderError, Wanted},
    wire::Instrument,
};

/// Longer than asking every provider takes; after a crash the next call goes on.
const LEASE: Duration = Duration::from_secs(120);
/// When a charge whose answer did not come is looked at first: after any answer would have come.
pub(super) const FIRST_LOOK: Duration = Duration::from_secs(15);
/// Charges of one top-up: enough for a bad day, and an end.
const MOST_CHARGES: usize = 8;

/// What asking one provider came to.
enum Asked {
    /// Paid, or the payer can pay.
    Done,
    Refused {
        provider: String,
        reason: String,
    },
    Unanswered(ProviderError),
    /// Nothing to be asked of this one.
    Passed,
}

#[derive(Debug, Error)]
#[error("no payment provider could be asked")]
struct NobodyAsked;

impl Gateway {
    pub(super) fn route(&self, row: &TopUpRow) -> Result<Vec<&Entry>, GatewayError> {
        let instrument = row.instrument.as_deref().and_then(Instrument::parse);
        let scenario = row.scenario.as_deref();
        self.providers.route(Wanted { amount: row.money(), instrument, scenario })
    }

    /// Brings a pending top-up to where the payer can pay. Whoever finds another at it leaves it to that one.
    pub(super) async fn top_up_ask(&self, row: TopUpRow) -> Result<(), GatewayError> {
        let route = self.route(&row)?;
        let (owner, id, now) = (row.owner.clone(), row.id, self.now());
        let begun = self.store.tx(move |tx| {
            Box::pin(async move {
                let charges = charges_of(tx, &owner, id).await?;
                let is_open = charges.iter().any(|charge| matches!(&*charge.status, "open" | "paid"));
                Ok(!is_open && top_up_work_begin(tx, &owner, id, now, LEASE).await?)
            })
        });
        if !begun.await? {
            return Ok(());
        }
        let asked = self.providers_ask(&row, route).await;
        let (owner, id) = (row.owner, row.id);
        self.store.tx(move |tx| Box::pin(async move { top_up_work_end(tx, &owner, id).await })).await?;
        asked
    }

    async fn providers_ask(&self, row: &TopUpRow, route: Vec<&Entry>) -> Result<(), GatewayError> {
        let (mut refused, mut unanswered) = (None, None);
        for entry in route {
            match self.provider_ask(row, entry).await? {
                Asked::Done => return Ok(()),
                Asked::Refused { provider, reason } => refused = Some((provider, reason)),
                Asked::Unanswered(error) => unanswered = Some(error),
                Asked::Passed => {}
            }
        }
        match (refused, unanswered) {
            (_, Some(error)) => Err(GatewayError::unavailable(error)),
            (Some((provider, reason)), None) => {
                let (owner, id, now, why) = (row.owner.clone(), row.id, self.now(), reason.clone());
                self.store
                    .tx(move |tx| Box::pin(async move { top_up_fail(tx, &owner, id, &why, now).await }))
                    .await?;
                Err(GatewayError::ProviderRefused { provider, reason })
            }
            (None, None) => Err(GatewayError::unavailable(NobodyAsked)),
        }
    }

    async fn provider_ask(&self, row: &TopUpRow, entry: &Entry) -> Result<Asked, GatewayError> {
        let (name, now) = (entry.provider.name(), self.now());
        if !entry.is_usable(now) {
            return Ok(Asked::Passed);
        }
        let of = row.clone();
        let begun = self.store.tx(move |tx| Box::pin(charge_begin(tx, of, name, now))).await?;
        let Some((charge, asks)) = begun else { return Ok(Asked::Passed) };
        let answer = entry.provider.checkout_create(charge.clone()).await;
        let (now, owner, id) = (self.now(), row.owner.clone(), charge.id.clone());
        match answer {
            Ok(answer) => {
                entry.worked();
                self.checkout_note(name, charge, answer).await
            }
            Err(error) => {
                entry.failed(now);
                tracing::warn!(
                    charge = id,
                    error = &error as &dyn std::error::Error,
                    "a provider did not answer"
                );
                let status = match &error {
                    ProviderError::NotReached { .. } => Some("new"),
                    // Some providers repeat a failure for as long as they remember the key: go on under another.
                    ProviderError::Unknown { .. } if asks > 1 => Some("lost"),
                    ProviderError::Unknown { .. } => None,
                };
                if let Some(status) = status {
                    self.store
                        .tx(move |tx| {
                            Box::pin(async move { charge_unanswered(tx, &owner, &id, status, now).await })
                        })
                        .await?;
                }
                Ok(Asked::Unanswered(error))
            }
        }
    }

    async fn checkout_note(
        &self,
        provider: &'static str,
        charge: Charge,
        answer: Checkout,
    ) -> Result<Asked, GatewayError> {
        let now = self.now();
        match answer {
            Checkout::Settled(paid) => {
                self.store.tx(move |tx| Box::pin(charge_credit(tx, charge.id, paid, now))).await?;
                Ok(Asked::Done)
            }
            Checkout::Pending(open) => {
                self.store
                    .tx(move |tx| Box::pin(async move { charge_open(tx, &charge.id, open, now).await }))
                    .await?;
                Ok(Asked::Done)
            }
            Checkout::Refused { reason } => {
                let why = reason.clone();
                self.store
                    .tx(move |tx| {
                        Box::pin(
                            async move { charge_close_unscoped(tx, &charge.id, "refused", &why, now).await },
                        )
                    })
                    .await?;
                Ok(Asked::Refused { provider: provider.to_owned(), reason })
            }
        }
    }
}

pub(super) async fn charge_open(tx: &mut Tx, id: &str, open: Open, now: Timestamp) -> Result<(), StoreError> {
    let open = ChargeOpen {
        reference: &open.reference,
        checkout_url: open.checkout_url.as_deref(),
        checkout_session: open.checkout_session.as_deref(),
    };
    charge_open_unscoped(tx, id, open, now).await
}

/// The charge to ask `provider` for, stored, and how often it has been asked for with this time: one it has not answered to,
/// or a new one. None when this one has refused, or there were too many.
async fn charge_begin(
    tx: &mut Tx,
    row: TopUpRow,
    provider: &'static str,
    now: Timestamp,
) -> Result<Option<(Charge, i64)>, StoreError> {
    let charges = charges_of(tx, &row.owner, row.id).await?;
    let of_this = || charges.iter().filter(|charge| charge.provider == provider);
    if charges.len() >= MOST_CHARGES || of_this().any(|charge| charge.status == "refused") {
        return Ok(None);
    }
    let (look_at, expires_at) = (now.plus(FIRST_LOOK), now.plus(CHECKOUT_TTL));
    if let Some(known) = of_this().find(|charge| matches!(&*charge.status, "new" | "asking")) {
        // What the provider has certainly not heard of may still be changed; else a repeat has to be the same request.
        let expires_at = if known.status == "new" { expires_at } else { known.expires_at };
        let known = TopUpChargeRow { look_at: Some(look_at), expires_at, ..known.clone() };
        charge_asked(tx, &known, now).await?;
        top_up_provider_set(tx, &row.owner, row.id, provider).await?;
        return Ok(Some((charge_of(&row, &known), known.asks + 1)));
    }
    let number = charges.len() + 1;
    let id = if number == 1 { row.id.to_string() } else { format!("{}-{number}", row.id) };
    let charge = TopUpChargeRow {
        id,
        top_up_id: row.id,
        owner: row.owner.clone(),
        number: number as i64,
        provider: provider.to_owned(),
        amount: row.amount,
        currency: row.currency,
        status: "asking".to_owned(),
        reference: None,
        checkout_url: None,
        checkout_session: None,
        reason: None,
        payment_reference: None,
        credited: 0,
        reversed: 0,
        taken: 0,
        debt: 0,
        flag: None,
        asks: 1,
        looks: 0,
        look_at: Some(look_at),
        expires_at,
        created_at: now,
    };
    charge_insert(tx, &charge).await?;
    top_up_provider_set(tx, &row.owner, row.id, provider).await?;
    Ok(Some((charge_of(&row, &charge), 1)))
}
