//! The gateway as one client may use it: its own accounts, and what was made on them, and nothing of anybody else's.
//!
//! Invariants: names go in with the client's mark and come out without it; an id is looked up and must belong to one of the
//! client's accounts, else it is not found, as one that was never given out. Ids never change hands, so that looking first
//! and acting then is safe. Whoever serves requests reaches the gateway through this and nothing else.

use frameos_domain::{
    ap2::Ap2Export,
    id::{ClientId, IntentId, MandateId, PaymentId, PayoutId, ReceiptId, TopUpId},
    policy::Policy,
    signing::KeySet,
};
use frameos_store::Store;

use crate::{
    account::{account_name, account_of, account_parts},
    error::GatewayError,
    gateway::Gateway,
    port::{BoxFuture, PaymentGateway},
    wire::{
        AnyReceipt, Execute, Execution, Intent, IntentNew, MandateNew, MandateState, Payment, Payout,
        PayoutLines, PayoutMade, PayoutNew, PayoutPage, PayoutQuery, ProviderWebhook, Refund, RefundNew,
        SignedReceipt, TopUp, TopUpNew, TopUpPage, Wallet, WalletPage, WebhookTaken,
    },
};

/// A gateway for one client; for the platform's own accounts when there is no client.
#[derive(Clone)]
pub struct ClientGateway {
    gateway: Gateway,
    client: Option<ClientId>,
}

type Answer<T> = Result<T, GatewayError>;

impl ClientGateway {
    pub const fn new(gateway: Gateway, client: Option<ClientId>) -> Self {
        Self { gateway, client }
    }

    pub async fn intent_create(&self, intent: IntentNew) -> Answer<Intent> {
        unmarked("vendor", &intent.vendor)?;
        if let Some(developer) = intent.metadata.get("developer_id").and_then(|value| value.as_str()) {
            unmarked("metadata.developer_id", developer)?;
        }
        if let Some(orchestrator) = intent.metadata.get("orchestrator").and_then(|value| value.as_str()) {
            unmarked("metadata.orchestrator", orchestrator)?;
        }
        let agent_id = self.mark("agent_id", &intent.agent_id)?;
        Ok(intent_unmark(self.gateway.intent_create(IntentNew { agent_id, ..intent }).await?))
    }

    pub async fn intent_get(&self, intent_id: IntentId) -> Answer<Intent> {
        let intent = self.gateway.intent_get(intent_id).await?;
        if self.owns(&intent.agent_id) {
            Ok(intent_unmark(intent))
        } else {
            Err(GatewayError::IntentNotFound { intent_id })
        }
    }

    pub async fn mandate_issue(&self, mandate: MandateNew) -> Answer<MandateState> {
        self.intent_get(mandate.intent_id).await?;
        Ok(mandate_unmark(self.gateway.mandate_issue(mandate).await?))
    }

    pub async fn mandate_get(&self, mandate_id: MandateId) -> Answer<MandateState> {
        let mandate = self.gateway.mandate_get(mandate_id).await?;
        if self.owns(&mandate.agent_id) {
            Ok(mandate_unmark(mandate))
        } else {
            Err(GatewayError::MandateNotFound { mandate_id })
        }
    }

    pub async fn mandate_void(&self, mandate_id: MandateId, reason: String) -> Answer<MandateState> {
        self.mandate_get(mandate_id).await?;
        Ok(mandate_unmark(self.gateway.mandate_void(mandate_id, reason).await?))
    }

    pub async fn execute(&self, execute: Execute) -> Answer<Execution> {
        self.mandate_get(execute.mandate_id).await?;
        self.gateway.execute(execute).await
    }

    pub async fn mandate_ap2(&self, mandate_id: MandateId) -> Answer<Ap2Export> {
        self.mandate_get(mandate_id).await?;
        self.gateway.mandate_ap2(mandate_id).await
    }

    pub async fn payment_get(&self, payment_id: PaymentId) -> Answer<Payment> {
        let payment = self.gateway.payment_get(payment_id).await?;
        if self.owns(&payment.agent_id) {
            Ok(Payment { agent_id: account_name(&payment.agent_id).to_owned(), ..payment })
        } else {
            Err(GatewayError::PaymentNotFound { payment_id: payment_id.to_string() })
        }
    }

    pub async fn receipt_get(&self, receipt_id: ReceiptId) -> Answer<SignedReceipt> {
        let signed = self.gateway.receipt_get(receipt_id).await?;
        match self.mandate_get(signed.receipt.mandate_id).await {
            Ok(_) => Ok(signed),
            Err(GatewayError::MandateNotFound { .. }) => {
                Err(GatewayError::ReceiptNotFound { receipt_id: receipt_id.to_string() })
            }
            Err(error) => Err(error),
        }
    }

