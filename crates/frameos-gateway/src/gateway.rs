//! The gateway in this process: its store, clock, keys and provider, in one cheap handle.

use std::sync::Arc;

use frameos_domain::{
    ap2::Ap2Export,
    clock::{Clock, Timestamp},
    es256::Es256Key,
    id::{IntentId, MandateId, PaymentId, PayoutId, TopUpId},
    mandate::Mandate,
    policy::Policy,
    signing::{CurrentKeys, KeySet, Keyring as GatewayKeys},
};
use frameos_store::{Store, StoreError, Tx, gateway::intent::IntentRow};

use crate::{
    error::GatewayError,
    mandate::Signed,
    payout::{PayoutProvider, SandboxPayouts},
    port::{BoxFuture, PaymentGateway},
    provider::{PaymentProvider, Providers, Sandbox, SandboxConfig},
    recent::{Policies, Recent},
    wire::{
        Execute, Execution, Intent, IntentNew, MandateNew, MandateState, Payout, PayoutLines, PayoutMade,
        PayoutNew, PayoutPage, PayoutQuery, ProviderWebhook, Refund, RefundNew, TopUp, TopUpNew, TopUpPage,
        Wallet, WalletPage, WebhookTaken,
    },
    x402::X402,
};

/// Intents that are remembered until their mandate is asked for.
const INTENTS: usize = 1_024;
/// Mandates that are remembered while their runs are under way.
const MANDATES: usize = 8_192;

/// The C layer's use cases. Clones share everything.
#[derive(Clone)]
pub struct Gateway {
    pub(crate) store: Store,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) keys: Arc<CurrentKeys>,
    pub(crate) providers: Providers,
    /// Intents without a mandate.
    pub(crate) recent: Arc<Recent<IntentId, IntentRow>>,
    /// Mandates as they were signed, with the hash of the JWS.
    pub(crate) signed: Arc<Recent<MandateId, (Mandate, String)>>,
    pub(crate) policies: Arc<Policies>,
    pub(crate) payouts: Arc<dyn PayoutProvider>,
    pub(crate) x402: Option<Arc<X402>>,
    /// Signs what is given out in AP2's form; without it nothing is.
    pub(crate) es256: Option<Arc<Es256Key>>,
}

/// What a transaction decided: the answer, or the refusal for which it was undone.
pub type Decision<T> = Result<Result<T, GatewayError>, StoreError>;

/// Has the transaction undone and gives the reason.
pub(crate) fn refuse<T>(tx: &mut Tx, refusal: GatewayError) -> Decision<T> {
    tx.set_rollback();
    Ok(Err(refusal))
}

/// Stored data contradicts itself; the transaction is undone.
pub(crate) fn corrupt(what: impl Into<String>) -> StoreError {
    StoreError::Corrupt { what: what.into() }
}

impl Gateway {
    /// A gateway whose wallets are filled with test money.
    pub fn new(store: Store, clock: Arc<dyn Clock>, keys: GatewayKeys) -> Self {
        let sandbox: Arc<dyn PaymentProvider> = Arc::new(Sandbox::new(SandboxConfig::default()));
        Self::with_providers(store, clock, keys, Providers::new([sandbox]))
    }

    /// A gateway whose wallets are filled through `providers`.
    pub fn with_providers(
        store: Store,
        clock: Arc<dyn Clock>,
        keys: GatewayKeys,
        providers: Providers,
    ) -> Self {
        let (keys, payouts) = (Arc::new(CurrentKeys::new(keys)), Arc::new(SandboxPayouts));
        let (recent, signed) = (Arc::new(Recent::new(INTENTS)), Arc::new(Recent::new(MANDATES)));
        let policies = Arc::default();
        Self { store, clock, keys, providers, recent, signed, policies, payouts, x402: None, es256: None }
    }

    /// The same gateway, which sends developers' money through `payouts`.
    pub fn with_payouts(self, payouts: Arc<dyn PayoutProvider>) -> Self {
        Self { payouts, ..self }
    }

    /// The same gateway with a key for AP2.
    pub fn with_es256(self, key: Es256Key) -> Self {
        Self { es256: Some(Arc::new(key)), ..self }
    }

    /// The keys that this gateway's mandates and receipts verify with.
    pub fn jwks(&self) -> KeySet {
        let mut set = self.keys.get().set();
        set.keys.extend(self.es256.as_ref().map(|key| key.public().published()));
        set
    }

    /// Signs with another key from now on, here and in every clone.
    pub fn keys_replace(&self, keys: GatewayKeys) {
        self.keys.replace(keys);
    }

    /// The id of the key that signs.
    pub fn key_id(&self) -> String {
        self.keys.get().active.public().kid()
    }

    pub(crate) fn keys(&self) -> Arc<GatewayKeys> {
        self.keys.get()
    }

