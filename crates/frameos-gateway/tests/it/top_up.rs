//! Top-ups with test money: every scenario, and what is refused before anybody is asked.

use std::{sync::Arc, time::Duration};

use frameos_domain::{clock::Clock, id::TopUpId, money::Currency};
use frameos_gateway::{
    Gateway, PaymentProvider, Providers, SCENARIOS, Sandbox, SandboxConfig,
    wire::{Instrument, ProviderWebhook, TopUp, TopUpNew, TopUpStatus},
};
use frameos_store::testing::TestDb;
use serde_json::{Value, json};

use crate::{
    double::stripe,
    harness::{Bench, keys},
};

frameos_store::on_both_engines!(
    test_money_comes_at_once,
    a_refusal_credits_nothing,
    a_full_wallet_refuses,
    what_is_pending_waits_for_a_signed_word,
    an_answer_that_never_came_is_looked_up,
    what_nobody_pays_expires,
    what_was_never_reached_is_asked_again_and_expires,
    nonsense_is_refused,
    owners_see_their_own,
);

const SECRET: &str = "a-secret-of-the-sandbox";
const OWNER: &str = "u1";

fn bench(db: &TestDb) -> Bench {
    let config = SandboxConfig { webhook_secret: Some(SECRET.into()), ..SandboxConfig::default() };
    let sandbox: Arc<dyn PaymentProvider> = Arc::new(Sandbox::new(config));
    let bench = Bench::new(&db.store);
    let clock = Arc::clone(&bench.clock);
    Bench {
        gateway: Gateway::with_providers(db.store.clone(), clock, keys(), Providers::new([sandbox])),
        ..bench
    }
}

fn new(scenario: &str) -> TopUpNew {
    let scenario = Some(scenario.to_owned());
    TopUpNew { scenario, ..TopUpNew::new(100, Currency::INR, Some("key".to_owned())) }
}

fn hook(bench: &Bench, body: &Value) -> ProviderWebhook {
    let signed = stripe::signed(body.to_string(), SECRET, bench.clock.now().as_secs());
    let headers =
        signed.headers.into_iter().map(|(_, value)| ("sandbox-signature".to_owned(), value)).collect();
    ProviderWebhook { provider: "sandbox".to_owned(), headers, body: signed.body }
}

impl Bench {
    async fn top_up(&self, new: &TopUpNew) -> Result<TopUp, String> {
        self.gateway
            .wallet_top_up(OWNER.to_owned(), new.clone())
            .await
            .map_err(|error| error.code().to_owned())
    }

    async fn look(&self, after: Duration) {
        self.clock.advance(after);
        self.gateway.top_ups_reconcile(self.clock.now()).await.unwrap();
    }

    async fn the_one(&self) -> TopUp {
        let mut page = self.gateway.top_up_list(OWNER.to_owned(), 1, 10).await.unwrap();
        assert_eq!(page.total, 1);
        page.top_ups.remove(0)
    }
}

async fn test_money_comes_at_once(db: TestDb) {
    let bench = bench(&db);
    let settled = bench.top_up(&new("settled")).await.unwrap();
    assert_eq!(
        (settled.status, settled.credited, &*settled.provider),
        (TopUpStatus::Settled, 100, "sandbox")
    );
    assert_eq!(bench.top_up(&new("settled")).await.unwrap(), settled, "the same key is the same top-up");
    assert_eq!(bench.balances(OWNER).await, (100, 0));
    let other = TopUpNew { amount: 101, ..new("settled") };
    assert_eq!(bench.top_up(&other).await.unwrap_err(), "IDEMPOTENCY_CONFLICT");
    let other = TopUpNew { instrument: Some(Instrument::Card), ..new("settled") };
    assert_eq!(bench.top_up(&other).await.unwrap_err(), "IDEMPOTENCY_CONFLICT");
    bench.assert_whole().await;
}

