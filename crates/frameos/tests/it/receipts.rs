//! `receipt verify`, without any server.

use frameos_domain::{
    canonical::sha256_hex,
    clock::Timestamp,
    execution::{FailureReason, RunStatus},
    id::{ExecutionId, ReceiptId},
    receipt::{GENESIS_HASH, RunReceipt, RunReceiptDocument},
    signing::{KeySet, SigningKey},
};
use serde_json::json;

use crate::program::Frameos;

fn receipt(key: &SigningKey) -> RunReceiptDocument {
    let at = Timestamp::from_micros(1_795_000_000_000_000);
    let receipt = RunReceipt {
        id: ReceiptId::new(at, [1; 10]),
        sequence: 7,
        previous_hash: GENESIS_HASH.into(),
        execution_id: ExecutionId::new(at, [2; 10]),
        user_id: "agt_user_x".into(),
        agent_id: "agt_def_x".into(),
        agent_slug: "csv-profiler".into(),
        agent_version: "1.0.0".into(),
        code_sha256: sha256_hex(b"code"),
        input_sha256: sha256_hex(b"inputs"),
        output_sha256: None,
        status: RunStatus::Failed,
        failure_reason: Some(FailureReason::Oom),
        exit_code: Some(1),
        attempt: 1,
        started_at: Some(at),
        completed_at: at,
        resources: None,
        isolation: Some("linux".into()),
        payment: None,
        issued_at: at,
    };
    receipt.sign(key).unwrap()
}

#[test]
fn a_whole_receipt_verifies_and_says_what_it_binds() {
    let frameos = Frameos::new();
    let key = SigningKey::from_seed(&[7; 32]).unwrap();
    let text = serde_json::to_string(&receipt(&key)).unwrap();
    let keys = serde_json::to_string(&KeySet::of([key.public()])).unwrap();
    let dir = frameos.folder("r", &[("receipt.json", &text), ("jwks.json", &keys)]);
    let (file, jwks) = (dir.join("receipt.json"), dir.join("jwks.json"));
    let (file, jwks) = (file.to_str().unwrap(), jwks.to_str().unwrap());

    let shown = frameos.run(["receipt", "verify", file]).expect(0).stdout;
    for part in ["csv-profiler 1.0.0", &sha256_hex(b"code"), &key.public().kid(), "failed", "oom"] {
        assert!(shown.contains(part), "{part} is not in:\n{shown}");
    }
    let verified = frameos.run(["receipt", "verify", file, "--jwks", jwks, "--json"]).expect(0).json();
    assert_eq!((&verified["valid"], &verified["trusted"]), (&json!(true), &json!(true)));
    assert_eq!(verified["receipt"]["sequence"], 7);
}

#[test]
fn a_changed_byte_a_stranger_and_a_missing_file_are_told_apart() {
    let frameos = Frameos::new();
    let stranger = SigningKey::from_seed(&[8; 32]).unwrap();
    let trusted = SigningKey::from_seed(&[7; 32]).unwrap();
    let text = serde_json::to_string(&receipt(&stranger)).unwrap();
    let keys = serde_json::to_string(&KeySet::of([trusted.public()])).unwrap();
    let changed = text.replacen("\"exit_code\":1", "\"exit_code\":0", 1);
    assert_ne!(text, changed);
    let dir = frameos.folder(
        "r",
        &[("receipt.json", &text), ("changed.json", &changed), ("jwks.json", &keys), ("not.json", "hello")],
    );
    let path = |name: &str| dir.join(name).to_str().unwrap().to_owned();

    frameos
        .run(["receipt", "verify", &path("changed.json")])
        .expect(1)
        .complains("differs from what was signed");
    frameos.run(["receipt", "verify", &path("not.json")]).expect(1).complains("not a receipt");
    frameos.run(["receipt", "verify", &path("receipt.json")]).expect(0);
    frameos
        .run(["receipt", "verify", &path("receipt.json"), "--jwks", &path("jwks.json")])
        .expect(1)
        .complains("not in the key set");
    frameos.run(["receipt", "verify", &path("missing.json")]).expect(2).complains("missing.json");
    frameos.run(["receipt", "verify", &path("receipt.json"), "--jwks", &path("not.json")]).expect(2);
}
