//! Forged, altered and foreign documents: what does not verify.

use serde_json::Value;

use super::*;
use crate::{
    clock::Timestamp,
    id::{IntentId, MandateId, PaymentId, ReceiptId},
    mandate::{MANDATE_TYPE, Mandate},
    money::Currency,
    receipt::{GENESIS_HASH, PAYMENT_RECEIPT_TYPE, PaymentOutcome, PaymentReceipt},
    refusal::{REFUSAL_TYPE, Refusal},
};

fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed(&[seed; 32]).unwrap()
}

#[test]
fn key_ids_are_rfc_7638_thumbprints() {
    // The Ed25519 example of RFC 8037, appendix A.3.
    let key = PublicKey {
        kty: "OKP".into(),
        crv: "Ed25519".into(),
        x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo".into(),
    };
    assert_eq!(key.kid(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    assert_eq!(PublicKey::from_x(key.x()).unwrap(), key);
    assert!(PublicKey::from_x("AAAA").is_err() && PublicKey::from_x("not base64url").is_err());
}

#[test]
fn any_changed_character_is_noticed() {
    let key = key(7);
    let jws = key.sign("test+jws", &json!({"a": 1})).unwrap();
    let keys = KeySet::of([key.public()]);
    assert!(verify::<Value>(&jws, "test+jws", Some(&keys)).is_ok());
    for index in 0..jws.len() {
        let mut bytes = jws.clone().into_bytes();
        bytes[index] = if bytes[index] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(bytes).unwrap();
        assert!(verify::<Value>(&changed, "test+jws", None).is_err(), "byte {index}");
    }
}

#[test]
fn a_stranger_with_the_right_type_is_refused_by_a_key_set() {
    let jws = key(8).sign("test+jws", &json!({})).unwrap();
    let keys = KeySet::of([key(7).public()]);
    assert!(matches!(verify::<Value>(&jws, "test+jws", Some(&keys)), Err(SignatureError::UnknownKey { .. })));
    assert!(matches!(verify::<Value>(&jws, "other+jws", None), Err(SignatureError::WrongType { .. })));
}

#[test]
fn a_retired_key_still_verifies_and_a_replaced_keyring_signs_anew() {
    let current = CurrentKeys::new(Keyring::new(key(1)));
    let old = current.get().active.sign("test+jws", &json!({})).unwrap();
    current.replace(Keyring { active: key(2), retired: vec![key(1).public().clone()] });
    let new = current.get().active.sign("test+jws", &json!({})).unwrap();
    let set = current.get().set();
    assert_eq!(set.keys[0].kid, key(2).public().kid(), "the active key comes first");
    let (_, by) = verify::<Value>(&old, "test+jws", Some(&set)).unwrap();
    assert_eq!(by, *key(1).public());
    let (_, by) = verify::<Value>(&new, "test+jws", Some(&set)).unwrap();
    assert_eq!(by, *key(2).public());
}

/// A JWS of these texts, signed by `signer` whatever they say.
fn forge(header: &str, payload: &str, signer: &SigningKey) -> String {
    let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
    let signature = signer.pair.sign(message.as_bytes());
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn header(change: impl FnOnce(&mut Value)) -> String {
    let mut header =
        json!({"alg": "EdDSA", "jwk": key(7).public(), "kid": key(7).public().kid(), "typ": "test+jws"});
    change(&mut header);
    header.to_string()
}

/// What is done to a header, with a stranger's key at hand.
type Change = fn(&mut Value, Value);

#[test]
fn no_other_algorithm_key_id_or_header_is_accepted() {
    let (signer, trusted) = (key(7), KeySet::of([key(7).public()]));
    let check = |jws: &str| verify::<Value>(jws, "test+jws", Some(&trusted)).map(|(document, _)| document);
    let honest = forge(&header(|_| {}), r#"{"a":1}"#, &signer);
    assert_eq!(check(&honest).unwrap(), json!({"a": 1}));
    for alg in ["none", "None", "HS256", "ES256", "RS256", "eddsa", ""] {
        let jws = forge(&header(|header| header["alg"] = alg.into()), r#"{"a":1}"#, &signer);
        assert!(matches!(check(&jws), Err(SignatureError::BadHeader)), "{alg}");
    }
    // HS256 with the public key as the secret, and no signature at all.
    let (message, _) = honest.rsplit_once('.').unwrap();
    for unsigned in [format!("{message}."), message.to_owned(), format!("{honest}.AA"), String::new()] {
        assert!(check(&unsigned).is_err(), "{unsigned}");
    }
    let stranger = json!(key(8).public());
    let changes: [(&str, Change); 7] = [
        ("another's key under the trusted id", |header, stranger| header["jwk"] = stranger),
        ("another id", |header, _| header["kid"] = key(8).public().kid().into()),
        ("no id", |header, _| drop(header.as_object_mut().unwrap().remove("kid"))),
        ("no key", |header, _| drop(header.as_object_mut().unwrap().remove("jwk"))),
        ("a critical extension", |header, _| header["crit"] = json!(["exp"])),
        ("a key from elsewhere", |header, _| header["jku"] = "https://example.com/keys".into()),
        ("the key's private half", |header, _| header["jwk"]["d"] = "AA".into()),
    ];
    for (what, change) in changes {
        let changed = header(|header| change(header, stranger.clone()));
        for signer in [&key(7), &key(8)] {
            assert!(check(&forge(&changed, r#"{"a":1}"#, signer)).is_err(), "{what}");
        }
    }
    let twice = header(|_| {}).replacen("\"alg\"", "\"alg\":\"none\",\"alg\"", 1);
    assert!(matches!(check(&forge(&twice, r#"{"a":1}"#, &signer)), Err(SignatureError::BadHeader)));
}

#[test]
fn only_the_canonical_bytes_of_a_payload_are_accepted() {
    let signer = key(7);
    let check =
        |payload: &str| verify::<Value>(&forge(&header(|_| {}), payload, &signer), "test+jws", None).is_ok();
    assert!(check(r#"{"a":1,"b":"x"}"#));
    for payload in [
        r#"{"b":"x","a":1}"#,
        r#"{"a":1, "b":"x"}"#,
        r#"{"a":1,"b":"x"} "#,
        r#"{"a":1.0,"b":"x"}"#,
        r#"{"a":1e0,"b":"x"}"#,
        r#"{"a":2,"a":1,"b":"x"}"#,
        r#"{"a":1,"a":1,"b":"x"}"#,
        r#"{"a":1,"b":"\u0078"}"#,
        r#"{"a":9007199254740993}"#,
        "",
        "not json",
    ] {
        assert!(!check(payload), "{payload}");
    }
}

/// Changes each member of a signed document, signs it again as somebody else and not at all, and has it refused each time.
fn check_every_field<T: Serialize + DeserializeOwned + fmt::Debug>(document: &T, typ: &'static str) {
    let (signer, thief) = (key(7), key(8));
    let trusted = KeySet::of([signer.public()]);
    let jws = signer.sign(typ, document).unwrap();
    let (read, _) = verify::<T>(&jws, typ, Some(&trusted)).unwrap();
    assert_eq!(json!(read), json!(document));
    let parts: Vec<&str> = jws.split('.').collect();
    let fields: Vec<String> = json!(document).as_object().unwrap().keys().cloned().collect();
    for field in fields {
        let mut altered = json!(document);
        altered[&field] = match &altered[&field] {
            Value::Number(number) => json!(number.as_i64().unwrap() + 1),
            Value::String(text) if text == "success" => "refused".into(),
            Value::String(text) if text == "refused" => "success".into(),
            Value::String(text) if text.ends_with('0') => format!("{}1", &text[..text.len() - 1]).into(),
            Value::String(text) if text == "INR" => "USD".into(),
            Value::String(text) => format!("{}0", &text[..text.len() - 1]).into(),
            _ => "something".into(),
        };
        assert_ne!(altered, json!(document), "{field} was not changed");
        let payload = URL_SAFE_NO_PAD.encode(canonical::to_bytes(&altered).unwrap());
        let kept = format!("{}.{payload}.{}", parts[0], parts[2]);
        assert!(verify::<T>(&kept, typ, Some(&trusted)).is_err(), "{field} with the old signature");
        assert!(verify::<T>(&kept, typ, None).is_err(), "{field} with the old signature, by any key");
        let stolen = thief.sign(typ, &altered).unwrap();
        let found = verify::<T>(&stolen, typ, Some(&trusted));
        assert!(matches!(found, Err(SignatureError::UnknownKey { .. })), "{field} signed by another");
        let mut missing = json!(document);
        missing.as_object_mut().unwrap().remove(&field);
        let found = verify::<T>(&signer.sign(typ, &missing).unwrap(), typ, Some(&trusted));
        assert!(
            found.is_err() || json!(found.unwrap().0) == missing,
            "{field} left out is read as something"
        );
    }
    let mut more = json!(document);
    more["more"] = json!(1);
    assert!(
        verify::<T>(&signer.sign(typ, &more).unwrap(), typ, Some(&trusted)).is_err(),
        "an unknown member"
    );
    for other in [MANDATE_TYPE, PAYMENT_RECEIPT_TYPE, REFUSAL_TYPE] {
        assert_eq!(verify::<T>(&jws, other, Some(&trusted)).is_ok(), other == typ, "{typ} taken for {other}");
    }
}

#[test]
fn every_field_of_a_mandate_a_receipt_and_a_refusal_is_bound() {
    let at = Timestamp::from_micros(1_795_000_000_000_000);
    let mandate = Mandate {
        id: MandateId::new(at, [1; 10]),
        intent_id: IntentId::new(at, [2; 10]),
        agent_id: "agt_user_x".into(),
        vendor: "frameos_marketplace".into(),
        execution_id: Some("exec_x".into()),
        agent_definition_id: Some("agt_def_x".into()),
        agent_version: Some("1.0.0".into()),
        payee: "dev_x".into(),
        orchestrator: None,
        amount: 50,
        currency: Currency::INR,
        issued_at: at,
        expires_at: at,
    };
    check_every_field(&mandate, MANDATE_TYPE);
    let receipt = PaymentReceipt {
        id: ReceiptId::new(at, [3; 10]),
        sequence: 1,
        previous_hash: GENESIS_HASH.into(),
        mandate_id: mandate.id,
        mandate_hash: canonical::sha256_hex(b"mandate"),
        payment_id: Some(PaymentId::new(at, [4; 10])),
        status: PaymentOutcome::Success,
        reason: None,
        amount: 50,
        currency: Currency::INR,
        ledger_transaction_id: Some("txn_x".into()),
        ledger_hash: Some(canonical::sha256_hex(b"ledger")),
        ledger_sequence: Some(3),
        issued_at: at,
    };
    check_every_field(&receipt, PAYMENT_RECEIPT_TYPE);
    let refusal = Refusal {
        id: ReceiptId::new(at, [5; 10]),
        intent_id: mandate.intent_id,
        agent_id: "agt_user_x".into(),
        vendor: "frameos_marketplace".into(),
        execution_id: Some("exec_x".into()),
        agent_definition_id: None,
        agent_version: None,
        amount: 50,
        currency: Currency::INR,
        status: PaymentOutcome::Refused,
        reason: "POLICY_REFUSED".into(),
        rule: Some("daily_limit".into()),
        limit: Some(json!(100)),
        asked: Some(json!(50)),
        used: Some(70),
        available: None,
        issued_at: at,
    };
    check_every_field(&refusal, REFUSAL_TYPE);
}
