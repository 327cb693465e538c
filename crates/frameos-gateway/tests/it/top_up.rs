//! Top-ups through a provider that answers late, refuses, or does not answer.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU32, Ordering},
};

use frameos_domain::money::Currency;
use frameos_gateway::{
    BoxFuture, Charge, Gateway, PaymentProvider, ProviderError, Settlement,
    wire::{TopUpNew, TopUpStatus},
};
use frameos_store::{clock::SystemClock, testing::TestDb};

use crate::harness::keys;

frameos_store::on_both_engines!(
    an_unanswered_charge_is_resumed_under_its_id,
    a_refusal_credits_nothing,
    a_full_wallet_refuses
);

/// Answers what the test put in, last first; remembers what it was asked.
#[derive(Default)]
struct Scripted {
    answers: Mutex<Vec<Result<Settlement, ()>>>,
    asked: Mutex<Vec<Charge>>,
    settled: AtomicU32,
}

impl PaymentProvider for Scripted {
    fn name(&self) -> &'static str {
        "scripted"
    }

    fn charge(&self, charge: Charge) -> BoxFuture<'_, Result<Settlement, ProviderError>> {
        self.asked.lock().unwrap().push(charge);
        let answer = self.answers.lock().unwrap().pop().unwrap_or_else(|| {
            let number = self.settled.fetch_add(1, Ordering::SeqCst);
            Ok(Settlement::Settled { reference: format!("ref_{number}") })
        });
        Box::pin(async { answer.map_err(|()| ProviderError { provider: "scripted", source: None }) })
    }
}

fn gateway(db: &TestDb, answers: Vec<Result<Settlement, ()>>) -> (Gateway, Arc<Scripted>) {
    let provider = Arc::new(Scripted { answers: Mutex::new(answers), ..Scripted::default() });
    let clock = Arc::new(SystemClock);
    (Gateway::with_provider(db.store.clone(), clock, keys(), Arc::<Scripted>::clone(&provider)), provider)
}

fn top_up(amount: i64) -> TopUpNew {
    TopUpNew { amount, currency: Currency::INR, idempotency_key: Some("key".to_owned()) }
}

async fn an_unanswered_charge_is_resumed_under_its_id(db: TestDb) {
    let pending = Settlement::Pending { reference: "later".to_owned() };
    let (gateway, provider) = gateway(&db, vec![Ok(pending), Err(())]);
    let error = gateway.wallet_top_up("u1".to_owned(), top_up(100)).await.unwrap_err();
    assert_eq!(error.code(), "UNAVAILABLE");
    let waiting = gateway.wallet_top_up("u1".to_owned(), top_up(100)).await.unwrap();
    assert_eq!(waiting.status, TopUpStatus::Pending);
    assert_eq!(gateway.wallet_get("u1".to_owned()).await.unwrap().available, 0);
    let settled = gateway.wallet_top_up("u1".to_owned(), top_up(100)).await.unwrap();
    assert_eq!((settled.status, settled.top_up_id), (TopUpStatus::Settled, waiting.top_up_id));
    gateway.wallet_top_up("u1".to_owned(), top_up(100)).await.unwrap();
    let asked = provider.asked.lock().unwrap().clone();
    assert_eq!(asked.len(), 3, "a settled top-up is not charged again");
    assert!(asked.iter().all(|charge| charge.top_up_id == settled.top_up_id));
    assert_eq!(gateway.wallet_get("u1".to_owned()).await.unwrap().available, 100);
    assert_eq!(gateway.ledger_verify().await.unwrap().first_bad, None);
}

async fn a_refusal_credits_nothing(db: TestDb) {
    let refused = Settlement::Refused { reason: "card declined".to_owned() };
    let (gateway, _) = gateway(&db, vec![Ok(refused)]);
    let error = gateway.wallet_top_up("u1".to_owned(), top_up(100)).await.unwrap_err();
    assert_eq!((error.code(), error.to_string().contains("card declined")), ("PROVIDER_REFUSED", true));
    let again = gateway.wallet_top_up("u1".to_owned(), top_up(100)).await.unwrap_err();
    assert_eq!(again.code(), "PROVIDER_REFUSED", "a refused top-up stays refused under its key");
    assert_eq!(gateway.wallet_get("u1".to_owned()).await.unwrap().available, 0);
    assert_eq!(gateway.ledger_verify().await.unwrap().first_bad, None);
}

async fn a_full_wallet_refuses(db: TestDb) {
    let (gateway, _) = gateway(&db, Vec::new());
    let most = 1_000_000_000_000;
    let keyed = |key: u32| TopUpNew { idempotency_key: Some(key.to_string()), ..top_up(most) };
    // 2^53 − 1 minor units are the most a wallet can carry without losing a unit in JSON.
    let sql_full = 9_007_199_254_740_991 / most;
    for key in 0..3 {
        gateway.wallet_top_up("u1".to_owned(), keyed(key)).await.unwrap();
    }
    db.store
        .tx(move |tx| {
            Box::pin(async move {
                let sql = "UPDATE wallets SET available = $1";
                tx.execute(sql, &frameos_store::params![sql_full * most]).await
            })
        })
        .await
        .unwrap();
    let error = gateway.wallet_top_up("u1".to_owned(), keyed(9)).await.unwrap_err();
    assert_eq!(error.code(), "INVALID_REQUEST");
    assert_eq!(gateway.wallet_get("u1".to_owned()).await.unwrap().available, sql_full * most);
}
