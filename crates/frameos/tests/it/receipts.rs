//! `receipt verify`: the documented example, each thing that may be wrong with a receipt, and the gateway's documents beside it.

use frameos_domain::{
    canonical::sha256_hex,
    clock::Timestamp,
    execution::{FailureReason, RunStatus},
    id::{ExecutionId, IntentId, MandateId, PaymentId, ReceiptId},
    mandate::{Mandate, MandateStatus},
    money::Currency,
    receipt::{
        GENESIS_HASH, PaymentOutcome, PaymentReceipt, Proofs, Resources, RunMandate, RunPayment, RunReceipt,
        RunReceiptDocument, salted_hash,
    },
    signing::{KeySet, SigningKey},
};
use serde_json::{Value, json};

use crate::program::Frameos;

const DOCS: &str = include_str!("../../../../docs/receipts.md");
const SALT: &str = "5eed0c0ffee5eed0c0ffee5eed0c0ffe";

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(1_795_000_000_000_000 + seconds * 1_000_000)
}

fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed(&[seed; 32]).unwrap()
}

fn keys() -> KeySet {
    KeySet::of([key(7).public(), key(8).public()])
}

fn failed() -> RunReceipt {
    RunReceipt {
        id: ReceiptId::new(at(9), [1; 10]),
        sequence: 7,
        previous_hash: GENESIS_HASH.into(),
        execution_id: ExecutionId::new(at(0), [2; 10]),
        user_id: "agt_user_06nrg76c2r0000410408106g30".into(),
        agent_id: "agt_def_06nrg76c2r0000410408106g31".into(),
        agent_slug: "csv-profiler".into(),
        agent_version: "1.0.0".into(),
        code_sha256: sha256_hex(b"code"),
        input_sha256: salted_hash(SALT, &inputs()),
        output_sha256: None,
        status: RunStatus::Failed,
        failure_reason: Some(FailureReason::Oom),
        exit_code: Some(1),
        attempt: 1,
        started_at: Some(at(1)),
        completed_at: at(2),
        resources: None,
        isolation: Some("linux:userns+seccomp+landlock+cgroup2".into()),
        payment: None,
        mandate: None,
        issued_at: at(9),
    }
}

fn inputs() -> Value {
    json!({"csv": "a,b\n1,2\n", "delimiter": ","})
}

fn outputs() -> Value {
    json!({"columns": 2, "rows": 1})
}

fn mandate(run: &RunReceipt) -> Mandate {
    Mandate {
        id: MandateId::new(at(0), [3; 10]),
        intent_id: IntentId::new(at(0), [4; 10]),
        agent_id: run.user_id.clone(),
        vendor: "frameos_marketplace".into(),
        execution_id: Some(run.execution_id.to_string()),
        agent_definition_id: Some(run.agent_id.clone()),
        agent_version: Some(run.agent_version.clone()),
        payee: "dev_1".into(),
        orchestrator: None,
        amount: 50,
        currency: Currency::INR,
        issued_at: at(0),
        expires_at: at(86_400),
    }
}

fn payment(mandate: &Mandate, mandate_jws: &str) -> PaymentReceipt {
    PaymentReceipt {
        id: ReceiptId::new(at(3), [5; 10]),
        sequence: 12,
        previous_hash: sha256_hex(b"the eleventh"),
        mandate_id: mandate.id,
        mandate_hash: sha256_hex(mandate_jws.as_bytes()),
        payment_id: Some(PaymentId::new(at(3), [6; 10])),
        status: PaymentOutcome::Success,
        reason: None,
        amount: 30,
        currency: Currency::INR,
        ledger_transaction_id: Some("txn_06nrg76c2r0000410408106g32".into()),
        ledger_hash: Some(sha256_hex(b"the ledger's entry")),
        ledger_sequence: Some(40),
        issued_at: at(3),
    }
}

