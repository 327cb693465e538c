//! A purchase as part of the caller's transaction: kept with it, undone with it, and otherwise like any other.

use std::time::Duration;

use frameos_gateway::{Decision, GatewayError, PaymentGateway, Purchase, purchase_place, wire::IntentNew};
use frameos_store::{Store, StoreError, params, testing::TestDb};

use crate::harness::{Bench, intent};

frameos_store::on_both_engines!(
    it_is_kept_with_what_it_is_for,
    a_refusal_undoes_what_it_was_for,
    the_caller_may_undo_it,
    only_its_own_store_may_be_joined,
);

const TTL: Duration = Duration::from_secs(600);
const NOTE: &str = "INSERT INTO settings (name, value) VALUES ($1, 'bought')";

/// Notes something and buys in one transaction, which may end by the caller's own error.
async fn buy(store: &Store, purchase: Purchase, fails: bool) -> Decision<()> {
    let work = store.tx(move |tx| {
        Box::pin(async move {
            tx.execute(NOTE, &params!["note"]).await?;
            let placed = purchase_place(tx, purchase).await?;
            if fails { Err(StoreError::Corrupt { what: "on purpose".into() }) } else { Ok(placed) }
        })
    });
    work.await
}

async fn notes(store: &Store) -> i64 {
    let count = "SELECT COUNT(*) FROM settings WHERE name = 'note'";
    store.read(move |tx| Box::pin(async move { tx.query_one(count, &[]).await?.get(0) })).await.unwrap()
}

fn prepare(bench: &Bench, amount: i64) -> Purchase {
    let new = IntentNew { idempotency_key: Some("run".into()), ..intent("u1", amount) };
    bench.gateway.purchase_prepare(new, TTL).unwrap()
}

async fn it_is_kept_with_what_it_is_for(db: TestDb) {
    let bench = Bench::new(&db.store);
    bench.fund("u1", 100).await;
    let purchase = prepare(&bench, 60);
    let (intent_id, mandate_id) = (purchase.intent_id(), purchase.mandate_id());
    buy(&db.store, purchase, false).await.unwrap().unwrap();
    assert_eq!((bench.balances("u1").await, notes(&db.store).await), ((40, 60), 1));
    // The steps one by one find what is there already.
    let again = IntentNew { idempotency_key: Some("run".into()), ..intent("u1", 60) };
    assert_eq!(bench.gateway.intent_create(again).await.unwrap().intent_id, intent_id);
    assert_eq!(bench.gateway.mandate_get(mandate_id).await.unwrap().intent_id, intent_id);
    bench.assert_whole().await;
    bench.gateway.mandate_void(mandate_id, "test".into()).await.unwrap();
    assert_eq!(bench.balances("u1").await, (100, 0));
    bench.assert_whole().await;
}

async fn a_refusal_undoes_what_it_was_for(db: TestDb) {
    let bench = Bench::new(&db.store);
    bench.fund("u1", 50).await;
    let refused = buy(&db.store, prepare(&bench, 60), false).await.unwrap();
    assert!(
        matches!(refused, Err(GatewayError::InsufficientFunds { available: 50, needed: 60, .. })),
        "{refused:?}"
    );
    assert_eq!((bench.balances("u1").await, notes(&db.store).await), ((50, 0), 0));
    buy(&db.store, prepare(&bench, 50), false).await.unwrap().unwrap();
    assert_eq!((bench.balances("u1").await, notes(&db.store).await), ((0, 50), 1));
    bench.assert_whole().await;
}

async fn the_caller_may_undo_it(db: TestDb) {
    let bench = Bench::new(&db.store);
    bench.fund("u1", 100).await;
    buy(&db.store, prepare(&bench, 60), true).await.unwrap_err();
    assert_eq!((bench.balances("u1").await, notes(&db.store).await), ((100, 0), 0));
    bench.assert_whole().await;
}

async fn only_its_own_store_may_be_joined(db: TestDb) {
    let bench = Bench::new(&db.store);
    let same_database = Store::open(db.config.clone()).await.unwrap();
    assert!(bench.gateway.in_store(&db.store.clone()).is_some());
    assert!(bench.gateway.in_store(&same_database).is_none());
}
