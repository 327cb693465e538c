//! What a run says: numbered once, by its holder or its token only, for its user only.

use std::time::Duration;

use frameos_domain::id::ExecutionId;
use frameos_store::{
    Store,
    live::{Progress, live_get},
    on_both_engines,
    run_event::{
        EVENTS_MAX, LogStream, RunEvent, RunEventKind, RunEvents, run_events_append, run_events_list,
        run_events_purge_unscoped,
    },
    run_token::{Said, run_token_check_unscoped, run_token_say_unscoped},
    testing::TestDb,
    ticket::{
        ClaimRules, Lease, Ticket, ticket_claim, ticket_release, ticket_release_all_unscoped,
        ticket_to_settle,
    },
};
use serde_json::json;

use crate::fixture::{World, at, read, tx, user};

on_both_engines!(
    events_are_numbered_and_read_by_their_user,
    only_the_holder_adds_events,
    many_events_are_read_in_parts,
    events_are_encrypted_and_forgotten,
    a_token_is_its_claims_alone,
    a_token_lives_five_minutes_at_most,
    a_token_ends_with_its_attempt,
    a_token_says_things_in_turn_with_the_worker,
    a_run_says_only_so_much,
);

fn log(message: &str) -> RunEvent {
    let kind = RunEventKind::Log { stream: LogStream::Stderr, level: None, message: message.to_owned() };
    RunEvent { at: at(11), kind }
}

async fn claim(store: &Store, owner: &'static str, now: i64) -> Ticket {
    claim_with(store, owner, now, "hash").await
}

async fn claim_with(store: &Store, owner: &'static str, now: i64, hash: &str) -> Ticket {
    let lease = Lease { owner: owner.into(), now: at(now), until: at(now).plus(Duration::from_secs(30)) };
    let hashes = [hash.to_owned()];
    tx!(store, |tx| ticket_claim(tx, &lease, &hashes, ClaimRules::default())).pop().unwrap()
}

async fn timeouts_set(store: &Store, ms: i64) {
    tx!(store, |tx| async { tx.execute("UPDATE agent_executions SET timeout_ms = $1", &[ms.into()]).await });
}

async fn add(store: &Store, ticket: &Ticket, owner: &'static str, events: Vec<RunEvent>) -> bool {
    let ticket = ticket.clone();
    tx!(store, |tx| run_events_append(tx, &ticket, owner, 1, &events))
}

async fn good(store: &Store, run: ExecutionId, hash: &'static str, now: i64) -> bool {
    read!(store, |tx| run_token_check_unscoped(tx, run, hash, at(now)))
}

async fn say(store: &Store, run: ExecutionId, hash: &'static str, said: Option<f64>) -> Said {
    tx!(store, |tx| async {
        let progress = said.map(|fraction| Progress { fraction, message: "s3cret-said".into() });
        run_token_say_unscoped(tx, run, hash, &log("by token"), progress.as_ref()).await
    })
}

async fn listed(world: &World, run: ExecutionId, after: i64) -> RunEvents {
    let owner = world.user;
    read!(world.store(), |tx| run_events_list(tx, owner, run, after))
}

fn ids(events: &RunEvents) -> Vec<i64> {
    events.events.iter().map(|(id, _)| *id).collect()
}

async fn events_are_numbered_and_read_by_their_user(db: TestDb) {
    let world = World::new(db).await;
    let store = world.store();
    let (run, _) = world.queued(world.user, 0).await;
    let ticket = claim(store, "w", 10).await;
    assert!(add(store, &ticket, "w", vec![log("a"), log("b")]).await);
    assert!(add(store, &ticket, "w", vec![]).await);
    assert!(add(store, &ticket, "w", vec![log("c")]).await);
    let all = listed(&world, run, 0).await;
    assert_eq!(all.events, [(1_000_001, log("a")), (1_000_002, log("b")), (1_000_003, log("c"))]);
    assert!(all.complete);
    assert_eq!(ids(&listed(&world, run, 1_000_001).await), [1_000_002, 1_000_003], "from within a row");
    assert_eq!(ids(&listed(&world, run, 1_000_003).await), [0_i64; 0]);
    let other = user(store, "other@example.com").await;
    assert_eq!(read!(store, |tx| run_events_list(tx, other, run, 0)).events, []);
}

async fn only_the_holder_adds_events(db: TestDb) {
    let world = World::new(db).await;
    let store = world.store();
    let (run, _) = world.queued(world.user, 0).await;
    let old = claim(store, "w", 10).await;
    assert!(!add(store, &old, "thief", vec![log("x")]).await);
    let new = claim(store, "w", 40).await;
    assert!(!add(store, &old, "w", vec![log("x")]).await, "an older claim of the same worker");
    let (id, attempt) = (new.id, new.attempt);
    assert!(tx!(store, |tx| ticket_to_settle(tx, id, attempt, "w", &json!({"end": "success"}))));
    assert!(add(store, &new, "w", vec![log("with the result")]).await);
    assert!(tx!(store, |tx| ticket_release(tx, id, attempt, "w", at(50))));
    assert!(!add(store, &new, "w", vec![log("x")]).await);
    assert_eq!(listed(&world, run, 0).await.events.len(), 1);
}

async fn many_events_are_read_in_parts(db: TestDb) {
    let world = World::new(db).await;
    let store = world.store();
    let (run, _) = world.queued(world.user, 0).await;
    let ticket = claim(store, "w", 10).await;
    for _ in 0..70 {
        assert!(add(store, &ticket, "w", vec![log("a"), log("b")]).await);
    }
    let first = listed(&world, run, 0).await;
    assert!(!first.complete);
    let last = *ids(&first).last().unwrap();
    let second = listed(&world, run, last).await;
    assert!(second.complete);
    assert_eq!([ids(&first), ids(&second)].concat(), (1_000_001..=1_000_140).collect::<Vec<i64>>());
}