/// A run that was paid, with its proofs; what of the three documents is to be otherwise is for the test to say.
fn paid_with(
    change_mandate: impl FnOnce(&mut Mandate),
    change_payment: impl FnOnce(&mut PaymentReceipt),
    change_run: impl FnOnce(&mut RunReceipt),
) -> RunReceiptDocument {
    let mut run = RunReceipt {
        status: RunStatus::Success,
        failure_reason: None,
        exit_code: Some(0),
        output_sha256: Some(salted_hash(SALT, &outputs())),
        resources: Some(Resources { wall_ms: 840, startup_ms: 41, ..Resources::default() }),
        ..failed()
    };
    let mut allowed = mandate(&run);
    change_mandate(&mut allowed);
    let mandate_jws = allowed.sign(&key(8)).unwrap();
    let mut paid = payment(&allowed, &mandate_jws);
    change_payment(&mut paid);
    let payment_jws = paid.sign(&key(8)).unwrap();
    run.mandate = Some(RunMandate {
        mandate_id: allowed.id,
        mandate_hash: sha256_hex(mandate_jws.as_bytes()),
        status: MandateStatus::Executed,
    });
    run.payment = Some(RunPayment {
        mandate_id: allowed.id,
        payment_id: PaymentId::new(at(3), [6; 10]),
        receipt_id: paid.id,
        receipt_hash: sha256_hex(payment_jws.as_bytes()),
        ledger_transaction_id: paid.ledger_transaction_id.clone().unwrap_or_default(),
        ledger_hash: paid.ledger_hash.clone().unwrap_or_default(),
        ledger_sequence: paid.ledger_sequence,
        amount: paid.amount,
        currency: paid.currency,
    });
    change_run(&mut run);
    let mut document = run.sign(&key(7)).unwrap();
    document.proofs = Some(Proofs { mandate: Some(mandate_jws), payment_receipt: Some(payment_jws) });
    document
}

fn paid() -> RunReceiptDocument {
    paid_with(|_| {}, |_| {}, |_| {})
}

/// The blocks of the worked example, as they have to stand there.
fn example() -> [Value; 4] {
    [json!(paid()), json!(keys()), inputs(), outputs()]
}

#[test]
fn the_documented_example_verifies() {
    let (_, section) = DOCS.split_once("## A worked example").unwrap();
    let blocks: Vec<&str> =
        section.split("```json\n").skip(1).map(|rest| rest.split_once("```").unwrap().0).collect();
    let expected = example();
    let shown: Vec<Value> =
        blocks.iter().map(|block| serde_json::from_str(block).unwrap_or_default()).collect();
    let fresh = || expected.iter().map(|block| format!("```json\n{block:#}\n```\n")).collect::<String>();
    assert!(shown == expected, "docs/receipts.md should have these blocks:\n{}", fresh());
    let frameos = Frameos::new();
    let names = ["receipt.json", "keys.json", "inputs.json", "outputs.json"];
    let files: Vec<(&str, &str)> = names.into_iter().zip(blocks).collect();
    let dir = frameos.folder("r", &files);
    let command = section.lines().find(|line| line.starts_with("frameos receipt verify")).unwrap();
    let words = command.split_whitespace().skip(1).map(|word| match names.contains(&word) {
        true => dir.join(word).to_str().unwrap().to_owned(),
        false => word.to_owned(),
    });
    let shown = frameos.run(words).expect(0).stdout;
    for part in
        ["which the given ones have", "payment receipt checked", "executed, checked", "in the key set"]
    {
        assert!(shown.contains(part), "{part} is not in:\n{shown}");
    }
}

#[test]
fn a_whole_receipt_verifies_and_says_what_it_binds() {
    let frameos = Frameos::new();
    let text = serde_json::to_string(&failed().sign(&key(7)).unwrap()).unwrap();
    let keys = serde_json::to_string(&keys()).unwrap();
    let dir = frameos.folder("r", &[("receipt.json", &text), ("jwks.json", &keys)]);
    let (file, jwks) = (dir.join("receipt.json"), dir.join("jwks.json"));
    let (file, jwks) = (file.to_str().unwrap(), jwks.to_str().unwrap());

    let shown = frameos.run(["receipt", "verify", file]).expect(0).stdout;
    for part in ["csv-profiler 1.0.0", &sha256_hex(b"code"), &key(7).public().kid(), "failed", "oom"] {
        assert!(shown.contains(part), "{part} is not in:\n{shown}");
    }
    let verified = frameos.run(["receipt", "verify", file, "--jwks", jwks, "--json"]).expect(0).json();
    assert_eq!((&verified["valid"], &verified["trusted"]), (&json!(true), &json!(true)));
    assert_eq!(verified["receipt"]["sequence"], 7);
    assert_eq!(verified["checked"]["payment_receipt"], false);
}

