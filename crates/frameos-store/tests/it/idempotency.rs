//! Idempotency keys: one request runs, the others wait or get its answer.

use frameos_store::{
    Store,
    execution::execution_insert,
    idempotency::{
        IdempotencyState, IdempotentRequest, idempotency_abandon, idempotency_begin, idempotency_finish,
        idempotency_get, idempotency_keep, idempotency_purge_unscoped, idempotency_renew,
    },
    on_both_engines,
    testing::TestDb,
};

use crate::fixture::{World, at, read, tx};

on_both_engines!(
    a_key_answers_once,
    of_many_at_once_one_is_fresh,
    a_dead_request_may_run_again,
    what_is_kept_without_a_lock_stands,
    the_key_of_a_run_is_taken,
);

async fn begin(
    store: &Store,
    account_id: &'static str,
    fingerprint: &'static str,
    now: i64,
) -> IdempotencyState {
    let request = IdempotentRequest { account_id, key: "k", fingerprint };
    tx!(store, |tx| idempotency_begin(tx, request, at(now), at(now + 60)))
}

async fn a_key_answers_once(db: TestDb) {
    let store = &db.store;
    assert_eq!(begin(store, "a", "f", 0).await, IdempotencyState::Fresh(at(0)));
    assert_eq!(begin(store, "a", "f", 1).await, IdempotencyState::Running);
    assert_eq!(begin(store, "a", "other", 1).await, IdempotencyState::Mismatch);
    assert_eq!(
        begin(store, "b", "f", 1).await,
        IdempotencyState::Fresh(at(1)),
        "another account's key is another key"
    );
    tx!(store, |tx| idempotency_finish(tx, "a", "k", 201, b"s3cret-answer"));
    let done = IdempotencyState::Done { status: 201, body: b"s3cret-answer".to_vec() };
    assert_eq!(begin(store, "a", "f", 2).await, done);
    assert_eq!(begin(store, "a", "other", 2).await, IdempotencyState::Mismatch);
    tx!(store, |tx| idempotency_finish(tx, "a", "k", 500, b"later"));
    assert_eq!(begin(store, "a", "f", 3).await, done, "the first answer stands");
    let raw: Vec<u8> = read!(store, |tx| async {
        tx.query_one("SELECT body FROM idempotency_keys WHERE account_id = 'a'", &[]).await?.get(0)
    });
    assert!(!raw.windows(6).any(|part| part == b"s3cret"));
    assert_eq!(tx!(store, |tx| idempotency_purge_unscoped(tx, at(1))), 1);
}

async fn what_is_kept_without_a_lock_stands(db: TestDb) {
    let store = &db.store;
    let request = IdempotentRequest { account_id: "a", key: "k", fingerprint: "f" };
    assert_eq!(read!(store, |tx| idempotency_get(tx, request)), None);
    tx!(store, |tx| idempotency_keep(tx, request, (402, b"refused"), at(0)));
    tx!(store, |tx| idempotency_keep(tx, request, (404, b"later"), at(0)));
    let done = IdempotencyState::Done { status: 402, body: b"refused".to_vec() };
    assert_eq!(read!(store, |tx| idempotency_get(tx, request)), Some(done.clone()));
    assert_eq!(begin(store, "a", "f", 1).await, done);
    assert_eq!(begin(store, "a", "other", 1).await, IdempotencyState::Mismatch);
}

async fn the_key_of_a_run_is_taken(db: TestDb) {
    let world = World::new(db).await;
    let new = world.execution_new("k");
    let user = new.user_id.to_string().leak();
    assert!(tx!(world.store(), |tx| execution_insert(tx, &new)));
    assert_eq!(begin(world.store(), user, "f", 1).await, IdempotencyState::Mismatch);
    assert_eq!(begin(world.store(), "another", "f", 1).await, IdempotencyState::Fresh(at(1)));
}

async fn of_many_at_once_one_is_fresh(db: TestDb) {
    let requests: Vec<_> = (0..10)
        .map(|_| {
            let store = db.store.clone();
            tokio::spawn(async move { begin(&store, "a", "f", 0).await })
        })
        .collect();
    let mut fresh = 0;
    for request in requests {
        match request.await.unwrap() {
            IdempotencyState::Fresh(_) => fresh += 1,
            other => assert_eq!(other, IdempotencyState::Running),
        }
    }
    assert_eq!(fresh, 1);
}

async fn a_dead_request_may_run_again(db: TestDb) {
    let store = &db.store;
    assert_eq!(begin(store, "a", "f", 0).await, IdempotencyState::Fresh(at(0)));
    assert_eq!(begin(store, "a", "f", 59).await, IdempotencyState::Running);
    let again = begin(store, "a", "f", 60).await;
    assert_eq!(again, IdempotencyState::Fresh(at(0)), "its lock has ended; when it began is known");
    tx!(store, |tx| idempotency_renew(tx, "a", "k", at(200)));
    assert_eq!(begin(store, "a", "f", 199).await, IdempotencyState::Running, "it is still at work");
    tx!(store, |tx| idempotency_abandon(tx, "a", "k"));
    assert_eq!(begin(store, "a", "f", 200).await, IdempotencyState::Fresh(at(200)));
    tx!(store, |tx| idempotency_finish(tx, "a", "k", 200, b"done"));
    tx!(store, |tx| idempotency_renew(tx, "a", "k", at(900)));
    assert!(matches!(begin(store, "a", "f", 201).await, IdempotencyState::Done { .. }));
}
