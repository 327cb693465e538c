//! What every payment gateway must do, as one suite over the port: in process, over HTTP, and against somebody else's.
//!
//! Invariants: each check works on payers of its own, so the suite runs on a gateway that is in use; it needs nothing but the
//! port and test money. A broken promise is a panic that says which.

pub mod payouts;

use std::fmt::Debug;

use frameos_domain::{
    canonical,
    clock::Timestamp,
    id::{ExecutionId, IntentId, MandateId, UserId},
    mandate::{Mandate, MandateStatus},
    money::Currency,
    policy::Policy,
    receipt::{PaymentOutcome, PaymentReceipt},
    refusal::Refusal,
};
use futures::future::join_all;
use serde_json::{Map, Value, json};

use crate::{
    error::GatewayError,
    port::PaymentGateway,
    wire::{
        Execute, Intent, IntentNew, IntentStatus, MandateNew, MandateState, ProviderWebhook, TopUpNew,
        TopUpStatus,
    },
};

/// Runs every check.
pub async fn run(gateway: &dyn PaymentGateway) {
    payment_is_made_once_and_proven(gateway).await;
    less_than_the_mandate_may_be_taken(gateway).await;
    voided_mandate_gives_the_money_back(gateway).await;
    policy_refusals_name_their_rule(gateway).await;
    policies_are_not_overwritten_unseen(gateway).await;
    budgets_count_holds_and_forget_voided_ones(gateway).await;
    idempotency_keys_name_one_request(gateway).await;
    money_that_is_not_there_is_not_held(gateway).await;
    many_at_once_never_overspend(gateway).await;
    nonsense_is_refused(gateway).await;
    what_does_not_exist_is_said_so(gateway).await;
    mandates_are_told_to_other_systems(gateway).await;
    payouts::refunds_go_back_once(gateway).await;
    payouts::earnings_are_paid_out_once(gateway).await;
    top_ups_can_be_looked_at(gateway).await;
}

/// Intent, mandate, execute: the wallet pays exactly the price, once, and signatures prove it.
pub async fn payment_is_made_once_and_proven(gateway: &dyn PaymentGateway) {
    let payer = payer(gateway, 1_000).await;
    let intent = intend(gateway, &payer, 50).await;
    assert_eq!((intent.status, intent.amount, &intent.agent_id), (IntentStatus::Created, 50, &payer));
    let mandate = issue(gateway, &intent).await;
    assert_eq!((mandate.status, mandate.amount), (MandateStatus::Issued, 50));
    assert_balances(gateway, &payer, 950, 50).await;
    assert_eq!(issue(gateway, &intent).await, mandate, "an intent has one mandate");
    let seen = must(gateway.intent_get(intent.intent_id).await, "an intent can be read");
    assert_eq!((seen.status, seen.mandate_id), (IntentStatus::Mandated, Some(mandate.mandate_id)));

    let calls = (0..8).map(|_| gateway.execute(execution(mandate.mandate_id)));
    let answers = join_all(calls).await.into_iter().map(|answer| must(answer, "an issued mandate executes"));
    let mut answers: Vec<_> = answers.collect();
    let paid = answers.pop().unwrap_or_else(|| panic!("eight calls have eight answers"));
    assert!(answers.iter().all(|answer| *answer == paid), "every call gets the same payment and receipt");
    assert_balances(gateway, &payer, 950, 0).await;
    assert_eq!((paid.split.developer, paid.split.platform, paid.split.orchestrator), (35, 10, 5));
    assert_eq!(paid.split.developer_id, "dev_conformance");
    let standing = must(gateway.mandate_get(mandate.mandate_id).await, "a mandate can be read");
    assert_eq!(standing.status, MandateStatus::Executed);

    let keys = must(gateway.jwks().await, "keys are published");
    let signed =
        Mandate::verify(&mandate.jws, &keys).unwrap_or_else(|error| panic!("the mandate verifies: {error}"));
    assert_eq!((signed.id, signed.amount), (mandate.mandate_id, 50));
    // A gateway with several clients puts the client's id before the name.
    assert_eq!(signed.agent_id.rsplit('/').next(), Some(&*payer));
    assert_eq!(signed.execution_id, mandate.execution_id);
    assert_eq!(mandate.mandate_hash, canonical::sha256_hex(mandate.jws.as_bytes()));
    let receipt = PaymentReceipt::verify(&paid.receipt_jws, Some(&keys))
        .unwrap_or_else(|error| panic!("the receipt verifies: {error}"));
    assert_eq!(receipt, paid.receipt);
    assert_eq!((receipt.status, receipt.payment_id), (PaymentOutcome::Success, Some(paid.payment_id)));
    assert_eq!((receipt.mandate_hash, receipt.amount), (mandate.mandate_hash, 50));

    let refusal = fails(gateway.mandate_void(mandate.mandate_id, "late".into()).await, "MANDATE_EXECUTED");
    assert!(matches!(refusal, GatewayError::MandateExecuted { .. }));
    let page = must(gateway.wallet_transactions(payer.clone(), 1, 10).await, "a wallet has a history");
    let kinds: Vec<_> = page.transactions.iter().map(|entry| entry.kind.as_str()).collect();
    assert_eq!((kinds, page.total), (vec!["capture", "hold", "top_up"], 3));
    let changes: i64 = page.transactions.iter().map(|entry| entry.available_change + entry.held_change).sum();
    assert_eq!(changes, 950, "the history adds up to the balance");
}

