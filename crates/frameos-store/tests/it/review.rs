//! Reviews: one per user, seen unless hidden, and the rating follows them.

use frameos_domain::{
    id::{AgentId, ReviewId, UserId},
    rating::Stars,
};
use frameos_store::{
    Store,
    agent::{agent_find_unscoped, catalogue_changes_unscoped},
    on_both_engines,
    page::Page,
    params,
    review::{
        Review, ReviewSort, rating_events_wait_unscoped, ratings_rollup_unscoped, review_delete, review_get,
        review_hide_unscoped, review_list, review_list_reported_unscoped, review_put, review_reply,
        review_report, review_run_version, review_show_unscoped, review_stars,
    },
    testing::TestDb,
};

use crate::fixture::{World, at, id, read, tx, user};

on_both_engines!(
    the_rating_is_the_mean_of_the_last_reviews,
    reviewers_and_roll_ups_at_once_all_count,
    hidden_reviews_count_nowhere,
    a_successful_run_is_needed,
);

fn review(world: &World, user_id: UserId, rating: i64) -> Review {
    Review {
        id: id(),
        agent_id: world.agent,
        user_id,
        rating,
        title: None,
        body: Some("fine".into()),
        version: Some("1.0.0".into()),
        created_at: at(5),
        updated_at: at(5 + rating),
    }
}

async fn rolled_up(store: &Store) -> (String, i64) {
    while tx!(store, |tx| ratings_rollup_unscoped(tx, 2, at(50))) > 0 {}
    let found = read!(store, |tx| agent_find_unscoped(tx, "csv-profiler")).unwrap();
    (found.rating.to_string(), found.review_count)
}

async fn listed(store: &Store, agent: AgentId, sort: ReviewSort) -> Vec<i64> {
    let found = read!(store, |tx| review_list(tx, agent, sort, Page::new(1, 10)));
    found.items.iter().map(|item| item.review.rating).collect()
}

async fn the_rating_is_the_mean_of_the_last_reviews(db: TestDb) {
    let world = World::new(db).await;
    let (store, agent, own) = (world.store(), world.agent, world.user);
    let other = user(store, "other@example.com").await;
    let (first, second, changed) = (review(&world, own, 1), review(&world, other, 4), review(&world, own, 5));
    let kept = first.id;
    tx!(store, |tx| review_put(tx, &first));
    tx!(store, |tx| review_put(tx, &second));
    assert!(read!(store, |tx| rating_events_wait_unscoped(tx)));
    assert_eq!(rolled_up(store).await, ("2.5".to_owned(), 2));
    tx!(store, |tx| review_put(tx, &changed));
    let now = read!(store, |tx| review_get(tx, own, agent)).unwrap();
    assert_eq!((now.review.id, now.review.rating), (kept, 5), "a second review replaces the first");
    assert_eq!(rolled_up(store).await, ("4.5".to_owned(), 2));
    assert!(!read!(store, |tx| rating_events_wait_unscoped(tx)));
    assert_eq!(read!(store, |tx| catalogue_changes_unscoped(tx, at(50))).len(), 1, "readers are told");
    assert_eq!(listed(store, agent, ReviewSort::Lowest).await, [4, 5]);
    assert_eq!(listed(store, agent, ReviewSort::Highest).await, [5, 4]);
    assert_eq!(listed(store, agent, ReviewSort::Newest).await, [5, 4]);
    assert_eq!(listed(store, agent, ReviewSort::Oldest).await, [4, 5]);
    assert_eq!(read!(store, |tx| review_stars(tx, agent)), Stars([0, 0, 0, 1, 1]));
    assert!(tx!(store, |tx| review_delete(tx, own, agent, at(9))));
    assert!(!tx!(store, |tx| review_delete(tx, own, agent, at(9))));
    assert_eq!(rolled_up(store).await, ("4".to_owned(), 1));
    tx!(store, |tx| review_delete(tx, other, agent, at(9)));
    assert_eq!(rolled_up(store).await, ("0".to_owned(), 0));
}

