//! Mandates as AP2 v0.2 writes them: the closed pair of a checkout mandate and a payment mandate, and the receipts for both.
//!
//! A pair is two SD-JWTs (RFC 9901) signed with ES256, each with one mandate as its only disclosure under `delegate_payload`; both
//! speak of one checkout, a JWT by the merchant, which they name by its hash. Invariants: the `vct` of a mandate is matched exactly;
//! a claim that is not known here, a constraint among them, is refused and never passed over; amounts are integer minor units;
//! a checkout has a salt of its own, so that its hash tells nothing. Format and mapping: docs/ap2.md.

mod issue;
mod receipt;
mod sd_jwt;
mod verify;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{
    clock::Timestamp,
    id::{IntentId, MandateId},
    money::Currency,
    signing::{KeySet, SignatureError},
};

pub use receipt::{Ap2Outcome, Ap2Receipts, CheckoutReceipt, PaymentReceipt, ReceiptStatus, receipt_verify};
pub use verify::Verified;

/// The `vct` of a closed checkout mandate.
pub const CHECKOUT_VCT: &str = "mandate.checkout.1";
/// The `vct` of a closed payment mandate.
pub const PAYMENT_VCT: &str = "mandate.payment.1";
/// The JWS `typ` of a mandate: an SD-JWT VC.
pub const MANDATE_TYPE: &str = "dc+sd-jwt";
/// The `vct` of the credential around a mandate.
pub const CREDENTIAL_VCT: &str = "frameos.agent_mandate.1";
/// The JWS `typ` of a checkout and of a receipt.
pub const JWT_TYPE: &str = "JWT";

/// Why a pair or a receipt is not accepted.
#[derive(Debug, Error)]
pub enum Ap2Error {
    #[error("not an SD-JWT: {what}")]
    NotSdJwt { what: &'static str },
    #[error(transparent)]
    Signature(#[from] SignatureError),
    #[error("`_sd_alg` is `{found}`, only `sha-256` is taken")]
    HashAlgorithm { found: String },
    #[error("`vct` is `{found}`, expected `{expected}`")]
    WrongVct { found: String, expected: &'static str },
    #[error("the {document} is not what AP2 v0.2 says, or says more than is understood here")]
    BadDocument {
        document: &'static str,
        #[source]
        source: serde_json::Error,
    },
    #[error("`{claim}` is not the hash of the checkout")]
    WrongHash { claim: &'static str },
    #[error("the checkout in the mandate is not the one beside it")]
    OtherCheckout,
    #[error("the {what} of the mandates differ")]
    Disagree { what: &'static str },
    #[error("an amount must be at least 1 minor unit")]
    BadAmount,
    #[error("it expired at {at} (seconds since 1970)")]
    Expired { at: i64 },
    #[error("it was issued in the future, at {at} (seconds since 1970)")]
    NotYet { at: i64 },
    #[error("it ends at {exp}, before it begins at {iat}")]
    NoTime { iat: i64, exp: i64 },
    #[error("the receipt is for another mandate")]
    OtherMandate,
    #[error("no salt could be made")]
    NoSalt,
}

/// What the pair of one mandate says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ap2Purchase {
    pub mandate_id: MandateId,
    pub intent_id: IntentId,
    /// The paying account, whose wallet is the instrument.
    pub account: String,
    pub vendor: String,
    pub description: String,
    pub execution_id: Option<String>,
    pub agent_definition_id: Option<String>,
    pub agent_version: Option<String>,
    pub amount: i64,
    pub currency: Currency,
    /// SHA-256 of the mandate's own JWS.
    pub mandate_hash: String,
    pub issued_at: Timestamp,
    pub expires_at: Timestamp,
}

/// The closed pair, and the checkout it is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Ap2Pair {
    pub checkout_mandate: String,
    pub payment_mandate: String,
    pub checkout_jwt: String,
}

/// A pair as it is given out: with the receipts, once there are any, and the keys it verifies with.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Ap2Export {
    pub mandate_id: MandateId,
    #[serde(flatten)]
    pub pair: Ap2Pair,
    #[serde(flatten)]
    #[schema(value_type = Ap2ReceiptsLater)]
    pub receipts: Option<Ap2Receipts>,
    /// For convenience: whoever has to trust the pair has these keys from the gateway itself.
    pub jwks: KeySet,
}

/// How the receipts beside a pair are described: both or none.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "only its schema is used")]
struct Ap2ReceiptsLater {
    checkout_receipt: Option<String>,
    payment_receipt: Option<String>,
}

impl Ap2Export {
    /// Checks pair and receipts by the keys of `trusted`, or, without, by those that came along, which proves no more than that
    /// nobody changed them since.
    pub fn verify(
        &self,
        trusted: Option<&KeySet>,
        now: Option<Timestamp>,
    ) -> Result<(Verified, Option<PaymentReceipt>), Ap2Error> {
        let keys = trusted.unwrap_or(&self.jwks);
        let verified = self.pair.verify(keys, now)?;
        if verified.checkout.mandate_id != self.mandate_id {
            return Err(Ap2Error::OtherMandate);
        }
        let receipts =
            self.receipts.as_ref().map(|receipts| receipts.verify(&self.pair, keys)).transpose()?;
        Ok((verified, receipts.map(|(_, payment)| payment)))
    }
}

/// Who is paid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Merchant {
    pub id: String,
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub website: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Amount {
    /// Minor units.
    pub amount: i64,
    pub currency: Currency,
}

/// What is paid with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Instrument {
    pub id: String,
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// The content of a closed checkout mandate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckoutMandate {
    pub vct: String,
    pub checkout_jwt: String,
    pub checkout_hash: String,
    pub iat: i64,
    pub exp: i64,
}

/// The content of a closed payment mandate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaymentMandate {
    pub vct: String,
    pub transaction_id: String,
    pub payee: Merchant,
    pub payment_amount: Amount,
    pub payment_instrument: Instrument,
    pub iat: i64,
    pub exp: i64,
}

/// What the merchant signs: the order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checkout {
    pub iss: String,
    pub iat: i64,
    pub exp: i64,
    /// The purchase intent.
    pub id: IntentId,
    pub mandate_id: MandateId,
    /// SHA-256 of the mandate's own JWS, which is the proof within FrameOS.
    pub mandate_hash: String,
    /// 256 random bits: without it the hash of a checkout could be guessed from what is sold.
    pub salt: String,
    pub merchant: Merchant,
    pub line_items: Vec<LineItem>,
    pub currency: Currency,
    pub totals: Vec<Total>,
    pub status: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub execution_id: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LineItem {
    pub id: String,
    pub item: Item,
    pub quantity: i64,
    pub totals: Vec<Total>,
}

/// One run of an agent, or whatever the vendor sells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Item {
    pub id: String,
    pub title: String,
    pub price: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Total {
    #[serde(rename = "type")]
    pub kind: String,
    pub amount: i64,
}

impl Checkout {
    /// What is to be paid in all; none when it is not said exactly once.
    pub fn total(&self) -> Option<i64> {
        let mut totals = self.totals.iter().filter(|total| total.kind == "total");
        totals.next().filter(|_| totals.next().is_none()).map(|total| total.amount)
    }
}

#[cfg(test)]
mod tests;
