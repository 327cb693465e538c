//! Recovery codes: each works once, for whom it was made.

use frameos_store::{
    on_both_engines,
    recovery_code::{recovery_code_count, recovery_code_use, recovery_codes_replace},
    testing::TestDb,
};

use crate::fixture::{at, read, tx};

on_both_engines!(a_code_works_once_for_its_owner,);

async fn a_code_works_once_for_its_owner(db: TestDb) {
    let store = &db.store;
    let codes = ["a".to_owned(), "b".to_owned()];
    tx!(store, |tx| recovery_codes_replace(tx, "dev_1", &codes, at(0)));
    assert!(!tx!(store, |tx| recovery_code_use(tx, "dev_2", "a")));
    let (first, second) =
        tokio::join!(async { tx!(store, |tx| recovery_code_use(tx, "dev_1", "a")) }, async {
            tx!(store, |tx| recovery_code_use(tx, "dev_1", "a"))
        });
    assert!(first ^ second, "of two at once one wins");
    assert_eq!(read!(store, |tx| recovery_code_count(tx, "dev_1")), 1);
    let other = ["c".to_owned()];
    tx!(store, |tx| recovery_codes_replace(tx, "dev_1", &other, at(1)));
    assert!(!tx!(store, |tx| recovery_code_use(tx, "dev_1", "b")), "replaced");
}
