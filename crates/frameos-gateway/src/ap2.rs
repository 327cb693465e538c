//! A mandate as AP2 writes it, for systems that do not know FrameOS's own form.
//!
//! Invariants: what a mandate's pair is was decided when it was first asked for, and every later answer is the same text, because
//! receipts name it by its hash; a pair is a copy of what the mandate says, and opens no way to money of its own.

use std::sync::Arc;

use frameos_domain::{
    ap2::{Ap2Error, Ap2Export, Ap2Outcome, Ap2Pair, Ap2Purchase, Ap2Receipts},
    es256::Es256Key,
    id::MandateId,
};
use frameos_store::{
    StoreError, Tx,
    gateway::{
        ap2::{Ap2Row, ap2_get_unscoped, ap2_insert},
        intent::{IntentRow, intent_get_unscoped},
        mandate::{MandateRow, mandate_get_unscoped},
        payment::{PaymentRow, payment_get_by_mandate_unscoped},
        receipt::{ReceiptRow, receipt_get_by_mandate_unscoped},
    },
};

use crate::{
    account::account_name,
    error::GatewayError,
    gateway::{Gateway, corrupt},
    metadata::Metadata,
    receipt::receipt_view,
    x402::account_check,
};

impl Gateway {
    /// The closed AP2 pair of a mandate, with the receipts once somebody has tried to execute it.
    pub async fn mandate_ap2(&self, mandate_id: MandateId) -> Result<Ap2Export, GatewayError> {
        let key = self.es256.as_ref().map(Arc::clone);
        let key = key.ok_or_else(|| GatewayError::internal("this gateway has no ES256 key"))?;
        let found = self.store.read(move |tx| Box::pin(found(tx, mandate_id))).await?;
        let found = found.ok_or(GatewayError::MandateNotFound { mandate_id })?;
        account_check("mandate_id", &found.mandate.agent_id)?;
        let row = match &found.known {
            Some(row) => row.clone(),
            None => {
                let row = found.row(&key, self.now())?;
                self.store.tx(move |tx| Box::pin(row_keep(tx, row))).await?
            }
        };
        let pair = Ap2Pair {
            checkout_mandate: row.checkout_mandate,
            payment_mandate: row.payment_mandate,
            checkout_jwt: row.checkout_jwt,
        };
        let receipts = found.receipts(&pair, &key)?;
        Ok(Ap2Export { mandate_id, pair, receipts, jwks: self.jwks() })
    }
}

struct Found {
    mandate: MandateRow,
    intent: IntentRow,
    known: Option<Ap2Row>,
    receipt: Option<ReceiptRow>,
    payment: Option<PaymentRow>,
}

async fn found(tx: &mut Tx, id: MandateId) -> Result<Option<Found>, StoreError> {
    let Some(mandate) = mandate_get_unscoped(tx, id).await? else { return Ok(None) };
    let intent = intent_get_unscoped(tx, mandate.intent_id).await?;
    Ok(Some(Found {
        intent: intent.ok_or_else(|| corrupt(format!("mandate {id} has no intent")))?,
        known: ap2_get_unscoped(tx, id).await?,
        receipt: receipt_get_by_mandate_unscoped(tx, id).await?,
        payment: payment_get_by_mandate_unscoped(tx, id).await?,
        mandate,
    }))
}

/// The first one stays.
async fn row_keep(tx: &mut Tx, row: Ap2Row) -> Result<Ap2Row, StoreError> {
    if ap2_insert(tx, &row).await? {
        return Ok(row);
    }
    ap2_get_unscoped(tx, row.mandate_id)
        .await?
        .ok_or_else(|| corrupt("a pair that conflicts but cannot be found"))
}

impl Found {
    fn row(&self, key: &Es256Key, now: frameos_domain::clock::Timestamp) -> Result<Ap2Row, GatewayError> {
        let metadata = serde_json::from_str(&self.intent.metadata).map_err(GatewayError::internal)?;
        let metadata = Metadata::read(&metadata)?;
        let purchase = Ap2Purchase {
            mandate_id: self.mandate.id,
            intent_id: self.intent.id,
            account: account_name(&self.mandate.agent_id).to_owned(),
            vendor: self.intent.vendor.clone(),
            description: self.intent.description.clone(),
            execution_id: self.mandate.execution_id.clone(),
            agent_definition_id: metadata.agent_definition_id,
            agent_version: metadata.agent_version,
            amount: self.mandate.amount,
            currency: self.mandate.currency,
            mandate_hash: self.mandate.mandate_hash.clone(),
            issued_at: self.mandate.created_at,
            expires_at: self.mandate.expires_at,
        };
        let pair = Ap2Pair::issue(&purchase, key)?;
        Ok(Ap2Row {
            mandate_id: self.mandate.id,
            checkout_jwt: pair.checkout_jwt,
            checkout_mandate: pair.checkout_mandate,
            payment_mandate: pair.payment_mandate,
            created_at: now,
        })
    }

    fn receipts(&self, pair: &Ap2Pair, key: &Es256Key) -> Result<Option<Ap2Receipts>, GatewayError> {
        let Some(receipt) = &self.receipt else { return Ok(None) };
        let outcome = match &self.payment {
            Some(payment) => Ap2Outcome::Paid {
                payment_id: payment.id.to_string(),
                confirmation_id: receipt.id.to_string(),
                ledger_transaction_id: payment.ledger_transaction_id.clone(),
                order_id: self.mandate.execution_id.clone().unwrap_or_else(|| self.intent.id.to_string()),
            },
            None => Ap2Outcome::Refused {
                receipt_id: receipt.id.to_string(),
                reason: receipt_view(receipt.clone())?.receipt.reason.unwrap_or_default(),
            },
        };
        Ok(Some(Ap2Receipts::issue(pair, &outcome, receipt.created_at, key)?))
    }
}

impl From<Ap2Error> for GatewayError {
    fn from(error: Ap2Error) -> Self {
        Self::internal(error)
    }
}
