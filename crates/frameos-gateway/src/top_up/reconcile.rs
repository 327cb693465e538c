//! The look-out for charges whose end nobody reported: asks their providers until it is known.
//!
//! Invariants: two processes do not ask for one charge at the same time (and would do no harm); a provider that does not answer
//! is asked again later, less often as time goes by; a charge is given up only long after its payer could last pay, and even
//! then a webhook still credits it.

use std::time::Duration;

use frameos_domain::{clock::Timestamp, id::TopUpId};
use frameos_store::{
    StoreError, Tx,
    gateway::{
        provider_reversal::reversals_outstanding_unscoped,
        top_up::{top_up_fail, top_up_get, top_ups_over_unscoped},
        top_up_charge::{
            TopUpChargeRow, charge_close_unscoped, charge_flag_unscoped, charge_look_begin_unscoped,
            charges_due_unscoped, charges_of,
        },
    },
};
use futures::{StreamExt, stream};

use super::{
    CHECKOUT_TTL, EXPIRED,
    ask::{FIRST_LOOK, charge_open},
    charge_of,
    credit::{charge_close, charge_credit, reversals_apply},
};
use crate::{error::GatewayError, gateway::Gateway, provider::ChargeState};

/// What passes between looks at one charge; the last again and again while it can be paid.
const PAUSES: [Duration; 5] = [
    FIRST_LOOK,
    Duration::from_secs(30),
    Duration::from_secs(60),
    Duration::from_secs(180),
    Duration::from_secs(600),
];
const PAUSE_AFTER_EXPIRY: Duration = Duration::from_secs(3600);
/// A provider's clock is not ours, and a bank takes its time.
const GRACE: Duration = Duration::from_secs(600);
/// A provider that still has not heard of a charge after this will not.
const MISSING_FOR: Duration = Duration::from_secs(600);
/// After so long without an answer a person is asked instead.
const GIVE_UP: Duration = Duration::from_secs(7 * 24 * 3600);
const BATCH: i64 = 50;
const AT_ONCE: usize = 8;

/// What became of charges that were looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reconciled {
    pub looked_at: u64,
    pub paid: u64,
    pub ended: u64,
}

/// What one look came to.
enum Seen {
    Paid,
    Ended,
    Open,
}

impl Gateway {
    /// Looks at every charge that is due at `now`.
    pub async fn top_ups_reconcile(&self, now: Timestamp) -> Result<Reconciled, GatewayError> {
        let mut sum = Reconciled::default();
        loop {
            let due = self.store.read(move |tx| Box::pin(charges_due_unscoped(tx, now, BATCH))).await?;
            if due.is_empty() {
                break;
            }
            let looks =
                stream::iter(due).map(|charge| self.charge_look(charge, now)).buffer_unordered(AT_ONCE);
            let looks: Vec<_> = looks.collect().await;
            for look in looks {
                sum.looked_at += 1;
                match look? {
                    Seen::Paid => sum.paid += 1,
                    Seen::Ended => sum.ended += 1,
                    Seen::Open => {}
                }
            }
        }
        self.top_ups_end(now).await?;
        self.reversals_resume(now).await?;
        Ok(sum)
    }

    async fn charge_look(&self, charge: TopUpChargeRow, now: Timestamp) -> Result<Seen, GatewayError> {
        let (taken, next) = (charge.clone(), now.plus(pause(&charge, now)));
        let is_ours = self
            .store
            .tx(move |tx| Box::pin(async move { charge_look_begin_unscoped(tx, &taken, next).await }));
        if !is_ours.await? {
            return Ok(Seen::Open);
        }
        let Some(entry) = self.providers.find(&charge.provider) else {
            tracing::error!(
                charge = charge.id,
                provider = charge.provider,
                "a charge's provider is not configured any more"
            );
            return self.charge_give_up(charge, now).await;
        };
        let (owner, id) = (charge.owner.clone(), charge.top_up_id);
        let row =
            self.store.read(move |tx| Box::pin(async move { top_up_get(tx, &owner, id).await })).await?;
        let row = row.ok_or_else(|| crate::gateway::corrupt("a charge without its top-up"))?;
        match entry.provider.charge_lookup(charge_of(&row, &charge), charge.reference.clone()).await {
            Ok(state) => {
                entry.worked();
                self.charge_state_take(charge, state, now).await
            }
            Err(error) => {
                entry.failed(now);
                tracing::warn!(
                    charge = charge.id,
                    error = &error as &dyn std::error::Error,
                    "a lookup failed"
                );
                self.charge_give_up(charge, now).await
            }
        }
    }

