//! The payment port: what the platform asks of a gateway, wherever that runs.
//!
//! Invariants every implementation keeps (the conformance suite checks them): calls may be repeated after any failure and have
//! their effect once; a refusal is the same error in process and over HTTP.

use frameos_domain::{
    ap2::Ap2Export,
    id::{IntentId, MandateId, PaymentId, PayoutId, TopUpId},
    policy::Policy,
    signing::KeySet,
};

use crate::{
    error::GatewayError,
    gateway::Gateway,
    wire::{
        Execute, Execution, Intent, IntentNew, MandateNew, MandateState, Payout, PayoutLines, PayoutMade,
        PayoutNew, PayoutPage, PayoutQuery, ProviderWebhook, Refund, RefundNew, TopUp, TopUpNew, TopUpPage,
        Wallet, WalletPage, WebhookTaken,
    },
};

pub use frameos_store::BoxFuture;
use frameos_store::Store;

type Answer<'a, T> = BoxFuture<'a, Result<T, GatewayError>>;

/// A payment gateway.
pub trait PaymentGateway: Send + Sync {
    /// Notes what is to be bought. The same idempotency key gives the same intent.
    fn intent_create(&self, intent: IntentNew) -> Answer<'_, Intent>;

    fn intent_get(&self, intent_id: IntentId) -> Answer<'_, Intent>;

    /// Checks the payer's policy, holds the money and signs the mandate. An intent has one mandate, however often asked.
    fn mandate_issue(&self, mandate: MandateNew) -> Answer<'_, MandateState>;

    fn mandate_get(&self, mandate_id: MandateId) -> Answer<'_, MandateState>;

    /// Gives the hold back. Voiding again, or an expired one, changes nothing; an executed one is refused.
    fn mandate_void(&self, mandate_id: MandateId, reason: String) -> Answer<'_, MandateState>;

    /// The mandate as AP2 writes it: the same texts every time.
    fn mandate_ap2(&self, mandate_id: MandateId) -> Answer<'_, Ap2Export>;

    /// Captures the hold, once: every repeat gives the same payment and receipt.
    fn execute(&self, execute: Execute) -> Answer<'_, Execution>;

    /// The owner's balances; zero when there never was money.
    fn wallet_get(&self, owner: String) -> Answer<'_, Wallet>;

    /// Asks a provider for money. Unless it comes at once, the answer says where the payer pays.
    fn wallet_top_up(&self, owner: String, top_up: TopUpNew) -> Answer<'_, TopUp>;

    fn top_up_get(&self, owner: String, top_up_id: TopUpId) -> Answer<'_, TopUp>;

    /// The owner's top-ups, newest first. `page` counts from 1; `limit` is 1 to 100.
    fn top_up_list(&self, owner: String, page: u32, limit: u32) -> Answer<'_, TopUpPage>;

    /// Takes what a provider reports, if its signature is right; the same report again changes nothing.
    fn provider_webhook(&self, webhook: ProviderWebhook) -> Answer<'_, WebhookTaken>;

    /// The owner's history, newest first. `page` counts from 1; `limit` is 1 to 100.
    fn wallet_transactions(&self, owner: String, page: u32, limit: u32) -> Answer<'_, WalletPage>;

    /// The owner's policy; one without limits when none was set.
    fn policy_get(&self, owner: String) -> Answer<'_, Policy>;

    fn policy_put(&self, owner: String, policy: Policy) -> Answer<'_, Policy>;

    /// Gives money of a payment back to the payer's wallet and takes it from those who shared it. The same key does it once.
    fn payment_refund(&self, payment_id: PaymentId, refund: RefundNew) -> Answer<'_, Refund>;

    /// Takes all that is payable to a payee for one payout, if it is enough. A period has one per round, however often asked.
    fn payout_create(&self, payout: PayoutNew) -> Answer<'_, PayoutMade>;

    /// Does what is to be done next for a payout: has it sent, or asks what became of it. To be called until it is undone, and
    /// for some time after it was paid, because banks send money back.
    fn payout_advance(&self, payout_id: PayoutId) -> Answer<'_, Payout>;

    /// One payout, with its statement.
    fn payout_get(&self, payout_id: PayoutId) -> Answer<'_, Payout>;

    /// Payouts, newest first, of one payee with the balance, or of all. `page` counts from 1; `limit` is 1 to 100.
    fn payout_list(&self, query: PayoutQuery) -> Answer<'_, PayoutPage>;

    /// The ledger's entries that a payout consists of, oldest first. `page` counts from 1; `limit` is 1 to 1000.
    fn payout_lines(&self, payout_id: PayoutId, page: u32, limit: u32) -> Answer<'_, PayoutLines>;

    /// The keys that mandates and receipts verify with, retired ones included.
    fn jwks(&self) -> Answer<'_, KeySet>;

    /// The gateway itself, if its books are in `store`: what it does may then be part of a transaction of the caller's.
    fn in_store(&self, store: &Store) -> Option<&Gateway>;
}
