//! Back-off: ever longer waits, also of attempts made at once, and nothing for ever.

use std::time::Duration;

use frameos_store::{
    on_both_engines,
    testing::TestDb,
    throttle::{ThrottleRule, throttle_forget, throttle_look, throttle_take, throttles_purge_unscoped},
};

use crate::fixture::{at, read, tx};

on_both_engines!(
    waits_double_up_to_a_bound,
    of_attempts_at_once_no_more_pass_than_in_turn,
    what_is_long_ago_is_forgotten,
);

const RULE: ThrottleRule =
    ThrottleRule { free: 4, wait: Duration::from_secs(1), forget: Duration::from_secs(1_000) };

async fn waits_double_up_to_a_bound(db: TestDb) {
    let store = &db.store;
    let take = async |now| tx!(store, |tx| throttle_take(tx, "a", &RULE, at(now)));
    for attempt in 1..=4 {
        assert_eq!(take(0).await, None, "attempt {attempt} is free");
    }
    let mut now = 0;
    for seconds in [1, 2, 4, 8, 16, 32, 60, 60, 60] {
        assert_eq!(take(now).await, None);
        now += seconds;
        assert_eq!(take(now - 1).await, Some(at(now)), "after {seconds} s");
    }
    assert_eq!(read!(store, |tx| throttle_look(tx, "a", at(now - 1))), Some(at(now)));
    assert_eq!(read!(store, |tx| throttle_look(tx, "a", at(now))), None);
    assert_eq!(tx!(store, |tx| throttle_take(tx, "b", &RULE, at(0))), None, "others are not concerned");
    tx!(store, |tx| throttle_forget(tx, "a"));
    for _ in 1..=5 {
        assert_eq!(take(now).await, None, "a success begins anew");
    }
    assert!(take(now).await.is_some());
}

async fn of_attempts_at_once_no_more_pass_than_in_turn(db: TestDb) {
    let store = &db.store;
    let attempts = (0..12).map(|_| async { tx!(store, |tx| throttle_take(tx, "a", &RULE, at(0))) });
    let passed = futures::future::join_all(attempts).await.into_iter().filter(Option::is_none).count();
    assert_eq!(passed, 5);
}

async fn what_is_long_ago_is_forgotten(db: TestDb) {
    let store = &db.store;
    let take = async |now| tx!(store, |tx| throttle_take(tx, "a", &RULE, at(now)));
    for _ in 0..5 {
        assert_eq!(take(0).await, None);
    }
    assert!(take(0).await.is_some());
    for _ in 0..5 {
        assert_eq!(take(1_001).await, None);
    }
    assert_eq!(tx!(store, |tx| throttles_purge_unscoped(tx, at(1_001))), 0);
    assert_eq!(tx!(store, |tx| throttles_purge_unscoped(tx, at(1_002))), 1);
}
