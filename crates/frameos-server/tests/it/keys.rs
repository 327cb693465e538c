//! Rotation of the signing keys beside running processes: the new key signs soon, and what the old one signed keeps verifying.

use frameos_domain::{
    mandate::Mandate,
    receipt::RunReceiptDocument,
    signing::{KeySet, PublicKey, SigningKey},
};
use frameos_server::{key_rotate, keys_list, ledger_verify};
use serde_json::json;

use crate::harness::{Client, TestApp, deploy, execute, node_agent};

async fn published(app: &TestApp) -> KeySet {
    serde_json::from_str(&app.nobody().get("/.well-known/jwks.json").await.text).unwrap()
}

/// The set once it has a key of this id.
async fn published_with(app: &TestApp, kid: &str) -> KeySet {
    loop {
        let set = published(app).await;
        if set.keys.iter().any(|key| key.kid == kid) {
            return set;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
}

async fn receipt(user: &Client, run: &serde_json::Value) -> RunReceiptDocument {
    let id = run["id"].as_str().unwrap();
    let receipt = user.get(&format!("/executions/{id}/receipt")).await.expect(200);
    RunReceiptDocument::parse(&receipt.text).unwrap()
}

fn kid_of_mandate(document: &RunReceiptDocument, keys: &KeySet) -> String {
    let jws = document.proofs.as_ref().unwrap().mandate.as_ref().unwrap();
    Mandate::verify(jws, keys).unwrap();
    let (_, key): (Mandate, PublicKey) =
        frameos_domain::signing::verify(jws, frameos_domain::mandate::MANDATE_TYPE, Some(keys)).unwrap();
    key.kid()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotated_key_signs_soon_and_old_receipts_keep_verifying() {
    let app = TestApp::start().await;
    let (developer, user) = (app.developer("maker").await, app.user_with_money("buyer", 1_000).await);
    let agent = node_agent("echo", "module.exports = (i) => ({ result: i.text });");
    let agent_id = agent.publish(&app, &developer).await;
    let deployment = deploy(&user, &agent_id, json!({})).await;
    let run = execute(&user, &agent_id, &deployment, json!({"text": "x"})).await;
    let (before, old) = (receipt(&user, &run).await, published(&app).await);
    assert_eq!(old.keys.len(), 3, "one for runs, two for money: our own and AP2's");
    let signed_before = before.verify(Some(&old)).unwrap();
    let mandate_before = kid_of_mandate(&before, &old);

    let mut active = Vec::new();
    for purpose in ["gateway", "receipts"] {
        let rotated = key_rotate(app.config.clone(), purpose).await.unwrap().unwrap();
        assert!([signed_before.kid(), mandate_before.clone()].contains(&rotated.retired_key_id));
        active.push(rotated.active_key_id);
    }
    assert!(key_rotate(app.config.clone(), "tokens").await.unwrap().is_none());
    let mut new = KeySet::default();
    for kid in &active {
        new = published_with(&app, kid).await;
    }
    assert_eq!(new.keys.len(), 5);
    before.verify(Some(&new)).unwrap();

    let run = execute(&user, &agent_id, &deployment, json!({"text": "y"})).await;
    let after = receipt(&user, &run).await;
    assert_eq!(after.verify(Some(&new)).unwrap().kid(), active[1]);
    assert_eq!(kid_of_mandate(&after, &new), active[0]);
    assert!(after.verify(Some(&old)).is_err(), "who has the old set only must ask for the new one");
    assert_eq!(after.receipt.previous_hash, before.hash(), "the chain goes on");

    let listed = keys_list(app.config.clone()).await.unwrap();
    let signing: Vec<_> = listed.iter().filter(|key| key.retired_at.is_none()).collect();
    assert_eq!((listed.len(), signing.len()), (4, 2));
    let report = ledger_verify(app.config.clone(), frameos_gateway::LedgerAudit::default()).await.unwrap();
    assert!(report.is_whole(), "from the key file to the new key: {:?}", report.first_bad);
    app.finish().await;
}

/// Whoever can write to the database cannot have what they sign trusted: a key follows from the one that signs, or it is nobody's.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_somebody_added_is_not_published() {
    let app = TestApp::start().await;
    let rotated = key_rotate(app.config.clone(), "gateway").await.unwrap().unwrap();
    let forged = SigningKey::from_seed(&[7; 32]).unwrap();
    let insert = format!(
        "INSERT INTO signing_keys (purpose, kid, public_key, created_at, retired_at) VALUES ('gateway', '{}', '{}', 1, 2)",
        forged.public().kid(),
        forged.public().x()
    );
    let insert: &'static str = insert.leak();
    assert_eq!(app.database_tell([insert, insert]).await, 1);
    let app = app.restart().await;
    let kids: Vec<String> = published(&app).await.keys.into_iter().map(|key| key.kid).collect();
    assert!(kids.contains(&rotated.active_key_id) && kids.contains(&rotated.retired_key_id), "{kids:?}");
    assert!(!kids.contains(&forged.public().kid()), "{kids:?}");
    app.finish().await;
}
