//! The gateway's documents beside a run receipt: the mandate and the payment receipt that it binds by their hashes.
//!
//! Invariant: a proof that is there is checked in full: its signature, that it is the one the receipt names, and that all three
//! documents tell of the same run and the same money. What is not there was not shown, which the receipt's hashes tell.

use serde::{Deserialize, Serialize};

use super::{PaymentOutcome, PaymentReceipt, ReceiptError, RunPayment, RunReceipt};
use crate::{
    canonical,
    mandate::{MANDATE_TYPE, Mandate, MandateStatus},
    signing::{KeySet, verify},
};

const MANDATE: &str = "mandate";
const PAYMENT: &str = "payment receipt";

/// Compact JWS of the gateway.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Proofs {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mandate: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_receipt: Option<String>,
}

impl Proofs {
    pub(super) fn verify(&self, run: &RunReceipt, trusted: Option<&KeySet>) -> Result<(), ReceiptError> {
        let mandate = self.mandate.as_deref().map(|jws| mandate_check(jws, run, trusted)).transpose()?;
        if let Some(jws) = &self.payment_receipt {
            let paid = payment_check(jws, run, trusted)?;
            if let Some(mandate) = mandate {
                within_check(&mandate, &paid)?;
            }
        }
        Ok(())
    }
}

fn mandate_check(jws: &str, run: &RunReceipt, trusted: Option<&KeySet>) -> Result<Mandate, ReceiptError> {
    let (mandate, _) = verify::<Mandate>(jws, MANDATE_TYPE, trusted)
        .map_err(|source| ReceiptError::Proof { proof: MANDATE, source })?;
    let bound = run.mandate.as_ref();
    let execution_id = run.execution_id.to_string();
    all_agree(
        MANDATE,
        [
            ("its hash", bound.is_some_and(|bound| bound.mandate_hash == hash(jws))),
            ("the mandate's id", bound.is_some_and(|bound| bound.mandate_id == mandate.id)),
            ("the run", mandate.execution_id.as_ref() == Some(&execution_id)),
            ("the user", mandate.agent_id == run.user_id),
            ("the agent", mandate.agent_definition_id.as_ref() == Some(&run.agent_id)),
            ("the agent's version", mandate.agent_version.as_ref() == Some(&run.agent_version)),
            ("whether it was paid", executed(run) == run.payment.is_some()),
        ],
    )?;
    Ok(mandate)
}

fn executed(run: &RunReceipt) -> bool {
    run.mandate.as_ref().is_some_and(|mandate| mandate.status == MandateStatus::Executed)
}

fn payment_check(
    jws: &str,
    run: &RunReceipt,
    trusted: Option<&KeySet>,
) -> Result<PaymentReceipt, ReceiptError> {
    let paid = PaymentReceipt::verify(jws, trusted)
        .map_err(|source| ReceiptError::Proof { proof: PAYMENT, source })?;
    let Some(bound) = &run.payment else {
        return Err(ReceiptError::Unbound { proof: PAYMENT, what: "whether it was paid" });
    };
    let RunPayment { mandate_id, payment_id, receipt_id, receipt_hash, .. } = bound;
    let mandate_hash = run.mandate.as_ref().map(|mandate| &mandate.mandate_hash);
    all_agree(
        PAYMENT,
        [
            ("its hash", *receipt_hash == hash(jws)),
            ("the receipt's id", *receipt_id == paid.id),
            ("the payment's id", Some(*payment_id) == paid.payment_id),
            ("the mandate's id", *mandate_id == paid.mandate_id),
            ("the mandate's hash", mandate_hash.is_none_or(|hash| *hash == paid.mandate_hash)),
            ("the outcome", paid.status == PaymentOutcome::Success),
            ("the amount", (bound.amount, bound.currency) == (paid.amount, paid.currency)),
            (
                "the ledger's entry",
                paid.ledger_transaction_id.as_ref() == Some(&bound.ledger_transaction_id)
                    && paid.ledger_hash.as_ref() == Some(&bound.ledger_hash)
                    && paid.ledger_sequence == bound.ledger_sequence,
            ),
        ],
    )?;
    Ok(paid)
}

/// Whether the payment keeps to what the mandate allows.
fn within_check(mandate: &Mandate, paid: &PaymentReceipt) -> Result<(), ReceiptError> {
    all_agree(
        PAYMENT,
        [
            ("the currency", mandate.currency == paid.currency),
            ("the amount allowed", (0..=mandate.amount).contains(&paid.amount)),
            ("the time allowed", mandate.issued_at <= paid.issued_at && paid.issued_at < mandate.expires_at),
        ],
    )
}

fn all_agree<const N: usize>(
    proof: &'static str,
    checks: [(&'static str, bool); N],
) -> Result<(), ReceiptError> {
    match checks.into_iter().find(|(_, agrees)| !agrees) {
        Some((what, _)) => Err(ReceiptError::Unbound { proof, what }),
        None => Ok(()),
    }
}

fn hash(jws: &str) -> String {
    canonical::sha256_hex(jws.as_bytes())
}
