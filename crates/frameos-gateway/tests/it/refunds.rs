//! Refunds: what goes back, from whom, how often, and how much at most.

use std::time::Duration;

use frameos_domain::{
    clock::Clock,
    id::{PaymentId, ReceiptId},
    money::{Currency, Money},
    policy::Policy,
    refund::RefundReceipt,
};
use frameos_gateway::{
    GatewayError,
    wire::{Execution, IntentNew, MandateNew, PayeeBalance, PayoutQuery, Refund, RefundNew},
};
use frameos_store::{
    gateway::{
        ledger::{LedgerKind, ledger_post},
        payment::{PaymentRow, payment_insert},
        posting::{AccountKind, Postings},
    },
    testing::TestDb,
};

use crate::harness::{Bench, execute, intent, keys};

frameos_store::on_both_engines!(
    a_refund_reverses_the_split,
    a_key_refunds_once,
    after_thirty_days_nothing_goes_back,
    refunds_at_once_never_exceed_the_payment,
    budgets_are_given_back,
    the_caller_of_an_agent_earns_and_gives_back_the_orchestrators_share,
    what_was_paid_outside_is_not_refunded_here,
    an_altered_refund_is_named
);

const DAY: Duration = Duration::from_secs(24 * 3600);

/// A paid run of the developer's agent, called by another developer's if `orchestrator` says so.
pub(crate) async fn pay(
    bench: &Bench,
    developer: &str,
    amount: i64,
    orchestrator: Option<&str>,
) -> Execution {
    bench.fund("u1", amount).await;
    let mut new: IntentNew = intent("u1", amount);
    new.metadata.insert("developer_id".into(), developer.into());
    if let Some(owner) = orchestrator {
        new.metadata.insert("orchestrator".into(), owner.into());
    }
    let intent = bench.gateway.intent_create(new).await.unwrap();
    let mandate = MandateNew { intent_id: intent.intent_id, ttl_seconds: Some(600) };
    let mandate = bench.gateway.mandate_issue(mandate).await.unwrap();
    bench.gateway.execute(execute(&mandate)).await.unwrap()
}

pub(crate) async fn balance(bench: &Bench, payee: &str) -> PayeeBalance {
    let query = PayoutQuery { payee: Some(payee.to_owned()), page: 1, limit: 1 };
    bench.gateway.payout_list(query).await.unwrap().balance.unwrap()
}

pub(crate) async fn refund(
    bench: &Bench,
    payment: PaymentId,
    amount: Option<i64>,
    key: &str,
) -> Result<Refund, GatewayError> {
    let refund = RefundNew { amount, reason: "it did not help".into(), idempotency_key: key.to_owned() };
    bench.gateway.payment_refund(payment, refund).await
}

async fn a_refund_reverses_the_split(db: TestDb) {
    let bench = Bench::new(&db.store);
    let paid = pay(&bench, "dev_a", 105, None).await;
    assert_eq!(balance(&bench, "dev_a").await.payable, 73);
    let first = refund(&bench, paid.payment_id, Some(50), "one").await.unwrap();
    let parts = (first.split.developer, first.split.platform, first.split.orchestrator);
    assert_eq!((first.amount, first.refunded_total, parts.0 + parts.1 + parts.2), (50, 50, 50));
    assert_eq!(balance(&bench, "dev_a").await.payable, 73 - parts.0);
    assert_eq!(bench.balances("u1").await, (50, 0));
    let rest = refund(&bench, paid.payment_id, None, "two").await.unwrap();
    assert_eq!((rest.amount, rest.refunded_total), (55, 105));
    let both = (parts.0 + rest.split.developer, parts.1 + rest.split.platform);
    assert_eq!(both, (paid.split.developer, paid.split.platform));
    assert_eq!((balance(&bench, "dev_a").await.payable, bench.balances("u1").await), (0, (105, 0)));
    let more = refund(&bench, paid.payment_id, Some(1), "three").await.unwrap_err();
    assert_eq!(more.code(), "REFUND_TOO_MUCH");
    let receipt = RefundReceipt::verify(&first.receipt_jws, Some(&keys().set())).unwrap();
    assert_eq!((receipt.id, receipt.amount, receipt.payment_id), (first.refund_id, 50, paid.payment_id));
    assert_eq!(receipt.ledger_hash, first.ledger_hash);
    bench.assert_whole().await;
    assert_eq!(bench.gateway.ledger_verify().await.unwrap().refunds, 2);
}

