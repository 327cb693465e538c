//! Free runs: never one too many.

use frameos_store::{
    free_run::{free_run_return, free_run_take, free_run_used},
    on_both_engines,
    testing::TestDb,
};

use crate::fixture::{World, read, tx};

on_both_engines!(no_interleaving_takes_too_many, months_count_apart_and_runs_come_back);

async fn no_interleaving_takes_too_many(db: TestDb) {
    let world = World::new(db).await;
    let (user, agent) = (world.user, world.agent);
    let takers: Vec<_> = (0..20)
        .map(|_| {
            let store = world.store().clone();
            tokio::spawn(async move { tx!(store, |tx| free_run_take(tx, user, agent, "2026-11", 5)) })
        })
        .collect();
    let mut taken = 0;
    for taker in takers {
        taken += i64::from(taker.await.unwrap());
    }
    assert_eq!(taken, 5);
    assert_eq!(read!(world.store(), |tx| free_run_used(tx, user, agent, "2026-11")), 5);
}

async fn months_count_apart_and_runs_come_back(db: TestDb) {
    let world = World::new(db).await;
    let (store, user, agent) = (world.store(), world.user, world.agent);
    assert!(!tx!(store, |tx| free_run_take(tx, user, agent, "2026-11", 0)));
    assert!(tx!(store, |tx| free_run_take(tx, user, agent, "2026-11", 1)));
    assert!(!tx!(store, |tx| free_run_take(tx, user, agent, "2026-11", 1)));
    assert!(tx!(store, |tx| free_run_take(tx, user, agent, "2026-12", 1)));
    tx!(store, |tx| free_run_return(tx, user, agent, "2026-11"));
    tx!(store, |tx| free_run_return(tx, user, agent, "2026-11"));
    assert_eq!(read!(store, |tx| free_run_used(tx, user, agent, "2026-11")), 0, "never below zero");
    assert!(tx!(store, |tx| free_run_take(tx, user, agent, "2026-11", 1)));
}
