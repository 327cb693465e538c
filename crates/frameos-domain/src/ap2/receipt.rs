//! AP2's receipts for a pair: one for each mandate, for a payment that was made and for one that was refused.

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{
    Ap2Error, Ap2Pair, JWT_TYPE,
    issue::{ISSUER, seconds, value},
    sd_jwt::hash,
    verify::read,
};
use crate::{
    clock::Timestamp,
    es256::{Es256Key, jws_verify},
    signing::KeySet,
};

/// AP2's word for a mandate that is none any more.
const INVALID_MANDATE: &str = "invalid_mandate";

/// What became of a mandate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ap2Outcome {
    Paid {
        payment_id: String,
        /// The gateway's receipt.
        confirmation_id: String,
        /// The entry in its ledger.
        ledger_transaction_id: String,
        order_id: String,
    },
    /// With the gateway's receipt of the refusal and the reason, an error code.
    Refused { receipt_id: String, reason: String },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ReceiptStatus {
    Success,
    Error,
}

/// The content of a receipt for a payment mandate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaymentReceipt {
    pub status: ReceiptStatus,
    pub iss: String,
    pub iat: i64,
    pub reference: String,
    pub payment_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub psp_confirmation_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network_confirmation_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_description: Option<String>,
}

/// The content of a receipt for a checkout mandate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckoutReceipt {
    pub status: ReceiptStatus,
    pub iss: String,
    pub iat: i64,
    pub reference: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_description: Option<String>,
}

/// The signed receipts for a pair.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Ap2Receipts {
    pub checkout_receipt: String,
    pub payment_receipt: String,
}

impl Ap2Receipts {
    /// Signs what became of the pair at `at`.
    pub fn issue(
        pair: &Ap2Pair,
        outcome: &Ap2Outcome,
        at: Timestamp,
        key: &Es256Key,
    ) -> Result<Self, Ap2Error> {
        let refused = match outcome {
            Ap2Outcome::Paid { .. } => None,
            Ap2Outcome::Refused { reason, .. } => {
                Some((INVALID_MANDATE.to_owned(), format!("the mandate was refused: {reason}")))
            }
        };
        let status = if refused.is_some() { ReceiptStatus::Error } else { ReceiptStatus::Success };
        let (error, error_description) = refused.unzip();
        let paid = match outcome {
            Ap2Outcome::Paid { payment_id, confirmation_id, ledger_transaction_id, order_id } => {
                Some((payment_id, confirmation_id, ledger_transaction_id, order_id))
            }
            Ap2Outcome::Refused { .. } => None,
        };
        let checkout = CheckoutReceipt {
            status,
            iss: ISSUER.to_owned(),
            iat: seconds(at),
            reference: hash(&pair.checkout_mandate),
            order_id: paid.map(|(.., order_id)| order_id.clone()),
            error: error.clone(),
            error_description: error_description.clone(),
        };
        let payment = PaymentReceipt {
            status,
            iss: ISSUER.to_owned(),
            iat: seconds(at),
            reference: hash(&pair.payment_mandate),
            // A refused attempt has no payment; it is named by the receipt that states it.
            payment_id: match outcome {
                Ap2Outcome::Paid { payment_id, .. } => payment_id.clone(),
                Ap2Outcome::Refused { receipt_id, .. } => receipt_id.clone(),
            },
            psp_confirmation_id: paid.map(|(_, confirmation_id, ..)| confirmation_id.clone()),
            network_confirmation_id: paid.map(|(_, _, ledger, _)| ledger.clone()),
            error,
            error_description,
        };
        Ok(Self {
            checkout_receipt: key.sign(JWT_TYPE, &value(&checkout)?)?,
            payment_receipt: key.sign(JWT_TYPE, &value(&payment)?)?,
        })
    }

    /// Checks both receipts, and that they are for this pair.
    pub fn verify(
        &self,
        pair: &Ap2Pair,
        keys: &KeySet,
    ) -> Result<(CheckoutReceipt, PaymentReceipt), Ap2Error> {
        let checkout: CheckoutReceipt = receipt_verify(&self.checkout_receipt, keys)?;
        let payment: PaymentReceipt = receipt_verify(&self.payment_receipt, keys)?;
        let references =
            [(&checkout.reference, &pair.checkout_mandate), (&payment.reference, &pair.payment_mandate)];
        if references.into_iter().any(|(reference, mandate)| *reference != hash(mandate)) {
            return Err(Ap2Error::OtherMandate);
        }
        if checkout.status != payment.status {
            return Err(Ap2Error::Disagree { what: "outcomes" });
        }
        Ok((checkout, payment))
    }
}

/// Reads a receipt that a key of the set has signed.
pub fn receipt_verify<T: DeserializeOwned>(jwt: &str, keys: &KeySet) -> Result<T, Ap2Error> {
    read(jws_verify(jwt, JWT_TYPE, keys)?, "receipt")
}