    async fn charge_state_take(
        &self,
        charge: TopUpChargeRow,
        state: ChargeState,
        now: Timestamp,
    ) -> Result<Seen, GatewayError> {
        let end = match state {
            ChargeState::Paid(paid) => {
                self.store.tx(move |tx| Box::pin(charge_credit(tx, charge.id, paid, now))).await?;
                return Ok(Seen::Paid);
            }
            ChargeState::Closed { reason } => Some(reason),
            ChargeState::Open(_) if charge.expires_at.plus(GRACE) <= now => Some(EXPIRED.to_owned()),
            ChargeState::Missing if charge.created_at.plus(MISSING_FOR) <= now => Some(EXPIRED.to_owned()),
            ChargeState::Missing => None,
            ChargeState::Open(open) => {
                let id = charge.id.clone();
                self.store
                    .tx(move |tx| Box::pin(async move { charge_open(tx, &id, open, now).await }))
                    .await?;
                None
            }
        };
        let Some(reason) = end else { return Ok(Seen::Open) };
        self.store
            .tx(move |tx| Box::pin(async move { charge_close(tx, &charge, &reason, now).await }))
            .await?;
        Ok(Seen::Ended)
    }

    /// Leaves a charge to an operator when nobody has known for too long.
    async fn charge_give_up(&self, charge: TopUpChargeRow, now: Timestamp) -> Result<Seen, GatewayError> {
        if charge.expires_at.plus(GIVE_UP) > now {
            return Ok(Seen::Open);
        }
        let give_up = self.store.tx(move |tx| {
            Box::pin(async move {
                charge_flag_unscoped(tx, &charge.id, "unresolved").await?;
                charge_close(tx, &charge, EXPIRED, now).await
            })
        });
        give_up.await?;
        Ok(Seen::Ended)
    }

    /// Ends top-ups of which nothing can be paid any more: no provider was ever reached, or a crash came in between.
    async fn top_ups_end(&self, now: Timestamp) -> Result<(), GatewayError> {
        let before = now.minus(CHECKOUT_TTL);
        loop {
            let over = self.store.read(move |tx| Box::pin(top_ups_over_unscoped(tx, before, BATCH))).await?;
            if over.is_empty() {
                return Ok(());
            }
            for (owner, id) in over {
                self.store.tx(move |tx| Box::pin(top_up_end(tx, owner, id, now))).await?;
            }
        }
    }

    /// Acts on reversals that arrived in the same moment as the news of their payment.
    async fn reversals_resume(&self, now: Timestamp) -> Result<(), GatewayError> {
        let outstanding =
            self.store.read(move |tx| Box::pin(reversals_outstanding_unscoped(tx, BATCH))).await?;
        for (_, charge_id) in outstanding {
            self.store
                .tx(move |tx| Box::pin(async move { reversals_apply(tx, &charge_id, now).await }))
                .await?;
        }
        Ok(())
    }
}

async fn top_up_end(tx: &mut Tx, owner: String, id: TopUpId, now: Timestamp) -> Result<(), StoreError> {
    for charge in charges_of(tx, &owner, id).await? {
        if charge.status == "new" {
            charge_close_unscoped(tx, &charge.id, "closed", EXPIRED, now).await?;
        }
    }
    top_up_fail(tx, &owner, id, EXPIRED, now).await.map(drop)
}

fn pause(charge: &TopUpChargeRow, now: Timestamp) -> Duration {
    let step = usize::try_from(charge.looks).unwrap_or(0);
    let step = PAUSES.get(step).copied().unwrap_or(PAUSES[PAUSES.len() - 1]);
    if charge.expires_at.plus(GRACE) <= now { PAUSE_AFTER_EXPIRY } else { step }
}