async fn a_key_refunds_once(db: TestDb) {
    let bench = Bench::new(&db.store);
    let paid = pay(&bench, "dev_a", 100, None).await;
    let first = refund(&bench, paid.payment_id, Some(40), "key").await.unwrap();
    assert_eq!(refund(&bench, paid.payment_id, Some(40), "key").await.unwrap(), first);
    let other = refund(&bench, paid.payment_id, None, "key").await.unwrap_err();
    assert_eq!(other.code(), "IDEMPOTENCY_CONFLICT");
    let unknown = refund(&bench, PaymentId::generate(bench.clock.now()), None, "key").await.unwrap_err();
    assert_eq!(unknown.code(), "PAYMENT_NOT_FOUND");
    for (amount, key, reason) in [(Some(0), "k", "why"), (Some(1), "", "why"), (Some(1), "k", " ")] {
        let refund = RefundNew { amount, reason: reason.into(), idempotency_key: key.into() };
        let error = bench.gateway.payment_refund(paid.payment_id, refund).await.unwrap_err();
        assert_eq!(error.code(), "INVALID_REQUEST");
    }
    assert_eq!(bench.balances("u1").await, (40, 0));
    bench.assert_whole().await;
}

async fn after_thirty_days_nothing_goes_back(db: TestDb) {
    let bench = Bench::new(&db.store);
    let paid = pay(&bench, "dev_a", 100, None).await;
    bench.clock.advance(30 * DAY);
    let first = refund(&bench, paid.payment_id, Some(10), "last-day").await.unwrap();
    bench.clock.advance(Duration::from_micros(1));
    let late = refund(&bench, paid.payment_id, Some(10), "late").await.unwrap_err();
    assert_eq!(late.code(), "REFUND_TOO_LATE");
    // What was done in time is still told.
    assert_eq!(refund(&bench, paid.payment_id, Some(10), "last-day").await.unwrap(), first);
    bench.assert_whole().await;
}

async fn refunds_at_once_never_exceed_the_payment(db: TestDb) {
    let bench = Bench::new(&db.store);
    let paid = pay(&bench, "dev_a", 100, None).await;
    let tasks = (0..12).map(|number| {
        let (gateway, id) = (bench.gateway.clone(), paid.payment_id);
        // Every key is used by two callers.
        let refund = RefundNew {
            amount: Some(30),
            reason: "at once".into(),
            idempotency_key: (number / 2).to_string(),
        };
        tokio::spawn(async move { gateway.payment_refund(id, refund).await })
    });
    let mut done = std::collections::BTreeMap::new();
    for task in tasks.collect::<Vec<_>>() {
        match task.await.unwrap() {
            Ok(refund) => {
                let known = done.entry(refund.refund_id).or_insert_with(|| refund.clone());
                assert_eq!(*known, refund);
            }
            Err(error) => assert_eq!(error.code(), "REFUND_TOO_MUCH"),
        }
    }
    assert_eq!((done.len(), bench.balances("u1").await), (3, (90, 0)));
    bench.assert_whole().await;
}

async fn budgets_are_given_back(db: TestDb) {
    let bench = Bench::new(&db.store);
    let policy = Policy { daily_limit: Some(100), ..Policy::default() };
    bench.gateway.policy_put("u1".into(), policy).await.unwrap();
    let paid = pay(&bench, "dev_a", 100, None).await;
    assert_eq!(bench.issue("u1", 60).await.unwrap_err().code(), "POLICY_REFUSED");
    refund(&bench, paid.payment_id, Some(60), "key").await.unwrap();
    bench.issue("u1", 60).await.unwrap();
    bench.assert_whole().await;
}