/// A capture of less gives the rest back to wallet and budgets at once; a repeat must ask for the same.
pub async fn less_than_the_mandate_may_be_taken(gateway: &dyn PaymentGateway) {
    let payer = payer(gateway, 1_000).await;
    let policy = Policy { daily_limit: Some(100), ..Policy::default() };
    must(gateway.policy_put(payer.clone(), policy).await, "a policy can be set");
    let mandate = issue(gateway, &intend(gateway, &payer, 100).await).await;
    let take = |amount| Execute { amount: Some(amount), ..execution(mandate.mandate_id) };
    for nonsense in [-1, 101, i64::MAX] {
        fails(gateway.execute(take(nonsense)).await, "INVALID_REQUEST");
    }
    assert_balances(gateway, &payer, 900, 100).await;

    let answers = join_all((0..4).map(|_| gateway.execute(take(30)))).await;
    let paid: Vec<_> = answers.into_iter().map(|answer| must(answer, "a part can be taken")).collect();
    assert!(paid.windows(2).all(|pair| pair[0] == pair[1]), "every call gets the same payment and receipt");
    assert_balances(gateway, &payer, 970, 0).await;
    let split = &paid[0].split;
    assert_eq!((paid[0].amount, split.developer, split.platform, split.orchestrator), (30, 21, 6, 3));
    let keys = must(gateway.jwks().await, "keys are published");
    let receipt = PaymentReceipt::verify(&paid[0].receipt_jws, Some(&keys));
    let receipt = receipt.unwrap_or_else(|error| panic!("the receipt verifies: {error}"));
    assert_eq!((receipt.amount, receipt.mandate_hash), (30, mandate.mandate_hash.clone()));
    let standing = must(gateway.mandate_get(mandate.mandate_id).await, "a mandate can be read");
    assert_eq!(
        (standing.status, standing.amount, standing.captured_amount),
        (MandateStatus::Executed, 100, Some(30))
    );
    for other in [take(29), take(0), execution(mandate.mandate_id)] {
        fails(gateway.execute(other).await, "IDEMPOTENCY_CONFLICT");
    }
    assert_balances(gateway, &payer, 970, 0).await;
    let page = must(gateway.wallet_transactions(payer.clone(), 1, 1).await, "a wallet has a history");
    let capture = &page.transactions[0];
    assert_eq!((&*capture.kind, capture.available_change, capture.held_change), ("capture", 70, -100));

    fails(gateway.mandate_issue(mandate_new(&intend(gateway, &payer, 71).await)).await, "POLICY_REFUSED");
    let unused = issue(gateway, &intend(gateway, &payer, 70).await).await;
    let nothing = Execute { amount: Some(0), ..execution(unused.mandate_id) };
    let free = must(gateway.execute(nothing).await, "a metered run may have used nothing");
    assert_eq!((free.amount, free.split.developer, free.status), (0, 0, PaymentOutcome::Success));
    assert_balances(gateway, &payer, 970, 0).await;
    issue(gateway, &intend(gateway, &payer, 70).await).await;
}