    /// A receipt of a payment or of a refusal.
    pub async fn receipt_find(&self, receipt_id: ReceiptId) -> Answer<AnyReceipt> {
        let found = self.gateway.receipt_find(receipt_id).await?;
        match &found {
            AnyReceipt::Payment(_) => self.receipt_get(receipt_id).await.map(AnyReceipt::Payment),
            AnyReceipt::Refusal(refusal) if self.owns(&refusal.receipt.agent_id) => Ok(found),
            AnyReceipt::Refusal(_) => {
                Err(GatewayError::ReceiptNotFound { receipt_id: receipt_id.to_string() })
            }
        }
    }

    pub async fn payment_refund(&self, payment_id: PaymentId, refund: RefundNew) -> Answer<Refund> {
        self.payment_get(payment_id).await?;
        let refund = self.gateway.payment_refund(payment_id, refund).await?;
        Ok(Refund { agent_id: account_name(&refund.agent_id).to_owned(), ..refund })
    }

    pub async fn payout_create(&self, payout: PayoutNew) -> Answer<PayoutMade> {
        let payee = self.mark("payee", &payout.payee)?;
        let made = self.gateway.payout_create(PayoutNew { payee, ..payout }).await?;
        Ok(PayoutMade { payout: made.payout.map(payout_unmark), ..made })
    }

    pub async fn payout_advance(&self, payout_id: PayoutId) -> Answer<Payout> {
        self.payout_get(payout_id).await?;
        Ok(payout_unmark(self.gateway.payout_advance(payout_id).await?))
    }

    pub async fn payout_get(&self, payout_id: PayoutId) -> Answer<Payout> {
        let payout = self.gateway.payout_get(payout_id).await?;
        if self.owns(&payout.payee) {
            Ok(payout_unmark(payout))
        } else {
            Err(GatewayError::PayoutNotFound { payout_id: payout_id.to_string() })
        }
    }

    /// A client's are listed by payee; the platform's own also all together.
    pub async fn payout_list(&self, query: PayoutQuery) -> Answer<PayoutPage> {
        let payee = match &query.payee {
            Some(payee) => Some(self.mark("payee", payee)?),
            None if self.client.is_none() => None,
            None => return Err(GatewayError::invalid("payee", "is required")),
        };
        let page = self.gateway.payout_list(PayoutQuery { payee, ..query }).await?;
        Ok(PayoutPage { payouts: page.payouts.into_iter().map(payout_unmark).collect(), ..page })
    }

    pub async fn payout_lines(&self, payout_id: PayoutId, page: u32, limit: u32) -> Answer<PayoutLines> {
        self.payout_get(payout_id).await?;
        self.gateway.payout_lines(payout_id, page, limit).await
    }

    pub async fn top_up_get(&self, owner: String, top_up_id: TopUpId) -> Answer<TopUp> {
        let top_up = self.gateway.top_up_get(self.mark("owner", &owner)?, top_up_id).await?;
        Ok(TopUp { owner, ..top_up })
    }

    pub async fn top_up_list(&self, owner: String, page: u32, limit: u32) -> Answer<TopUpPage> {
        let listed = self.gateway.top_up_list(self.mark("owner", &owner)?, page, limit).await?;
        let unmark = |top_up: TopUp| TopUp { owner: owner.clone(), ..top_up };
        Ok(TopUpPage { top_ups: listed.top_ups.into_iter().map(unmark).collect(), ..listed })
    }

    pub async fn wallet_get(&self, owner: String) -> Answer<Wallet> {
        let wallet = self.gateway.wallet_get(self.mark("owner", &owner)?).await?;
        Ok(Wallet { owner, ..wallet })
    }

    pub async fn wallet_top_up(&self, owner: String, top_up: TopUpNew) -> Answer<TopUp> {
        let top_up = self.gateway.wallet_top_up(self.mark("owner", &owner)?, top_up).await?;
        Ok(TopUp { owner, ..top_up })
    }

    pub async fn wallet_transactions(&self, owner: String, page: u32, limit: u32) -> Answer<WalletPage> {
        self.gateway.wallet_transactions(self.mark("owner", &owner)?, page, limit).await
    }

    pub async fn policy_get(&self, owner: String) -> Answer<Policy> {
        self.gateway.policy_get(self.mark("owner", &owner)?).await
    }

    pub async fn policy_put(&self, owner: String, policy: Policy) -> Answer<Policy> {
        self.gateway.policy_put(self.mark("owner", &owner)?, policy).await
    }

    pub fn jwks(&self) -> KeySet {
        self.gateway.jwks()
    }

    /// The stored name of one of this client's accounts.
    fn mark(&self, field: &str, name: &str) -> Answer<String> {
        unmarked(field, name)?;
        Ok(account_of(self.client, name))
    }

    fn owns(&self, stored: &str) -> bool {
        account_parts(stored).0 == self.client
    }
}