    /// What tells stored mandates from altered ones.
    pub(crate) fn signed(&self) -> Signed {
        Signed { keys: self.keys(), recent: Arc::clone(&self.signed) }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

impl PaymentGateway for Gateway {
    fn intent_create(&self, intent: IntentNew) -> BoxFuture<'_, Result<Intent, GatewayError>> {
        Box::pin(self.intent_create(intent))
    }

    fn intent_get(&self, intent_id: IntentId) -> BoxFuture<'_, Result<Intent, GatewayError>> {
        Box::pin(self.intent_get(intent_id))
    }

    fn mandate_issue(&self, mandate: MandateNew) -> BoxFuture<'_, Result<MandateState, GatewayError>> {
        Box::pin(self.mandate_issue(mandate))
    }

    fn mandate_get(&self, mandate_id: MandateId) -> BoxFuture<'_, Result<MandateState, GatewayError>> {
        Box::pin(self.mandate_get(mandate_id))
    }

    fn mandate_void(
        &self,
        mandate_id: MandateId,
        reason: String,
    ) -> BoxFuture<'_, Result<MandateState, GatewayError>> {
        Box::pin(self.mandate_void(mandate_id, reason))
    }

    fn mandate_ap2(&self, mandate_id: MandateId) -> BoxFuture<'_, Result<Ap2Export, GatewayError>> {
        Box::pin(self.mandate_ap2(mandate_id))
    }

    fn execute(&self, execute: Execute) -> BoxFuture<'_, Result<Execution, GatewayError>> {
        Box::pin(self.execute(execute))
    }

    fn wallet_get(&self, owner: String) -> BoxFuture<'_, Result<Wallet, GatewayError>> {
        Box::pin(self.wallet_get(owner))
    }

    fn wallet_top_up(&self, owner: String, top_up: TopUpNew) -> BoxFuture<'_, Result<TopUp, GatewayError>> {
        Box::pin(self.wallet_top_up(owner, top_up))
    }

    fn top_up_get(&self, owner: String, top_up_id: TopUpId) -> BoxFuture<'_, Result<TopUp, GatewayError>> {
        Box::pin(self.top_up_get(owner, top_up_id))
    }

    fn top_up_list(
        &self,
        owner: String,
        page: u32,
        limit: u32,
    ) -> BoxFuture<'_, Result<TopUpPage, GatewayError>> {
        Box::pin(self.top_up_list(owner, page, limit))
    }

    fn provider_webhook(
        &self,
        webhook: ProviderWebhook,
    ) -> BoxFuture<'_, Result<WebhookTaken, GatewayError>> {
        Box::pin(self.provider_webhook(webhook))
    }

    fn wallet_transactions(
        &self,
        owner: String,
        page: u32,
        limit: u32,
    ) -> BoxFuture<'_, Result<WalletPage, GatewayError>> {
        Box::pin(self.wallet_transactions(owner, page, limit))
    }

    fn policy_get(&self, owner: String) -> BoxFuture<'_, Result<Policy, GatewayError>> {
        Box::pin(self.policy_get(owner))
    }

    fn policy_put(&self, owner: String, policy: Policy) -> BoxFuture<'_, Result<Policy, GatewayError>> {
        Box::pin(self.policy_put(owner, policy))
    }

    fn payment_refund(
        &self,
        payment_id: PaymentId,
        refund: RefundNew,
    ) -> BoxFuture<'_, Result<Refund, GatewayError>> {
        Box::pin(self.payment_refund(payment_id, refund))
    }

    fn payout_create(&self, payout: PayoutNew) -> BoxFuture<'_, Result<PayoutMade, GatewayError>> {
        Box::pin(self.payout_create(payout))
    }

    fn payout_advance(&self, payout_id: PayoutId) -> BoxFuture<'_, Result<Payout, GatewayError>> {
        Box::pin(self.payout_advance(payout_id))
    }

    fn payout_get(&self, payout_id: PayoutId) -> BoxFuture<'_, Result<Payout, GatewayError>> {
        Box::pin(self.payout_get(payout_id))
    }

    fn payout_list(&self, query: PayoutQuery) -> BoxFuture<'_, Result<PayoutPage, GatewayError>> {
        Box::pin(self.payout_list(query))
    }

    fn payout_lines(
        &self,
        payout_id: PayoutId,
        page: u32,
        limit: u32,
    ) -> BoxFuture<'_, Result<PayoutLines, GatewayError>> {
        Box::pin(self.payout_lines(payout_id, page, limit))
    }

    fn jwks(&self) -> BoxFuture<'_, Result<KeySet, GatewayError>> {
        Box::pin(async { Ok(self.jwks()) })
    }

    fn in_store(&self, store: &Store) -> Option<&Gateway> {
        self.store.is_same(store).then_some(self)
    }
}
