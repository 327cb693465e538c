//! The queue: exclusive claims, fencing, fairness.

use std::{collections::BTreeSet, time::Duration};

use frameos_domain::id::{ExecutionId, TicketId};
use frameos_store::{
    Store,
    job::{JobNew, Work, job_delete, job_enqueue, job_release, work_claim},
    on_both_engines,
    status::Plan,
    testing::TestDb,
    ticket::{
        ClaimRules, Lease, Ticket, TicketNew, ticket_authorized, ticket_claim, ticket_delete, ticket_enqueue,
        ticket_hold, ticket_release, ticket_release_all_unscoped, ticket_renew, ticket_room,
        ticket_take_unleased, ticket_to_settle, ticket_wait,
    },
    user::user_plan_set_unscoped,
};
use serde_json::json;

use crate::fixture::{World, at, id, read, tx, user};

on_both_engines!(
    many_workers_never_share_a_ticket,
    a_lost_lease_fences_its_holder_off,
    users_take_turns,
    paid_goes_before_free_and_money_is_work_of_its_own,
    an_overdue_free_run_gets_its_turn,
    a_plan_that_weighs_more_gets_more_turns,
    nobody_runs_more_than_the_caps_say,
    caps_hold_against_claims_at_the_same_time,
    a_user_has_room_for_so_many_runs,
    a_waiting_run_knows_what_is_before_it,
    of_a_kind_and_key_there_is_one_job,
    a_job_is_claimed_released_and_fenced,
    a_later_time_is_respected,
    an_authorisation_becomes_a_run,
    a_restart_gives_leases_back,
);

fn lease(owner: &str, now: i64) -> Lease {
    Lease { owner: owner.to_owned(), now: at(now), until: at(now).plus(Duration::from_secs(30)) }
}

async fn claim(store: &Store, owner: &'static str, now: i64, most: u32) -> Vec<Ticket> {
    claim_by(store, owner, now, most, ClaimRules::default()).await
}

async fn claim_by(store: &Store, owner: &'static str, now: i64, most: u32, rules: ClaimRules) -> Vec<Ticket> {
    let lease = lease(owner, now);
    let hashes: Vec<String> = (0..most).map(|number| format!("{owner} {now} {number}")).collect();
    tx!(store, |tx| ticket_claim(tx, &lease, &hashes, rules))
}

async fn work(store: &Store, now: i64, most: u32) -> Vec<Work> {
    let lease = lease("w", now);
    tx!(store, |tx| work_claim(tx, &lease, most))
}

async fn position(store: &Store, run: ExecutionId) -> Option<i64> {
    read!(store, |tx| ticket_wait(tx, run, at(10)))
        .filter(|wait| wait.kind == "run")
        .map(|wait| wait.position)
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
    assert!(!tx!(store, |tx| ticket_hold(tx, id, attempt)));
    assert!(!tx!(store, |tx| ticket_delete(tx, id, attempt)));
    let attempt = new.attempt;
    assert!(tx!(store, |tx| ticket_hold(tx, id, attempt)));
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
    let position = position(store, late).await.unwrap();
    assert!(position <= 1, "the newcomer waits for at most one of the busy user's five: {position}");
    let found = order(store).await;
    let place = found.iter().position(|id| *id == calm_ticket).unwrap();
    assert_eq!(usize::try_from(position).unwrap(), place);
    let rest: Vec<TicketId> = found.into_iter().filter(|id| *id != calm_ticket).collect();
    assert_eq!(rest, busy_tickets[1..], "each user's own order is kept");
}

async fn paid_goes_before_free_and_money_is_work_of_its_own(db: TestDb) {
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
    let job = JobNew { kind: "j", key: "k".into(), payload: json!({}), run_at: at(2) };
    assert!(tx!(store, |tx| job_enqueue(tx, &job, at(2))));
    assert_eq!(order(store).await, [paid, free]);
    let claimed = work(store, 10, 10).await;
    let [Work::Money(first), Work::Job(_)] = claimed.as_slice() else { panic!("{claimed:?}") };
    assert_eq!(
        (first.id, first.kind.as_str(), &first.payload),
        (settling, "settle", &json!({"end": "success"}))
    );
}

