//! Clients of one gateway: each with accounts of its own, known by its keys while they are good.

use std::time::Duration;

use frameos_domain::{
    clock::Clock,
    id::{ClientId, UserId},
    money::Currency,
    policy::Policy,
    signing::SigningKey,
};
use frameos_gateway::{
    ClientGateway, GatewayError,
    client::{
        ClientError, ClientNew, Rotation, client_add, client_authenticate, client_end, client_nonce_take,
        client_nonces_forget, client_rotate, clients_list,
    },
    conformance,
    wire::{IntentNew, MandateNew, TopUpNew},
};
use frameos_store::{Page, audit::audit_list_unscoped, testing::TestDb};
use serde_json::json;

use crate::harness::{Bench, execute, intent};

frameos_store::on_both_engines!(
    a_client_conforms_beside_others,
    what_is_anothers_is_not_found,
    keys_come_and_go,
    a_nonce_counts_once
);

async fn client(bench: &Bench, db: &TestDb, name: &str) -> (ClientId, ClientGateway) {
    let new = ClientNew { name: name.to_owned(), ..ClientNew::default() };
    let (id, _) = client_add(&db.store, new, bench.clock.now()).await.unwrap();
    (id, ClientGateway::new(bench.gateway.clone(), Some(id)))
}

async fn a_client_conforms_beside_others(db: TestDb) {
    let bench = Bench::new(&db.store);
    let (_, one) = client(&bench, &db, "one").await;
    conformance::run(&one).await;
    conformance::run(&ClientGateway::new(bench.gateway.clone(), None)).await;
    bench.assert_whole().await;
}

async fn what_is_anothers_is_not_found(db: TestDb) {
    let bench = Bench::new(&db.store);
    let (one_id, one) = client(&bench, &db, "one").await;
    let (_, two) = client(&bench, &db, "two").await;
    let own = ClientGateway::new(bench.gateway.clone(), None);
    let alice = UserId::generate(bench.clock.now()).to_string();
    let money = |amount| TopUpNew::new(amount, Currency::INR, Some("k".to_owned()));
    let keyed = || IntentNew { idempotency_key: Some("k".to_owned()), ..intent(&alice, 50) };
    one.wallet_top_up(alice.clone(), money(100)).await.unwrap();
    let bought = one.intent_create(keyed()).await.unwrap();
    let mandate =
        one.mandate_issue(MandateNew { intent_id: bought.intent_id, ttl_seconds: None }).await.unwrap();
    one.policy_put(alice.clone(), Policy { paused: true, ..Policy::default() }).await.unwrap();
    let paid = one.execute(execute(&mandate)).await.unwrap();
    assert_eq!((&mandate.agent_id, &paid.split.developer_id), (&alice, &"frameos_marketplace".to_owned()));

    for other in [&two, &own] {
        let wallet = other.wallet_get(alice.clone()).await.unwrap();
        assert_eq!((wallet.available, wallet.held), (0, 0), "the same name is another account");
        assert_eq!(other.policy_get(alice.clone()).await.unwrap(), Policy::default());
        assert_eq!(other.wallet_transactions(alice.clone(), 1, 10).await.unwrap().total, 0);
        let codes = [
            other.intent_get(bought.intent_id).await.unwrap_err().code(),
            other
                .mandate_issue(MandateNew { intent_id: bought.intent_id, ttl_seconds: None })
                .await
                .unwrap_err()
                .code(),
            other.mandate_get(mandate.mandate_id).await.unwrap_err().code(),
            other.mandate_void(mandate.mandate_id, String::new()).await.unwrap_err().code(),
            other.execute(execute(&mandate)).await.unwrap_err().code(),
            other.payment_get(paid.payment_id).await.unwrap_err().code(),
            other.receipt_get(paid.receipt_id).await.unwrap_err().code(),
        ];
        let expected = [
            "INTENT_NOT_FOUND",
            "INTENT_NOT_FOUND",
            "MANDATE_NOT_FOUND",
            "MANDATE_NOT_FOUND",
            "MANDATE_NOT_FOUND",
            "PAYMENT_NOT_FOUND",
            "RECEIPT_NOT_FOUND",
        ];
        assert_eq!(codes, expected);
        let fresh = other.intent_create(keyed()).await.unwrap();
        assert_ne!(fresh.intent_id, bought.intent_id, "keys are per client");
    }
    for name in [format!("{one_id}/{alice}"), "a/b".to_owned()] {
        let stolen = IntentNew { agent_id: name.clone(), ..intent("x", 50) };
        let mut paying = intent(&alice, 50);
        paying.metadata.insert("developer_id".to_owned(), json!(name));
        let vendor = IntentNew { vendor: name.clone(), ..intent("x", 50) };
        for other in [&two, &own] {
            for refused in [stolen.clone(), paying.clone(), vendor.clone()] {
                assert!(matches!(
                    other.intent_create(refused).await,
                    Err(GatewayError::InvalidRequest { .. })
                ));
            }
            assert_eq!(other.wallet_get(name.clone()).await.unwrap_err().code(), "INVALID_REQUEST");
            let stolen = other.policy_put(name.clone(), Policy::default()).await;
            assert_eq!(stolen.unwrap_err().code(), "INVALID_REQUEST");
            let given = other.wallet_top_up(name.clone(), money(5)).await;
            assert_eq!(given.unwrap_err().code(), "INVALID_REQUEST");
        }
    }
    bench.assert_whole().await;
}

