//! What is told of a run while it goes on: by its holder only, to its user only, and never beyond the attempt.

use std::time::Duration;

use frameos_domain::{id::ExecutionId, receipt::Resources};
use frameos_store::{
    Store,
    live::{Live, Progress, live_get, live_set},
    on_both_engines,
    testing::TestDb,
    ticket::{ClaimRules, Lease, Ticket, ticket_claim, ticket_release, ticket_to_settle},
};
use serde_json::json;

use crate::fixture::{World, at, read, tx, user};

on_both_engines!(
    the_holder_tells_and_the_user_reads,
    an_older_attempt_tells_nothing,
    the_result_clears_it,
    it_is_encrypted
);

fn live(wall_ms: i64) -> Live {
    let progress = Progress { fraction: 0.5, message: "s3cret-half".into() };
    Live { resources: Some(Resources { wall_ms, ..Resources::default() }), progress: Some(progress) }
}

async fn claim(store: &Store, owner: &'static str, now: i64) -> Ticket {
    let lease = Lease { owner: owner.into(), now: at(now), until: at(now).plus(Duration::from_secs(30)) };
    tx!(store, |tx| ticket_claim(tx, &lease, &["hash".to_owned()], ClaimRules::default())).pop().unwrap()
}

async fn tell(store: &Store, ticket: &Ticket, owner: &'static str, told: Live) -> bool {
    let ticket = ticket.clone();
    tx!(store, |tx| live_set(tx, &ticket, owner, &told))
}

async fn seen(world: &World, run: ExecutionId) -> Option<Live> {
    let owner = world.user;
    read!(world.store(), |tx| live_get(tx, owner, run))
}

async fn the_holder_tells_and_the_user_reads(db: TestDb) {
    let world = World::new(db).await;
    let store = world.store();
    let (run, _) = world.queued(world.user, 0).await;
    let ticket = claim(store, "w", 10).await;
    assert_eq!(seen(&world, run).await, None);
    assert!(tell(store, &ticket, "w", live(1)).await);
    assert!(tell(store, &ticket, "w", live(2)).await);
    assert!(!tell(store, &ticket, "thief", live(3)).await);
    assert_eq!(seen(&world, run).await, Some(live(2)));
    let other = user(store, "other@example.com").await;
    assert_eq!(read!(store, |tx| live_get(tx, other, run)), None);
}

async fn an_older_attempt_tells_nothing(db: TestDb) {
    let world = World::new(db).await;
    let store = world.store();
    let (run, _) = world.queued(world.user, 0).await;
    let old = claim(store, "w", 10).await;
    assert!(tell(store, &old, "w", live(1)).await);
    let new = claim(store, "w", 40).await;
    assert_eq!(seen(&world, run).await, None, "a claim starts afresh");
    assert!(!tell(store, &old, "w", live(2)).await);
    assert!(tell(store, &new, "w", live(3)).await);
    assert!(!tell(store, &old, "w", live(4)).await);
    assert_eq!(seen(&world, run).await, Some(live(3)));
    let (id, attempt) = (new.id, new.attempt);
    assert!(tx!(store, |tx| ticket_release(tx, id, attempt, "w", at(50))));
    assert_eq!(seen(&world, run).await, None, "a waiting run uses nothing");
    assert!(!tell(store, &new, "w", live(5)).await);
}

async fn the_result_clears_it(db: TestDb) {
    let world = World::new(db).await;
    let store = world.store();
    let (run, _) = world.queued(world.user, 0).await;
    let ticket = claim(store, "w", 10).await;
    assert!(tell(store, &ticket, "w", live(1)).await);
    let (id, attempt) = (ticket.id, ticket.attempt);
    assert!(tx!(store, |tx| ticket_to_settle(tx, id, attempt, "w", &json!({"end": "success"}))));
    assert_eq!(seen(&world, run).await, None);
    assert!(!tell(store, &ticket, "w", live(2)).await, "late, though the lease is held");
    assert_eq!(seen(&world, run).await, None);
}

async fn it_is_encrypted(db: TestDb) {
    let world = World::new(db).await;
    let store = world.store();
    world.queued(world.user, 0).await;
    let ticket = claim(store, "w", 10).await;
    assert!(tell(store, &ticket, "w", live(1)).await);
    let raw: Vec<u8> =
        read!(store, |tx| async { tx.query_one("SELECT live FROM tickets", &[]).await?.get(0) });
    assert!(!raw.windows(6).any(|part| part == b"s3cret"));
    let raw: Vec<u8> =
        read!(store, |tx| async { tx.query_one("SELECT said FROM tickets", &[]).await?.get(0) });
    assert!(!raw.windows(6).any(|part| part == b"s3cret"));
}
