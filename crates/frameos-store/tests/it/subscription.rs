//! Subscriptions: one open, never a run too many, each month paid once.

use frameos_domain::{
    clock::Timestamp,
    id::{PaymentId, ReceiptId, SubscriptionId},
    money::{Currency, Money},
};
use frameos_store::{
    job::{JobNew, job_enqueue},
    on_both_engines,
    page::Page,
    status::{MonthChargeStatus, SubscriptionStatus as Status},
    subscription::*,
    testing::TestDb,
};

use serde_json::json;

use crate::fixture::{World, at, id, read, tx};

on_both_engines!(
    a_user_has_one_open_subscription_to_an_agent,
    no_interleaving_takes_more_runs_than_a_month_has,
    a_month_is_paid_once_and_opens_its_subscription,
    what_was_given_up_and_paid_all_the_same_goes_on,
    a_month_that_fails_is_noted_once_per_try,
    new_terms_are_noted_for_months_to_come,
    a_month_is_begun_once_and_forgets_terms_that_hold
);

const END: i64 = 1_000;

fn new(world: &World, runs: Option<u32>) -> Subscription {
    Subscription {
        id: id(),
        user_id: world.user,
        agent_id: world.agent,
        agent_slug: "csv-profiler".into(),
        agent_name: "CSV Profiler".into(),
        status: Status::Pending,
        price: Money::new(100, Currency::INR),
        runs_per_month: runs,
        next: None,
        confirmed_price: 0,
        anchor_at: at(0),
        period: 0,
        period_start: at(0),
        period_end: at(END),
        runs_used: 0,
        due_at: Some(at(20)),
        ended_at: None,
        end_reason: None,
        created_at: at(0),
    }
}

async fn begun(world: &World, runs: Option<u32>) -> SubscriptionId {
    let new = new(world, runs);
    let (id, price) = (new.id, new.price);
    assert!(tx!(world.store(), |tx| subscription_insert(tx, &new)));
    tx!(world.store(), |tx| month_charge_insert(tx, id, 0, price, at(0)));
    id
}

async fn paid(world: &World, id: SubscriptionId, period: i64, now: Timestamp) -> bool {
    let payment_id: PaymentId = crate::fixture::id();
    let receipt_id: ReceiptId = crate::fixture::id();
    let paid = MonthPaid { period, payment_id, receipt_id };
    tx!(world.store(), |tx| month_charge_paid(tx, id, paid, now))
}

async fn get(world: &World, id: SubscriptionId) -> Subscription {
    read!(world.store(), |tx| subscription_get_unscoped(tx, id)).unwrap()
}

async fn a_user_has_one_open_subscription_to_an_agent(db: TestDb) {
    let world = World::new(db).await;
    let (store, user) = (world.store(), world.user);
    let first = begun(&world, Some(5)).await;
    assert_eq!(get(&world, first).await, Subscription { id: first, ..new(&world, Some(5)) });
    let second = new(&world, None);
    assert!(!tx!(store, |tx| subscription_insert(tx, &second)));
    let refused = (Status::Pending, "refused");
    assert!(tx!(store, |tx| subscription_end_unscoped(tx, first, refused, at(1))));
    assert!(!tx!(store, |tx| subscription_end_unscoped(tx, first, refused, at(1))), "once");
    let third = begun(&world, None).await;
    let page = Page::new(1, 10);
    let listed = read!(store, |tx| subscription_list(tx, user, page));
    assert_eq!((listed.items[0].id, listed.total), (third, 1), "what was refused never was one");
    let stranger = crate::fixture::user(store, "other@example.com").await;
    assert!(read!(store, |tx| subscription_get(tx, stranger, third)).is_none());
    assert_eq!(read!(store, |tx| subscriptions_due_unscoped(tx, "step", at(19), 9)), []);
    assert_eq!(read!(store, |tx| subscriptions_due_unscoped(tx, "step", at(20), 9)), [third]);
    let job = JobNew { kind: "step", key: third.to_string(), payload: json!({}), run_at: at(20) };
    assert!(tx!(store, |tx| job_enqueue(tx, &job, at(20))));
    assert_eq!(read!(store, |tx| subscriptions_due_unscoped(tx, "step", at(20), 9)), [], "somebody is asked");
}

