//! Charges of metered runs: of the attempt that counts, and never changed.

use frameos_domain::{
    pricing::{RunTerms, Usage, UsageEvent},
    usage::Charge,
};
use frameos_store::{
    charge::{charges_insert, charges_list_unscoped},
    execution::{execution_get_unscoped, execution_insert},
    on_both_engines, params,
    testing::TestDb,
};

use crate::fixture::{World, at, read, tx};

on_both_engines!(attempts_count_apart, charges_are_never_changed, terms_stay_with_their_run);

fn charge(event: &str, amount: i64) -> Charge {
    Charge { event: event.into(), count: 2, unit_price: 25, amount }
}

async fn attempts_count_apart(db: TestDb) {
    let world = World::new(db).await;
    let id = world.execution().await;
    let (first, second) = (vec![charge("page", 50)], vec![charge("kb", 0), charge("page", 10)]);
    let expected = second.clone();
    tx!(world.store(), |tx| charges_insert(tx, id, 1, &first, at(1)));
    tx!(world.store(), |tx| charges_insert(tx, id, 2, &second, at(2)));
    assert_eq!(read!(world.store(), |tx| charges_list_unscoped(tx, id, 2)), expected);
    assert_eq!(read!(world.store(), |tx| charges_list_unscoped(tx, id, 3)), []);
}

async fn charges_are_never_changed(db: TestDb) {
    let world = World::new(db).await;
    let id = world.execution().await;
    let charges = vec![charge("page", 50)];
    let stored = charges.clone();
    tx!(world.store(), |tx| charges_insert(tx, id, 1, &stored, at(1)));
    for sql in ["UPDATE execution_charges SET amount = 1", "DELETE FROM execution_charges"] {
        let change = world.store().tx(move |tx| Box::pin(async move { tx.execute(sql, &params![]).await }));
        assert!(change.await.is_err(), "{sql}");
    }
    let again = charges.clone();
    let twice =
        world.store().tx(move |tx| Box::pin(async move { charges_insert(tx, id, 1, &again, at(1)).await }));
    assert!(twice.await.is_err(), "an attempt is charged for once");
    assert_eq!(read!(world.store(), |tx| charges_list_unscoped(tx, id, 1)), charges);
}

async fn terms_stay_with_their_run(db: TestDb) {
    let world = World::new(db).await;
    let event = UsageEvent { unit_price: 25, title: Some("Page".into()) };
    let usage = Usage { start_fee: 5, events: [("page".to_owned(), event)].into_iter().collect() };
    let terms = Some(RunTerms::Usage(usage));
    let new = frameos_store::execution::ExecutionNew { terms: terms.clone(), ..world.execution_new("k") };
    let id = new.id;
    assert!(tx!(world.store(), |tx| execution_insert(tx, &new)));
    assert_eq!(read!(world.store(), |tx| execution_get_unscoped(tx, id)).unwrap().terms, terms);
}
