//! Ratings: one per user, and the mean follows.

use frameos_domain::id::UserId;
use frameos_store::{
    agent::agent_find_unscoped,
    on_both_engines,
    page::Page,
    review::{Review, review_list, review_put},
    testing::TestDb,
};

use crate::fixture::{World, at, id, read, tx, user};

on_both_engines!(the_rating_is_the_mean_of_the_last_reviews, reviewers_at_once_all_count);

fn review(world: &World, user_id: UserId, rating: i64) -> Review {
    Review {
        id: id(),
        agent_id: world.agent,
        user_id,
        rating,
        title: None,
        body: Some("fine".into()),
        created_at: at(5),
        updated_at: at(5),
    }
}

async fn the_rating_is_the_mean_of_the_last_reviews(db: TestDb) {
    let world = World::new(db).await;
    let (store, agent) = (world.store(), world.agent);
    let other = user(store, "other@example.com").await;
    let (first, second, changed) =
        (review(&world, world.user, 1), review(&world, other, 4), review(&world, world.user, 5));
    let kept = first.id;
    assert_eq!(tx!(store, |tx| review_put(tx, &first)), kept);
    tx!(store, |tx| review_put(tx, &second));
    assert_eq!(tx!(store, |tx| review_put(tx, &changed)), kept, "a second review replaces the first");
    let found = read!(store, |tx| agent_find_unscoped(tx, "csv-profiler")).unwrap();
    assert_eq!((found.rating.to_string().as_str(), found.review_count), ("4.5", 2));
    let list = read!(store, |tx| review_list(tx, agent, Page::new(1, 10)));
    assert_eq!((list.total, list.items[0].user_name.as_str()), (2, "User"));
}

async fn reviewers_at_once_all_count(db: TestDb) {
    let world = World::new(db).await;
    let mut users = Vec::new();
    for number in 0..6 {
        users.push(user(world.store(), &format!("u{number}@example.com")).await);
    }
    let reviewers: Vec<_> = users
        .into_iter()
        .map(|user| {
            let (store, new) = (world.store().clone(), review(&world, user, 3));
            tokio::spawn(async move { tx!(store, |tx| review_put(tx, &new)) })
        })
        .collect();
    for reviewer in reviewers {
        reviewer.await.unwrap();
    }
    let found = read!(world.store(), |tx| agent_find_unscoped(tx, "csv-profiler")).unwrap();
    assert_eq!((found.rating.to_string().as_str(), found.review_count), ("3", 6));
}