async fn no_interleaving_takes_more_runs_than_a_month_has(db: TestDb) {
    let world = World::new(db).await;
    let (store, user) = (world.store(), world.user);
    let id = begun(&world, Some(5)).await;
    let take = async |period, now| tx!(store, |tx| subscription_run_take(tx, user, (id, period), now));
    assert_eq!(take(0, at(1)).await, RunTaken::Over, "not paid yet");
    assert!(paid(&world, id, 0, at(1)).await);
    let takers: Vec<_> = (0..20)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move { tx!(store, |tx| subscription_run_take(tx, user, (id, 0), at(2))) })
        })
        .collect();
    let mut taken = 0;
    for taker in takers {
        taken += i64::from(taker.await.unwrap() == RunTaken::Taken);
    }
    assert_eq!((taken, get(&world, id).await.runs_used), (5, 5));
    assert_eq!(take(0, at(2)).await, RunTaken::UsedUp);
    tx!(store, |tx| subscription_run_return(tx, user, (id, 1)));
    assert_eq!(take(0, at(2)).await, RunTaken::UsedUp, "another month's run does not come back");
    tx!(store, |tx| subscription_run_return(tx, user, (id, 0)));
    assert_eq!((take(0, at(2)).await, take(0, at(2)).await), (RunTaken::Taken, RunTaken::UsedUp));
    assert_eq!(take(0, at(END)).await, RunTaken::Over);
    assert_eq!(take(1, at(2)).await, RunTaken::Over);
}

async fn a_month_is_paid_once_and_opens_its_subscription(db: TestDb) {
    let world = World::new(db).await;
    let id = begun(&world, None).await;
    assert!(paid(&world, id, 0, at(3)).await);
    assert!(!paid(&world, id, 0, at(4)).await, "whoever comes second changes nothing");
    let found = get(&world, id).await;
    assert_eq!((found.status, found.due_at), (Status::Active, Some(at(END))));
    let charge = read!(world.store(), |tx| month_charge_get(tx, id, 0)).unwrap();
    assert_eq!((charge.status, charge.paid_at), (MonthChargeStatus::Paid, Some(at(3))));
    let (store, user) = (world.store(), world.user);
    let (cancel, resume) = ((Status::Active, Status::Cancelled), (Status::Cancelled, Status::Active));
    assert!(tx!(store, |tx| subscription_move(tx, user, id, cancel, at(5))));
    assert!(!tx!(store, |tx| subscription_move(tx, user, id, cancel, at(5))));
    assert!(!tx!(store, |tx| subscription_move(tx, user, id, resume, at(END))), "its month is over");
    assert!(tx!(store, |tx| subscription_move(tx, user, id, resume, at(END - 1))));
}

async fn what_was_given_up_and_paid_all_the_same_goes_on(db: TestDb) {
    let world = World::new(db).await;
    let id = begun(&world, None).await;
    let refused = (Status::Pending, "refused");
    assert!(tx!(world.store(), |tx| subscription_end_unscoped(tx, id, refused, at(1))));
    assert!(paid(&world, id, 0, at(3)).await);
    let found = get(&world, id).await;
    assert_eq!((found.status, found.due_at), (Status::Cancelled, Some(at(END))));
    assert_eq!((found.ended_at, found.end_reason), (None, None));
}

