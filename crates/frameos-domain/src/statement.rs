//! What the gateway signs besides runs' receipts, as whoever got it keeps it: mandates, payment receipts, refusals and refunds.
//!
//! Invariant: what is shown is what was signed. The file may be the bare JWS, or the JSON that carried it; then its readable part and its hash
//! must be the JWS's own.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{
    canonical,
    mandate::{MANDATE_TYPE, Mandate},
    receipt::{PAYMENT_RECEIPT_TYPE, PaymentReceipt, RUN_RECEIPT_TYPE, ReceiptError},
    refund::{REFUND_RECEIPT_TYPE, RefundReceipt},
    refusal::{REFUSAL_TYPE, Refusal},
    signing::{self, KeySet, PublicKey, SignatureError},
};

/// A signed statement of the gateway.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Statement {
    Mandate(Mandate),
    Payment(PaymentReceipt),
    Refusal(Refusal),
    Refund(RefundReceipt),
}

impl Statement {
    /// The JWS `typ` it is signed with.
    pub const fn typ(&self) -> &'static str {
        match self {
            Self::Mandate(_) => MANDATE_TYPE,
            Self::Payment(_) => PAYMENT_RECEIPT_TYPE,
            Self::Refusal(_) => REFUSAL_TYPE,
            Self::Refund(_) => REFUND_RECEIPT_TYPE,
        }
    }
}

/// A statement's file, not checked yet.
#[derive(Debug, Clone, PartialEq)]
pub struct StatementDocument {
    jws: String,
    /// The readable part beside it.
    shown: Option<Value>,
    hash: Option<Value>,
}

impl StatementDocument {
    /// Finds the signed statement in a file: the bare JWS, the gateway's object, or the API's answer around it, which for a refusal is an
    /// error. None when the file holds a run's receipt or nothing signed.
    pub fn find(text: &str) -> Option<Self> {
        let bare = text.trim();
        if !bare.starts_with('{') {
            let document = Self { jws: bare.to_owned(), shown: None, hash: None };
            return document.is_statement().then_some(document);
        }
        let value = canonical::parse_strict(text).ok()?;
        ["", "/data", "/error/details/receipt", "/details/receipt"]
            .into_iter()
            .filter_map(|place| Self::read(value.pointer(place)?))
            .find(Self::is_statement)
    }

    fn read(object: &Value) -> Option<Self> {
        let named = |jws: &str, hash: &str| {
            let jws = object.get(jws)?.as_str()?.to_owned();
            Some(Self { jws, shown: object.get("receipt").cloned(), hash: object.get(hash).cloned() })
        };
        named("receipt_jws", "receipt_hash").or_else(|| named("jws", "hash"))
    }

    fn is_statement(&self) -> bool {
        signing::type_unverified(&self.jws).is_some_and(|typ| typ != RUN_RECEIPT_TYPE)
    }

    /// Checks the signature, and that what is shown beside it is what was signed. Returns the statement and the signing key, which must be in
    /// `trusted` if there is such a set.
    pub fn verify(&self, trusted: Option<&KeySet>) -> Result<(Statement, PublicKey), ReceiptError> {
        match signing::type_unverified(&self.jws).as_deref() {
            Some(MANDATE_TYPE) => self.check(MANDATE_TYPE, trusted, Statement::Mandate),
            Some(REFUSAL_TYPE) => self.check(REFUSAL_TYPE, trusted, Statement::Refusal),
            Some(REFUND_RECEIPT_TYPE) => self.check(REFUND_RECEIPT_TYPE, trusted, Statement::Refund),
            _ => self.check(PAYMENT_RECEIPT_TYPE, trusted, Statement::Payment),
        }
    }

    fn check<T: Serialize + DeserializeOwned>(
        &self,
        typ: &'static str,
        trusted: Option<&KeySet>,
        statement: fn(T) -> Statement,
    ) -> Result<(Statement, PublicKey), ReceiptError> {
        let (signed, key) = signing::verify::<T>(&self.jws, typ, trusted)?;
        let is_shown = match &self.shown {
            Some(shown) => bytes(shown)? == bytes(&signed)?,
            None => true,
        };
        let hash = canonical::sha256_hex(self.jws.as_bytes());
        let is_hash = self.hash.as_ref().is_none_or(|told| told.as_str() == Some(&hash));
        if is_shown && is_hash { Ok((statement(signed), key)) } else { Err(ReceiptError::Altered) }
    }
}

