//! Checks a pair: signatures, hashes, and that both mandates and the checkout speak of the same purchase.
//!
//! Pure and total. What is not understood is refused: an open mandate, a chain, a constraint, a claim of a later version.

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use super::{
    Ap2Error, Ap2Pair, CHECKOUT_VCT, CREDENTIAL_VCT, Checkout, CheckoutMandate, JWT_TYPE, MANDATE_TYPE,
    PAYMENT_VCT, PaymentMandate,
    issue::seconds,
    sd_jwt::{hash, sd_jwt_open},
};
use crate::{clock::Timestamp, es256::jws_verify, signing::KeySet};

/// How far another's clock may be ahead of ours, in seconds.
const LEEWAY: i64 = 60;

/// A pair that holds together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    pub checkout: Checkout,
    pub payment: PaymentMandate,
    /// What a receipt for the checkout mandate names.
    pub checkout_reference: String,
    /// What a receipt for the payment mandate names.
    pub payment_reference: String,
}

/// The claims around a mandate.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Credential {
    iss: String,
    vct: String,
    iat: i64,
    exp: i64,
    delegate_payload: [Map<String, Value>; 1],
}

impl Ap2Pair {
    /// Checks the pair with the keys of its issuer; at `now`, unless it is to be looked at whenever it was good.
    pub fn verify(&self, keys: &KeySet, now: Option<Timestamp>) -> Result<Verified, Ap2Error> {
        let now = now.map(seconds);
        let (checkout_iss, mandate) = mandate_open::<CheckoutMandate>(
            &self.checkout_mandate,
            CHECKOUT_VCT,
            "checkout mandate",
            keys,
            now,
        )?;
        time_check(mandate.iat, mandate.exp, now)?;
        let (payment_iss, payment) =
            mandate_open::<PaymentMandate>(&self.payment_mandate, PAYMENT_VCT, "payment mandate", keys, now)?;
        time_check(payment.iat, payment.exp, now)?;
        if mandate.checkout_jwt != self.checkout_jwt {
            return Err(Ap2Error::OtherCheckout);
        }
        let checkout_hash = hash(&self.checkout_jwt);
        for (claim, value) in
            [("checkout_hash", &mandate.checkout_hash), ("transaction_id", &payment.transaction_id)]
        {
            if *value != checkout_hash {
                return Err(Ap2Error::WrongHash { claim });
            }
        }
        let checkout = jws_verify(&self.checkout_jwt, JWT_TYPE, keys)?;
        let checkout: Checkout = read(checkout, "checkout")?;
        time_check(checkout.iat, checkout.exp, now)?;
        agreement_check(&checkout, &payment, [&checkout_iss, &payment_iss])?;
        Ok(Verified {
            checkout,
            payment,
            checkout_reference: hash(&self.checkout_mandate),
            payment_reference: hash(&self.payment_mandate),
        })
    }
}

fn mandate_open<T: DeserializeOwned>(
    text: &str,
    vct: &'static str,
    document: &'static str,
    keys: &KeySet,
    now: Option<i64>,
) -> Result<(String, T), Ap2Error> {
    let credential: Credential = read(sd_jwt_open(text, MANDATE_TYPE, keys)?, document)?;
    vct_check(&credential.vct, CREDENTIAL_VCT)?;
    time_check(credential.iat, credential.exp, now)?;
    let [content] = credential.delegate_payload;
    vct_check(content.get("vct").and_then(Value::as_str).unwrap_or_default(), vct)?;
    Ok((credential.iss, read(content, document)?))
}

fn vct_check(found: &str, expected: &'static str) -> Result<(), Ap2Error> {
    if found == expected { Ok(()) } else { Err(Ap2Error::WrongVct { found: found.to_owned(), expected }) }
}

fn time_check(iat: i64, exp: i64, now: Option<i64>) -> Result<(), Ap2Error> {
    if exp <= iat {
        return Err(Ap2Error::NoTime { iat, exp });
    }
    match now {
        Some(now) if exp <= now => Err(Ap2Error::Expired { at: exp }),
        Some(now) if iat > now.saturating_add(LEEWAY) => Err(Ap2Error::NotYet { at: iat }),
        _ => Ok(()),
    }
}

fn agreement_check(
    checkout: &Checkout,
    payment: &PaymentMandate,
    issuers: [&String; 2],
) -> Result<(), Ap2Error> {
    let amount = &payment.payment_amount;
    if amount.amount < 1 {
        return Err(Ap2Error::BadAmount);
    }
    let lines = checkout
        .line_items
        .iter()
        .try_fold(0_i64, |sum, line| sum.checked_add(line.item.price.checked_mul(line.quantity)?));
    let agreements = [
        ("amounts", checkout.total() == Some(amount.amount) && lines == Some(amount.amount)),
        ("currencies", checkout.currency == amount.currency),
        ("payees", checkout.merchant == payment.payee),
        ("issuers", issuers.into_iter().all(|issuer| *issuer == checkout.iss)),
    ];
    match agreements.into_iter().find(|(_, agree)| !agree) {
        None => Ok(()),
        Some((what, _)) => Err(Ap2Error::Disagree { what }),
    }
}

pub(super) fn read<T: DeserializeOwned>(
    document: Map<String, Value>,
    name: &'static str,
) -> Result<T, Ap2Error> {
    serde_json::from_value(Value::Object(document))
        .map_err(|source| Ap2Error::BadDocument { document: name, source })
}