async fn an_overdue_free_run_gets_its_turn(db: TestDb) {
    let world = World::new(db).await;
    let store = world.store();
    let (_, free) = world.queued(world.user, 1).await;
    let (_, paid) = world.queued(world.user, 0).await;
    // Both were enqueued at 2.
    let patient = ClaimRules { overdue_since: Some(at(2)), ..ClaimRules::default() };
    assert_eq!(claim_by(store, "w", 10, 1, patient).await.pop().unwrap().id, paid);
    world.queued(world.user, 0).await;
    let overdue = ClaimRules { overdue_since: Some(at(3)), ..ClaimRules::default() };
    assert_eq!(claim_by(store, "w", 10, 1, overdue).await.pop().unwrap().id, free);
}

async fn a_plan_that_weighs_more_gets_more_turns(db: TestDb) {
    let world = World::new(db).await;
    let store = world.store();
    let (pro, standard) = (user(store, "pro@example.com").await, user(store, "std@example.com").await);
    assert!(tx!(store, |tx| user_plan_set_unscoped(tx, pro, Plan::Pro, at(2))));
    let mut of_pro = BTreeSet::new();
    for _ in 0..40 {
        of_pro.insert(world.queued(pro, 0).await.1);
        world.queued(standard, 0).await;
    }
    let first: Vec<Ticket> = claim(store, "w", 10, 40).await;
    let turns = first.iter().filter(|ticket| of_pro.contains(&ticket.id)).count();
    assert!((30..=34).contains(&turns), "four of five turns: {turns} of 40");
}

async fn nobody_runs_more_than_the_caps_say(db: TestDb) {
    let world = World::new(db).await;
    let store = world.store();
    let (busy, calm) = (world.user, user(store, "calm@example.com").await);
    for _ in 0..8 {
        world.queued(busy, 0).await;
    }
    let (_, of_calm) = world.queued(calm, 0).await;
    let by_user = ClaimRules { user_cap: 3, ..ClaimRules::default() };
    let got = claim_by(store, "w", 10, 9, by_user).await;
    assert_eq!(got.len(), 4, "three of one user, one of the other");
    assert!(got.iter().any(|ticket| ticket.id == of_calm));
    assert!(claim_by(store, "w", 11, 9, by_user).await.is_empty(), "they run still");
    let (id, attempt) = (got[0].id, got[0].attempt);
    assert!(tx!(store, |tx| ticket_release(tx, id, attempt, "w", at(1000))));
    assert_eq!(claim_by(store, "w", 12, 9, by_user).await.len(), 1, "one ended, one starts");
    let by_agent = ClaimRules { agent_cap: 5, ..ClaimRules::default() };
    assert_eq!(claim_by(store, "w", 13, 9, by_agent).await.len(), 1, "all runs are of one agent; four go on");
    assert!(claim_by(store, "w", 14, 9, by_agent).await.is_empty());
}

async fn caps_hold_against_claims_at_the_same_time(db: TestDb) {
    let world = World::new(db).await;
    for _ in 0..24 {
        world.queued(world.user, 0).await;
    }
    let rules = ClaimRules { user_cap: 5, ..ClaimRules::default() };
    let workers: Vec<_> = (0..8)
        .map(|_| {
            let store = world.store().clone();
            tokio::spawn(async move { claim_by(&store, "w", 10, 4, rules).await.len() })
        })
        .collect();
    let mut claimed = 0;
    for worker in workers {
        claimed += worker.await.unwrap();
    }
    assert_eq!(claimed, 5);
}

async fn a_user_has_room_for_so_many_runs(db: TestDb) {
    let world = World::new(db).await;
    let (store, owner) = (world.store(), world.user);
    let room = async |most: u32| {
        tx!(store, |tx| async {
            let room = ticket_room(tx, owner, most).await?;
            if !room {
                tx.set_rollback();
            }
            Ok(room)
        })
    };
    for _ in 0..3 {
        assert!(room(3).await);
        world.queued(owner, 0).await;
    }
    assert!(!room(3).await, "three wait");
    let held = claim(store, "w", 10, 1).await.pop().unwrap();
    assert!(!room(3).await, "what runs counts");
    let (id, attempt) = (held.id, held.attempt);
    assert!(tx!(store, |tx| ticket_delete(tx, id, attempt)));
    assert!(room(3).await, "what has ended makes room");
    world.queued(owner, 1).await;
    assert!(!room(3).await, "of whatever class");
    assert!(room(4).await);
}