/// A voided mandate holds nothing, cannot be executed, and says so in a signed refusal.
pub async fn voided_mandate_gives_the_money_back(gateway: &dyn PaymentGateway) {
    let payer = payer(gateway, 100).await;
    let mandate = issue(gateway, &intend(gateway, &payer, 60).await).await;
    let voided =
        must(gateway.mandate_void(mandate.mandate_id, "run failed".into()).await, "an issued mandate voids");
    assert_eq!((voided.status, voided.void_reason.as_deref()), (MandateStatus::Voided, Some("run failed")));
    assert_balances(gateway, &payer, 100, 0).await;
    let again =
        must(gateway.mandate_void(mandate.mandate_id, "again".into()).await, "voiding twice is no error");
    assert_eq!(again, voided, "the second void changes nothing");
    assert_balances(gateway, &payer, 100, 0).await;

    let keys = must(gateway.jwks().await, "keys are published");
    let mut proofs = Vec::new();
    for _ in 0..2 {
        let refusal = fails(gateway.execute(execution(mandate.mandate_id)).await, "MANDATE_VOIDED");
        let GatewayError::MandateVoided { receipt: Some(proof), .. } = refusal else {
            panic!("a refused execute comes with a receipt, got {refusal:?}");
        };
        let receipt = PaymentReceipt::verify(&proof.jws, Some(&keys))
            .unwrap_or_else(|error| panic!("the refusal verifies: {error}"));
        assert_eq!((receipt.status, receipt.payment_id), (PaymentOutcome::Refused, None));
        proofs.push(proof);
    }
    assert_eq!(proofs[0], proofs[1], "a mandate has one receipt");
    assert_balances(gateway, &payer, 100, 0).await;
}

/// Each rule of a policy refuses by its name and says limit and asked.
pub async fn policy_refusals_name_their_rule(gateway: &dyn PaymentGateway) {
    let payer = payer(gateway, 1_000).await;
    let unlimited = Policy::default();
    let keys = must(gateway.jwks().await, "keys are published");
    assert_eq!(must(gateway.policy_get(payer.clone()).await, "a policy can be read"), unlimited);
    let one = |name: &str| vec![name.to_owned()];
    let policies = [
        ("per_execution_limit", Policy { per_execution_limit: Some(49), ..unlimited.clone() }),
        ("daily_limit", Policy { daily_limit: Some(49), ..unlimited.clone() }),
        ("monthly_limit", Policy { monthly_limit: Some(49), ..unlimited.clone() }),
        ("allowed_agents", Policy { allowed_agents: one("other"), ..unlimited.clone() }),
        ("blocked_agents", Policy { blocked_agents: one("csv-profiler"), ..unlimited.clone() }),
        ("allowed_categories", Policy { allowed_categories: one("mail"), ..unlimited.clone() }),
        ("blocked_categories", Policy { blocked_categories: one("data"), ..unlimited.clone() }),
        ("confirm_above", Policy { confirm_above: Some(49), ..unlimited.clone() }),
        ("paused", Policy { paused: true, ..unlimited.clone() }),
        ("expires_at", Policy { expires_at: Some(Timestamp::from_micros(0)), ..unlimited.clone() }),
    ];
    for (rule, policy) in policies {
        let put = must(gateway.policy_put(payer.clone(), policy.clone()).await, "a policy can be set");
        assert_eq!(Policy { revision: None, ..put.clone() }, policy);
        assert_eq!(must(gateway.policy_get(payer.clone()).await, "a policy can be read"), put);
        let intent = intend(gateway, &payer, 50).await;
        let refusal = fails(gateway.mandate_issue(mandate_new(&intent)).await, "POLICY_REFUSED");
        let GatewayError::PolicyRefused { refusal, receipt, .. } = refusal else {
            panic!("not a refusal: {refusal:?}")
        };
        assert_eq!(refusal.rule, rule);
        assert!(!refusal.limit.is_null() && !refusal.asked.is_null(), "{rule} says limit and asked");
        let proof = receipt.unwrap_or_else(|| panic!("a refusal by {rule} comes with a receipt"));
        let signed = Refusal::verify(&proof.jws, Some(&keys))
            .unwrap_or_else(|error| panic!("the refusal verifies: {error}"));
        assert_eq!((&signed, canonical::sha256_hex(proof.jws.as_bytes())), (&proof.receipt, proof.hash));
        assert_eq!(
            (signed.intent_id, signed.amount, &*signed.reason, signed.status),
            (intent.intent_id, 50, "POLICY_REFUSED", PaymentOutcome::Refused)
        );
        assert_signed_for(&signed.agent_id, &payer);
        assert_eq!(
            (signed.rule.as_deref(), signed.limit, signed.asked),
            (Some(rule), Some(refusal.limit), Some(refusal.asked))
        );
        assert_eq!(signed.execution_id.as_deref(), intent.metadata["execution_id"].as_str());
    }
    let confirm = Policy { confirm_above: Some(49), ..unlimited };
    must(gateway.policy_put(payer.clone(), confirm).await, "a policy can be set");
    for (name, value) in [("confirmed", json!(true)), ("confirmed_amount", json!(50))] {
        let mut confirmed = intent_new(&payer, 50);
        confirmed.metadata.insert(name.into(), value);
        let intent = must(gateway.intent_create(confirmed).await, "an intent can be made");
        issue(gateway, &intent).await;
    }
    assert_balances(gateway, &payer, 900, 100).await;
    let mut less = intent_new(&payer, 50);
    less.metadata.insert("confirmed_amount".into(), json!(49));
    less.metadata.insert("confirmed".into(), json!(true));
    let intent = must(gateway.intent_create(less).await, "an intent can be made");
    let refusal = fails(gateway.mandate_issue(mandate_new(&intent)).await, "POLICY_REFUSED");
    assert!(refusal.to_string().contains("confirmed_amount is 49, asked was 50"), "{refusal}");
}

