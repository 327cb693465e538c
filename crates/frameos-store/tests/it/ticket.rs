//! The queue: exclusive claims, fencing, fairness.

use std::{collections::BTreeSet, time::Duration};

use frameos_domain::{clock::Timestamp, id::TicketId};
use frameos_store::{
    Store, on_both_engines,
    testing::TestDb,
    ticket::{
        Ticket, TicketNew, ticket_authorized, ticket_claim, ticket_delete, ticket_enqueue, ticket_position,
        ticket_release, ticket_release_all_unscoped, ticket_renew, ticket_take_unleased, ticket_to_settle,
    },
};
use serde_json::json;

use crate::fixture::{World, at, id, read, tx, user};

on_both_engines!(
    many_workers_never_share_a_ticket,
    a_lost_lease_fences_its_holder_off,
    users_take_turns,
    paid_goes_before_free_and_settling_before_both,
    a_later_time_is_respected,
    an_authorisation_becomes_a_run,
    a_restart_gives_leases_back,
);

async fn claim(store: &Store, owner: &'static str, now: i64, most: u32) -> Vec<Ticket> {
    let (now, until) = (at(now), at(now).plus(Duration::from_secs(30)));
    tx!(store, |tx| ticket_claim(tx, owner, now, until, most))
}

/// Claims one by one until the queue is empty.
async fn order(store: &Store) -> Vec<TicketId> {
    let mut found = Vec::new();
    while let Some(ticket) = claim(store, "w", 10, 1).await.pop() {
        found.push(ticket.id);
    }
    found
}

async fn many_workers_never_share_a_ticket(db: TestDb) {
    let world = World::new(db).await;
    let mut queued = BTreeSet::new();
    for _ in 0..40 {
        queued.insert(world.queued(world.user, 0).await.1);
    }
    let workers: Vec<_> = (0..8)
        .map(|worker| {
            let store = world.store().clone();
            tokio::spawn(async move {
                let mut mine = Vec::new();
                loop {
                    let got = claim(&store, "w", 10, 1 + worker % 3).await;
                    assert!(got.len() <= (1 + worker % 3) as usize);
                    if got.is_empty() {
                        return mine;
                    }
                    mine.extend(got);
                }
            })
        })
        .collect();
    let mut claimed = Vec::new();
    for worker in workers {
        claimed.extend(worker.await.unwrap());
    }
    assert_eq!(claimed.len(), 40, "each ticket once");
    assert!(claimed.iter().all(|ticket| ticket.attempt == 1));
    assert_eq!(claimed.into_iter().map(|ticket| ticket.id).collect::<BTreeSet<_>>(), queued);
}

async fn a_lost_lease_fences_its_holder_off(db: TestDb) {
    let world = World::new(db).await;
    let store = world.store();
    world.queued(world.user, 0).await;
    let old = claim(store, "old", 10, 1).await.pop().unwrap();
    assert!(claim(store, "new", 39, 1).await.is_empty(), "the lease holds until its end");
    let new = claim(store, "new", 40, 1).await.pop().unwrap();
    assert_eq!((old.id, old.attempt, new.attempt), (new.id, 1, 2));
    let (id, attempt) = (old.id, old.attempt);
    assert!(!tx!(store, |tx| ticket_renew(tx, id, attempt, "old", at(99))));
    assert!(!tx!(store, |tx| ticket_release(tx, id, attempt, "old", at(99))));
    assert!(!tx!(store, |tx| ticket_to_settle(tx, id, attempt, "old", &json!({}))));
    assert!(!tx!(store, |tx| ticket_delete(tx, id, attempt)));
    let attempt = new.attempt;
    assert!(!tx!(store, |tx| ticket_renew(tx, id, attempt, "thief", at(99))), "nor can a third");
    assert!(tx!(store, |tx| ticket_renew(tx, id, attempt, "new", at(99))));
    assert!(claim(store, "x", 98, 1).await.is_empty(), "renewed");
    assert!(tx!(store, |tx| ticket_delete(tx, id, attempt)));
}

