//! Webhooks and their deliveries: scoped to their user, secrets encrypted, tries fenced.

use frameos_domain::{
    id::{UserId, WebhookId},
    webhook::{WebhookEvent, WebhookSecret},
};
use frameos_store::{
    Store, on_both_engines,
    page::Page,
    params,
    status::{DeliveryError, DeliveryStatus, WebhookDisabled},
    testing::TestDb,
    webhook::{
        Attempt, Delivery, DeliveryNew, Tried, Webhook, WebhookChange, delivery_get, delivery_get_unscoped,
        delivery_insert, delivery_list, delivery_purge_unscoped, delivery_replay, delivery_tried_unscoped,
        webhook_delete, webhook_disable_unscoped, webhook_fails_unscoped, webhook_get, webhook_get_unscoped,
        webhook_insert, webhook_list, webhook_list_enabled, webhook_rotate, webhook_update,
        webhook_works_unscoped,
    },
};

use crate::fixture::{at, id, read, tx, user};

on_both_engines!(
    a_webhook_is_its_users_alone,
    there_is_room_for_so_many,
    url_and_secrets_are_encrypted,
    rotating_keeps_the_old_secret_for_a_while,
    switching_off_and_on,
    a_try_counts_once_and_not_after_a_replay,
    old_deliveries_are_forgotten
);

fn new(user_id: UserId) -> Webhook {
    Webhook {
        id: id(),
        user_id,
        url: "https://example.com/hook?token=s3cret".into(),
        description: "ops".into(),
        events: vec![WebhookEvent::Failed, WebhookEvent::Timeout],
        secret: WebhookSecret::new([1; 32]),
        old_secret: None,
        disabled: None,
        failing_since: None,
        created_at: at(0),
        updated_at: at(0),
    }
}

async fn insert(store: &Store, user_id: UserId) -> WebhookId {
    let new = new(user_id);
    let id = new.id;
    assert!(tx!(store, |tx| webhook_insert(tx, &new, 10)));
    id
}

async fn deliver(store: &Store, user_id: UserId, webhook_id: WebhookId) -> Delivery {
    let new = DeliveryNew {
        id: id(),
        webhook_id,
        user_id,
        event_id: id(),
        event: WebhookEvent::Failed,
        execution_id: None,
        payload: r#"{"type":"execution.failed"}"#.into(),
        created_at: at(3),
    };
    let id = new.id;
    tx!(store, |tx| delivery_insert(tx, &new));
    read!(store, |tx| delivery_get_unscoped(tx, id)).unwrap()
}

fn failed_at(seconds: i64) -> Tried {
    let attempt = Attempt {
        at: at(seconds),
        duration_ms: 12,
        http_status: Some(500),
        error: Some(DeliveryError::HttpStatus),
    };
    Tried { attempt, status: DeliveryStatus::Pending, next_at: Some(at(seconds + 5)) }
}

async fn a_webhook_is_its_users_alone(db: TestDb) {
    let store = &db.store;
    let (owner, other) = (user(store, "owner@example.com").await, user(store, "other@example.com").await);
    let hook = insert(store, owner).await;
    let delivery = deliver(store, owner, hook).await.id;
    assert!(read!(store, |tx| webhook_get(tx, other, hook)).is_none());
    assert!(read!(store, |tx| webhook_list(tx, other)).is_empty());
    assert!(read!(store, |tx| webhook_list_enabled(tx, other)).is_empty());
    let change = WebhookChange { enabled: Some(false), ..WebhookChange::default() };
    assert!(!tx!(store, |tx| webhook_update(tx, other, hook, &change, at(1))));
    let secret = WebhookSecret::new([2; 32]);
    assert!(!tx!(store, |tx| webhook_rotate(tx, other, hook, &secret, (at(1), at(2)))));
    assert!(!tx!(store, |tx| webhook_delete(tx, other, hook)));
    assert!(read!(store, |tx| delivery_get(tx, other, hook, delivery)).is_none());
    assert_eq!(read!(store, |tx| delivery_list(tx, other, hook, Page::new(1, 10))).total, 0);
    assert!(tx!(store, |tx| delivery_replay(tx, other, hook, delivery, at(1))).is_none());
    let kept = read!(store, |tx| webhook_get(tx, owner, hook)).unwrap();
    assert_eq!((kept.disabled, kept.old_secret), (None, None));
    assert_eq!(read!(store, |tx| delivery_get(tx, owner, hook, delivery)).unwrap().series, 1);
    assert!(tx!(store, |tx| webhook_delete(tx, owner, hook)));
    assert!(read!(store, |tx| delivery_get_unscoped(tx, delivery)).is_none(), "gone with its webhook");
}

