//! Personal access tokens: found by hash, bounded in number, used without a hot row.

use frameos_store::{
    on_both_engines,
    personal_token::{
        PersonalToken, personal_token_delete, personal_token_find_unscoped, personal_token_insert,
        personal_token_list, personal_token_touch, personal_tokens_delete, personal_tokens_purge_unscoped,
    },
    status::Role,
    testing::TestDb,
};

use crate::fixture::{at, id, read, tx};

on_both_engines!(tokens_belong_to_one_subject, a_use_is_noted_once_an_hour);

fn token(subject: &str) -> PersonalToken {
    PersonalToken {
        id: id(),
        subject_id: subject.into(),
        role: Role::User,
        name: "laptop".into(),
        shown: "fos_abcd".into(),
        scopes: "read execute".into(),
        expires_at: Some(at(100)),
        last_used_at: None,
        created_at: at(0),
    }
}

async fn tokens_belong_to_one_subject(db: TestDb) {
    let store = &db.store;
    let (first, second, third) = (token("agt_user_1"), token("agt_user_1"), token("agt_user_1"));
    let kept = first.clone();
    assert!(tx!(store, |tx| personal_token_insert(tx, &first, "h1", 2)));
    assert!(tx!(store, |tx| personal_token_insert(tx, &second, "h2", 2)));
    assert!(!tx!(store, |tx| personal_token_insert(tx, &third, "h3", 2)), "there are enough");
    let other = token("agt_user_2");
    assert!(tx!(store, |tx| personal_token_insert(tx, &other, "h4", 2)));
    assert_eq!(read!(store, |tx| personal_token_list(tx, "agt_user_1")).len(), 2);
    assert_eq!(read!(store, |tx| personal_token_find_unscoped(tx, "h1")), Some(kept.clone()));
    assert!(!tx!(store, |tx| personal_token_delete(tx, "agt_user_2", kept.id)), "not theirs");
    assert!(tx!(store, |tx| personal_token_delete(tx, "agt_user_1", kept.id)));
    assert_eq!(read!(store, |tx| personal_token_find_unscoped(tx, "h1")), None);
    assert_eq!(tx!(store, |tx| personal_tokens_delete(tx, "agt_user_1")), 1);
    assert_eq!(tx!(store, |tx| personal_tokens_purge_unscoped(tx, at(101))), 1);
}

async fn a_use_is_noted_once_an_hour(db: TestDb) {
    let store = &db.store;
    let new = token("agt_user_1");
    let key = new.id;
    tx!(store, |tx| personal_token_insert(tx, &new, "h", 9));
    let used = async |now| {
        let before = read!(store, |tx| personal_token_find_unscoped(tx, "h")).unwrap();
        tx!(store, |tx| personal_token_touch(tx, "agt_user_1", key, at(now)));
        let after = read!(store, |tx| personal_token_find_unscoped(tx, "h")).unwrap();
        (before.is_touch_due(at(now)), after.last_used_at)
    };
    assert_eq!(used(10).await, (true, Some(at(10))));
    assert_eq!(used(3_609).await, (false, Some(at(10))));
    assert_eq!(used(3_610).await, (true, Some(at(3_610))));
}