async fn reviewers_and_roll_ups_at_once_all_count(db: TestDb) {
    let world = World::new(db).await;
    let mut users = Vec::new();
    for number in 0..6 {
        users.push(user(world.store(), &format!("u{number}@example.com")).await);
    }
    let reviewers: Vec<_> = users
        .into_iter()
        .map(|user| {
            let (store, new) = (world.store().clone(), review(&world, user, 3));
            tokio::spawn(async move {
                tx!(store, |tx| review_put(tx, &new));
                tx!(store, |tx| ratings_rollup_unscoped(tx, 3, at(50)))
            })
        })
        .collect();
    for reviewer in reviewers {
        reviewer.await.unwrap();
    }
    assert_eq!(rolled_up(world.store()).await, ("3".to_owned(), 6));
}

async fn hidden_reviews_count_nowhere(db: TestDb) {
    let world = World::new(db).await;
    let (store, agent, own) = (world.store(), world.agent, world.user);
    let barred = user(store, "barred@example.com").await;
    let (first, second) = (review(&world, own, 1), review(&world, barred, 2));
    let (shown, hidden): (ReviewId, ReviewId) = (second.id, first.id);
    tx!(store, |tx| review_put(tx, &first));
    tx!(store, |tx| review_put(tx, &second));
    for (reporter, reason) in [("agt_user_a", "rude"), ("agt_user_b", "spam"), ("agt_user_a", "very rude")] {
        tx!(store, |tx| review_report(tx, reporter, hidden, reason, at(7)));
    }
    let reported = read!(store, |tx| review_list_reported_unscoped(tx, Page::new(1, 10)));
    assert_eq!((reported.total, reported.items[0].reports), (1, 2), "an account counts once");
    assert_eq!(reported.items[0].agent_slug, "csv-profiler");
    assert!(tx!(store, |tx| review_reply(tx, agent, hidden, Some("sorry"), at(8))));
    assert!(tx!(store, |tx| review_hide_unscoped(tx, hidden, "rude", at(9))));
    assert!(!tx!(store, |tx| review_reply(tx, agent, hidden, Some("again"), at(10))));
    assert_eq!(rolled_up(store).await, ("2".to_owned(), 1));
    assert_eq!(listed(store, agent, ReviewSort::Newest).await, [2]);
    let seen = read!(store, |tx| review_get(tx, own, agent)).unwrap();
    assert_eq!(seen.hidden_reason.as_deref(), Some("rude"), "its author is shown why");
    let rewritten = review(&world, own, 5);
    tx!(store, |tx| review_put(tx, &rewritten));
    assert_eq!(rolled_up(store).await, ("2".to_owned(), 1), "writing it again does not bring it back");
    assert_eq!(read!(store, |tx| review_list_reported_unscoped(tx, Page::new(1, 10))).total, 0);
    assert!(tx!(store, |tx| review_show_unscoped(tx, hidden, at(11))));
    assert_eq!(rolled_up(store).await, ("3.5".to_owned(), 2));
    tx!(store, |tx| async {
        tx.execute("UPDATE users SET status = 'banned' WHERE id = $1", &params![barred]).await
    });
    assert_eq!(listed(store, agent, ReviewSort::Newest).await, [5], "nor do those of barred users");
    assert!(!tx!(store, |tx| review_hide_unscoped(tx, id(), "x", at(12))));
    assert!(tx!(store, |tx| review_hide_unscoped(tx, shown, "x", at(12))));
}

async fn a_successful_run_is_needed(db: TestDb) {
    let world = World::new(db).await;
    let (store, agent, own) = (world.store(), world.agent, world.user);
    let run = world.execution().await;
    for status in ["queued", "settling", "failed", "success"] {
        tx!(store, |tx| async {
            let sql = "UPDATE agent_executions SET status = $2 WHERE id = $1";
            tx.execute(sql, &params![run, status]).await
        });
        let version = read!(store, |tx| review_run_version(tx, own, agent));
        assert_eq!(version.as_deref(), (status == "success").then_some("1.0.0"), "{status}");
    }
    let stranger = user(store, "stranger@example.com").await;
    assert_eq!(read!(store, |tx| review_run_version(tx, stranger, agent)), None);
}
