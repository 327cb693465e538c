//! The gateway in this process: its store, clock, keys and provider, in one cheap handle.

use std::sync::Arc;

use frameos_domain::{
    ap2::Ap2Export,
    clock::{Clock, Timestamp},
    es256::Es256Key,
    id::{IntentId, MandateId},
    policy::Policy,
    signing::{KeySet, PublicKey, SigningKey},
};
use frameos_store::{Store, StoreError, Tx};

use crate::{
    error::GatewayError,
    port::{BoxFuture, PaymentGateway},
    provider::{PaymentProvider, SandboxProvider},
    wire::{
        Execute, Execution, Intent, IntentNew, MandateNew, MandateState, TopUp, TopUpNew, Wallet, WalletPage,
    },
};

/// What the gateway signs with, and what it signed with before.
#[derive(Debug)]
pub struct GatewayKeys {
    pub active: SigningKey,
    /// Published so that older mandates and receipts keep verifying.
    pub retired: Vec<PublicKey>,
    /// Signs what is given out in AP2's form; without it nothing is.
    pub es256: Option<Arc<Es256Key>>,
}

impl GatewayKeys {
    pub const fn new(active: SigningKey) -> Self {
        Self { active, retired: Vec::new(), es256: None }
    }

    /// The same with a key for AP2.
    pub fn with_es256(self, key: Es256Key) -> Self {
        Self { es256: Some(Arc::new(key)), ..self }
    }

    /// All public keys.
    pub fn set(&self) -> KeySet {
        let mut set = KeySet::of(std::iter::once(self.active.public()).chain(&self.retired));
        set.keys.extend(self.es256.as_ref().map(|key| key.public().published()));
        set
    }
}

/// The C layer's use cases. Clones share everything.
#[derive(Clone)]
pub struct Gateway {
    pub(crate) store: Store,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) keys: Arc<GatewayKeys>,
    pub(crate) provider: Arc<dyn PaymentProvider>,
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
        Self::with_provider(store, clock, keys, Arc::new(SandboxProvider))
    }

    /// A gateway whose wallets are filled through `provider`.
    pub fn with_provider(
        store: Store,
        clock: Arc<dyn Clock>,
        keys: GatewayKeys,
        provider: Arc<dyn PaymentProvider>,
    ) -> Self {
        Self { store, clock, keys: Arc::new(keys), provider }
    }

    /// The keys that this gateway's mandates and receipts verify with.
    pub fn jwks(&self) -> KeySet {
        self.keys.set()
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

    fn jwks(&self) -> BoxFuture<'_, Result<KeySet, GatewayError>> {
        Box::pin(async { Ok(self.jwks()) })
    }

    fn in_store(&self, store: &Store) -> Option<&Gateway> {
        self.store.is_same(store).then_some(self)
    }
}
