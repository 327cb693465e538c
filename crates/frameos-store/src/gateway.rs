//! The C layer's tables: policies, wallets, budgets, intents, mandates, payments, receipts, top-ups and the ledger.
//!
//! Invariants: money moves by one conditional statement that the database can refuse, never read-add-write; a wallet's cached
//! balance changes only in the transaction that posts the ledger entry it mirrors; whoever moves money locks the ledger's
//! chain before any other row of the gateway's (`Store::tx_shared`, `chain::ledger_lock`), then mandate, x402 payment, budgets,
//! wallet, receipt chain, so that two cannot wait for each other.
//! Functions named `*_unscoped` find by id alone: the gateway's caller is the platform, which speaks for every payer.
//! No decisions here: what a refusal means is the gateway's business.

pub mod ap2;
pub mod audit;
pub mod audit_payouts;
pub mod audit_top_up;
pub mod budget;
pub mod chain;
pub mod checkpoint;
pub mod client;
pub mod history;
pub mod hold;
pub mod intent;
pub mod ledger;
pub mod mandate;
pub mod payment;
pub mod payout;
pub mod policy;
pub mod posting;
pub mod provider_reversal;
pub mod receipt;
pub mod refund;
pub mod refusal;
pub mod top_up;
pub mod top_up_charge;
pub mod wallet;
pub mod x402;