async fn there_is_room_for_so_many(db: TestDb) {
    let store = &db.store;
    let owner = user(store, "owner@example.com").await;
    let tries = (0..6).map(|_| {
        let (new, store) = (new(owner), store.clone());
        async move { tx!(store, |tx| webhook_insert(tx, &new, 3)) }
    });
    let taken = futures::future::join_all(tries).await.into_iter().filter(|taken| *taken).count();
    assert_eq!(taken, 3);
    assert_eq!(read!(store, |tx| webhook_list(tx, owner)).len(), 3);
}

async fn url_and_secrets_are_encrypted(db: TestDb) {
    let store = &db.store;
    let owner = user(store, "owner@example.com").await;
    let hook = insert(store, owner).await;
    let secret = WebhookSecret::new([2; 32]);
    assert!(tx!(store, |tx| webhook_rotate(tx, owner, hook, &secret, (at(1), at(2)))));
    let row = read!(store, |tx| async move {
        tx.query_one("SELECT url, secret, old_secret FROM webhooks WHERE id = $1", &params![hook]).await
    });
    for column in 0..3 {
        let text = String::from_utf8_lossy(&row.get::<Vec<u8>>(column).unwrap()).into_owned();
        assert!(!text.contains("s3cret") && !text.contains("whsec_"), "{text}");
    }
    let shown = format!("{:?}", read!(store, |tx| webhook_get(tx, owner, hook)).unwrap());
    assert!(!shown.contains("s3cret") && !shown.contains("whsec_"), "{shown}");
}

async fn rotating_keeps_the_old_secret_for_a_while(db: TestDb) {
    let store = &db.store;
    let owner = user(store, "owner@example.com").await;
    let hook = insert(store, owner).await;
    let second = WebhookSecret::new([2; 32]);
    assert!(tx!(store, |tx| webhook_rotate(tx, owner, hook, &second, (at(1), at(9)))));
    let found = read!(store, |tx| webhook_get_unscoped(tx, hook)).unwrap();
    assert_eq!(found.secret, WebhookSecret::new([2; 32]));
    assert_eq!(found.old_secret, Some((WebhookSecret::new([1; 32]), at(9))));
    let change = WebhookChange { url: Some("https://example.org/".into()), ..WebhookChange::default() };
    assert!(tx!(store, |tx| webhook_update(tx, owner, hook, &change, at(2))));
    let changed = read!(store, |tx| webhook_get(tx, owner, hook)).unwrap();
    assert_eq!((changed.url.as_str(), changed.description.as_str()), ("https://example.org/", "ops"));
    assert_eq!((changed.secret, changed.events, changed.updated_at), (found.secret, found.events, at(2)));
}

