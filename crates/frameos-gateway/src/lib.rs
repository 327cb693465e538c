//! The C layer: purchase intents, mandates that hold money, their execution, receipts, policies, wallets and the ledger.
//!
//! Invariants: over any interleaving and any crash, what is held plus what is spent never exceeds what was funded nor a
//! budget; a mandate is captured at most once; every answer to `execute` is a signed receipt; amounts are integer minor
//! units. Whatever changes money happens in one transaction of the store, which a caller who leaves cannot cut in half.
//!
//! [`PaymentGateway`] is the port the platform pays through, [`Gateway`] its implementation in this process; `wire` holds what
//! both it and the HTTP interface exchange. It serves no HTTP and knows no run and no agent: those are
//! names in an intent's metadata.
#![forbid(unsafe_code)]

mod account;
mod ap2;
mod checkpoint;
pub mod client;
mod client_gateway;
#[cfg(feature = "test-util")]
pub mod conformance;
mod error;
mod execute;
mod gateway;
mod intent;
mod mandate;
mod metadata;
mod payment;
mod payout;
mod policy;
mod port;
mod provider;
mod purchase;
mod receipt;
mod recent;
mod refund;
mod refusal;
mod top_up;
mod verify;
mod wallet;
pub mod wire;
pub mod x402;

pub use client_gateway::ClientGateway;
pub use error::{GatewayError, RefundRefusal};
/// What the gateway signs with, and what it signed with before.
pub use frameos_domain::signing::Keyring as GatewayKeys;
pub use gateway::{Decision, Gateway};
pub use payout::{CashfreePayouts, PayoutProvider, SandboxPayouts, Transfer, TransferState, TransferUnknown};
pub use port::{BoxFuture, PaymentGateway};
pub use provider::{
    Capabilities, Cashfree, CashfreeConfig, Charge, ChargeState, Checkout, Limit, Open, Paid,
    PaymentProvider, ProviderError, ProviderEvent, Providers, SCENARIOS, Sandbox, SandboxConfig, Stripe,
    StripeConfig, WebhookError, WebhookHeaders,
};
pub use purchase::{Purchase, purchase_place};
pub use refusal::Subject;
pub use top_up::Reconciled;
pub use verify::{BadEntry, LedgerAudit, LedgerReport, ledger_verify};
