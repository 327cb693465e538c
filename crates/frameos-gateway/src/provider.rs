//! The edge to whoever moves real money: a small trait, and what is said over it.
//!
//! Invariants: a provider sees the same charge id however often it is asked, and collects at most once for it. A refusal is
//! certain; so is [`ProviderError::NotReached`]; after [`ProviderError::Unknown`] nobody knows what happened, and only a lookup
//! or a webhook will tell. Provider formats (decimals, form fields, signatures) stay inside the adapters.

mod cashfree;
mod decimal;
mod http;
mod providers;
mod sandbox;
mod signature;
mod stripe;

use frameos_domain::{
    clock::Timestamp,
    id::TopUpId,
    money::{Currency, Money},
};
use thiserror::Error;

use crate::{port::BoxFuture, wire::Instrument};

pub use cashfree::{Cashfree, CashfreeConfig};
pub use providers::Providers;
pub(crate) use providers::{Entry, Wanted};
pub use sandbox::{SCENARIOS, Sandbox, SandboxConfig};
pub use stripe::{Stripe, StripeConfig};

/// What a provider is asked to collect. Everything in it is stored, so that asking again is the same request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charge {
    /// The idempotency key towards the provider, and what its webhooks name.
    pub id: String,
    pub top_up_id: TopUpId,
    pub owner: String,
    pub amount: Money,
    pub instrument: Option<Instrument>,
    /// Where the payer comes back to.
    pub return_url: Option<String>,
    /// What test money is to do; real providers are never asked with one.
    pub scenario: Option<String>,
    pub created_at: Timestamp,
    /// When the payer can no longer pay.
    pub expires_at: Timestamp,
}

/// What a provider made of being asked to collect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Checkout {
    Settled(Paid),
    /// The payer has to do something.
    Pending(Open),
    /// There is certainly nothing to pay.
    Refused {
        reason: String,
    },
}

/// A charge that the payer can pay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Open {
    /// The provider's own name for it.
    pub reference: String,
    pub checkout_url: Option<String>,
    /// For providers whose checkout is opened by a script instead of an address.
    pub checkout_session: Option<String>,
}

/// What was truly paid, which may differ from what was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paid {
    pub reference: String,
    /// The provider's name for the payment, which refunds and disputes go by.
    pub payment_reference: String,
    pub amount: Money,
}

/// How a charge stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChargeState {
    Paid(Paid),
    Open(Open),
    /// It can no longer be paid.
    Closed {
        reason: String,
    },
    /// The provider does not know it, or not yet.
    Missing,
}

/// What a webhook says. A provider's other words are not events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProviderEvent {
    Paid {
        charge_id: String,
        paid: Paid,
    },
    Closed {
        charge_id: String,
        reason: String,
    },
    /// Something happened that a lookup will tell.
    Changed {
        charge_id: String,
    },
    /// A refund or dispute took money back, in all, or gave it again.
    Reversed {
        payment_reference: String,
        source: String,
        amount: i64,
        is_final: bool,
    },
}

/// The provider gave no answer that can be used.
#[derive(Debug, Error)]
pub enum ProviderError {
    /// It has certainly done nothing.
    #[error("payment provider `{provider}` could not be asked")]
    NotReached {
        provider: &'static str,
        #[source]
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
    /// It may have done what was asked.
    #[error("no usable answer from payment provider `{provider}`")]
    Unknown {
        provider: &'static str,
        #[source]
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
}

/// Why a webhook was not believed. Its sender is told nothing of this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum WebhookError {
    #[error("a signature header is missing or cannot be read")]
    NoSignature,
    #[error("the signature does not fit the body")]
    WrongSignature,
    #[error("the signature is too old, or from the future")]
    WrongTime,
    #[error("the signed body is not what was agreed")]
    Unreadable,
    #[error("no secret is configured to check webhooks with")]
    NoSecret,
}

/// The headers of a webhook; names in lower case.
#[derive(Debug, Clone, Copy)]
pub struct WebhookHeaders<'a>(pub &'a [(String, String)]);

impl<'a> WebhookHeaders<'a> {
    /// The header's value, if it was sent exactly once: two are no signature.
    pub fn get(&self, name: &str) -> Option<&'a str> {
        let mut values = self.0.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str());
        let first = values.next()?;
        values.next().is_none().then_some(first)
    }
}

/// What a provider can collect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capabilities {
    pub limits: Vec<Limit>,
    pub instruments: Vec<Instrument>,
}

/// The smallest and largest amount in one currency, or in all that are not listed before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    pub currency: Option<Currency>,
    pub min: i64,
    pub max: i64,
}

impl Capabilities {
    /// Why this cannot be collected.
    pub(crate) fn obstacle(&self, amount: Money, instrument: Option<Instrument>) -> Option<String> {
        let fits = |limit: &&Limit| limit.currency.is_none_or(|currency| currency == amount.currency);
        let Some(limit) = self.limits.iter().find(fits) else {
            return Some(format!("does not take {}", amount.currency));
        };
        if !(limit.min..=limit.max).contains(&amount.minor) {
            return Some(format!("takes {} to {} minor units of {}", limit.min, limit.max, amount.currency));
        }
        match instrument {
            Some(instrument) if !self.instruments.contains(&instrument) => {
                Some(format!("does not take {}", instrument.as_str()))
            }
            _ => None,
        }
    }
}

/// A payment provider.
pub trait PaymentProvider: Send + Sync {
    /// Its name in top-ups, in webhook paths and in the ledger's clearing accounts.
    fn name(&self) -> &'static str;

    fn capabilities(&self) -> Capabilities;

    /// Asks for a charge. Asking again with the same charge gives the same one.
    fn checkout_create(&self, charge: Charge) -> BoxFuture<'_, Result<Checkout, ProviderError>>;

    /// How a charge stands; `reference` is what the provider called it, if it ever said.
    fn charge_lookup(
        &self,
        charge: Charge,
        reference: Option<String>,
    ) -> BoxFuture<'_, Result<ChargeState, ProviderError>>;

    /// Checks a webhook's signature over its raw bytes and reads it. Pure: it asks nobody and changes nothing.
    fn webhook_read(
        &self,
        headers: WebhookHeaders<'_>,
        body: &[u8],
        now: Timestamp,
    ) -> Result<Vec<ProviderEvent>, WebhookError>;
}
