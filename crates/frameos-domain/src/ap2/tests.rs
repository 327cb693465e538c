//! A pair is accepted as it was made, and refused with anything changed, missing, added or mixed.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::{issue::value, receipt::ReceiptStatus, sd_jwt::*, *};
use crate::{
    es256::Es256Key,
    signing::{KeySet, SigningKey},
};

const ISSUED: i64 = 1_795_000_000_000_000;
const HOUR: i64 = 3_600_000_000;

fn key() -> Es256Key {
    Es256Key::from_scalar(&[7; 32]).unwrap()
}

fn keys() -> KeySet {
    KeySet { keys: vec![key().public().published()] }
}

fn purchase() -> Ap2Purchase {
    let at = Timestamp::from_micros(ISSUED);
    Ap2Purchase {
        mandate_id: MandateId::new(at, [1; 10]),
        intent_id: IntentId::new(at, [2; 10]),
        account: "agt_user_1".to_owned(),
        vendor: "frameos_marketplace".to_owned(),
        description: "CSV profiler: „one” run".to_owned(),
        execution_id: Some("exec_1".to_owned()),
        agent_definition_id: Some("agt_def_1".to_owned()),
        agent_version: Some("1.0.0".to_owned()),
        amount: 50,
        currency: Currency::INR,
        mandate_hash: "ab".repeat(32),
        issued_at: at,
        expires_at: Timestamp::from_micros(ISSUED + HOUR),
    }
}

fn pair() -> Ap2Pair {
    Ap2Pair::issue(&purchase(), &key()).unwrap()
}

fn at(micros: i64) -> Option<Timestamp> {
    Some(Timestamp::from_micros(micros))
}

#[test]
fn a_pair_says_what_was_bought() {
    let pair = pair();
    let verified = pair.verify(&keys(), at(ISSUED + 1)).unwrap();
    assert_eq!(verified.payment.payment_amount, Amount { amount: 50, currency: Currency::INR });
    assert_eq!(
        (verified.payment.payee.id.as_str(), verified.payment.payment_instrument.id.as_str()),
        ("frameos_marketplace", "agt_user_1")
    );
    assert_eq!(verified.checkout.execution_id.as_deref(), Some("exec_1"));
    assert_eq!(verified.payment.transaction_id, hash(&pair.checkout_jwt));
    assert!(verified.checkout.salt.len() >= 22, "at least 128 bits");
    assert!(!pair.payment_mandate.contains("agt_user_1"), "the content is a disclosure");
    // Whenever it was good it can be looked at; now only while it is.
    assert!(matches!(pair.verify(&keys(), at(ISSUED + HOUR)), Err(Ap2Error::Expired { .. })));
    assert!(matches!(pair.verify(&keys(), at(ISSUED - HOUR)), Err(Ap2Error::NotYet { .. })));
    pair.verify(&keys(), None).unwrap();
}

#[test]
fn two_pairs_of_one_mandate_have_nothing_in_common() {
    let (one, two) = (pair(), pair());
    let verify = |pair: &Ap2Pair| pair.verify(&keys(), None).unwrap();
    assert_ne!(verify(&one).checkout.salt, verify(&two).checkout.salt);
    assert_ne!(verify(&one).payment.transaction_id, verify(&two).payment.transaction_id);
    let mixed = Ap2Pair { payment_mandate: two.payment_mandate.clone(), ..one.clone() };
    assert!(matches!(mixed.verify(&keys(), None), Err(Ap2Error::WrongHash { claim: "transaction_id" })));
    let mixed = Ap2Pair { checkout_jwt: two.checkout_jwt, ..one.clone() };
    assert!(matches!(mixed.verify(&keys(), None), Err(Ap2Error::OtherCheckout)));
    let swapped = Ap2Pair {
        checkout_mandate: one.payment_mandate.clone(),
        payment_mandate: one.checkout_mandate.clone(),
        ..one
    };
    assert!(matches!(swapped.verify(&keys(), None), Err(Ap2Error::WrongVct { .. })));
}