async fn a_waiting_run_knows_what_is_before_it(db: TestDb) {
    let world = World::new(db).await;
    let store = world.store();
    let (first, ticket) = world.queued(world.user, 0).await;
    let (second, _) = world.queued(world.user, 0).await;
    let (free, _) = world.queued(world.user, 1).await;
    let wait = read!(store, |tx| ticket_wait(tx, free, at(10))).unwrap();
    assert_eq!(
        (wait.position, wait.ahead_ms, wait.running),
        (2, 2000, 0),
        "an unknown agent's run counts a second"
    );
    assert_eq!(claim(store, "w", 10, 1).await[0].id, ticket);
    assert_eq!(read!(store, |tx| ticket_wait(tx, first, at(11))), None, "it does not wait any more");
    let wait = read!(store, |tx| ticket_wait(tx, second, at(11))).unwrap();
    assert_eq!((wait.position, wait.running, wait.running_of_user, wait.running_of_agent), (0, 1, 1, 1));
    assert!(tx!(store, |tx| ticket_release(tx, ticket, 1, "w", at(50))));
    let wait = read!(store, |tx| ticket_wait(tx, first, at(11))).unwrap();
    assert_eq!((wait.run_at, wait.position), (at(50), 0));
}

async fn of_a_kind_and_key_there_is_one_job(db: TestDb) {
    let world = World::new(db).await;
    let store = world.store();
    let job = |kind, key: &str| JobNew { kind, key: key.into(), payload: json!({}), run_at: at(2) };
    let (a, b, c) = (job("x", "1"), job("x", "2"), job("y", "1"));
    for (new, fresh) in [(&a, true), (&a, false), (&b, true), (&c, true)] {
        let queued = new.clone();
        assert_eq!(tx!(store, |tx| job_enqueue(tx, &queued, at(2))), fresh, "{new:?}");
    }
    assert_eq!(work(store, 10, 10).await.len(), 3);
}

async fn a_job_is_claimed_released_and_fenced(db: TestDb) {
    let world = World::new(db).await;
    let store = world.store();
    let new = JobNew { kind: "x", key: "1".into(), payload: json!({"n": 7}), run_at: at(20) };
    assert!(tx!(store, |tx| job_enqueue(tx, &new, at(2))));
    assert!(work(store, 19, 1).await.is_empty(), "not before its time");
    let Some(Work::Job(old)) = work(store, 20, 1).await.pop() else { panic!("a job") };
    assert_eq!((old.kind.as_str(), &old.payload, old.attempt), ("x", &json!({"n": 7}), 1));
    assert!(work(store, 21, 1).await.is_empty(), "leased");
    let Some(Work::Job(job)) = work(store, 50, 1).await.pop() else { panic!("a job whose lease ran out") };
    let lost = old.clone();
    assert!(!tx!(store, |tx| job_delete(tx, &lost)));
    assert!(!tx!(store, |tx| job_release(tx, &old, at(0))));
    let held = job.clone();
    assert!(tx!(store, |tx| job_release(tx, &held, at(70))));
    let Some(Work::Job(job)) = work(store, 70, 1).await.pop() else { panic!("a job that was released") };
    assert_eq!(job.attempt, 3);
    assert!(tx!(store, |tx| job_delete(tx, &job)));
    assert!(work(store, 999, 1).await.is_empty());
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
        trace: Some("00-of-it".to_owned()),
    };
    tx!(store, |tx| ticket_enqueue(tx, &new, at(2)));
    assert_eq!(position(store, run).await, None);
    assert!(claim(store, "w", 10, 1).await.is_empty());
    assert!(tx!(store, |tx| ticket_authorized(tx, run, at(10))));
    assert!(!tx!(store, |tx| ticket_authorized(tx, run, at(10))), "only once");
    assert_eq!(position(store, run).await, Some(0));
    let (mine, other) = (lease("w", 10), lease("x", 10));
    let taken = tx!(store, |tx| ticket_take_unleased(tx, run, "run", &mine)).unwrap();
    assert_eq!((taken.kind.as_str(), taken.attempt), ("run", 1));
    assert_eq!(taken.payload, json!({"trace": "00-of-it"}), "its trace goes with it");
    assert!(tx!(store, |tx| ticket_take_unleased(tx, run, "run", &other)).is_none());
}

async fn a_restart_gives_leases_back(db: TestDb) {
    let world = World::new(db).await;
    let store = world.store();
    world.queued(world.user, 0).await;
    assert_eq!(claim(store, "gone", 10, 1).await.len(), 1);
    assert_eq!(tx!(store, |tx| ticket_release_all_unscoped(tx)), 1);
    assert_eq!(claim(store, "w", 10, 1).await.pop().unwrap().attempt, 2);
}
