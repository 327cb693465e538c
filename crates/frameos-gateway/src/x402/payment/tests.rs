//! Payments as the reference client signs them, and what is refused.

use std::time::Duration;

use frameos_domain::money::{Currency, Money};
use serde_json::json;

use super::*;
use crate::x402::{Resource, X402, X402Config};

/// The time the committed payments were signed at.
const SIGNED_AT: i64 = 1_795_000_000;
/// Made by tests/x402/vectors.mjs.
const VECTORS: &str = include_str!("../../../tests/x402/vectors.json");

fn vectors() -> Value {
    serde_json::from_str(VECTORS).unwrap()
}

fn terms() -> Terms {
    let vectors = vectors();
    let owed = &vectors["required"]["accepts"][0];
    let text = |name: &str| owed[name].as_str().unwrap().to_owned();
    let config = X402Config {
        facilitator_url: "http://127.0.0.1:1".into(),
        facilitator_token: None,
        network: text("network"),
        asset: text("asset"),
        asset_name: "USDC".into(),
        asset_version: "2".into(),
        pay_to: text("payTo"),
        rates: vec!["INR=117.95".parse().unwrap()],
        answer_timeout: Duration::from_secs(1),
        payer_runs: 1,
        rpc_url: None,
    };
    let resource = Resource {
        url: "https://frameos.test/agents/echo/execute".into(),
        description: "Agent echo".into(),
        mime_type: "application/json".into(),
    };
    X402::new(config).unwrap().terms(Money::new(50, Currency::INR), 20_000, resource).unwrap()
}

fn header(version: &str) -> String {
    vectors()[version].as_str().unwrap().to_owned()
}

fn now() -> Timestamp {
    Timestamp::from_micros(SIGNED_AT * 1_000_000)
}

type Change = fn(&mut Value);

/// A version 2 payment with something changed.
fn changed(change: impl FnOnce(&mut Value)) -> Result<Payment, PaymentError> {
    let mut payload: Value = serde_json::from_slice(&STANDARD.decode(header("v2")).unwrap()).unwrap();
    change(&mut payload);
    Payment::read(ProtocolVersion::Two, STANDARD.encode(payload.to_string()).as_bytes())
}

#[test]
fn the_reference_clients_payments_are_read_and_fit() {
    let second = Payment::read(ProtocolVersion::Two, header("v2").as_bytes()).unwrap();
    let first = Payment::read(ProtocolVersion::One, header("v1").as_bytes()).unwrap();
    for payment in [&second, &first] {
        payment.check(&terms(), now()).unwrap();
        assert_eq!(payment.payer, vectors()["payer"].as_str().unwrap().to_ascii_lowercase());
    }
    assert_eq!((second.quote.as_deref(), first.quote.as_deref()), (Some("5c1e6e0f9a0b4d53"), None));
}

#[test]
fn the_facilitator_is_sent_the_version_the_payer_speaks() {
    let terms = terms();
    let second = terms.request(&Payment::read(ProtocolVersion::Two, header("v2").as_bytes()).unwrap());
    assert_eq!(
        (second["x402Version"].as_u64(), &second["paymentRequirements"]["amount"]),
        (Some(2), &json!("5898"))
    );
    assert_eq!(second["paymentRequirements"], second["paymentPayload"]["accepted"], "as it was agreed to");
    let first = terms.request(&Payment::read(ProtocolVersion::One, header("v1").as_bytes()).unwrap());
    assert_eq!(first["x402Version"], 1);
    assert_eq!(first["paymentRequirements"]["maxAmountRequired"], "5898");
    assert_eq!(first["paymentRequirements"]["network"], "base-sepolia");
    assert!(ProtocolVersion::of_request(&first).is_first());
}