#[test]
fn another_key_or_kind_of_key_is_refused() {
    let stranger = Es256Key::from_scalar(&[8; 32]).unwrap();
    let strangers = KeySet { keys: vec![stranger.public().published()] };
    assert!(matches!(pair().verify(&strangers, None), Err(Ap2Error::Signature(_))));
    let ed25519 = KeySet::of([SigningKey::from_seed(&[7; 32]).unwrap().public()]);
    assert!(matches!(pair().verify(&ed25519, None), Err(Ap2Error::Signature(_))));
}

/// A mandate with the content of a good one, changed.
fn forged(text: &str, change: impl FnOnce(&mut Map<String, Value>)) -> String {
    let mut claims = sd_jwt_open(text, MANDATE_TYPE, &keys()).unwrap();
    let Some(Value::Array(mut contents)) = claims.remove("delegate_payload") else { panic!("no content") };
    let Value::Object(mut content) = contents.remove(0) else { panic!("no object") };
    change(&mut content);
    sd_jwt_sign(&key(), MANDATE_TYPE, claims, ("delegate_payload", &Value::Object(content))).unwrap()
}

#[test]
fn what_is_not_understood_is_refused_even_when_it_is_signed() {
    let good = pair();
    let payment = |change: &dyn Fn(&mut Map<String, Value>)| {
        let payment_mandate = forged(&good.payment_mandate, change);
        Ap2Pair { payment_mandate, ..good.clone() }.verify(&keys(), None)
    };
    payment(&|_| {}).unwrap();
    let set = |name: &str, value: Value| {
        payment(&|content| {
            content.insert(name.to_owned(), value.clone());
        })
    };
    for constraint in ["payment.budget", "payment.agent_recurrence", "payment.never_heard_of"] {
        let refused = set("constraints", json!([{"type": constraint, "max": 1, "currency": "INR"}]));
        assert!(matches!(refused, Err(Ap2Error::BadDocument { .. })), "{constraint}: {refused:?}");
    }
    assert!(matches!(set("cnf", json!({})), Err(Ap2Error::BadDocument { .. })));
    for vct in ["mandate.payment.open.1", "mandate.payment.2", "mandate.payment.1 ", "Mandate.payment.1", ""]
    {
        assert!(matches!(set("vct", json!(vct)), Err(Ap2Error::WrongVct { .. })), "{vct}");
    }
    for amount in [json!(50.0), json!(50.5), json!("50"), json!(null)] {
        // Canonical bytes have no fractions, so such a mandate cannot even be written by ours; as text it can.
        let refused: Result<Amount, _> = serde_json::from_value(json!({"amount": amount, "currency": "INR"}));
        assert!(refused.is_err(), "{amount}");
    }
    assert!(matches!(
        set("payment_amount", json!({"amount": 51, "currency": "INR"})),
        Err(Ap2Error::Disagree { what: "amounts" })
    ));
    assert!(matches!(
        set("payment_amount", json!({"amount": 0, "currency": "INR"})),
        Err(Ap2Error::BadAmount)
    ));
    assert!(matches!(
        set("payment_amount", json!({"amount": 50, "currency": "USD"})),
        Err(Ap2Error::Disagree { what: "currencies" })
    ));
    assert!(matches!(
        set("payee", json!({"id": "me", "name": "me"})),
        Err(Ap2Error::Disagree { what: "payees" })
    ));
    assert!(matches!(set("transaction_id", json!("AAAA")), Err(Ap2Error::WrongHash { .. })));
    assert!(matches!(set("exp", json!(1)), Err(Ap2Error::NoTime { .. })));
    assert!(matches!(set("exp", json!("soon")), Err(Ap2Error::BadDocument { .. })));
    let missing = payment(&|content| drop(content.remove("payee")));
    assert!(matches!(missing, Err(Ap2Error::BadDocument { .. })));
    let checkout_mandate = forged(&good.checkout_mandate, |content| {
        content.insert("checkout_hash".to_owned(), json!("AAAA"));
    });
    let refused = Ap2Pair { checkout_mandate, ..good.clone() }.verify(&keys(), None);
    assert!(matches!(refused, Err(Ap2Error::WrongHash { claim: "checkout_hash" })));
}