/// Refuses a name that has a mark, which would name somebody else's account.
fn unmarked(field: &str, name: &str) -> Answer<()> {
    if name.contains('/') { Err(GatewayError::invalid(field, "must have no `/`")) } else { Ok(()) }
}

fn intent_unmark(intent: Intent) -> Intent {
    Intent { agent_id: account_name(&intent.agent_id).to_owned(), ..intent }
}

fn payout_unmark(payout: Payout) -> Payout {
    Payout { payee: account_name(&payout.payee).to_owned(), ..payout }
}

fn mandate_unmark(mandate: MandateState) -> MandateState {
    MandateState { agent_id: account_name(&mandate.agent_id).to_owned(), ..mandate }
}

impl PaymentGateway for ClientGateway {
    fn intent_create(&self, intent: IntentNew) -> BoxFuture<'_, Answer<Intent>> {
        Box::pin(self.intent_create(intent))
    }

    fn intent_get(&self, intent_id: IntentId) -> BoxFuture<'_, Answer<Intent>> {
        Box::pin(self.intent_get(intent_id))
    }

    fn mandate_issue(&self, mandate: MandateNew) -> BoxFuture<'_, Answer<MandateState>> {
        Box::pin(self.mandate_issue(mandate))
    }

    fn mandate_get(&self, mandate_id: MandateId) -> BoxFuture<'_, Answer<MandateState>> {
        Box::pin(self.mandate_get(mandate_id))
    }

    fn mandate_void(&self, mandate_id: MandateId, reason: String) -> BoxFuture<'_, Answer<MandateState>> {
        Box::pin(self.mandate_void(mandate_id, reason))
    }

    fn mandate_ap2(&self, mandate_id: MandateId) -> BoxFuture<'_, Answer<Ap2Export>> {
        Box::pin(self.mandate_ap2(mandate_id))
    }

    fn execute(&self, execute: Execute) -> BoxFuture<'_, Answer<Execution>> {
        Box::pin(self.execute(execute))
    }

    fn wallet_get(&self, owner: String) -> BoxFuture<'_, Answer<Wallet>> {
        Box::pin(self.wallet_get(owner))
    }

    fn wallet_top_up(&self, owner: String, top_up: TopUpNew) -> BoxFuture<'_, Answer<TopUp>> {
        Box::pin(self.wallet_top_up(owner, top_up))
    }

    fn wallet_transactions(&self, owner: String, page: u32, limit: u32) -> BoxFuture<'_, Answer<WalletPage>> {
        Box::pin(self.wallet_transactions(owner, page, limit))
    }

    fn policy_get(&self, owner: String) -> BoxFuture<'_, Answer<Policy>> {
        Box::pin(self.policy_get(owner))
    }

    fn policy_put(&self, owner: String, policy: Policy) -> BoxFuture<'_, Answer<Policy>> {
        Box::pin(self.policy_put(owner, policy))
    }

    fn top_up_get(&self, owner: String, top_up_id: TopUpId) -> BoxFuture<'_, Answer<TopUp>> {
        Box::pin(self.top_up_get(owner, top_up_id))
    }

    fn top_up_list(&self, owner: String, page: u32, limit: u32) -> BoxFuture<'_, Answer<TopUpPage>> {
        Box::pin(self.top_up_list(owner, page, limit))
    }

    /// A provider signs its reports itself, whoever passes them on.
    fn provider_webhook(&self, webhook: ProviderWebhook) -> BoxFuture<'_, Answer<WebhookTaken>> {
        Box::pin(self.gateway.provider_webhook(webhook))
    }

    fn payment_refund(&self, payment_id: PaymentId, refund: RefundNew) -> BoxFuture<'_, Answer<Refund>> {
        Box::pin(self.payment_refund(payment_id, refund))
    }

    fn payout_create(&self, payout: PayoutNew) -> BoxFuture<'_, Answer<PayoutMade>> {
        Box::pin(self.payout_create(payout))
    }

    fn payout_advance(&self, payout_id: PayoutId) -> BoxFuture<'_, Answer<Payout>> {
        Box::pin(self.payout_advance(payout_id))
    }

    fn payout_get(&self, payout_id: PayoutId) -> BoxFuture<'_, Answer<Payout>> {
        Box::pin(self.payout_get(payout_id))
    }

    fn payout_list(&self, query: PayoutQuery) -> BoxFuture<'_, Answer<PayoutPage>> {
        Box::pin(self.payout_list(query))
    }

    fn payout_lines(&self, payout_id: PayoutId, page: u32, limit: u32) -> BoxFuture<'_, Answer<PayoutLines>> {
        Box::pin(self.payout_lines(payout_id, page, limit))
    }

    fn jwks(&self) -> BoxFuture<'_, Answer<KeySet>> {
        Box::pin(async { Ok(self.jwks()) })
    }

    /// A client's purchases are never part of a transaction of the platform's.
    fn in_store(&self, _: &Store) -> Option<&Gateway> {
        None
    }
}