/// Whoever says which policy they saw undoes no change they did not see.
pub async fn policies_are_not_overwritten_unseen(gateway: &dyn PaymentGateway) {
    let payer = new_payer();
    let put = |revision, daily_limit| {
        let policy = Policy { revision, daily_limit: Some(daily_limit), ..Policy::default() };
        gateway.policy_put(payer.clone(), policy)
    };
    fails(put(Some(1), 10).await, "POLICY_CHANGED");
    let first = must(put(Some(0), 10).await, "a first policy can be set");
    assert_eq!(first.revision, Some(1));
    let refusal = fails(put(Some(0), 20).await, "POLICY_CHANGED");
    assert!(matches!(refusal, GatewayError::PolicyChanged { revision: 1 }), "{refusal:?}");
    assert_eq!(must(put(Some(1), 20).await, "a seen policy can be replaced").revision, Some(2));
    assert_eq!(must(put(None, 30).await, "a policy can be replaced unseen").revision, Some(3));
    assert_eq!(must(put(None, 30).await, "the same again changes nothing").revision, Some(3));
    let answers = join_all((0..6).map(|limit| put(Some(3), 40 + limit))).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1, "one of many is the next");
    let kept = must(gateway.policy_get(payer.clone()).await, "a policy can be read");
    assert_eq!(kept.revision, Some(4));
}