async fn a_refusal_credits_nothing(db: TestDb) {
    let bench = bench(&db);
    for _ in 0..2 {
        assert_eq!(bench.top_up(&new("declined")).await.unwrap_err(), "PROVIDER_REFUSED");
    }
    let failed = bench.the_one().await;
    assert_eq!((failed.status, failed.credited), (TopUpStatus::Failed, 0));
    assert!(failed.reason.unwrap().contains("asked to decline"));
    assert_eq!(bench.balances(OWNER).await, (0, 0));
    bench.assert_whole().await;
}

async fn a_full_wallet_refuses(db: TestDb) {
    let bench = bench(&db);
    let most = 1_000_000_000_000;
    bench.fund(OWNER, most).await;
    // 2^53 − 1 minor units are the most a wallet can carry without losing a unit in JSON.
    let full = 9_007_199_254_740_991 / most * most;
    let fill = db.store.tx(move |tx| {
        Box::pin(async move {
            tx.execute("UPDATE wallets SET available = $1", &frameos_store::params![full]).await
        })
    });
    fill.await.unwrap();
    let refused = bench.top_up(&TopUpNew { amount: most, ..new("settled") }).await.unwrap_err();
    assert_eq!(refused, "INVALID_REQUEST");
    assert_eq!(bench.balances(OWNER).await, (full, 0));
}

async fn what_is_pending_waits_for_a_signed_word(db: TestDb) {
    let bench = bench(&db);
    let pending = bench.top_up(&new("pending")).await.unwrap();
    assert_eq!(pending.status, TopUpStatus::Pending);
    assert_eq!(bench.top_up(&new("pending")).await.unwrap(), pending);
    let charge = pending.top_up_id.to_string();
    let paid = json!({"type": "charge.paid", "charge_id": charge, "amount": 100, "currency": "INR"});
    let mut forged = hook(&bench, &paid);
    forged.body.push(b' ');
    let mut unsigned = hook(&bench, &paid);
    unsigned.headers.clear();
    let mut twice = hook(&bench, &paid);
    twice.headers.push(twice.headers[0].clone());
    let elsewhere = ProviderWebhook { provider: "stripe".to_owned(), ..hook(&bench, &paid) };
    for bad in [forged, unsigned, twice, elsewhere] {
        assert_eq!(bench.gateway.provider_webhook(bad).await.unwrap_err().code(), "WEBHOOK_REFUSED");
    }
    assert_eq!(bench.balances(OWNER).await, (0, 0));
    let early = hook(&bench, &paid);
    bench.clock.advance(Duration::from_secs(301));
    assert_eq!(bench.gateway.provider_webhook(early).await.unwrap_err().code(), "WEBHOOK_REFUSED", "too old");
    let good = hook(&bench, &paid);
    for _ in 0..3 {
        bench.gateway.provider_webhook(good.clone()).await.unwrap();
    }
    let failed = json!({"type": "charge.failed", "charge_id": charge});
    bench.gateway.provider_webhook(hook(&bench, &failed)).await.unwrap();
    for unknown in
        [json!({"type": "weather", "charge_id": "x"}), json!({"type": "charge.failed", "charge_id": "x"})]
    {
        bench.gateway.provider_webhook(hook(&bench, &unknown)).await.unwrap();
    }
    let settled = bench.the_one().await;
    assert_eq!((settled.status, settled.credited), (TopUpStatus::Settled, 100));
    assert_eq!(bench.balances(OWNER).await, (100, 0));
    bench.assert_whole().await;
}

async fn an_answer_that_never_came_is_looked_up(db: TestDb) {
    let bench = bench(&db);
    assert_eq!(bench.top_up(&new("timeout_paid")).await.unwrap_err(), "UNAVAILABLE");
    bench.look(Duration::ZERO).await;
    assert_eq!(bench.the_one().await.status, TopUpStatus::Pending, "not before an answer could have come");
    bench.look(Duration::from_secs(15)).await;
    assert_eq!(bench.the_one().await.status, TopUpStatus::Settled);
    assert_eq!(bench.top_up(&new("timeout_paid")).await.unwrap().credited, 100);
    assert_eq!(bench.balances(OWNER).await, (100, 0));
    bench.assert_whole().await;
}

