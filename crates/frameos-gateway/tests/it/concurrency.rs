//! Many callers at once: money is held and captured once, whoever comes first.

use std::collections::BTreeSet;

use frameos_domain::{clock::Timestamp, id::PaymentId, mandate::MandateStatus, policy::Policy};
use frameos_gateway::{GatewayError, wire::MandateNew};
use frameos_store::testing::TestDb;
use futures::future::join_all;

use crate::harness::{Bench, execute};

frameos_store::on_both_engines!(
    fifty_mandates_for_money_for_ten,
    fifty_mandates_within_a_budget_for_ten,
    twenty_executes_are_one_payment,
    one_intent_asked_for_twenty_times_has_one_mandate,
    execute_and_void_at_once_have_one_winner,
    a_caller_who_leaves_cuts_nothing_in_half,
);

async fn fifty_mandates_for_money_for_ten(db: TestDb) {
    let bench = Bench::new(&db.store);
    bench.fund("u1", 100).await;
    let (issued, refused) = issue_fifty(&bench).await;
    assert_eq!((issued, refused.len()), (10, 40));
    assert!(refused.iter().all(|code| *code == "INSUFFICIENT_FUNDS"));
    assert_eq!(bench.balances("u1").await, (0, 100));
    bench.assert_whole().await;
}

async fn fifty_mandates_within_a_budget_for_ten(db: TestDb) {
    let bench = Bench::new(&db.store);
    bench.fund("u1", 1_000).await;
    let policy = Policy { daily_limit: Some(109), ..Policy::default() };
    bench.gateway.policy_put("u1".to_owned(), policy).await.unwrap();
    let (issued, refused) = issue_fifty(&bench).await;
    assert_eq!((issued, refused.len()), (10, 40));
    assert!(refused.iter().all(|code| *code == "POLICY_REFUSED"));
    assert_eq!(bench.balances("u1").await, (900, 100));
}

/// Fifty mandates of ten each at once: how many were issued, and why the others were not.
async fn issue_fifty(bench: &Bench) -> (usize, Vec<&'static str>) {
    let mut new: Vec<MandateNew> = Vec::new();
    for _ in 0..50 {
        new.push(bench.intend("u1", 10).await);
    }
    let answers = spread(new.into_iter().map(|new| {
        let gateway = bench.gateway.clone();
        async move { gateway.mandate_issue(new).await }
    }))
    .await;
    let refused: Vec<_> =
        answers.iter().filter_map(|answer| answer.as_ref().err()).map(GatewayError::code).collect();
    (answers.len() - refused.len(), refused)
}

async fn twenty_executes_are_one_payment(db: TestDb) {
    let bench = Bench::new(&db.store);
    bench.fund("u1", 100).await;
    let mandate = bench.issue("u1", 60).await.unwrap();
    let answers = spread((0..20).map(|_| {
        let (gateway, call) = (bench.gateway.clone(), execute(&mandate));
        async move { gateway.execute(call).await }
    }))
    .await;
    let answers: Vec<_> = answers.into_iter().map(Result::unwrap).collect();
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]));
    assert_eq!(bench.balances("u1").await, (40, 0));
    let payment = bench.gateway.payment_get(answers[0].payment_id).await.unwrap();
    assert_eq!((payment.mandate_id, payment.amount, &*payment.agent_id), (mandate.mandate_id, 60, "u1"));
    assert_eq!((payment.receipt_id, &payment.split), (answers[0].receipt_id, &answers[0].split));
    let unknown = PaymentId::generate(Timestamp::from_micros(0));
    assert_eq!(bench.gateway.payment_get(unknown).await.unwrap_err().code(), "PAYMENT_NOT_FOUND");
    let report = bench.gateway.ledger_verify().await.unwrap();
    assert_eq!((report.payments, report.receipts, report.transactions, report.first_bad), (1, 1, 3, None));
}

async fn one_intent_asked_for_twenty_times_has_one_mandate(db: TestDb) {
    let bench = Bench::new(&db.store);
    bench.fund("u1", 1_000).await;
    let new = bench.intend("u1", 60).await;
    let answers = spread((0..20).map(|_| {
        let gateway = bench.gateway.clone();
        async move { gateway.mandate_issue(new).await.unwrap().mandate_id }
    }))
    .await;
    assert_eq!(answers.into_iter().collect::<BTreeSet<_>>().len(), 1);
    assert_eq!(bench.balances("u1").await, (940, 60));
    bench.assert_whole().await;
}

async fn execute_and_void_at_once_have_one_winner(db: TestDb) {
    let bench = Bench::new(&db.store);
    bench.fund("u1", 2_000).await;
    for _ in 0..20 {
        let (before, _) = bench.balances("u1").await;
        let mandate = bench.issue("u1", 100).await.unwrap();
        let (payer, voider) = (bench.gateway.clone(), bench.gateway.clone());
        let call = execute(&mandate);
        let paid = tokio::spawn(async move { payer.execute(call).await });
        let id = mandate.mandate_id;
        let voided = tokio::spawn(async move { voider.mandate_void(id, String::new()).await });
        let (paid, voided) = (paid.await.unwrap(), voided.await.unwrap());
        let standing = bench.gateway.mandate_get(id).await.unwrap().status;
        match (paid, voided) {
            (Ok(_), Err(GatewayError::MandateExecuted { .. })) => {
                assert_eq!(standing, MandateStatus::Executed);
                assert_eq!(bench.balances("u1").await, (before - 100, 0));
            }
            (Err(GatewayError::MandateVoided { .. }), Ok(_)) => {
                assert_eq!(standing, MandateStatus::Voided);
                assert_eq!(bench.balances("u1").await, (before, 0));
            }
            other => panic!("both or neither won: {other:?}"),
        }
    }
    bench.assert_whole().await;
}

async fn a_caller_who_leaves_cuts_nothing_in_half(db: TestDb) {
    let bench = Bench::new(&db.store);
    bench.fund("u1", 100_000).await;
    let mut mandates = Vec::new();
    for round in 0..40_u32 {
        let new = bench.intend("u1", 10).await;
        // Let the call get a little further each time, then drop it.
        leave_after(round % 8, bench.gateway.mandate_issue(new)).await;
        let mandate = bench.gateway.mandate_issue(new).await.unwrap();
        leave_after(round % 5, bench.gateway.execute(execute(&mandate))).await;
        mandates.push(mandate);
    }
    for mandate in &mandates {
        bench.gateway.execute(execute(mandate)).await.unwrap();
    }
    assert_eq!(bench.balances("u1").await, (100_000 - 400, 0));
    bench.assert_whole().await;
}

/// Polls a future a few times, yielding in between, and drops it.
async fn leave_after<F: Future>(polls: u32, future: F) {
    let mut future = std::pin::pin!(future);
    for _ in 0..polls {
        if futures::poll!(future.as_mut()).is_ready() {
            return;
        }
        tokio::task::yield_now().await;
    }
}

/// Runs all at once, each in its own task.
async fn spread<F>(calls: impl Iterator<Item = F>) -> Vec<F::Output>
where
    F: Future<Output: Send + 'static> + Send + 'static,
{
    let tasks: Vec<_> = calls.map(tokio::spawn).collect();
    join_all(tasks).await.into_iter().map(Result::unwrap).collect()
}
