//! Makes the pair of a mandate. Each call signs anew, with new salts: what is given out has to be kept.

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{
    Amount, Ap2Error, Ap2Pair, Ap2Purchase, CHECKOUT_VCT, CREDENTIAL_VCT, Checkout, CheckoutMandate,
    Instrument, Item, JWT_TYPE, LineItem, MANDATE_TYPE, Merchant, PAYMENT_VCT, PaymentMandate, Total,
    sd_jwt::{hash, salt, sd_jwt_sign},
};
use crate::{clock::Timestamp, es256::Es256Key};

/// Who issues mandates, checkouts and receipts.
pub(super) const ISSUER: &str = "frameos-gateway";

pub(super) const fn seconds(at: Timestamp) -> i64 {
    at.as_millis() / 1_000
}

impl Ap2Pair {
    /// Signs the pair of a mandate.
    pub fn issue(purchase: &Ap2Purchase, key: &Es256Key) -> Result<Self, Ap2Error> {
        // A mandate that lives for less than a second still has a second.
        let iat = seconds(purchase.issued_at);
        let exp = seconds(purchase.expires_at).max(iat + 1);
        let merchant = Merchant { id: purchase.vendor.clone(), name: purchase.vendor.clone(), website: None };
        let checkout = checkout(purchase, merchant.clone(), (iat, exp))?;
        let checkout_jwt = key.sign(JWT_TYPE, &value(&checkout)?)?;
        let checkout_hash = hash(&checkout_jwt);
        let payment = PaymentMandate {
            vct: PAYMENT_VCT.to_owned(),
            transaction_id: checkout_hash.clone(),
            payee: merchant,
            payment_amount: Amount { amount: purchase.amount, currency: purchase.currency },
            payment_instrument: Instrument {
                id: purchase.account.clone(),
                kind: "wallet".to_owned(),
                description: Some("prepaid wallet at the gateway".to_owned()),
            },
            iat,
            exp,
        };
        let checkout = CheckoutMandate {
            vct: CHECKOUT_VCT.to_owned(),
            checkout_jwt: checkout_jwt.clone(),
            checkout_hash,
            iat,
            exp,
        };
        Ok(Self {
            checkout_mandate: mandate_sign(key, &checkout, (iat, exp))?,
            payment_mandate: mandate_sign(key, &payment, (iat, exp))?,
            checkout_jwt,
        })
    }
}

fn checkout(
    purchase: &Ap2Purchase,
    merchant: Merchant,
    (iat, exp): (i64, i64),
) -> Result<Checkout, Ap2Error> {
    let amount = |kind: &str| Total { kind: kind.to_owned(), amount: purchase.amount };
    let item = Item {
        id: purchase.agent_definition_id.clone().unwrap_or_else(|| purchase.intent_id.to_string()),
        title: purchase.description.clone(),
        price: purchase.amount,
        version: purchase.agent_version.clone(),
    };
    let line = LineItem { id: "line_1".to_owned(), item, quantity: 1, totals: vec![amount("total")] };
    Ok(Checkout {
        iss: ISSUER.to_owned(),
        iat,
        exp,
        id: purchase.intent_id,
        mandate_id: purchase.mandate_id,
        mandate_hash: purchase.mandate_hash.clone(),
        salt: salt()?,
        merchant,
        line_items: vec![line],
        currency: purchase.currency,
        totals: vec![amount("subtotal"), amount("total")],
        status: "ready_for_complete".to_owned(),
        execution_id: purchase.execution_id.clone(),
    })
}

fn mandate_sign<T: Serialize>(
    key: &Es256Key,
    content: &T,
    (iat, exp): (i64, i64),
) -> Result<String, Ap2Error> {
    let claims: [(&str, Value); 4] =
        [("iss", json!(ISSUER)), ("vct", json!(CREDENTIAL_VCT)), ("iat", json!(iat)), ("exp", json!(exp))];
    let claims: Map<String, Value> =
        claims.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    sd_jwt_sign(key, MANDATE_TYPE, claims, ("delegate_payload", &value(content)?))
}

pub(super) fn value<T: Serialize>(document: &T) -> Result<Value, Ap2Error> {
    serde_json::to_value(document).map_err(|source| Ap2Error::BadDocument { document: "document", source })
}