/// What is held counts into the budgets; what is voided does not.
pub async fn budgets_count_holds_and_forget_voided_ones(gateway: &dyn PaymentGateway) {
    let payer = payer(gateway, 1_000).await;
    let policy = Policy { daily_limit: Some(100), monthly_limit: Some(1_000), ..Policy::default() };
    must(gateway.policy_put(payer.clone(), policy).await, "a policy can be set");
    let first = issue(gateway, &intend(gateway, &payer, 70).await).await;
    let second = intend(gateway, &payer, 31).await;
    let refusal = fails(gateway.mandate_issue(mandate_new(&second)).await, "POLICY_REFUSED");
    let GatewayError::PolicyRefused { refusal, used, .. } = refusal else {
        panic!("not a refusal: {refusal:?}")
    };
    assert_eq!(
        (&*refusal.rule, refusal.limit, refusal.asked, used),
        ("daily_limit", json!(100), json!(31), Some(70))
    );
    assert_balances(gateway, &payer, 930, 70).await;
    must(gateway.mandate_void(first.mandate_id, String::new()).await, "an issued mandate voids");
    let second = issue(gateway, &second).await;
    must(gateway.execute(execution(second.mandate_id)).await, "an issued mandate executes");
    let third = intend(gateway, &payer, 70).await;
    fails(gateway.mandate_issue(mandate_new(&third)).await, "POLICY_REFUSED");
    issue(gateway, &intend(gateway, &payer, 69).await).await;
    assert_balances(gateway, &payer, 900, 69).await;
}

/// The same key and request give the same answer; the same key and another request are refused.
pub async fn idempotency_keys_name_one_request(gateway: &dyn PaymentGateway) {
    let payer = payer(gateway, 500).await;
    let keyed = |amount| IntentNew { idempotency_key: Some("k-1".into()), ..intent_new(&payer, amount) };
    let mut new = keyed(10);
    new.metadata.insert("execution_id".into(), json!("exec_fixed"));
    let first = must(gateway.intent_create(new.clone()).await, "an intent can be made");
    let again = must(gateway.intent_create(new).await, "an intent can be made again");
    assert_eq!(first, again);
    fails(gateway.intent_create(keyed(11)).await, "IDEMPOTENCY_CONFLICT");

    let top_up = |amount| TopUpNew::new(amount, Currency::INR, Some("t-1".into()));
    let calls = (0..4).map(|_| gateway.wallet_top_up(payer.clone(), top_up(100)));
    let top_ups = join_all(calls).await.into_iter().map(|answer| must(answer, "test money comes"));
    let ids: std::collections::BTreeSet<_> = top_ups.map(|top_up| top_up.top_up_id).collect();
    assert_eq!(ids.len(), 1, "one key is one top-up");
    fails(gateway.wallet_top_up(payer.clone(), top_up(101)).await, "IDEMPOTENCY_CONFLICT");
    assert_balances(gateway, &payer, 600, 0).await;

    let (one, two) = (issue(gateway, &first).await, issue(gateway, &intend(gateway, &payer, 20).await).await);
    let with_key = |mandate_id| Execute { mandate_id, amount: None, idempotency_key: Some("e-1".into()) };
    must(gateway.execute(with_key(one.mandate_id)).await, "an issued mandate executes");
    fails(gateway.execute(with_key(two.mandate_id)).await, "IDEMPOTENCY_CONFLICT");
    assert_balances(gateway, &payer, 570, 20).await;
    must(gateway.execute(execution(two.mandate_id)).await, "a refused execute leaves the mandate usable");
    assert_balances(gateway, &payer, 570, 0).await;
}

/// A gateway's client is named before its payer in what is signed.
fn assert_signed_for(signed: &str, payer: &str) {
    assert!(signed == payer || signed.ends_with(&format!("/{payer}")), "signed for {signed}, not {payer}");
}

/// Too little money is refused with both numbers, and nothing is left behind.
pub async fn money_that_is_not_there_is_not_held(gateway: &dyn PaymentGateway) {
    let stranger = new_payer();
    let keys = must(gateway.jwks().await, "keys are published");
    assert_balances(gateway, &stranger, 0, 0).await;
    let payer = payer(gateway, 40).await;
    for (who, has) in [(&stranger, 0), (&payer, 40)] {
        let intent = intend(gateway, who, 41).await;
        let refusal = fails(gateway.mandate_issue(mandate_new(&intent)).await, "INSUFFICIENT_FUNDS");
        let GatewayError::InsufficientFunds { available, needed, currency, receipt } = refusal else {
            panic!("not a refusal: {refusal:?}")
        };
        assert_eq!((available, needed, currency), (has, 41, Currency::INR));
        let proof = receipt.unwrap_or_else(|| panic!("a refusal comes with a receipt"));
        let signed = Refusal::verify(&proof.jws, Some(&keys))
            .unwrap_or_else(|error| panic!("the refusal verifies: {error}"));
        assert_eq!((signed.amount, signed.available, &*signed.reason), (41, Some(has), "INSUFFICIENT_FUNDS"));
        assert_signed_for(&signed.agent_id, who);
        assert_balances(gateway, who, has, 0).await;
    }
    let intent = intend(gateway, &payer, 41).await;
    fails(gateway.mandate_issue(mandate_new(&intent)).await, "INSUFFICIENT_FUNDS");
    fund(gateway, &payer, 1).await;
    issue(gateway, &intent).await;
    assert_balances(gateway, &payer, 0, 41).await;
}

