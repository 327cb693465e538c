//! Proof of a refusal: when a policy or an empty wallet stands against a mandate, the answer carries a signed statement of it.
//!
//! Invariants: the refusal stands, proven or not; what it was refused for was undone before, so the proof is a write of its
//! own. Only refusals of money are proven; a request that makes no sense is not.

use frameos_domain::{
    canonical,
    clock::Timestamp,
    id::{IntentId, ReceiptId},
    money::Currency,
    receipt::PaymentOutcome,
    refusal::Refusal,
};
use frameos_store::gateway::{
    intent::IntentRow,
    refusal::{refusal_get_unscoped, refusal_insert, refusals_prune_unscoped},
};

use crate::{
    error::GatewayError,
    gateway::{Gateway, corrupt},
    metadata::Metadata,
    wire::{AnyReceipt, SignedRefusal},
};

const PRUNED_AT_ONCE: i64 = 500;

/// What a mandate was asked for.
#[derive(Debug, Clone)]
pub struct Subject {
    intent_id: IntentId,
    agent_id: String,
    vendor: String,
    amount: i64,
    currency: Currency,
    execution_id: Option<String>,
    agent_definition_id: Option<String>,
    agent_version: Option<String>,
}

impl Subject {
    pub(crate) fn new(intent: &IntentRow, metadata: &Metadata) -> Self {
        Self {
            intent_id: intent.id,
            agent_id: intent.agent_id.clone(),
            vendor: intent.vendor.clone(),
            amount: intent.amount,
            currency: intent.currency,
            execution_id: metadata.execution_id.clone(),
            agent_definition_id: metadata.agent_definition_id.clone(),
            agent_version: metadata.agent_version.clone(),
        }
    }

    /// What is to be signed of `error`; none when it is no refusal of money.
    fn refusal(&self, error: &GatewayError, now: Timestamp) -> Option<Refusal> {
        let blank = Refusal {
            id: ReceiptId::generate(now),
            intent_id: self.intent_id,
            agent_id: self.agent_id.clone(),
            vendor: self.vendor.clone(),
            execution_id: self.execution_id.clone(),
            agent_definition_id: self.agent_definition_id.clone(),
            agent_version: self.agent_version.clone(),
            amount: self.amount,
            currency: self.currency,
            status: PaymentOutcome::Refused,
            reason: error.code().to_owned(),
            rule: None,
            limit: None,
            asked: None,
            used: None,
            available: None,
            issued_at: now,
        };
        match error {
            GatewayError::PolicyRefused { refusal, used, .. } => Some(Refusal {
                rule: Some(refusal.rule.clone()),
                limit: Some(refusal.limit.clone()),
                asked: Some(refusal.asked.clone()),
                used: *used,
                ..blank
            }),
            GatewayError::InsufficientFunds { available, .. } => {
                Some(Refusal { available: Some(*available), ..blank })
            }
            _ => None,
        }
    }
}

impl Gateway {
    /// The refusal with its signed proof; any other error as it is, and the refusal too if no proof could be kept.
    pub async fn refusal_prove(&self, subject: &Subject, mut error: GatewayError) -> GatewayError {
        let now = self.now();
        let Some(refusal) = subject.refusal(&error, now) else { return error };
        let signed = match refusal.sign(&self.keys().active) {
            Ok(jws) => SignedRefusal { hash: canonical::sha256_hex(jws.as_bytes()), receipt: refusal, jws },
            Err(unsigned) => {
                tracing::error!(error = &unsigned as &dyn std::error::Error, "a refusal was not signed");
                return error;
            }
        };
        let (payer, id, jws) = (subject.agent_id.clone(), signed.receipt.id, signed.jws.clone());
        let kept = self
            .store
            .tx(move |tx| Box::pin(async move { refusal_insert(tx, &payer, id, &jws, now).await }))
            .await;
        if let Err(lost) = kept {
            tracing::warn!(error = &lost as &dyn std::error::Error, "a refusal's proof was not kept");
            return error;
        }
        if let GatewayError::PolicyRefused { receipt, .. } | GatewayError::InsufficientFunds { receipt, .. } =
            &mut error
        {
            *receipt = Some(Box::new(signed));
        }
        error
    }

    /// The receipt or refusal of this id.
    pub async fn receipt_find(&self, receipt_id: ReceiptId) -> Result<AnyReceipt, GatewayError> {
        let missing = match self.receipt_get(receipt_id).await {
            Err(missing @ GatewayError::ReceiptNotFound { .. }) => missing,
            found => return found.map(AnyReceipt::Payment),
        };
        let kept = self.store.read(move |tx| Box::pin(refusal_get_unscoped(tx, receipt_id))).await?;
        let jws = kept.ok_or(missing)?;
        let receipt = Refusal::verify(&jws, None)
            .map_err(|error| corrupt(format!("refusal {receipt_id} does not verify: {error}")))?;
        Ok(AnyReceipt::Refusal(SignedRefusal { hash: canonical::sha256_hex(jws.as_bytes()), receipt, jws }))
    }

    /// Forgets the proofs of refusals from before `before`. Returns how many.
    pub async fn refusals_prune(&self, before: Timestamp) -> Result<u64, GatewayError> {
        let mut pruned = 0;
        loop {
            let prune =
                self.store.tx(move |tx| Box::pin(refusals_prune_unscoped(tx, before, PRUNED_AT_ONCE)));
            let some = prune.await?;
            pruned += some;
            if some < PRUNED_AT_ONCE.unsigned_abs() {
                return Ok(pruned);
            }
        }
    }
}
