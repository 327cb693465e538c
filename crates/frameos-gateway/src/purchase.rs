//! A purchase as part of a transaction of the caller's: intent, mandate and hold, kept or undone with what it is for.
//!
//! Invariants: the same rows and the same refusals as [`Gateway::intent_create`] and [`Gateway::mandate_issue`], one after the
//! other; the ledger's chain is locked last.

use std::time::Duration;

use frameos_domain::id::{IntentId, MandateId};
use frameos_store::{StoreError, Tx, gateway::intent::IntentRow};

use crate::{
    error::GatewayError,
    gateway::{Decision, Gateway},
    intent::{intent_row, intent_store},
    mandate::{Draft, mandate_place},
    metadata::intent_check,
    refusal::Subject,
    wire::IntentNew,
    x402::account_check,
};

/// A purchase whose mandate is signed, and that holds nothing yet.
pub struct Purchase {
    intent: IntentRow,
    draft: Draft,
}

impl Purchase {
    /// What a refusal of it would be about.
    pub fn subject(&self) -> Subject {
        Subject::new(&self.intent, &self.draft.metadata)
    }

    pub const fn intent_id(&self) -> IntentId {
        self.intent.id
    }

    pub const fn mandate_id(&self) -> MandateId {
        self.draft.mandate_id()
    }
}

impl Gateway {
    /// Checks and signs what [`purchase_place`] then does. An idempotency key must be new.
    pub fn purchase_prepare(&self, intent: IntentNew, ttl: Duration) -> Result<Purchase, GatewayError> {
        account_check("agent_id", &intent.agent_id)?;
        self.purchase_draft(intent, ttl)
    }

    pub(crate) fn purchase_draft(&self, intent: IntentNew, ttl: Duration) -> Result<Purchase, GatewayError> {
        intent_check(&intent)?;
        let intent = intent_row(intent, self.now());
        let draft = self.mandate_draft(&intent, ttl)?;
        Ok(Purchase { intent, draft })
    }
}

/// Notes the intent, holds the money and issues the mandate. A refusal marks the transaction for undoing.
pub async fn purchase_place(tx: &mut Tx, purchase: Purchase) -> Decision<()> {
    let Purchase { intent, draft } = purchase;
    let id = intent.id;
    match intent_store(tx, intent).await? {
        Ok(stored) if stored.id == id => {}
        Ok(_) => return Err(StoreError::Corrupt { what: "a purchase under a key that was used".into() }),
        Err(refusal) => return Ok(Err(refusal)),
    }
    Ok(mandate_place(tx, draft).await?.map(drop))
}
