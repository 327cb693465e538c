//! The list of workers.

use frameos_store::{
    on_both_engines,
    testing::TestDb,
    worker::{Worker, worker_delete, worker_list_unscoped, worker_purge_unscoped, worker_report},
};

use crate::fixture::{at, read, tx};

on_both_engines!(a_worker_is_one_row_however_often_it_reports);

fn worker(name: &str, busy: i64, seconds: i64) -> Worker {
    Worker {
        name: name.to_owned(),
        host: "node-1".into(),
        pid: 7,
        version: "0.1.0".into(),
        isolation: Some("linux:full".into()),
        slots: 10,
        busy,
        draining: busy == 0,
        started_at: at(0),
        last_seen: at(seconds),
    }
}

async fn a_worker_is_one_row_however_often_it_reports(db: TestDb) {
    let store = &db.store;
    for report in [worker("b", 3, 1), worker("a", 1, 2), worker("b", 0, 100)] {
        tx!(store, |tx| worker_report(tx, &report));
    }
    assert_eq!(read!(store, |tx| worker_list_unscoped(tx)), [worker("a", 1, 2), worker("b", 0, 100)]);
    assert_eq!(tx!(store, |tx| worker_purge_unscoped(tx, at(50))), 1);
    assert_eq!(read!(store, |tx| worker_list_unscoped(tx)), [worker("b", 0, 100)]);
    tx!(store, |tx| worker_delete(tx, "b"));
    assert_eq!(read!(store, |tx| worker_list_unscoped(tx)), []);
}