#[test]
fn disclosures_belong_where_they_are_named() {
    let open = |claims: Value, disclosures: &[Value]| {
        let jwt = key().sign(MANDATE_TYPE, &claims).unwrap();
        let texts = disclosures.iter().map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
        let text = format!("{jwt}~{}", texts.map(|part| part + "~").collect::<String>());
        sd_jwt_open(&text, MANDATE_TYPE, &keys())
    };
    let digest = |part: &Value| hash(&URL_SAFE_NO_PAD.encode(part.to_string()));
    let (element, member) = (json!(["salt", {"b": 1}]), json!(["salt", "a", [1]]));
    let nested = json!(["salt", {"_sd": [digest(&member)]}]);

    let shown = open(
        json!({"x": [{"...": digest(&element)}], "_sd": [digest(&member)]}),
        &[member.clone(), element.clone()],
    );
    assert_eq!(Value::Object(shown.unwrap()), json!({"x": [{"b": 1}], "a": [1]}));
    let shown =
        open(json!({"x": [{"...": digest(&nested)}], "_sd_alg": "sha-256"}), &[member.clone(), nested]);
    assert_eq!(Value::Object(shown.unwrap()), json!({"x": [{"a": [1]}]}));
    // What stays hidden is left out.
    let hidden = open(json!({"x": [1, {"...": digest(&element)}], "_sd": ["AAAA"]}), &[]);
    assert_eq!(Value::Object(hidden.unwrap()), json!({"x": [1]}));

    let refused = [
        open(json!({}), std::slice::from_ref(&element)),
        open(json!({"x": [{"...": digest(&element)}]}), &[element.clone(), element.clone()]),
        open(
            json!({"x": [{"...": digest(&element)}, {"...": digest(&element)}]}),
            &[element.clone(), member.clone()],
        ),
        open(json!({"x": [{"...": digest(&member)}]}), std::slice::from_ref(&member)),
        open(json!({"_sd": [digest(&element)]}), std::slice::from_ref(&element)),
        open(json!({"_sd": [digest(&member)], "a": 1}), std::slice::from_ref(&member)),
        open(json!({"x": [{"...": digest(&element), "y": 1}]}), std::slice::from_ref(&element)),
        open(json!({"...": "AAAA"}), &[]),
        open(json!({"_sd": "AAAA"}), &[]),
        open(json!({"_sd_alg": "sha-512"}), &[]),
        open(json!({"_sd_alg": null}), &[]),
        open(json!({}), &[json!(["salt"])]),
        open(json!({}), &[json!([1, "a", 2])]),
    ];
    for (index, refused) in refused.into_iter().enumerate() {
        assert!(refused.is_err(), "{index}: {refused:?}");
    }
    let jwt = key().sign(MANDATE_TYPE, &json!({})).unwrap();
    for text in [
        jwt.clone(),
        format!("{jwt}~{jwt}"),
        format!("{jwt}~~{jwt}~"),
        format!("~{jwt}~"),
        "~".to_owned(),
        String::new(),
    ] {
        assert!(sd_jwt_open(&text, MANDATE_TYPE, &keys()).is_err(), "{text}");
    }
}

