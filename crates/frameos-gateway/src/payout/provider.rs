//! The edge to whoever sends money to banks: a small trait, and the provider that sends test money.
//!
//! Invariants: a provider sees the same payout id however often it is asked and must send once for it; an error means that
//! nobody knows what happened. A refusal means that this request was not taken, which is not the same as that none was.

use frameos_domain::{id::PayoutId, money::Money, payout::PayoutAccount};
use thiserror::Error;

use crate::port::BoxFuture;

/// What a provider is asked to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transfer {
    /// The idempotency key towards the provider.
    pub payout_id: PayoutId,
    pub amount: Money,
    pub account: PayoutAccount,
}

/// What became of a transfer; `reference` is the provider's own name for it, `bank_reference` the bank's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TransferState {
    /// Taken, and not sent yet as far as the provider knows.
    Pending {
        reference: Option<String>,
    },
    Paid {
        reference: Option<String>,
        bank_reference: Option<String>,
    },
    /// Not taken.
    Refused {
        reason: String,
    },
    /// Taken, and not sent.
    Failed {
        reason: String,
    },
    /// Sent, and sent back by the bank.
    Returned {
        reason: String,
    },
}

/// The provider did not answer, or not in a way that tells; the money may or may not be on its way.
#[derive(Debug, Error)]
#[error("no telling answer from payout provider `{provider}`")]
pub struct TransferUnknown {
    pub provider: &'static str,
    #[source]
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

/// A payout provider.
pub trait PayoutProvider: Send + Sync {
    /// Its name in payouts and in the ledger's clearing accounts.
    fn name(&self) -> &'static str;

    fn transfer(&self, transfer: Transfer) -> BoxFuture<'_, Result<TransferState, TransferUnknown>>;

    /// What became of a transfer; none when the provider has never heard of it.
    fn lookup(&self, transfer: Transfer) -> BoxFuture<'_, Result<Option<TransferState>, TransferUnknown>>;
}

/// Test money: every transfer is paid at once and nobody is. The account holder's name scripts it: `sandbox refuse`,
/// `sandbox fail`, `sandbox return`, `sandbox pending` and `sandbox lost`, where the answer is lost but the transfer is not.
#[derive(Debug, Clone, Copy, Default)]
pub struct SandboxPayouts;

const SANDBOX: &str = "sandbox";

impl SandboxPayouts {
    fn paid(transfer: &Transfer) -> TransferState {
        TransferState::Paid {
            reference: Some(format!("sandbox_{}", transfer.payout_id)),
            bank_reference: Some("SANDBOX0000000000".to_owned()),
        }
    }

    fn script(transfer: &Transfer) -> String {
        transfer.account.name().trim().to_lowercase()
    }
}

impl PayoutProvider for SandboxPayouts {
    fn name(&self) -> &'static str {
        SANDBOX
    }

    fn transfer(&self, transfer: Transfer) -> BoxFuture<'_, Result<TransferState, TransferUnknown>> {
        let reason = "scripted by the account holder's name".to_owned();
        let answer = match &*Self::script(&transfer) {
            "sandbox refuse" => Ok(TransferState::Refused { reason }),
            "sandbox fail" => Ok(TransferState::Failed { reason }),
            "sandbox pending" => Ok(TransferState::Pending { reference: None }),
            "sandbox lost" => Err(TransferUnknown { provider: SANDBOX, source: reason.into() }),
            _ => Ok(Self::paid(&transfer)),
        };
        Box::pin(async { answer })
    }

    fn lookup(&self, transfer: Transfer) -> BoxFuture<'_, Result<Option<TransferState>, TransferUnknown>> {
        let reason = "scripted by the account holder's name".to_owned();
        let state = match &*Self::script(&transfer) {
            "sandbox refuse" => None,
            "sandbox fail" => Some(TransferState::Failed { reason }),
            "sandbox return" => Some(TransferState::Returned { reason }),
            _ => Some(Self::paid(&transfer)),
        };
        Box::pin(async { Ok(state) })
    }
}