async fn a_month_that_fails_is_noted_once_per_try(db: TestDb) {
    let world = World::new(db).await;
    let (store, sub) = (world.store(), begun(&world, None).await);
    let charge = read!(store, |tx| month_charge_get(tx, sub, 0)).unwrap();
    let seen = charge.clone();
    assert!(tx!(store, |tx| month_charge_fail(tx, sub, &seen, ("no money", false))));
    let seen = charge.clone();
    assert!(!tx!(store, |tx| month_charge_fail(tx, sub, &seen, ("no money", false))));
    let intent = id();
    let seen = charge.clone();
    assert!(tx!(store, |tx| month_charge_intend(tx, sub, &seen, intent)));
    let (seen, other) = (charge.clone(), id());
    assert!(!tx!(store, |tx| month_charge_intend(tx, sub, &seen, other)), "it has one");
    let seen = charge.clone();
    assert!(tx!(store, |tx| month_charge_renew_key(tx, sub, &seen)));
    let seen = charge.clone();
    assert!(!tx!(store, |tx| month_charge_renew_key(tx, sub, &seen)));
    assert!(!tx!(store, |tx| month_charge_intend(tx, sub, &charge, intent)), "of another generation");
    let charge = read!(store, |tx| month_charge_get(tx, sub, 0)).unwrap();
    assert_eq!((charge.failed_tries, charge.generation, charge.intent_id), (1, 1, None));
    assert_eq!(charge.refusal.as_deref(), Some("no money"));
    assert!(tx!(store, |tx| month_charge_fail(tx, sub, &charge, ("no money", true))));
    let charge = read!(store, |tx| month_charge_list(tx, sub, 5)).pop().unwrap();
    assert_eq!((charge.status, charge.failed_tries), (MonthChargeStatus::GivenUp, 2));
}

async fn new_terms_are_noted_for_months_to_come(db: TestDb) {
    let world = World::new(db).await;
    let (store, agent) = (world.store(), world.agent);
    let id = begun(&world, Some(5)).await;
    let set = async |price, runs_per_month, from| {
        let next = NextTerms { from: at(from), price, runs_per_month };
        tx!(store, |tx| subscriptions_next_set_unscoped(tx, agent, &next, at(1)))
    };
    assert_eq!(set(Some(100), Some(5), 7).await, [], "nothing changes");
    assert_eq!(set(Some(200), Some(5), 7).await, [id]);
    assert_eq!(set(Some(200), Some(5), 9).await, [], "said already, and from then on");
    let next = NextTerms { from: at(7), price: Some(200), runs_per_month: Some(5) };
    assert_eq!(get(&world, id).await.next, Some(next));
    assert_eq!(set(None, None, 11).await, [id], "no such months any more");
    assert_eq!(set(Some(100), Some(5), 13).await, [id], "all as it was");
    assert_eq!(get(&world, id).await.next, None);
    assert_eq!(set(Some(100), None, 15).await, [id], "unlimited runs");
    let found = get(&world, id).await;
    assert_eq!((found.price.minor, found.runs_per_month), (100, Some(5)), "this month stays");
}

async fn a_month_is_begun_once_and_forgets_terms_that_hold(db: TestDb) {
    let world = World::new(db).await;
    let (store, agent) = (world.store(), world.agent);
    let id = begun(&world, Some(5)).await;
    assert!(paid(&world, id, 0, at(1)).await);
    let next = NextTerms { from: at(7), price: Some(200), runs_per_month: None };
    tx!(store, |tx| subscriptions_next_set_unscoped(tx, agent, &next, at(1)));
    let month = |period| Month {
        period,
        start: at(END * period),
        end: at(END * (period + 1)),
        price: 200,
        runs_per_month: None,
    };
    let begin = async |from, keep| {
        let month = month(from + 1);
        tx!(store, |tx| subscription_month_begin(tx, (id, from), &month, keep, at(END)))
    };
    assert!(begin(0, false).await);
    assert!(!begin(0, false).await, "somebody has");
    let found = get(&world, id).await;
    assert_eq!((found.status, found.period, found.due_at), (Status::PastDue, 1, Some(at(END))));
    assert_eq!((found.price.minor, found.runs_per_month, found.next), (200, None, None));
    assert!(tx!(store, |tx| subscription_retry_at(tx, id, at(END + 5))));
    assert_eq!(get(&world, id).await.due_at, Some(at(END + 5)));
}