async fn keys_come_and_go(db: TestDb) {
    let bench = Bench::new(&db.store);
    let store = &db.store;
    let now = || bench.clock.now();
    let signing = SigningKey::from_seed(&[5; 32]).unwrap();
    let new = ClientNew {
        name: "shop".to_owned(),
        signing_key: Some(signing.public().clone()),
        requests_per_second: Some(7),
    };
    let (id, first) = client_add(store, new.clone(), now()).await.unwrap();
    assert!(matches!(client_add(store, new, now()).await, Err(ClientError::NameTaken { .. })));
    for name in ["", "Shop", "a b", &"x".repeat(65)] {
        let new = ClientNew { name: name.to_owned(), ..ClientNew::default() };
        assert!(matches!(client_add(store, new, now()).await, Err(ClientError::BadName { .. })), "{name}");
    }
    let known = client_authenticate(store, first.expose(), now()).await.unwrap().unwrap();
    assert_eq!((known.id, known.requests_per_second), (id, Some(7)));
    assert_eq!(known.signing_key.as_ref(), Some(signing.public()));
    assert!(client_authenticate(store, "gwk_nobody", now()).await.unwrap().is_none());
    let used = clients_list(store, now()).await.unwrap()[0].last_used_at;
    assert_eq!(used, Some(now()));
    bench.clock.advance(Duration::from_secs(59));
    client_authenticate(store, first.expose(), now()).await.unwrap().unwrap();
    assert_eq!(clients_list(store, now()).await.unwrap()[0].last_used_at, used, "not every use is a write");
    bench.clock.advance(Duration::from_secs(1));
    client_authenticate(store, first.expose(), now()).await.unwrap().unwrap();
    assert_eq!(clients_list(store, now()).await.unwrap()[0].last_used_at, Some(now()));

    let rotation = Rotation { grace: Duration::from_secs(60), signing_key: None };
    let (_, second) = client_rotate(store, "shop", rotation, now()).await.unwrap();
    assert_eq!(clients_list(store, now()).await.unwrap()[0].keys, 2);
    for key in [&first, &second] {
        assert!(client_authenticate(store, key.expose(), now()).await.unwrap().is_some());
    }
    bench.clock.advance(Duration::from_secs(60));
    assert!(client_authenticate(store, first.expose(), now()).await.unwrap().is_none());
    let other = SigningKey::from_seed(&[6; 32]).unwrap();
    let rotation = Rotation { grace: Duration::ZERO, signing_key: Some(other.public().clone()) };
    let (_, third) = client_rotate(store, "shop", rotation, now()).await.unwrap();
    assert!(client_authenticate(store, second.expose(), now()).await.unwrap().is_none());
    let known = client_authenticate(store, third.expose(), now()).await.unwrap().unwrap();
    assert_eq!(known.signing_key.as_ref(), Some(other.public()));

    assert_eq!(client_end(store, "shop", now()).await.unwrap(), id);
    assert!(client_authenticate(store, third.expose(), now()).await.unwrap().is_none());
    assert!(matches!(client_end(store, "shop", now()).await, Err(ClientError::Revoked { .. })));
    let again = client_rotate(store, "shop", Rotation::default(), now()).await;
    assert!(matches!(again, Err(ClientError::Revoked { .. })));
    assert!(matches!(client_end(store, "other", now()).await, Err(ClientError::NotFound { .. })));
    let listed = clients_list(store, now()).await.unwrap();
    assert_eq!((listed.len(), listed[0].keys, listed[0].revoked_at), (1, 0, Some(now())));

    let page = Page::new(1, 100);
    let log = store.read(move |tx| Box::pin(audit_list_unscoped(tx, page))).await.unwrap();
    let mut actions: Vec<_> = log.items.iter().map(|entry| entry.action.as_str()).collect();
    actions.sort_unstable();
    assert_eq!(
        actions,
        [
            "gateway_client.add",
            "gateway_client.revoke",
            "gateway_client.rotate",
            "gateway_client.rotate",
            "gateway_client.signing_key",
        ]
    );
    assert!(log.items.iter().all(|entry| entry.subject == id.to_string() && !entry.detail.contains("gwk_")));
}

async fn a_nonce_counts_once(db: TestDb) {
    let bench = Bench::new(&db.store);
    let (one, _) = client(&bench, &db, "one").await;
    let (two, _) = client(&bench, &db, "two").await;
    let until = bench.clock.now().plus(Duration::from_secs(60));
    let take = |id| client_nonce_take(&db.store, id, "n-1".to_owned(), until);
    let takes = futures::future::join_all((0..6).map(|_| take(one))).await;
    assert_eq!(takes.into_iter().filter(|taken| *taken.as_ref().unwrap()).count(), 1);
    assert!(take(two).await.unwrap(), "nonces are per client");
    assert_eq!(client_nonces_forget(&db.store, bench.clock.now()).await.unwrap(), 0);
    bench.clock.advance(Duration::from_secs(61));
    assert_eq!(client_nonces_forget(&db.store, bench.clock.now()).await.unwrap(), 2);
}