async fn events_are_encrypted_and_forgotten(db: TestDb) {
    let world = World::new(db).await;
    let store = world.store();
    let (run, _) = world.queued(world.user, 0).await;
    let ticket = claim(store, "w", 10).await;
    assert!(add(store, &ticket, "w", vec![log("s3cret")]).await);
    let raw: Vec<u8> =
        read!(store, |tx| async { tx.query_one("SELECT body FROM execution_events", &[]).await?.get(0) });
    assert!(!raw.windows(6).any(|part| part == b"s3cret"));
    assert_eq!(tx!(store, |tx| run_events_purge_unscoped(tx, at(11))), 0);
    assert_eq!(tx!(store, |tx| run_events_purge_unscoped(tx, at(12))), 1);
    assert_eq!(listed(&world, run, 0).await, RunEvents { events: vec![], complete: true });
}

async fn a_token_is_its_claims_alone(db: TestDb) {
    let world = World::new(db).await;
    let store = world.store();
    let (run, _) = world.queued(world.user, 0).await;
    let (other, _) = world.queued(world.user, 0).await;
    timeouts_set(store, 20_000).await;
    let ticket = claim_with(store, "w", 10, "h").await;
    let (run, other) = if ticket.execution_id == run { (run, other) } else { (other, run) };
    assert!(good(store, run, "h", 11).await && good(store, run, "h", 29).await);
    assert!(!good(store, run, "g", 11).await);
    claim_with(store, "w", 11, "g").await;
    assert!(!good(store, other, "h", 12).await && !good(store, run, "g", 12).await, "another run's");
    assert!(good(store, other, "g", 12).await);
    assert!(!good(store, run, "h", 30).await, "over with its run");
    let new = claim(store, "v", 41).await;
    let new_run = new.execution_id;
    assert!(!good(store, new_run, "h", 11).await && !good(store, new_run, "g", 11).await, "claimed anew");
}

async fn a_token_lives_five_minutes_at_most(db: TestDb) {
    let world = World::new(db).await;
    let store = world.store();
    let (run, _) = world.queued(world.user, 0).await;
    timeouts_set(store, 900_000).await;
    let lease = Lease { owner: "w".into(), now: at(10), until: at(1_000) };
    let hashes = ["h".to_owned()];
    assert_eq!(tx!(store, |tx| ticket_claim(tx, &lease, &hashes, ClaimRules::default())).len(), 1);
    assert!(good(store, run, "h", 309).await && !good(store, run, "h", 310).await);
}

async fn a_token_ends_with_its_attempt(db: TestDb) {
    let world = World::new(db).await;
    let store = world.store();
    let (run, _) = world.queued(world.user, 0).await;
    timeouts_set(store, 20_000).await;
    let ticket = claim_with(store, "w", 10, "first").await;
    let (id, attempt) = (ticket.id, ticket.attempt);
    assert!(tx!(store, |tx| ticket_release(tx, id, attempt, "w", at(11))));
    assert!(!good(store, run, "first", 12).await);
    claim_with(store, "w", 12, "second").await;
    assert!(!good(store, run, "first", 12).await, "the same worker, another attempt");
    assert!(good(store, run, "second", 12).await);
    tx!(store, |tx| ticket_release_all_unscoped(tx));
    assert!(!good(store, run, "second", 12).await);
    let last = claim_with(store, "w", 13, "third").await;
    assert!(good(store, run, "third", 14).await);
    let (id, attempt) = (last.id, last.attempt);
    assert!(tx!(store, |tx| ticket_to_settle(tx, id, attempt, "w", &json!({"end": "success"}))));
    assert!(!good(store, run, "third", 14).await, "the result is stored");
    assert_eq!(say(store, run, "third", None).await, Said::NoToken);
}

async fn a_token_says_things_in_turn_with_the_worker(db: TestDb) {
    let world = World::new(db).await;
    let store = world.store();
    let (run, _) = world.queued(world.user, 0).await;
    tx!(store, |tx| async { tx.execute("UPDATE agent_executions SET attempt = 1", &[]).await });
    timeouts_set(store, 20_000).await;
    let ticket = claim_with(store, "w", 10, "h").await;
    assert!(add(store, &ticket, "w", vec![log("a"), log("b")]).await);
    assert_eq!(say(store, run, "h", Some(0.5)).await, Said::Noted);
    assert_eq!(say(store, run, "wrong", Some(0.7)).await, Said::NoToken);
    assert!(add(store, &ticket, "w", vec![log("c")]).await);
    assert_eq!(ids(&listed(&world, run, 0).await), [1_000_001, 1_000_002, 1_000_003, 1_000_004]);
    let owner = world.user;
    let live = read!(store, |tx| live_get(tx, owner, run)).unwrap();
    assert_eq!((live.resources, live.progress.map(|said| said.fraction)), (None, Some(0.5)));
}

async fn a_run_says_only_so_much(db: TestDb) {
    let world = World::new(db).await;
    let store = world.store();
    let (run, _) = world.queued(world.user, 0).await;
    timeouts_set(store, 20_000).await;
    let ticket = claim_with(store, "w", 10, "h").await;
    let nearly = usize::try_from(EVENTS_MAX).unwrap() - 1;
    assert!(add(store, &ticket, "w", vec![log("x"); nearly]).await);
    assert_eq!(say(store, run, "h", None).await, Said::Noted);
    assert_eq!(say(store, run, "h", None).await, Said::TooMuch);
    assert_eq!(say(store, run, "h", None).await, Said::TooMuch, "and it is not counted on");
}
