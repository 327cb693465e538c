//! What accounts are told, links to runs, and what was spent: each owner's own.

use frameos_store::{
    notification::{
        NotificationNew, notification_insert, notification_insert_deployers_unscoped, notification_list,
        notification_read, notifications_purge_unscoped,
    },
    on_both_engines,
    page::Page,
    params,
    run_share::{
        run_share_delete, run_share_find_unscoped, run_share_get, run_share_put, run_shares_purge_unscoped,
    },
    spending::spending_list,
    status::NotificationKind,
    testing::TestDb,
};

use crate::fixture::{World, at, id, read, tx, user};

on_both_engines!(
    accounts_read_what_they_were_told,
    a_link_leads_to_one_run_until_it_ends,
    paid_runs_are_spent,
);

const PAGE: Page = Page::new(1, 10);

fn news(subject: &str) -> NotificationNew {
    NotificationNew {
        kind: NotificationKind::VersionYanked,
        subject: subject.to_owned(),
        title: "title".into(),
        text: "text".into(),
    }
}

async fn accounts_read_what_they_were_told(db: TestDb) {
    let world = World::new(db).await;
    let (store, me, agent) = (world.store(), world.user.to_string(), world.agent);
    for (seconds, subject) in [(10, "first"), (20, "second"), (30, "third")] {
        let (me, new) = (me.clone(), news(subject));
        tx!(store, |tx| notification_insert(tx, &me, &new, at(seconds)));
    }
    let new = news("csv-profiler");
    tx!(store, |tx| notification_insert_deployers_unscoped(tx, (agent, "1.0.0"), &new, 10, at(40)));
    let new = news("nobody");
    tx!(store, |tx| notification_insert_deployers_unscoped(tx, (agent, "9.9.9"), &new, 10, at(41)));
    let account = me.clone();
    let (listed, unread) = read!(store, |tx| notification_list(tx, &account, false, Page::new(1, 2)));
    let subjects: Vec<_> = listed.items.iter().map(|item| item.subject.as_str()).collect();
    assert_eq!((subjects, listed.total, unread), (vec!["csv-profiler", "third"], 4, 4));

    let (ids, other) = (vec![listed.items[1].id, id()], me.clone() + "x");
    let named = ids.clone();
    assert_eq!(tx!(store, |tx| notification_read(tx, &other, Some(&named), at(50))), 0);
    let account = me.clone();
    assert_eq!(tx!(store, |tx| notification_read(tx, &account, Some(&ids), at(50))), 3);
    let account = me.clone();
    let (open, unread) = read!(store, |tx| notification_list(tx, &account, true, PAGE));
    assert_eq!((open.items.len(), open.total, unread), (3, 3, 3));
    let account = me.clone();
    assert_eq!(tx!(store, |tx| notification_read(tx, &account, None, at(60))), 0);
    assert_eq!(tx!(store, |tx| notifications_purge_unscoped(tx, at(30))), 2);
    let (left, _) = read!(store, |tx| notification_list(tx, &me, false, PAGE));
    assert_eq!((left.total, left.items[1].read_at), (2, Some(at(50))), "read once");
}

async fn a_link_leads_to_one_run_until_it_ends(db: TestDb) {
    let world = World::new(db).await;
    let (store, owner) = (world.store(), world.user);
    let run = world.execution().await;
    let stranger = user(store, "stranger@example.com").await;
    tx!(store, |tx| run_share_put(tx, owner, run, "hash 1", (at(0), at(100))));
    tx!(store, |tx| run_share_put(tx, owner, run, "hash 2", (at(1), at(200))));
    assert_eq!(read!(store, |tx| run_share_find_unscoped(tx, "hash 1", at(2))), None);
    assert_eq!(read!(store, |tx| run_share_find_unscoped(tx, "hash 2", at(2))), Some((owner, run, at(200))));
    assert_eq!(read!(store, |tx| run_share_find_unscoped(tx, "hash 2", at(200))), None);
    assert_eq!(read!(store, |tx| run_share_get(tx, owner, run, at(2))), Some(at(200)));
    assert_eq!(read!(store, |tx| run_share_get(tx, stranger, run, at(2))), None);
    assert!(!tx!(store, |tx| run_share_delete(tx, stranger, run)));
    assert_eq!(tx!(store, |tx| run_shares_purge_unscoped(tx, at(200))), 0);
    assert!(tx!(store, |tx| run_share_delete(tx, owner, run)));
    assert_eq!(read!(store, |tx| run_share_find_unscoped(tx, "hash 2", at(2))), None);
}

async fn paid_runs_are_spent(db: TestDb) {
    let world = World::new(db).await;
    let (store, owner) = (world.store(), world.user);
    let stranger = user(store, "stranger@example.com").await;
    let runs = [world.execution().await, world.execution().await, world.execution().await];
    for (run, terms, refunded) in [(runs[0], None, 20), (runs[1], Some(r#"{"subscription": null}"#), 0)] {
        let sql =
            "UPDATE agent_executions SET payment_id = 'pay', terms = $2, refunded_amount = $3 WHERE id = $1";
        tx!(store, |tx| async { tx.execute(sql, &params![run, terms, refunded]).await.map(drop) });
    }
    // A metered run: what its attempt counted, not the most it could cost.
    let metered = runs[1];
    let sql = "INSERT INTO execution_charges (execution_id, attempt, position, event, count, unit_price, amount, at) \
               VALUES ($1, 0, 0, 'page', 3, 4, 12, 1), ($1, 7, 0, 'page', 9, 4, 36, 1)";
    tx!(store, |tx| async { tx.execute(sql, &params![metered]).await.map(drop) });
    let rows = read!(store, |tx| spending_list(tx, owner, at(0)));
    assert_eq!(rows.len(), 1);
    let row = &rows[0];
    assert_eq!((row.day.as_str(), row.agent_slug.as_str()), ("2026-11-18", "csv-profiler"));
    assert_eq!((row.executions, row.paid, row.refunded), (2, 62, 20), "the third is not paid");
    assert!(read!(store, |tx| spending_list(tx, stranger, at(0))).is_empty());
    assert!(read!(store, |tx| spending_list(tx, owner, at(3))).is_empty());
}
