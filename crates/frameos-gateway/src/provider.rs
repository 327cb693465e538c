//! The edge to whoever moves real money: a small trait, and the provider that moves test money.
//!
//! Invariant: a provider sees the same top-up id however often it is asked, and must charge once for it. An error means that
//! nobody knows what happened; a refusal is not an error.

use frameos_domain::{id::TopUpId, money::Money};
use thiserror::Error;

use crate::port::BoxFuture;

/// What a provider is asked to collect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charge {
    /// The idempotency key towards the provider.
    pub top_up_id: TopUpId,
    pub owner: String,
    pub amount: Money,
}

/// What became of a charge; `reference` is the provider's own name for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settlement {
    Settled {
        reference: String,
    },
    /// The payer has to do something, or the provider takes its time.
    Pending {
        reference: String,
    },
    Refused {
        reason: String,
    },
}

/// The provider did not answer; the charge may or may not have happened.
#[derive(Debug, Error)]
#[error("no answer from payment provider `{provider}`")]
pub struct ProviderError {
    pub provider: &'static str,
    #[source]
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// A payment provider.
pub trait PaymentProvider: Send + Sync {
    /// Its name in top-ups and in the ledger's clearing accounts.
    fn name(&self) -> &'static str;

    fn charge(&self, charge: Charge) -> BoxFuture<'_, Result<Settlement, ProviderError>>;
}

/// Test money: every charge settles at once and nobody pays.
#[derive(Debug, Clone, Copy, Default)]
pub struct SandboxProvider;

impl PaymentProvider for SandboxProvider {
    fn name(&self) -> &'static str {
        "sandbox"
    }

    fn charge(&self, charge: Charge) -> BoxFuture<'_, Result<Settlement, ProviderError>> {
        let reference = format!("sandbox_{}", charge.top_up_id);
        Box::pin(async { Ok(Settlement::Settled { reference }) })
    }
}