#[test]
fn a_changed_byte_a_stranger_and_a_missing_file_are_told_apart() {
    let frameos = Frameos::new();
    let text = serde_json::to_string(&failed().sign(&key(9)).unwrap()).unwrap();
    let keys = serde_json::to_string(&keys()).unwrap();
    let changed = text.replacen("\"exit_code\":1", "\"exit_code\":0", 1);
    let twice = text.replacen("\"exit_code\":1", "\"exit_code\":0,\"exit_code\":1", 1);
    assert!(text != changed && text != twice);
    let dir = frameos.folder(
        "r",
        &[
            ("receipt.json", &text),
            ("changed.json", &changed),
            ("twice.json", &twice),
            ("jwks.json", &keys),
            ("not.json", "hello"),
        ],
    );
    let path = |name: &str| dir.join(name).to_str().unwrap().to_owned();

    let verify = |name: &str| frameos.run(["receipt", "verify", &path(name)]);
    verify("changed.json").expect(1).complains("differs from what was signed");
    verify("twice.json").expect(1).complains("twice");
    verify("not.json").expect(1).complains("not a receipt");
    verify("receipt.json").expect(0);
    frameos
        .run(["receipt", "verify", &path("receipt.json"), "--jwks", &path("jwks.json")])
        .expect(1)
        .complains("not in the key set");
    verify("missing.json").expect(2).complains("missing.json");
    frameos.run(["receipt", "verify", &path("receipt.json"), "--jwks", &path("not.json")]).expect(2);
    // Nobody listens on port 1: nothing is known of the receipt.
    frameos.run(["receipt", "verify", &path("receipt.json"), "--server", "http://127.0.0.1:1"]).expect(2);
}

#[test]
fn inputs_and_outputs_are_proved_by_the_salt() {
    let frameos = Frameos::new();
    let (receipt, unpaid) = (json!(paid()).to_string(), json!(failed().sign(&key(7)).unwrap()).to_string());
    let (inputs, outputs) = (inputs().to_string(), outputs().to_string());
    let other = json!({"columns": 2, "rows": 2}).to_string();
    let dir = frameos.folder(
        "r",
        &[
            ("paid", &receipt),
            ("unpaid", &unpaid),
            ("inputs", &inputs),
            ("outputs", &outputs),
            ("other", &other),
        ],
    );
    let path = |name: &str| dir.join(name).to_str().unwrap().to_owned();
    let verify = |file: &str, salt: &str, option: &str, value: &str| {
        frameos.run(["receipt", "verify", &path(file), "--salt", salt, option, &path(value)])
    };
    verify("paid", SALT, "--inputs", "inputs").expect(0);
    verify("paid", SALT, "--outputs", "outputs").expect(0);
    verify("paid", SALT, "--outputs", "other").expect(1).complains("not the outputs");
    verify("paid", SALT, "--inputs", "other").expect(1).complains("not the inputs");
    verify("paid", "5eed", "--inputs", "inputs").expect(1).complains("not the inputs");
    verify("unpaid", SALT, "--outputs", "outputs").expect(1).complains("no outputs");
    frameos.run(["receipt", "verify", &path("paid"), "--inputs", &path("inputs")]).expect(2);
}