#[test]
fn what_is_no_payment_is_refused() {
    let read = |bytes: &[u8]| Payment::read(ProtocolVersion::Two, bytes).unwrap_err();
    assert_eq!(read(b"{}"), PaymentError::NotBase64);
    assert_eq!(read(&vec![b'A'; MAX_HEADER + 1]), PaymentError::TooLong);
    assert!(matches!(read(b"e30="), PaymentError::NotJson(_)));
    assert!(matches!(
        Payment::read(ProtocolVersion::One, header("v2").as_bytes()),
        Err(PaymentError::Field { field: "x402Version", .. })
    ));
    let fields: [(&str, Change); 9] = [
        ("payload.signature", |p| p["payload"]["signature"] = json!("0x12")),
        ("authorization.from", |p| p["payload"]["authorization"]["from"] = json!("0x12")),
        ("authorization.to", |p| p["payload"]["authorization"]["to"] = json!("someone")),
        ("authorization.nonce", |p| p["payload"]["authorization"]["nonce"] = json!("0xzz")),
        ("authorization.value", |p| p["payload"]["authorization"]["value"] = json!("-1")),
        ("authorization.value", |p| p["payload"]["authorization"]["value"] = json!("05898")),
        ("authorization.validAfter", |p| p["payload"]["authorization"]["validAfter"] = json!("soon")),
        ("authorization.validBefore", |p| p["payload"]["authorization"]["validBefore"] = json!("")),
        ("accepted.extra.quote", |p| p["accepted"]["extra"]["quote"] = json!("x".repeat(65))),
    ];
    for (field, change) in fields {
        let found = changed(change).unwrap_err();
        assert!(
            matches!(found, PaymentError::Field { field: named, .. } if named == field),
            "{field}: {found}"
        );
    }
    assert!(matches!(
        changed(|p| p["payload"] = json!({"permit2Authorization": {}})),
        Err(PaymentError::NotJson(_))
    ));
}

#[test]
fn a_payment_of_something_else_does_not_fit() {
    let other = "0x00000000000000000000000000000000000000ff";
    let wrong = |change: fn(&mut Value)| changed(change).unwrap().check(&terms(), now()).unwrap_err();
    assert!(wrong(|p| p["accepted"]["scheme"] = json!("upto")).contains("scheme"));
    assert!(wrong(|p| p["accepted"]["network"] = json!("eip155:1")).contains("network"));
    for field in ["amount", "asset", "payTo"] {
        let mut payment = changed(|p| p["accepted"][field] = json!(other)).unwrap();
        assert!(payment.check(&terms(), now()).unwrap_err().contains("other requirements"), "{field}");
        payment = changed(|p| p["accepted"]["extra"]["name"] = json!("USD Coin")).unwrap();
        assert!(payment.check(&terms(), now()).is_err());
    }
    assert!(
        wrong(|p| p["payload"]["authorization"]["to"] = json!("0x00000000000000000000000000000000000000ff"))
            .contains("paid to")
    );
    for value in ["5897", "5899", "340282366920938463463374607431768211455"] {
        let payment = changed(|p| p["payload"]["authorization"]["value"] = json!(value)).unwrap();
        assert!(payment.check(&terms(), now()).unwrap_err().contains("amount"));
    }
}

#[test]
fn it_must_outlast_the_run() {
    let until = |seconds: i64| {
        let end = (SIGNED_AT + seconds).to_string();
        changed(|p| p["payload"]["authorization"]["validBefore"] = json!(end)).unwrap()
    };
    // 20 seconds of run and 60 for the rest.
    until(80).check(&terms(), now()).unwrap();
    assert!(until(79).check(&terms(), now()).unwrap_err().contains("80 seconds"));
    let endless = "1".repeat(78);
    let endless = changed(|p| p["payload"]["authorization"]["validBefore"] = json!(endless)).unwrap();
    endless.check(&terms(), now()).unwrap();
    let later = changed(|p| p["payload"]["authorization"]["validAfter"] = json!((SIGNED_AT + 1).to_string()));
    assert!(later.unwrap().check(&terms(), now()).unwrap_err().contains("not valid yet"));
}