async fn the_caller_of_an_agent_earns_and_gives_back_the_orchestrators_share(db: TestDb) {
    let bench = Bench::new(&db.store);
    let paid = pay(&bench, "dev_called", 200, Some("dev_caller")).await;
    let earned = (balance(&bench, "dev_called").await.payable, balance(&bench, "dev_caller").await.payable);
    assert_eq!((earned, balance(&bench, "orchestrator").await.payable), ((140, 20), 0));
    let back = refund(&bench, paid.payment_id, None, "key").await.unwrap();
    assert_eq!((back.split.developer, back.split.orchestrator), (140, 20));
    let left = (balance(&bench, "dev_called").await.payable, balance(&bench, "dev_caller").await.payable);
    assert_eq!(left, (0, 0));
    pay(&bench, "dev_called", 200, None).await;
    assert_eq!(balance(&bench, "orchestrator").await.payable, 20, "the platform's, when nobody called");
    let mut forged = intent("u1", 1);
    forged.metadata.insert("orchestrator".into(), "no name".into());
    assert_eq!(bench.gateway.intent_create(forged).await.unwrap_err().code(), "INVALID_REQUEST");
    bench.assert_whole().await;
}

async fn what_was_paid_outside_is_not_refunded_here(db: TestDb) {
    let bench = Bench::new(&db.store);
    bench.fund("u1", 100).await;
    let mandate = bench.issue("u1", 100).await.unwrap();
    let now = bench.clock.now();
    let id = PaymentId::generate(now);
    db.store
        .tx(move |tx| {
            Box::pin(async move {
                let money = Money::new(100, Currency::INR);
                let from = (AccountKind::ProviderClearing, "x402");
                let postings = Postings::transfer(from, (AccountKind::DeveloperPayable, "dev_a"), money);
                let kind = LedgerKind::DirectSale;
                let posted = ledger_post(tx, kind, &id.to_string(), &postings.unwrap(), now).await?;
                let row = PaymentRow {
                    id,
                    mandate_id: mandate.mandate_id,
                    agent_id: "u1".into(),
                    amount: 100,
                    currency: Currency::INR,
                    developer: "dev_a".into(),
                    developer_amount: 100,
                    platform_amount: 0,
                    orchestrator_amount: 0,
                    ledger_transaction_id: posted.id,
                    ledger_hash: posted.hash,
                    receipt_id: ReceiptId::generate(now),
                    idempotency_key: None,
                    created_at: now,
                };
                payment_insert(tx, &row).await
            })
        })
        .await
        .unwrap();
    let error = refund(&bench, id, None, "key").await.unwrap_err();
    assert_eq!(error.code(), "REFUND_NOT_OFFERED");
}

async fn an_altered_refund_is_named(db: TestDb) {
    let bench = Bench::new(&db.store);
    let paid = pay(&bench, "dev_a", 100, None).await;
    refund(&bench, paid.payment_id, Some(30), "key").await.unwrap();
    for sql in ["UPDATE refunds SET amount = 1", "DELETE FROM refunds"] {
        let result = db.store.tx(move |tx| Box::pin(async move { tx.execute(sql, &[]).await })).await;
        assert!(matches!(result, Err(frameos_store::StoreError::Refused { .. })), "{sql}: {result:?}");
    }
    let sql = "UPDATE refund_totals SET refunded = refunded - 1";
    db.store.tx(move |tx| Box::pin(async move { tx.execute(sql, &[]).await })).await.unwrap();
    let report = bench.gateway.ledger_verify().await.unwrap();
    assert!(!report.payouts_agree && report.mandates_agree);
    assert_eq!(report.first_bad.unwrap().entry, paid.payment_id.to_string());
}