async fn switching_off_and_on(db: TestDb) {
    let store = &db.store;
    let owner = user(store, "owner@example.com").await;
    let hook = insert(store, owner).await;
    let enabled = read!(store, |tx| webhook_list_enabled(tx, owner));
    assert_eq!(enabled, [(hook, vec![WebhookEvent::Failed, WebhookEvent::Timeout])]);
    assert_eq!(tx!(store, |tx| webhook_fails_unscoped(tx, hook, at(4))), at(4));
    assert_eq!(tx!(store, |tx| webhook_fails_unscoped(tx, hook, at(6))), at(4), "the first failure counts");
    tx!(store, |tx| webhook_works_unscoped(tx, hook));
    assert_eq!(tx!(store, |tx| webhook_fails_unscoped(tx, hook, at(8))), at(8));
    tx!(store, |tx| webhook_disable_unscoped(tx, hook, WebhookDisabled::Gone, at(9)));
    let off = WebhookChange { enabled: Some(false), ..WebhookChange::default() };
    assert!(tx!(store, |tx| webhook_update(tx, owner, hook, &off, at(10))));
    let found = read!(store, |tx| webhook_get(tx, owner, hook)).unwrap();
    assert_eq!(found.disabled, Some(WebhookDisabled::Gone), "the first reason stays");
    assert!(read!(store, |tx| webhook_list_enabled(tx, owner)).is_empty());
    let on = WebhookChange { enabled: Some(true), ..WebhookChange::default() };
    assert!(tx!(store, |tx| webhook_update(tx, owner, hook, &on, at(11))));
    let found = read!(store, |tx| webhook_get(tx, owner, hook)).unwrap();
    assert_eq!((found.disabled, found.failing_since), (None, None));
}

async fn a_try_counts_once_and_not_after_a_replay(db: TestDb) {
    let store = &db.store;
    let owner = user(store, "owner@example.com").await;
    let hook = insert(store, owner).await;
    let first = deliver(store, owner, hook).await;
    assert_eq!((first.status, first.tries, first.next_at), (DeliveryStatus::Pending, 0, Some(at(3))));
    let (one, two) = (first.clone(), first.clone());
    assert!(tx!(store, |tx| delivery_tried_unscoped(tx, &one, &failed_at(4))));
    assert!(!tx!(store, |tx| delivery_tried_unscoped(tx, &two, &failed_at(4))), "another holder was first");
    let (id, before) = (first.id, read!(store, |tx| delivery_get_unscoped(tx, first.id)).unwrap());
    assert_eq!((before.tries, before.attempts.len(), before.next_at), (1, 1, Some(at(9))));
    let replayed = tx!(store, |tx| delivery_replay(tx, owner, hook, id, at(6))).unwrap();
    assert_eq!((replayed.series, replayed.tries, replayed.next_at), (2, 0, Some(at(6))));
    assert_eq!(replayed.attempts, [failed_at(4).attempt], "what was tried stays on record");
    assert!(!tx!(store, |tx| delivery_tried_unscoped(tx, &before, &failed_at(7))), "of the series before");
    let end = Tried { status: DeliveryStatus::Delivered, next_at: None, ..failed_at(8) };
    assert!(tx!(store, |tx| delivery_tried_unscoped(tx, &replayed, &end)));
    let done = read!(store, |tx| delivery_get(tx, owner, hook, id)).unwrap();
    assert_eq!((done.status, done.attempts.len(), done.next_at), (DeliveryStatus::Delivered, 2, None));
    assert_eq!(done.payload, first.payload);
}

async fn old_deliveries_are_forgotten(db: TestDb) {
    let store = &db.store;
    let owner = user(store, "owner@example.com").await;
    let hook = insert(store, owner).await;
    let (done, waits) = (deliver(store, owner, hook).await, deliver(store, owner, hook).await);
    let end = Tried { status: DeliveryStatus::Failed, next_at: None, ..failed_at(4) };
    tx!(store, |tx| delivery_tried_unscoped(tx, &done, &end));
    assert_eq!(tx!(store, |tx| delivery_purge_unscoped(tx, at(3))), 0);
    assert_eq!(tx!(store, |tx| delivery_purge_unscoped(tx, at(4))), 1);
    let listed = read!(store, |tx| delivery_list(tx, owner, hook, Page::new(1, 10)));
    assert_eq!(listed.items.iter().map(|delivery| delivery.id).collect::<Vec<_>>(), [waits.id]);
}