/// Concurrent mandates get what the wallet has, and no more.
pub async fn many_at_once_never_overspend(gateway: &dyn PaymentGateway) {
    let payer = payer(gateway, 50).await;
    let mut intents = Vec::new();
    for _ in 0..12 {
        intents.push(intend(gateway, &payer, 10).await);
    }
    let answers = join_all(intents.iter().map(|intent| gateway.mandate_issue(mandate_new(intent)))).await;
    let (issued, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    assert_eq!((issued.len(), refused.len()), (5, 7));
    for answer in refused {
        fails(answer, "INSUFFICIENT_FUNDS");
    }
    assert_balances(gateway, &payer, 0, 50).await;
}

/// Requests that make no sense are refused before anything happens.
pub async fn nonsense_is_refused(gateway: &dyn PaymentGateway) {
    let payer = payer(gateway, 100).await;
    let good = || intent_new(&payer, 10);
    let with = |name: &str, value| {
        let mut intent = good();
        intent.metadata.insert(name.into(), value);
        intent
    };
    let long = || "x".repeat(2_000);
    let bad = [
        IntentNew { amount: 0, ..good() },
        IntentNew { amount: -1, ..good() },
        IntentNew { amount: i64::MAX, ..good() },
        IntentNew { agent_id: String::new(), ..good() },
        IntentNew { vendor: long(), ..good() },
        IntentNew { description: long(), ..good() },
        IntentNew { idempotency_key: Some(String::new()), ..good() },
        IntentNew { idempotency_key: Some("two\nlines".into()), ..good() },
        with("confirmed", json!("yes")),
        with("confirmed_amount", json!("50")),
        with("confirmed_amount", json!(-1)),
        with("confirmed_amount", json!(0.5)),
    ];
    for intent in bad {
        fails(gateway.intent_create(intent).await, "INVALID_REQUEST");
    }
    let intent = intend(gateway, &payer, 10).await;
    for ttl in [0, u64::from(u32::MAX)] {
        let new = MandateNew { ttl_seconds: Some(ttl), ..mandate_new(&intent) };
        fails(gateway.mandate_issue(new).await, "INVALID_REQUEST");
    }
    let twice = vec!["a".to_owned(), "a".to_owned()];
    for policy in [
        Policy { daily_limit: Some(-1), ..Policy::default() },
        Policy { monthly_limit: Some(i64::MAX), ..Policy::default() },
        Policy { blocked_agents: vec!["two words".into()], ..Policy::default() },
        Policy { allowed_categories: twice, ..Policy::default() },
    ] {
        fails(gateway.policy_put(payer.clone(), policy).await, "INVALID_REQUEST");
    }
    for amount in [0, -5, i64::MAX] {
        let top_up = TopUpNew::new(amount, Currency::INR, None);
        fails(gateway.wallet_top_up(payer.clone(), top_up).await, "INVALID_REQUEST");
    }
    let foreign: Currency = "USD".parse().unwrap_or(Currency::INR);
    let foreign = TopUpNew::new(5, foreign, None);
    fails(gateway.wallet_top_up(payer.clone(), foreign).await, "INVALID_REQUEST");
    for owner in ["a/b", "-a", " ", "ä"].map(str::to_owned) {
        fails(gateway.wallet_get(owner.clone()).await, "INVALID_REQUEST");
        fails(gateway.wallet_transactions(owner.clone(), 1, 10).await, "INVALID_REQUEST");
        fails(gateway.policy_get(owner.clone()).await, "INVALID_REQUEST");
        fails(gateway.policy_put(owner.clone(), Policy::default()).await, "INVALID_REQUEST");
        let top_up = TopUpNew::new(5, Currency::INR, None);
        fails(gateway.wallet_top_up(owner, top_up).await, "INVALID_REQUEST");
    }
    let mandate = issue(gateway, &intent).await;
    fails(gateway.mandate_void(mandate.mandate_id, "x".repeat(501)).await, "INVALID_REQUEST");
    for key in ["", "two words", "two\nlines"] {
        let keyed = Execute { idempotency_key: Some(key.to_owned()), ..execution(mandate.mandate_id) };
        fails(gateway.execute(keyed).await, "INVALID_REQUEST");
    }
    must(gateway.mandate_void(mandate.mandate_id, String::new()).await, "what was refused changed nothing");
    fails(gateway.wallet_transactions(payer.clone(), 0, 10).await, "INVALID_REQUEST");
    fails(gateway.wallet_transactions(payer.clone(), 1, 101).await, "INVALID_REQUEST");
    assert_balances(gateway, &payer, 100, 0).await;
}

/// Unknown ids are not found, each by its own code.
pub async fn what_does_not_exist_is_said_so(gateway: &dyn PaymentGateway) {
    let at = Timestamp::from_micros(0);
    let intent_id = IntentId::generate(at);
    fails(gateway.intent_get(intent_id).await, "INTENT_NOT_FOUND");
    fails(gateway.mandate_issue(MandateNew { intent_id, ttl_seconds: None }).await, "INTENT_NOT_FOUND");
    let mandate_id = MandateId::generate(at);
    fails(gateway.mandate_get(mandate_id).await, "MANDATE_NOT_FOUND");
    fails(gateway.mandate_void(mandate_id, String::new()).await, "MANDATE_NOT_FOUND");
    fails(gateway.execute(execution(mandate_id)).await, "MANDATE_NOT_FOUND");
}

/// A mandate's AP2 pair verifies, stays the same, and comes with receipts once it was executed.
pub async fn mandates_are_told_to_other_systems(gateway: &dyn PaymentGateway) {
    let payer = payer(gateway, 100).await;
    let mandate = issue(gateway, &intend(gateway, &payer, 50).await).await;
    let keys = must(gateway.jwks().await, "keys are published");
    let told = must(gateway.mandate_ap2(mandate.mandate_id).await, "a mandate can be told");
    assert!(told.receipts.is_none(), "nobody tried to execute it");
    let (verified, _) = told
        .verify(Some(&keys), Some(mandate.issued_at))
        .unwrap_or_else(|error| panic!("the pair verifies: {error}"));
    assert_eq!(
        (verified.payment.payment_amount.amount, verified.checkout.mandate_id),
        (50, mandate.mandate_id)
    );
    assert_eq!(verified.payment.payment_instrument.id, payer);
    let paid = must(gateway.execute(execution(mandate.mandate_id)).await, "telling leaves it usable");
    let again = must(gateway.mandate_ap2(mandate.mandate_id).await, "a mandate can be told again");
    assert_eq!(again.pair, told.pair, "the texts of a pair stay the same");
    let (_, receipt) =
        again.verify(Some(&keys), None).unwrap_or_else(|error| panic!("the receipts verify: {error}"));
    assert_eq!(receipt.map(|receipt| receipt.payment_id), Some(paid.payment_id.to_string()));
    let unknown = MandateId::generate(Timestamp::from_micros(0));
    fails(gateway.mandate_ap2(unknown).await, "MANDATE_NOT_FOUND");
}

/// A top-up stays to be seen by its owner alone, also one that waits; a webhook nobody signed is refused.
pub async fn top_ups_can_be_looked_at(gateway: &dyn PaymentGateway) {
    let (payer, other) = (payer(gateway, 70).await, new_payer());
    let scenario = Some("pending".into());
    let waits = TopUpNew { scenario, ..TopUpNew::new(30, Currency::INR, Some("waits".into())) };
    let waits = must(gateway.wallet_top_up(payer.clone(), waits).await, "the sandbox takes scenarios");
    assert_eq!((waits.status, waits.credited), (TopUpStatus::Pending, 0));
    let seen = must(gateway.top_up_get(payer.clone(), waits.top_up_id).await, "a top-up can be read");
    assert_eq!(seen, waits);
    // Which is newer of two within one millisecond is nobody's promise.
    let page = must(gateway.top_up_list(payer.clone(), 1, 10).await, "top-ups are listed");
    assert_eq!((page.total, page.top_ups.len(), page.top_ups.contains(&waits)), (2, 2, true));
    fails(gateway.top_up_get(other, waits.top_up_id).await, "TOP_UP_NOT_FOUND");
    fails(gateway.top_up_list(payer.clone(), 0, 1).await, "INVALID_REQUEST");
    let body = format!(r#"{{"type": "charge.paid", "charge_id": "{}", "amount": 30}}"#, waits.top_up_id);
    let headers = vec![("sandbox-signature".into(), format!("t=1,v1={}", "00".repeat(32)))];
    let forged = ProviderWebhook { provider: "sandbox".into(), headers, body: body.into_bytes() };
    fails(gateway.provider_webhook(forged).await, "WEBHOOK_REFUSED");
    assert_balances(gateway, &payer, 70, 0).await;
}

fn new_payer() -> String {
    UserId::generate(Timestamp::from_micros(0)).to_string()
}

/// A payer nobody used before, with money.
async fn payer(gateway: &dyn PaymentGateway, amount: i64) -> String {
    let payer = new_payer();
    fund(gateway, &payer, amount).await;
    payer
}

async fn fund(gateway: &dyn PaymentGateway, payer: &str, amount: i64) {
    let new = TopUpNew::new(amount, Currency::INR, None);
    let top_up = must(gateway.wallet_top_up(payer.to_owned(), new).await, "test money comes");
    assert_eq!((top_up.status, top_up.amount), (TopUpStatus::Settled, amount));
}

fn intent_new(payer: &str, amount: i64) -> IntentNew {
    let metadata: Map<String, Value> = [
        ("execution_id", json!(ExecutionId::generate(Timestamp::from_micros(0)))),
        ("agent_definition_id", json!("agt_def_conformance")),
        ("agent_slug", json!("csv-profiler")),
        ("agent_version", json!("1.0.0")),
        ("category", json!("data")),
        ("developer_id", json!("dev_conformance")),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect();
    IntentNew {
        agent_id: payer.to_owned(),
        vendor: "frameos_marketplace".into(),
        amount,
        currency: Currency::INR,
        description: "CSV profiler: one run".into(),
        metadata,
        idempotency_key: None,
    }
}

async fn intend(gateway: &dyn PaymentGateway, payer: &str, amount: i64) -> Intent {
    must(gateway.intent_create(intent_new(payer, amount)).await, "an intent can be made")
}

fn mandate_new(intent: &Intent) -> MandateNew {
    MandateNew { intent_id: intent.intent_id, ttl_seconds: Some(600) }
}

async fn issue(gateway: &dyn PaymentGateway, intent: &Intent) -> MandateState {
    must(gateway.mandate_issue(mandate_new(intent)).await, "a mandate is issued")
}

const fn execution(mandate_id: MandateId) -> Execute {
    Execute { mandate_id, amount: None, idempotency_key: None }
}

async fn assert_balances(gateway: &dyn PaymentGateway, payer: &str, available: i64, held: i64) {
    let wallet = must(gateway.wallet_get(payer.to_owned()).await, "a wallet can be read");
    assert_eq!(
        (wallet.available, wallet.held, wallet.currency),
        (available, held, Currency::INR),
        "of {payer}"
    );
}

fn must<T>(answer: Result<T, GatewayError>, promise: &str) -> T {
    answer.unwrap_or_else(|error| panic!("{promise}: {} {error} {error:?}", error.code()))
}

fn fails<T: Debug>(answer: Result<T, GatewayError>, code: &str) -> GatewayError {
    match answer {
        Err(error) if error.code() == code => error,
        other => panic!("expected {code}, got {other:?}"),
    }
}
