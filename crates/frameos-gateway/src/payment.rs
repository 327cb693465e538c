//! Payments, as the gateway tells of them later.

use frameos_domain::id::PaymentId;
use frameos_store::gateway::payment::{PaymentRow, payment_get_unscoped};

use crate::{
    account::account_name,
    error::GatewayError,
    gateway::Gateway,
    wire::{Payment, Split},
};

impl Gateway {
    pub async fn payment_get(&self, payment_id: PaymentId) -> Result<Payment, GatewayError> {
        let row = self.store.read(move |tx| Box::pin(payment_get_unscoped(tx, payment_id))).await?;
        let row = row.ok_or_else(|| GatewayError::PaymentNotFound { payment_id: payment_id.to_string() })?;
        Ok(Payment {
            payment_id: row.id,
            mandate_id: row.mandate_id,
            split: split_view(&row),
            agent_id: row.agent_id,
            amount: row.amount,
            currency: row.currency,
            ledger_transaction_id: row.ledger_transaction_id,
            ledger_hash: row.ledger_hash,
            receipt_id: row.receipt_id,
            created_at: row.created_at,
        })
    }
}

pub(crate) fn split_view(payment: &PaymentRow) -> Split {
    Split {
        developer_id: account_name(&payment.developer).to_owned(),
        developer: payment.developer_amount,
        platform: payment.platform_amount,
        orchestrator: payment.orchestrator_amount,
    }
}