#[test]
fn proofs_must_be_the_ones_of_the_receipt() {
    let keys = keys();
    let refused = |document: RunReceiptDocument, what: &str| {
        let text = json!(document).to_string();
        let found = RunReceiptDocument::parse(&text).and_then(|read| read.verify(Some(&keys)));
        let problem = found.expect_err(what).to_string();
        assert!(problem.contains(what), "{problem} instead of {what}");
    };
    paid().verify(Some(&keys)).unwrap();
    // Each tells of another run, user, agent, amount, time.
    let mandate = |change: fn(&mut Mandate)| paid_with(change, |_| {}, |_| {});
    refused(mandate(|mandate| mandate.execution_id = None), "the run");
    refused(mandate(|mandate| mandate.agent_id = "agt_user_z".into()), "the user");
    refused(mandate(|mandate| mandate.agent_definition_id = Some("agt_def_z".into())), "the agent");
    refused(mandate(|mandate| mandate.agent_version = Some("1.0.1".into())), "the agent's version");
    refused(mandate(|mandate| mandate.amount = 29), "the amount allowed");
    refused(mandate(|mandate| mandate.currency = "USD".parse().unwrap()), "the currency");
    refused(mandate(|mandate| mandate.expires_at = at(3)), "the time allowed");
    let payment = |change: fn(&mut PaymentReceipt)| paid_with(|_| {}, change, |_| {});
    refused(payment(|paid| paid.payment_id = None), "the payment's id");
    refused(payment(|paid| paid.mandate_id = MandateId::new(at(0), [9; 10])), "the mandate's id");
    refused(payment(|paid| paid.mandate_hash = sha256_hex(b"another")), "the mandate's hash");
    refused(payment(|paid| paid.status = PaymentOutcome::Refused), "the outcome");
    let run = |change: fn(&mut RunReceipt)| paid_with(|_| {}, |_| {}, change);
    refused(run(|run| run.payment = None), "whether it was paid");
    refused(run(|run| run.mandate.as_mut().unwrap().status = MandateStatus::Voided), "whether it was paid");
    refused(run(|run| run.payment.as_mut().unwrap().amount = 31), "the amount");
    refused(run(|run| run.payment.as_mut().unwrap().ledger_sequence = Some(41)), "the ledger's entry");
    refused(run(|run| run.payment.as_mut().unwrap().receipt_hash = sha256_hex(b"another")), "its hash");
    refused(run(|run| run.mandate.as_mut().unwrap().mandate_hash = sha256_hex(b"another")), "its hash");
    // The documents of another run, whole in themselves.
    let mut exchanged = paid();
    exchanged.proofs = mandate(|mandate| mandate.amount = 60).proofs;
    refused(exchanged, "its hash");
    // Signed by somebody the key set does not know.
    let stranger = KeySet::of([key(7).public()]);
    assert!(paid().verify(Some(&stranger)).unwrap_err().to_string().contains("mandate in `proofs`"));
    // Not shown is not wrong.
    let mut bare = paid();
    bare.proofs = None;
    bare.verify(Some(&keys)).unwrap();
}

#[test]
fn the_gateways_statements_verify_alone_and_as_they_were_answered() {
    let frameos = Frameos::new();
    let allowed = mandate(&failed());
    let mandate_jws = allowed.sign(&key(8)).unwrap();
    let receipt = payment(&allowed, &mandate_jws);
    let jws = receipt.sign(&key(8)).unwrap();
    let answer = |receipt: &PaymentReceipt| {
        let data = json!({"payment_id": receipt.payment_id, "receipt": receipt, "receipt_jws": jws,
            "receipt_hash": sha256_hex(jws.as_bytes())});
        json!({"success": true, "data": data}).to_string()
    };
    let altered = PaymentReceipt { amount: 3, ..receipt.clone() };
    let keys = serde_json::to_string(&keys()).unwrap();
    let dir = frameos.folder(
        "s",
        &[
            ("bare.jws", &jws),
            ("answer.json", &answer(&receipt)),
            ("altered.json", &answer(&altered)),
            ("mandate.jws", &mandate_jws),
            ("cut.jws", &jws[..jws.len() - 4]),
            ("jwks.json", &keys),
        ],
    );
    let path = |name: &str| dir.join(name).to_str().unwrap().to_owned();
    for name in ["bare.jws", "answer.json"] {
        let args = ["receipt", "verify", &path(name), "--jwks", &path("jwks.json")];
        let shown = frameos.run(args).expect(0).stdout;
        for part in ["payment receipt", "number 12", &sha256_hex(mandate_jws.as_bytes()), "in the key set"] {
            assert!(shown.contains(part), "{part} is not in:\n{shown}");
        }
    }
    let told = frameos.run(["receipt", "verify", &path("mandate.jws"), "--json"]).expect(0).json();
    assert_eq!((&told["type"], &told["trusted"]), (&json!("frameos-mandate+jws"), &json!(false)));
    assert_eq!(told["receipt"], json!(allowed));
    frameos
        .run(["receipt", "verify", &path("altered.json")])
        .expect(1)
        .complains("differs from what was signed");
    frameos.run(["receipt", "verify", &path("cut.jws")]).expect(1).complains("is not valid");
    let salted = ["receipt", "verify", &path("bare.jws"), "--salt", "x"];
    frameos.run(salted).expect(2).complains("receipts of runs");
}
