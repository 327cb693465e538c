//! Mandates as AP2 writes them: what they say, that they stay the same, and that others' libraries accept them.

use std::process::Command;

use frameos_domain::{
    ap2::{Ap2Export, ReceiptStatus},
    clock::Clock,
};
use frameos_gateway::{
    ClientGateway,
    client::{ClientNew, client_add},
};
use frameos_store::testing::TestDb;
use serde_json::{Value, json};

use crate::harness::{Bench, execute};

frameos_store::on_both_engines!(
    a_mandate_is_told_and_stays_so,
    a_refusal_is_told_too,
    only_its_client_gets_it
);

async fn a_mandate_is_told_and_stays_so(db: TestDb) {
    let bench = Bench::new(&db.store);
    let gateway = bench.gateway.clone();
    bench.fund("alice", 100).await;
    let mandate = bench.issue("alice", 50).await.unwrap();
    let export = gateway.mandate_ap2(mandate.mandate_id).await.unwrap();
    assert_eq!(export.receipts, None);
    let (verified, _) = export.verify(Some(&gateway.jwks()), Some(bench.clock.now())).unwrap();
    assert_eq!((verified.payment.payment_amount.amount, verified.checkout.id), (50, mandate.intent_id));
    assert_eq!(verified.checkout.mandate_hash, mandate.mandate_hash);
    let many = (0..6).map(|_| gateway.mandate_ap2(mandate.mandate_id));
    for again in futures::future::join_all(many).await {
        assert_eq!(again.unwrap().pair, export.pair, "given out once, the same ever after");
    }
    let paid = gateway.execute(execute(&mandate)).await.unwrap();
    let export = gateway.mandate_ap2(mandate.mandate_id).await.unwrap();
    let (_, receipt) = export.verify(Some(&gateway.jwks()), None).unwrap();
    let receipt = receipt.unwrap();
    assert_eq!((receipt.status, receipt.payment_id), (ReceiptStatus::Success, paid.payment_id.to_string()));
    assert_eq!(receipt.network_confirmation_id, Some(paid.ledger_transaction_id));
    checked_by_others(&export, &bench);
    bench.assert_whole().await;
}

async fn a_refusal_is_told_too(db: TestDb) {
    let bench = Bench::new(&db.store);
    let gateway = bench.gateway.clone();
    bench.fund("alice", 100).await;
    let mandate = bench.issue("alice", 50).await.unwrap();
    gateway.mandate_void(mandate.mandate_id, String::new()).await.unwrap();
    assert_eq!(gateway.execute(execute(&mandate)).await.unwrap_err().code(), "MANDATE_VOIDED");
    let export = gateway.mandate_ap2(mandate.mandate_id).await.unwrap();
    let (_, receipt) = export.verify(Some(&gateway.jwks()), None).unwrap();
    let receipt = receipt.unwrap();
    assert_eq!((receipt.status, receipt.error.as_deref()), (ReceiptStatus::Error, Some("invalid_mandate")));
    assert!(receipt.error_description.unwrap().contains("MANDATE_VOIDED"));
    checked_by_others(&export, &bench);
}

async fn only_its_client_gets_it(db: TestDb) {
    let bench = Bench::new(&db.store);
    let gateway = bench.gateway.clone();
    bench.fund("alice", 100).await;
    let mandate = bench.issue("alice", 50).await.unwrap();
    let new = ClientNew { name: "other".to_owned(), ..ClientNew::default() };
    let (other, _) = client_add(&db.store, new, bench.clock.now()).await.unwrap();
    let other = ClientGateway::new(gateway.clone(), Some(other));
    assert_eq!(other.mandate_ap2(mandate.mandate_id).await.unwrap_err().code(), "MANDATE_NOT_FOUND");
    ClientGateway::new(gateway, None).mandate_ap2(mandate.mandate_id).await.unwrap();
}

/// Checks an export with @sd-jwt/core and jose, and that what is changed does not pass there either.
#[expect(clippy::print_stderr, reason = "what was not tested is said")]
fn checked_by_others(export: &Ap2Export, bench: &Bench) {
    let Some(script) = environment("FRAMEOS_TEST_SD_JWT") else {
        assert!(environment("CI").is_none(), "run the tests under scripts/with-sd-jwt");
        eprintln!("not checked with others' libraries: run the tests under scripts/with-sd-jwt");
        return;
    };
    let now = bench.clock.now().as_millis() / 1_000;
    let others = |export: &Value| others(&script, export, now);
    let told = others(&serde_json::to_value(export).unwrap()).unwrap();
    assert_eq!(told["payment_mandate"]["payment_amount"], json!({"amount": 50, "currency": "INR"}));
    assert_eq!(told["checkout"]["mandate_id"], json!(export.mandate_id));
    assert_eq!(told["payment_receipt"]["status"].is_string(), export.receipts.is_some());
    for name in ["checkout_mandate", "payment_mandate", "checkout_jwt", "payment_receipt"] {
        let mut changed = serde_json::to_value(export).unwrap();
        let text = changed[name].as_str().unwrap();
        // A character of the payload.
        let at = text.find('.').unwrap() + 20;
        let other = if &text[at..=at] == "A" { "B" } else { "A" };
        changed[name] = json!(format!("{}{other}{}", &text[..at], &text[at + 1..]));
        assert!(others(&changed).is_err(), "{name}");
    }
}

#[expect(clippy::disallowed_methods, reason = "others' libraries are run by Node")]
fn others(script: &str, export: &Value, now: i64) -> Result<Value, String> {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("mandate.json");
    std::fs::write(&file, export.to_string()).unwrap();
    let ran = Command::new("node").arg(script).arg(&file).arg(now.to_string()).output().unwrap();
    if !ran.status.success() {
        return Err(String::from_utf8_lossy(&ran.stderr).into_owned());
    }
    Ok(serde_json::from_slice(&ran.stdout).unwrap())
}

#[expect(clippy::disallowed_methods, reason = "where the libraries are is up to the test script")]
fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