async fn what_nobody_pays_expires(db: TestDb) {
    for scenario in ["timeout_unpaid", "pending"] {
        let (bench, key) = (bench(&db), Some(scenario.to_owned()));
        let owner = scenario.to_owned();
        let asked = TopUpNew { idempotency_key: key, ..new(scenario) };
        let answer = bench.gateway.wallet_top_up(owner.clone(), asked.clone()).await;
        assert_eq!(answer.is_ok(), scenario == "pending");
        for _ in 0..8 {
            bench.look(Duration::from_secs(660)).await;
        }
        let expired = bench.gateway.wallet_top_up(owner.clone(), asked).await.unwrap();
        assert_eq!((expired.status, expired.checkout_url), (TopUpStatus::Expired, None));
        // Somebody paid after all: money is never lost.
        let late = json!({"type": "charge.paid", "charge_id": expired.top_up_id.to_string(), "amount": 100});
        bench.gateway.provider_webhook(hook(&bench, &late)).await.unwrap();
        assert_eq!(bench.balances(&owner).await, (100, 0));
        let settled = bench.gateway.top_up_get(owner, expired.top_up_id).await.unwrap();
        assert_eq!((settled.status, settled.reason), (TopUpStatus::Settled, None));
        bench.assert_whole().await;
    }
}

async fn what_was_never_reached_is_asked_again_and_expires(db: TestDb) {
    let bench = bench(&db);
    for _ in 0..3 {
        assert_eq!(bench.top_up(&new("unreachable")).await.unwrap_err(), "UNAVAILABLE");
    }
    bench.look(Duration::from_secs(3_601)).await;
    assert_eq!(bench.the_one().await.status, TopUpStatus::Expired);
    bench.assert_whole().await;
}

async fn nonsense_is_refused(db: TestDb) {
    let bench = bench(&db);
    let long = format!("https://x.example/{}", "x".repeat(1_000));
    for url in
        ["", "x.example", "javascript:alert(1)", "https://me:pw@x.example/", "https://x.example/a b", &long]
    {
        let bad = TopUpNew { return_url: Some(url.to_owned()), ..new("settled") };
        assert_eq!(bench.top_up(&bad).await.unwrap_err(), "INVALID_REQUEST", "{url}");
    }
    assert_eq!(bench.top_up(&new("sunshine")).await.unwrap_err(), "INVALID_REQUEST");
    let nobody = Gateway::with_providers(db.store.clone(), bench.clock.clone(), keys(), Providers::default());
    let error =
        nobody.wallet_top_up(OWNER.to_owned(), TopUpNew::new(1, Currency::INR, None)).await.unwrap_err();
    assert_eq!((error.code(), error.to_string().contains("gateway.providers")), ("PROVIDER_REFUSED", true));
    assert_eq!(
        bench.gateway.top_up_list(OWNER.to_owned(), 1, 10).await.unwrap().total,
        0,
        "nothing is kept of it"
    );
    assert_eq!(SCENARIOS[0].0, "settled");
}

async fn owners_see_their_own(db: TestDb) {
    let bench = bench(&db);
    let mine = bench.top_up(&new("settled")).await.unwrap();
    let same_key = bench.gateway.wallet_top_up("u2".to_owned(), new("settled")).await.unwrap();
    assert_ne!(same_key.top_up_id, mine.top_up_id);
    let seen = bench.gateway.top_up_get("u2".to_owned(), mine.top_up_id).await.unwrap_err();
    assert_eq!(seen.code(), "TOP_UP_NOT_FOUND");
    let unknown = TopUpId::generate(bench.clock.now());
    assert_eq!(
        bench.gateway.top_up_get(OWNER.to_owned(), unknown).await.unwrap_err().code(),
        "TOP_UP_NOT_FOUND"
    );
    assert_eq!(bench.the_one().await, mine);
    for (page, limit) in [(0, 10), (1, 0), (1, 101)] {
        let error = bench.gateway.top_up_list(OWNER.to_owned(), page, limit).await.unwrap_err();
        assert_eq!(error.code(), "INVALID_REQUEST");
    }
}
