//! Mailed tokens: once, in time, and none of the others afterwards.

use frameos_store::{
    mail_token::{MailPurpose, mail_token_insert, mail_token_take, mail_tokens_purge_unscoped},
    on_both_engines,
    testing::TestDb,
};

use crate::fixture::{at, tx};

on_both_engines!(a_token_works_once_and_takes_the_others_with_it, tokens_expire);

const RESET: MailPurpose = MailPurpose::PasswordReset;

async fn a_token_works_once_and_takes_the_others_with_it(db: TestDb) {
    let store = &db.store;
    for (subject, hash) in [("dev_1", "a"), ("dev_1", "b"), ("dev_2", "c")] {
        tx!(store, |tx| mail_token_insert(tx, subject, RESET, hash, (at(0), at(60))));
    }
    let take = async |hash: &'static str| tx!(store, |tx| mail_token_take(tx, RESET, hash, at(1)));
    let (first, second) = tokio::join!(take("a"), take("a"));
    let mut taken = [first, second];
    taken.sort();
    assert_eq!(taken, [None, Some("dev_1".to_owned())], "of two at once one wins");
    assert_eq!(take("b").await, None, "one used up is all used up");
    assert_eq!(take("c").await.as_deref(), Some("dev_2"));
}

async fn tokens_expire(db: TestDb) {
    let store = &db.store;
    tx!(store, |tx| mail_token_insert(tx, "dev_1", RESET, "a", (at(0), at(60))));
    assert_eq!(tx!(store, |tx| mail_token_take(tx, RESET, "a", at(60))), None);
    assert_eq!(tx!(store, |tx| mail_tokens_purge_unscoped(tx, at(61))), 1);
}