async fn users_take_turns(db: TestDb) {
    let world = World::new(db).await;
    let store = world.store();
    let (busy, calm) = (world.user, user(store, "calm@example.com").await);
    let mut busy_tickets = Vec::new();
    for _ in 0..6 {
        busy_tickets.push(world.queued(busy, 0).await.1);
    }
    let first = claim(store, "w", 10, 1).await.pop().unwrap();
    assert_eq!(first.id, busy_tickets[0]);
    let (late, calm_ticket) = world.queued(calm, 0).await;
    let position = read!(store, |tx| ticket_position(tx, late)).unwrap();
    assert!(position <= 1, "the newcomer waits for at most one of the busy user's five: {position}");
    let found = order(store).await;
    let place = found.iter().position(|id| *id == calm_ticket).unwrap();
    assert_eq!(usize::try_from(position).unwrap(), place);
    let rest: Vec<TicketId> = found.into_iter().filter(|id| *id != calm_ticket).collect();
    assert_eq!(rest, busy_tickets[1..], "each user's own order is kept");
}

async fn paid_goes_before_free_and_settling_before_both(db: TestDb) {
    let world = World::new(db).await;
    let store = world.store();
    let (_, free) = world.queued(world.user, 1).await;
    let (_, settling) = world.queued(world.user, 0).await;
    let held = claim(store, "w", 10, 1).await.pop().unwrap();
    assert_eq!(held.id, settling);
    let (ticket, attempt) = (held.id, held.attempt);
    assert!(tx!(store, |tx| ticket_to_settle(tx, ticket, attempt, "w", &json!({"end": "success"}))));
    assert!(tx!(store, |tx| ticket_release(tx, ticket, attempt, "w", at(10))));
    let (_, paid) = world.queued(world.user, 0).await;
    let first = claim(store, "w", 10, 1).await.pop().unwrap();
    assert_eq!(
        (first.id, first.kind.as_str(), &first.payload),
        (settling, "settle", &json!({"end": "success"}))
    );
    assert_eq!(order(store).await, [paid, free]);
}

async fn a_later_time_is_respected(db: TestDb) {
    let world = World::new(db).await;
    let store = world.store();
    let (_, ticket) = world.queued(world.user, 0).await;
    let held = claim(store, "w", 10, 1).await.pop().unwrap();
    let attempt = held.attempt;
    assert!(tx!(store, |tx| ticket_release(tx, ticket, attempt, "w", at(50))));
    assert!(claim(store, "w", 49, 1).await.is_empty());
    assert_eq!(claim(store, "w", 50, 1).await.pop().unwrap().attempt, 2);
}

async fn an_authorisation_becomes_a_run(db: TestDb) {
    let world = World::new(db).await;
    let (store, run) = (world.store(), world.execution().await);
    let new = TicketNew {
        id: id(),
        kind: "authorize",
        execution_id: run,
        class: 0,
        user_id: world.user,
        run_at: at(100),
    };
    tx!(store, |tx| ticket_enqueue(tx, &new, at(2)));
    assert_eq!(read!(store, |tx| ticket_position(tx, run)), None);
    assert!(claim(store, "w", 10, 1).await.is_empty());
    assert!(tx!(store, |tx| ticket_authorized(tx, run, at(10))));
    assert!(!tx!(store, |tx| ticket_authorized(tx, run, at(10))), "only once");
    assert_eq!(read!(store, |tx| ticket_position(tx, run)), Some(0));
    let lease: (Timestamp, Timestamp) = (at(10), at(40));
    let taken = tx!(store, |tx| ticket_take_unleased(tx, run, "run", "w", lease)).unwrap();
    assert_eq!((taken.kind.as_str(), taken.attempt), ("run", 1));
    assert!(tx!(store, |tx| ticket_take_unleased(tx, run, "run", "x", lease)).is_none());
}

async fn a_restart_gives_leases_back(db: TestDb) {
    let world = World::new(db).await;
    let store = world.store();
    world.queued(world.user, 0).await;
    assert_eq!(claim(store, "gone", 10, 1).await.len(), 1);
    assert_eq!(tx!(store, |tx| ticket_release_all_unscoped(tx)), 1);
    assert_eq!(claim(store, "w", 10, 1).await.pop().unwrap().attempt, 2);
}