#[test]
fn receipts_name_the_mandates_they_are_for() {
    let pair = pair();
    let paid = Ap2Outcome::Paid {
        payment_id: "pay_1".to_owned(),
        confirmation_id: "rcpt_1".to_owned(),
        ledger_transaction_id: "txn_1".to_owned(),
        order_id: "exec_1".to_owned(),
    };
    let receipts = Ap2Receipts::issue(&pair, &paid, Timestamp::from_micros(ISSUED), &key()).unwrap();
    let (checkout, payment) = receipts.verify(&pair, &keys()).unwrap();
    assert_eq!((checkout.status, checkout.order_id.as_deref()), (ReceiptStatus::Success, Some("exec_1")));
    assert_eq!(
        (payment.payment_id.as_str(), payment.network_confirmation_id.as_deref()),
        ("pay_1", Some("txn_1"))
    );
    assert_eq!(payment.error, None);
    assert_eq!(payment.reference, pair.verify(&keys(), None).unwrap().payment_reference);
    let other = self::pair();
    assert!(matches!(receipts.verify(&other, &keys()), Err(Ap2Error::OtherMandate)));

    let refused =
        Ap2Outcome::Refused { receipt_id: "rcpt_2".to_owned(), reason: "MANDATE_VOIDED".to_owned() };
    let refusal = Ap2Receipts::issue(&pair, &refused, Timestamp::from_micros(ISSUED), &key()).unwrap();
    let (checkout, payment) = refusal.verify(&pair, &keys()).unwrap();
    assert_eq!((checkout.status, checkout.order_id), (ReceiptStatus::Error, None));
    assert_eq!((payment.error.as_deref(), payment.psp_confirmation_id), (Some("invalid_mandate"), None));
    assert!(payment.error_description.unwrap().contains("MANDATE_VOIDED"));
    let mixed = Ap2Receipts { payment_receipt: receipts.payment_receipt, ..refusal };
    assert!(matches!(mixed.verify(&pair, &keys()), Err(Ap2Error::Disagree { what: "outcomes" })));
    assert!(value(&checkout.iss).is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Whatever byte is changed in whatever document, the pair is refused.
    #[test]
    fn any_changed_byte_is_noticed(document in 0_usize..3, place: prop::sample::Index, byte in 0x20_u8..0x7f) {
        let good = pair();
        let mut bad = good;
        let text = match document {
            0 => &mut bad.checkout_mandate,
            1 => &mut bad.payment_mandate,
            _ => &mut bad.checkout_jwt,
        };
        let mut bytes = text.clone().into_bytes();
        let index = place.index(bytes.len());
        prop_assume!(bytes[index] != byte);
        bytes[index] = byte;
        *text = String::from_utf8(bytes).unwrap();
        prop_assert!(bad.verify(&keys(), None).is_err());
    }

    /// Cut off or added to, it is refused.
    #[test]
    fn any_other_length_is_noticed(cut: prop::sample::Index, more in "[A-Za-z0-9~._-]{1,8}") {
        let good = pair();
        let short = good.payment_mandate[..cut.index(good.payment_mandate.len())].to_owned();
        let bad = Ap2Pair { payment_mandate: short, ..good.clone() };
        prop_assert!(bad.verify(&keys(), None).is_err());
        let bad = Ap2Pair { payment_mandate: format!("{}{more}", good.payment_mandate), ..good };
        prop_assert!(bad.verify(&keys(), None).is_err());
    }

    /// Nonsense never panics.
    #[test]
    fn nonsense_is_refused(text in "\\PC{0,200}", parts in prop::collection::vec("[A-Za-z0-9_-]{0,40}", 0..6)) {
        prop_assert!(sd_jwt_open(&text, MANDATE_TYPE, &keys()).is_err());
        let good = key().sign(MANDATE_TYPE, &json!({"x": [{"...": "AAAA"}]})).unwrap();
        let text = format!("{good}~{}~", parts.join("~"));
        let _ = sd_jwt_open(&text, MANDATE_TYPE, &keys());
    }

    /// Every amount and every text survive.
    #[test]
    fn every_purchase_can_be_told(amount in 1_i64..1_000_000_000_000, description in "\\PC{0,80}", seconds in 0_i64..100_000) {
        let purchase = Ap2Purchase {
            amount,
            description,
            execution_id: None,
            agent_definition_id: None,
            expires_at: Timestamp::from_micros(ISSUED + seconds * 1_000_000),
            ..purchase()
        };
        let verified = Ap2Pair::issue(&purchase, &key()).unwrap().verify(&keys(), None).unwrap();
        prop_assert_eq!(verified.payment.payment_amount.amount, amount);
        prop_assert_eq!(&verified.checkout.line_items[0].item.title, &purchase.description);
    }
}
