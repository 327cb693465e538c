//! Refresh tokens: each works once, and reuse ends the session.

use frameos_store::{
    Store, on_both_engines,
    session::{
        Session, SessionRefresh, session_get, session_insert, session_knows_address, session_list,
        session_purge_unscoped, session_refresh, session_revoke, session_revoke_all, session_revoke_by_hash,
        session_revoke_others,
    },
    status::Role,
    testing::TestDb,
};

use crate::fixture::{at, id, read, tx};

on_both_engines!(
    a_token_works_once_and_reuse_revokes,
    of_two_refreshes_at_once_one_wins,
    expired_and_revoked_sessions_do_not_refresh,
    a_retired_token_logs_out_too,
    open_sessions_are_listed_and_ended_but_for_one,
);

async fn start(store: &Store, hash: &'static str) -> Session {
    let session = Session {
        id: id(),
        subject_id: "agt_user_1".into(),
        role: Role::User,
        created_at: at(0),
        refreshed_at: at(0),
        expires_at: at(100),
        revoked_at: None,
        client: Some("frameos/1".into()),
        address: Some("192.0.2.7".into()),
    };
    let new = session.clone();
    tx!(store, |tx| session_insert(tx, &new, hash));
    session
}

async fn refresh(store: &Store, shown: &'static str, next: &'static str, now: i64) -> SessionRefresh {
    tx!(store, |tx| session_refresh(tx, shown, next, at(now), at(now + 100)))
}

async fn a_token_works_once_and_reuse_revokes(db: TestDb) {
    let store = &db.store;
    let session = start(store, "one").await;
    assert_eq!(refresh(store, "nonsense", "x", 1).await, SessionRefresh::Invalid);
    let SessionRefresh::Refreshed(refreshed) = refresh(store, "one", "two", 1).await else { panic!() };
    assert_eq!((refreshed.id, refreshed.expires_at), (session.id, at(101)));
    assert!(matches!(refresh(store, "two", "three", 2).await, SessionRefresh::Refreshed(_)));
    let SessionRefresh::Reused(reused) = refresh(store, "one", "four", 3).await else { panic!() };
    assert_eq!(reused.revoked_at, Some(at(3)));
    assert_eq!(
        refresh(store, "three", "five", 4).await,
        SessionRefresh::Invalid,
        "the thief's token is dead too"
    );
    let found = read!(store, |tx| session_get(tx, "agt_user_1", session.id)).unwrap();
    assert_eq!(found.revoked_at, Some(at(3)));
    assert!(read!(store, |tx| session_get(tx, "agt_user_2", session.id)).is_none());
}

async fn of_two_refreshes_at_once_one_wins(db: TestDb) {
    let store = &db.store;
    start(store, "one").await;
    let (first, second) = tokio::join!(refresh(store, "one", "a", 1), refresh(store, "one", "b", 1));
    let refreshed = [&first, &second]
        .into_iter()
        .filter(|outcome| matches!(outcome, SessionRefresh::Refreshed(_)))
        .count();
    assert_eq!(refreshed, 1, "{first:?} {second:?}");
}

async fn expired_and_revoked_sessions_do_not_refresh(db: TestDb) {
    let store = &db.store;
    start(store, "expired").await;
    assert_eq!(refresh(store, "expired", "x", 100).await, SessionRefresh::Invalid);
    start(store, "out").await;
    assert!(tx!(store, |tx| session_revoke_by_hash(tx, "out", at(1))));
    assert_eq!(refresh(store, "out", "y", 2).await, SessionRefresh::Invalid);
    let session = start(store, "third").await;
    assert!(!tx!(store, |tx| session_revoke(tx, "somebody", session.id, at(1))));
    assert_eq!(tx!(store, |tx| session_revoke_all(tx, "agt_user_1", at(1))), 2);
    assert_eq!(refresh(store, "third", "z", 2).await, SessionRefresh::Invalid);
    assert_eq!(tx!(store, |tx| session_purge_unscoped(tx, at(101))), 3);
}

async fn a_retired_token_logs_out_too(db: TestDb) {
    let store = &db.store;
    start(store, "one").await;
    assert!(matches!(refresh(store, "one", "two", 1).await, SessionRefresh::Refreshed(_)));
    start(store, "other").await;
    assert!(tx!(store, |tx| session_revoke_by_hash(tx, "one", at(2))));
    assert!(!tx!(store, |tx| session_revoke_by_hash(tx, "one", at(3))), "it has ended already");
    assert_eq!(refresh(store, "two", "three", 4).await, SessionRefresh::Invalid);
    assert!(matches!(refresh(store, "other", "four", 4).await, SessionRefresh::Refreshed(_)));
}

async fn open_sessions_are_listed_and_ended_but_for_one(db: TestDb) {
    let store = &db.store;
    let kept = start(store, "one").await;
    start(store, "two").await;
    assert!(matches!(refresh(store, "one", "three", 5).await, SessionRefresh::Refreshed(_)));
    let listed = read!(store, |tx| session_list(tx, "agt_user_1", at(6)));
    assert_eq!((listed.len(), listed[0].id), (2, kept.id), "the one used last is first");
    assert_eq!(listed[0].client.as_deref(), Some("frameos/1"));
    assert!(read!(store, |tx| session_list(tx, "agt_user_2", at(6))).is_empty());
    assert_eq!(tx!(store, |tx| session_revoke_others(tx, "agt_user_1", kept.id, at(7))), 1);
    assert_eq!(read!(store, |tx| session_list(tx, "agt_user_1", at(8))).len(), 1);
    assert!(read!(store, |tx| session_list(tx, "agt_user_1", at(500))).is_empty(), "expired");
    assert!(read!(store, |tx| session_knows_address(tx, "agt_user_1", "192.0.2.7")));
    assert!(!read!(store, |tx| session_knows_address(tx, "agt_user_1", "192.0.2.8")));
}