fn bytes<T: Serialize>(value: &T) -> Result<Vec<u8>, SignatureError> {
    Ok(canonical::to_bytes(value)?)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        clock::Timestamp,
        id::{IntentId, MandateId, PaymentId, ReceiptId, RefundId},
        money::Currency,
        receipt::{GENESIS_HASH, PaymentOutcome},
        signing::SigningKey,
    };

    fn at() -> Timestamp {
        Timestamp::from_micros(1_795_000_000_000_000)
    }

    fn key() -> SigningKey {
        SigningKey::from_seed(&[3; 32]).unwrap()
    }

    fn payment() -> PaymentReceipt {
        PaymentReceipt {
            id: ReceiptId::new(at(), [1; 10]),
            sequence: 1,
            previous_hash: GENESIS_HASH.into(),
            mandate_id: MandateId::new(at(), [2; 10]),
            mandate_hash: canonical::sha256_hex(b"mandate"),
            payment_id: Some(PaymentId::new(at(), [3; 10])),
            status: PaymentOutcome::Success,
            reason: None,
            amount: 50,
            currency: Currency::INR,
            ledger_transaction_id: Some("txn_1".into()),
            ledger_hash: Some(canonical::sha256_hex(b"entry")),
            ledger_sequence: Some(2),
            issued_at: at(),
        }
    }

    fn refund() -> RefundReceipt {
        RefundReceipt {
            id: RefundId::new(at(), [4; 10]),
            payment_id: PaymentId::new(at(), [3; 10]),
            mandate_id: MandateId::new(at(), [2; 10]),
            receipt_id: ReceiptId::new(at(), [1; 10]),
            agent_id: "agt_user_x".into(),
            amount: 20,
            refunded_total: 20,
            currency: Currency::INR,
            reason: "the report was empty".into(),
            ledger_transaction_id: "txn_2".into(),
            ledger_hash: canonical::sha256_hex(b"another"),
            issued_at: at(),
        }
    }

    fn refusal() -> Refusal {
        Refusal {
            id: ReceiptId::new(at(), [5; 10]),
            intent_id: IntentId::new(at(), [6; 10]),
            agent_id: "agt_user_x".into(),
            vendor: "frameos_marketplace".into(),
            execution_id: None,
            agent_definition_id: None,
            agent_version: None,
            amount: 50,
            currency: Currency::INR,
            status: PaymentOutcome::Refused,
            reason: "INSUFFICIENT_FUNDS".into(),
            rule: None,
            limit: None,
            asked: None,
            used: None,
            available: Some(3),
            issued_at: at(),
        }
    }

    fn mandate() -> Mandate {
        Mandate {
            id: MandateId::new(at(), [2; 10]),
            intent_id: IntentId::new(at(), [6; 10]),
            agent_id: "agt_user_x".into(),
            vendor: "frameos_marketplace".into(),
            execution_id: None,
            agent_definition_id: None,
            agent_version: None,
            payee: "dev_1".into(),
            orchestrator: None,
            amount: 50,
            currency: Currency::INR,
            issued_at: at(),
            expires_at: at(),
        }
    }

    fn all() -> [(String, Statement); 4] {
        [
            (mandate().sign(&key()).unwrap(), Statement::Mandate(mandate())),
            (payment().sign(&key()).unwrap(), Statement::Payment(payment())),
            (refusal().sign(&key()).unwrap(), Statement::Refusal(refusal())),
            (refund().sign(&key()).unwrap(), Statement::Refund(refund())),
        ]
    }

    fn verify(text: &str) -> Result<Statement, ReceiptError> {
        let keys = KeySet::of([key().public()]);
        StatementDocument::find(text).unwrap().verify(Some(&keys)).map(|(statement, _)| statement)
    }

    #[test]
    fn each_statement_is_found_however_it_was_kept() {
        for (jws, statement) in all() {
            let hash = canonical::sha256_hex(jws.as_bytes());
            let object = json!({"receipt": statement, "jws": jws, "hash": hash});
            let answer =
                json!({"refund_id": "rfd_x", "receipt": statement, "receipt_jws": jws, "receipt_hash": hash});
            for text in [
                format!("{jws}\n"),
                object.to_string(),
                json!({"success": true, "data": answer}).to_string(),
                json!({"success": false, "error": {"details": {"receipt": object}}}).to_string(),
            ] {
                assert_eq!(verify(&text).unwrap(), statement, "{text}");
            }
        }
    }

    #[test]
    fn what_is_shown_beside_it_must_be_what_was_signed() {
        for (jws, statement) in all() {
            let mut shown = serde_json::to_value(&statement).unwrap();
            shown["amount"] = json!(1);
            let altered = json!({"receipt": shown, "receipt_jws": jws}).to_string();
            assert!(matches!(verify(&altered), Err(ReceiptError::Altered)), "{altered}");
            let other = json!({"receipt": statement, "jws": jws, "hash": GENESIS_HASH}).to_string();
            assert!(matches!(verify(&other), Err(ReceiptError::Altered)), "{other}");
            let (message, signature) = jws.rsplit_once('.').unwrap();
            let forged = format!("{message}.{}", signature.chars().rev().collect::<String>());
            assert!(matches!(verify(&forged), Err(ReceiptError::Signature(_))));
            let strange = StatementDocument::find(&jws).unwrap().verify(Some(&KeySet::default()));
            assert!(matches!(strange, Err(ReceiptError::Signature(SignatureError::UnknownKey { .. }))));
        }
    }

    #[test]
    fn a_runs_receipt_and_what_is_not_signed_are_none() {
        let run = key().sign(RUN_RECEIPT_TYPE, &json!({"id": "rcpt_x"})).unwrap();
        let twice = format!(r#"{{"jws": "{0}", "jws": "{0}"}}"#, payment().sign(&key()).unwrap());
        for text in ["", "{}", "hello", "a.b.c", "[1]", &run, &json!({"jws": run}).to_string(), &twice] {
            assert_eq!(StatementDocument::find(text), None, "{text}");
        }
        let unknown = key().sign("frameos-other+jws", &json!({"a": 1})).unwrap();
        let refused = StatementDocument::find(&unknown).unwrap().verify(None);
        assert!(matches!(refused, Err(ReceiptError::Signature(SignatureError::WrongType { .. }))));
    }
}
