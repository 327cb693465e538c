//! Webhooks of providers: checked by the provider's adapter, then taken into the books.
//!
//! Invariants: nothing is read before the signature over the raw bytes is right; a report of a charge that is not ours, or of
//! something we do not know, is acknowledged and changes nothing; a report that came before, or too late, changes nothing.

use frameos_domain::clock::Timestamp;
use frameos_store::{
    StoreError, Tx,
    gateway::{
        provider_reversal::{Reversal, reversal_note_unscoped},
        top_up_charge::{charge_get_by_payment_unscoped, charge_get_unscoped, charge_look_soon_unscoped},
    },
};

use super::credit::{charge_close, charge_credit, reversals_apply};
use crate::{
    error::GatewayError,
    gateway::Gateway,
    provider::{ProviderEvent, WebhookHeaders},
    wire::{ProviderWebhook, WebhookTaken},
};

impl Gateway {
    /// Takes what a provider reports. An error other than `WebhookRefused` asks the provider to report again.
    pub async fn provider_webhook(&self, webhook: ProviderWebhook) -> Result<WebhookTaken, GatewayError> {
        let ProviderWebhook { provider, headers, body } = webhook;
        // An unknown name is shown to nobody in the log either: it is whatever somebody typed.
        let entry = self.providers.find(&provider).ok_or(GatewayError::WebhookRefused)?;
        let (name, now) = (entry.provider.name(), self.now());
        let events = entry.provider.webhook_read(WebhookHeaders(&headers), &body, now).map_err(|error| {
            tracing::warn!(provider = name, %error, "a webhook was refused");
            GatewayError::WebhookRefused
        })?;
        let taken = WebhookTaken { events: events.len() };
        for event in events {
            self.store.tx(move |tx| Box::pin(event_take(tx, name, event, now))).await?;
        }
        Ok(taken)
    }
}

async fn event_take(
    tx: &mut Tx,
    provider: &'static str,
    event: ProviderEvent,
    now: Timestamp,
) -> Result<(), StoreError> {
    let (ProviderEvent::Paid { charge_id, .. }
    | ProviderEvent::Closed { charge_id, .. }
    | ProviderEvent::Changed { charge_id }) = &event
    else {
        return reversal_take_in(tx, provider, event, now).await;
    };
    let Some(charge) = charge_get_unscoped(tx, Some(provider), charge_id).await? else {
        tracing::info!(provider, charge = charge_id, "a webhook about a charge that is not ours");
        return Ok(());
    };
    match event {
        ProviderEvent::Paid { paid, .. } => charge_credit(tx, charge.id, paid, now).await,
        ProviderEvent::Closed { reason, .. } => charge_close(tx, &charge, &reason, now).await,
        _ => charge_look_soon_unscoped(tx, &charge.id, now).await,
    }
}

async fn reversal_take_in(
    tx: &mut Tx,
    provider: &'static str,
    event: ProviderEvent,
    now: Timestamp,
) -> Result<(), StoreError> {
    let ProviderEvent::Reversed { payment_reference, source, amount, is_final } = event else {
        return Ok(());
    };
    let reversal =
        Reversal { provider, payment_reference: &payment_reference, source: &source, amount, is_final };
    reversal_note_unscoped(tx, reversal, now).await?;
    match charge_get_by_payment_unscoped(tx, provider, &payment_reference).await? {
        Some(charge) => reversals_apply(tx, &charge.id, now).await,
        // Kept until the payment is known.
        None => Ok(()),
    }
}
