//! Mandates whose time is over, and budgets over midnight.

use std::time::Duration;

use frameos_domain::{clock::Clock, mandate::MandateStatus, policy::Policy, receipt::PaymentReceipt};
use frameos_gateway::GatewayError;
use frameos_store::testing::TestDb;

use crate::harness::{Bench, execute};

frameos_store::on_both_engines!(
    an_overdue_mandate_is_refused_with_a_receipt_and_releases,
    the_job_releases_only_what_is_overdue,
    budgets_start_anew_each_day_and_release_into_their_own,
);

async fn an_overdue_mandate_is_refused_with_a_receipt_and_releases(db: TestDb) {
    let bench = Bench::new(&db.store);
    bench.fund("u1", 100).await;
    let mandate = bench.issue("u1", 60).await.unwrap();
    bench.clock.advance(Duration::from_secs(600));
    let refusal = bench.gateway.execute(execute(&mandate)).await.unwrap_err();
    let GatewayError::MandateExpired { receipt: Some(proof), .. } = refusal else { panic!("{refusal:?}") };
    let receipt = PaymentReceipt::verify(&proof.jws, Some(&bench.gateway.jwks())).unwrap();
    assert_eq!((receipt.reason.as_deref(), receipt.payment_id), (Some("MANDATE_EXPIRED"), None));
    assert_eq!(bench.gateway.receipt_get(receipt.id).await.unwrap(), *proof);
    assert_eq!(bench.balances("u1").await, (100, 0));
    assert_eq!(bench.gateway.mandates_expire(bench.clock.now()).await.unwrap(), 0);
    bench.assert_whole().await;
}

async fn the_job_releases_only_what_is_overdue(db: TestDb) {
    let bench = Bench::new(&db.store);
    bench.fund("u1", 1_000).await;
    let mut early = Vec::new();
    for _ in 0..5 {
        early.push(bench.issue("u1", 10).await.unwrap());
    }
    bench.gateway.execute(execute(&early[0])).await.unwrap();
    bench.gateway.mandate_void(early[1].mandate_id, String::new()).await.unwrap();
    bench.clock.advance(Duration::from_secs(300));
    let late = bench.issue("u1", 10).await.unwrap();
    bench.clock.advance(Duration::from_secs(300));
    let now = bench.clock.now();
    let (one, two) = tokio::join!(bench.gateway.mandates_expire(now), bench.gateway.mandates_expire(now));
    assert_eq!(one.unwrap() + two.unwrap(), 3);
    assert_eq!(bench.balances("u1").await, (980, 10));
    let standing = bench.gateway.mandate_get(early[2].mandate_id).await.unwrap();
    assert_eq!(standing.status, MandateStatus::Expired);
    bench.gateway.execute(execute(&late)).await.unwrap();
    bench.assert_whole().await;
}

async fn budgets_start_anew_each_day_and_release_into_their_own(db: TestDb) {
    let bench = Bench::new(&db.store);
    bench.fund("u1", 1_000).await;
    let policy = Policy { daily_limit: Some(100), monthly_limit: Some(150), ..Policy::default() };
    bench.gateway.policy_put("u1".to_owned(), policy).await.unwrap();
    let first = bench.issue("u1", 100).await.unwrap();
    assert_eq!(bench.issue("u1", 1).await.unwrap_err().code(), "POLICY_REFUSED");
    bench.clock.advance(Duration::from_secs(24 * 60 * 60));
    let refusal = bench.issue("u1", 51).await.unwrap_err();
    let GatewayError::PolicyRefused { refusal, used, .. } = refusal else { panic!("{refusal:?}") };
    assert_eq!((&*refusal.rule, used), ("monthly_limit", Some(100)));
    bench.issue("u1", 50).await.unwrap();
    // Yesterday's hold comes back today: the month has room again, today's budget is untouched.
    bench.gateway.mandate_void(first.mandate_id, String::new()).await.unwrap();
    bench.issue("u1", 50).await.unwrap();
    assert_eq!(bench.issue("u1", 1).await.unwrap_err().code(), "POLICY_REFUSED");
    assert_eq!(bench.balances("u1").await, (900, 100));
    bench.assert_whole().await;
}
