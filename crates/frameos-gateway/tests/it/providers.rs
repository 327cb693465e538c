//! Stripe and Cashfree against doubles on the wire: webhooks, lookups, lost answers, fail-over, and money taken back.

use std::{sync::Arc, time::Duration};

use frameos_domain::{clock::Clock, money::Currency};
use frameos_gateway::{
    Cashfree, CashfreeConfig, Gateway, PaymentProvider, Providers, Stripe, StripeConfig,
    wire::{Instrument, ProviderWebhook, TopUp, TopUpNew, TopUpStatus},
};
use frameos_store::testing::TestDb;

use crate::{
    double::{
        Fault, Server, TIMEOUT,
        cashfree::{self, CashfreeDouble},
        nobody,
        stripe::{self, StripeDouble},
    },
    harness::{Bench, execute, keys},
};

frameos_store::on_both_engines!(
    stripe_pays_by_webhook_once,
    cashfree_pays_by_webhook_once,
    webhooks_that_are_forged_old_or_foreign_change_nothing,
    a_lookup_finds_what_no_webhook_told,
    a_webhook_may_come_before_the_answer,
    a_process_killed_at_the_wrong_moment_loses_nothing,
    a_provider_that_is_down_fails_over,
    no_answer_fails_over_and_both_may_be_paid,
    a_kept_failure_is_gone_on_from,
    what_was_truly_paid_is_credited,
    what_is_taken_back_leaves_the_wallet,
    reversals_come_in_any_order,
    the_payer_chooses_the_instrument,
    two_at_once_open_one_checkout,
);

const OWNER: &str = "u1";

pub(crate) struct World {
    pub(crate) bench: Bench,
    pub(crate) stripe: Server<StripeDouble>,
    pub(crate) cashfree: Server<CashfreeDouble>,
}

impl World {
    pub(crate) async fn start(db: &TestDb) -> Self {
        let bench = Bench::new(&db.store);
        let stripe = Server::start(StripeDouble::new(&bench.clock)).await;
        let cashfree = Server::start(CashfreeDouble::new(&bench.clock)).await;
        let providers = Providers::new([stripe_at(&stripe.url), cashfree_at(&cashfree.url)]);
        let mut world = Self { bench, stripe, cashfree };
        world.use_providers(db, providers);
        world
    }

    fn use_providers(&mut self, db: &TestDb, providers: Providers) {
        let clock = Arc::clone(&self.bench.clock);
        self.bench.gateway = Gateway::with_providers(db.store.clone(), clock, keys(), providers);
    }

    pub(crate) async fn top_up(&self, new: TopUpNew) -> Result<TopUp, String> {
        let answer = self.bench.gateway.wallet_top_up(OWNER.to_owned(), new).await;
        answer.map_err(|error| error.code().to_owned())
    }

    pub(crate) async fn hook(&self, webhook: ProviderWebhook) -> Result<usize, String> {
        let answer = self.bench.gateway.provider_webhook(webhook).await;
        answer.map(|taken| taken.events).map_err(|error| error.code().to_owned())
    }

    pub(crate) async fn look(&self, after: Duration) {
        self.bench.clock.advance(after);
        self.bench.gateway.top_ups_reconcile(self.bench.clock.now()).await.unwrap();
    }

    async fn again(&self, top_up: &TopUp) -> TopUp {
        self.bench.gateway.top_up_get(OWNER.to_owned(), top_up.top_up_id).await.unwrap()
    }

    async fn last(&self) -> TopUp {
        self.bench.gateway.top_up_list(OWNER.to_owned(), 1, 1).await.unwrap().top_ups.remove(0)
    }

    async fn available(&self) -> i64 {
        self.bench.balances(OWNER).await.0
    }

    fn paid_by_stripe(&self, index: usize, amount: i64) -> ProviderWebhook {
        self.stripe.with(|double| {
            assert!(double.pay(index, amount));
            double.session_event("checkout.session.completed", index)
        })
    }

    fn paid_by_cashfree(&self, index: usize, amount: i64) -> ProviderWebhook {
        self.cashfree.with(|double| {
            assert!(double.pay(index, amount));
            double.success_event(index)
        })
    }
}

pub(crate) fn stripe_at(url: &str) -> Arc<dyn PaymentProvider> {
    let config = StripeConfig::new(stripe::SECRET_KEY.into(), stripe::WEBHOOK_SECRET.into(), TIMEOUT);
    Arc::new(Stripe::new(StripeConfig { base_url: url.to_owned(), ..config }).unwrap())
}

pub(crate) fn cashfree_at(url: &str) -> Arc<dyn PaymentProvider> {
    let config = CashfreeConfig::new(cashfree::CLIENT_ID.to_owned(), cashfree::CLIENT_SECRET.into(), TIMEOUT);
    Arc::new(Cashfree::new(CashfreeConfig { base_url: format!("{url}/pg"), ..config }).unwrap())
}

pub(crate) fn new(amount: i64, key: &str) -> TopUpNew {
    TopUpNew::new(amount, Currency::INR, Some(key.to_owned()))
}

fn by_upi(amount: i64, key: &str) -> TopUpNew {
    TopUpNew { instrument: Some(Instrument::Upi), ..new(amount, key) }
}

async fn stripe_pays_by_webhook_once(db: TestDb) {
    let world = World::start(&db).await;
    let pending = world.top_up(new(12_345, "a")).await.unwrap();
    assert_eq!((pending.status, &*pending.provider), (TopUpStatus::Pending, "stripe"));
    assert_eq!(pending.checkout_url.as_deref(), Some("https://checkout.stripe.example/c/pay/cs_test_1"));
    assert_eq!(world.top_up(new(12_345, "a")).await.unwrap(), pending, "the same key is the same checkout");
    assert_eq!(world.stripe.with(|double| double.requests), 1);
    let unpaid = world.stripe.with(|double| double.session_event("checkout.session.completed", 0));
    world.hook(unpaid).await.unwrap();
    assert_eq!(world.available().await, 0, "complete is not paid");
    let paid = world.paid_by_stripe(0, 12_345);
    for _ in 0..3 {
        assert_eq!(world.hook(paid.clone()).await, Ok(1));
    }
    let later =
        world.stripe.with(|double| double.session_event("checkout.session.async_payment_succeeded", 0));
    world.hook(later).await.unwrap();
    let expired = world.stripe.with(|double| double.session_event("checkout.session.expired", 0));
    world.hook(expired).await.unwrap();
    let settled = world.again(&pending).await;
    assert_eq!(
        (settled.status, settled.credited, settled.checkout_url),
        (TopUpStatus::Settled, 12_345, None)
    );
    assert_eq!((settled.provider_reference.as_deref(), settled.flags.len()), (Some("cs_test_1"), 0));
    assert_eq!(world.available().await, 12_345);
    world.bench.assert_whole().await;
}

async fn cashfree_pays_by_webhook_once(db: TestDb) {
    let world = World::start(&db).await;
    let pending = world.top_up(by_upi(10_050, "a")).await.unwrap();
    assert_eq!((&*pending.provider, pending.checkout_url.is_none()), ("cashfree", true));
    assert!(pending.payment_session_id.clone().unwrap().starts_with("session_top_"));
    assert_eq!(world.cashfree.with(|double| double.orders[0].amount), 10_050);
    let dropped = world.cashfree.with(|double| double.dropped_event(0));
    world.hook(dropped).await.unwrap();
    assert_eq!(world.again(&pending).await.status, TopUpStatus::Pending, "who left may come back");
    let paid = world.paid_by_cashfree(0, 10_050);
    for _ in 0..3 {
        world.hook(paid.clone()).await.unwrap();
    }
    world.look(Duration::from_secs(20)).await;
    assert_eq!(world.again(&pending).await.status, TopUpStatus::Settled);
    assert_eq!(world.available().await, 10_050);
    world.bench.assert_whole().await;
}

async fn webhooks_that_are_forged_old_or_foreign_change_nothing(db: TestDb) {
    let world = World::start(&db).await;
    world.top_up(new(1_000, "a")).await.unwrap();
    world.top_up(by_upi(1_000, "b")).await.unwrap();
    let (by_stripe, by_cashfree) = (world.paid_by_stripe(0, 1_000), world.paid_by_cashfree(0, 1_000));
    for good in [&by_stripe, &by_cashfree] {
        // What was parsed and written again is not what was signed.
        let value: serde_json::Value = serde_json::from_slice(&good.body).unwrap();
        let rewritten = ProviderWebhook { body: serde_json::to_vec(&value).unwrap(), ..good.clone() };
        let unsigned = ProviderWebhook { headers: Vec::new(), ..good.clone() };
        let nowhere = ProviderWebhook { provider: "sandbox".to_owned(), ..good.clone() };
        let empty = ProviderWebhook { body: Vec::new(), ..good.clone() };
        for bad in [rewritten, unsigned, nowhere, empty] {
            assert_eq!(world.hook(bad).await.unwrap_err(), "WEBHOOK_REFUSED");
        }
    }
    let (text, now) = (
        |webhook: &ProviderWebhook| String::from_utf8(webhook.body.clone()).unwrap(),
        world.bench.clock.now(),
    );
    for forged in [
        stripe::signed(text(&by_stripe), "whsec_other", now.as_secs()),
        stripe::signed(text(&by_stripe), stripe::WEBHOOK_SECRET, now.as_secs() - 301),
        stripe::signed(text(&by_stripe), stripe::WEBHOOK_SECRET, now.as_secs() + 301),
        cashfree::signed(text(&by_cashfree), "other", now.as_millis()),
        cashfree::signed(text(&by_cashfree), cashfree::CLIENT_SECRET, now.as_millis() - 90_000_000),
    ] {
        assert_eq!(world.hook(forged).await.unwrap_err(), "WEBHOOK_REFUSED");
    }
    // Rightly signed, and none of ours.
    let foreign = serde_json::json!({"id": "cs_x", "payment_status": "paid", "amount_total": 5, "currency": "inr",
        "client_reference_id": "somebody-elses"});
    let foreign = world.stripe.with(|double| double.event("checkout.session.completed", &foreign));
    assert_eq!(world.hook(foreign).await, Ok(1));
    let unknown =
        world.stripe.with(|double| double.event("customer.created", &serde_json::json!({"id": "cus_1"})));
    assert_eq!(world.hook(unknown).await, Ok(0));
    // One provider cannot speak of the other's charges.
    let charge = world.cashfree.with(|double| double.orders[0].id.clone());
    let wrong = serde_json::json!({"id": "cs_x", "payment_status": "paid", "amount_total": 5, "currency": "inr",
        "client_reference_id": charge});
    let wrong = world.stripe.with(|double| double.event("checkout.session.completed", &wrong));
    assert_eq!(world.hook(wrong).await, Ok(1));
    assert_eq!(world.available().await, 0);
    world.hook(by_stripe).await.unwrap();
    world.hook(by_cashfree).await.unwrap();
    assert_eq!(world.available().await, 2_000);
    world.bench.assert_whole().await;
}

async fn a_lookup_finds_what_no_webhook_told(db: TestDb) {
    let world = World::start(&db).await;
    let first = world.top_up(new(500, "a")).await.unwrap();
    let second = world.top_up(by_upi(700, "b")).await.unwrap();
    let third = world.top_up(new(900, "c")).await.unwrap();
    drop((world.paid_by_stripe(0, 500), world.paid_by_cashfree(0, 700)));
    world.stripe.fail([Some(Fault::Unavailable)]);
    world.look(Duration::from_secs(15)).await;
    world.look(Duration::from_secs(60)).await;
    for top_up in [&first, &second] {
        assert_eq!(world.again(top_up).await.status, TopUpStatus::Settled);
    }
    assert_eq!(world.again(&third).await.status, TopUpStatus::Pending);
    world.look(Duration::from_secs(3_700)).await;
    assert_eq!(world.again(&third).await.status, TopUpStatus::Expired);
    assert_eq!(world.available().await, 1_200);
    world.bench.assert_whole().await;
}

async fn a_webhook_may_come_before_the_answer(db: TestDb) {
    let mut world = World::start(&db).await;
    world.use_providers(&db, Providers::new([stripe_at(&world.stripe.url)]));
    world.stripe.fail([Some(Fault::LostAfter)]);
    assert_eq!(world.top_up(new(500, "a")).await.unwrap_err(), "UNAVAILABLE", "nobody knows");
    let paid = world.paid_by_stripe(0, 500);
    world.hook(paid).await.unwrap();
    let settled = world.top_up(new(500, "a")).await.unwrap();
    assert_eq!((settled.status, settled.credited), (TopUpStatus::Settled, 500));
    world.look(Duration::from_secs(15)).await;
    assert_eq!((world.available().await, world.stripe.with(|double| double.sessions.len())), (500, 1));
    world.bench.assert_whole().await;
}

async fn a_process_killed_at_the_wrong_moment_loses_nothing(db: TestDb) {
    let mut world = World::start(&db).await;
    world.use_providers(&db, Providers::new([stripe_at(&world.stripe.url)]));
    // The provider has done it; whoever asked dies before the answer is noted.
    world.stripe.fail([Some(Fault::Silent)]);
    let gateway = world.bench.gateway.clone();
    let asked =
        tokio::spawn(async move { gateway.wallet_top_up(OWNER.to_owned(), new(500, "a")).await.map(drop) });
    while world.stripe.with(|double| double.sessions.is_empty()) {
        tokio::task::yield_now().await;
    }
    asked.abort();
    assert!(asked.await.unwrap_err().is_cancelled());
    let meanwhile = world.top_up(new(500, "a")).await.unwrap();
    assert_eq!(
        (meanwhile.status, meanwhile.checkout_url),
        (TopUpStatus::Pending, None),
        "somebody seems to be at it"
    );
    world.look(Duration::from_secs(15)).await;
    let known = world.top_up(new(500, "a")).await.unwrap();
    assert!(known.checkout_url.is_some(), "the look-out found the checkout");
    let paid = world.paid_by_stripe(0, 500);
    world.hook(paid).await.unwrap();
    assert_eq!((world.available().await, world.stripe.with(|double| double.sessions.len())), (500, 1));
    world.bench.assert_whole().await;
}

async fn a_provider_that_is_down_fails_over(db: TestDb) {
    let mut world = World::start(&db).await;
    let down = stripe_at(&nobody().await);
    world.use_providers(&db, Providers::new([down, cashfree_at(&world.cashfree.url)]));
    for key in ["a", "b", "c", "d", "e", "f"] {
        let pending = world.top_up(new(500, key)).await.unwrap();
        assert_eq!((&*pending.provider, pending.payment_session_id.is_some()), ("cashfree", true));
    }
    let world = World {
        bench: Bench { gateway: world.bench.gateway.clone(), clock: Arc::clone(&world.bench.clock) },
        ..World::start(&db).await
    };
    assert_eq!(world.available().await, 0);
    world.bench.assert_whole().await;
    // An explicit refusal goes on to the next as well, and its reason is told when there is none.
    let world = World::start(&db).await;
    world.stripe.with(|double| double.requests = 0);
    let few = world.top_up(TopUpNew { instrument: Some(Instrument::Card), ..new(60, "g") }).await.unwrap();
    assert_eq!(&*few.provider, "stripe");
    let error = world.bench.gateway.wallet_top_up(OWNER.to_owned(), new(10, "h")).await.unwrap_err();
    assert_eq!(
        (error.code(), error.to_string().contains("stripe takes 50")),
        ("INVALID_REQUEST", true),
        "{error}"
    );
}

async fn no_answer_fails_over_and_both_may_be_paid(db: TestDb) {
    let world = World::start(&db).await;
    for (round, fault) in
        [Fault::LostBefore, Fault::LostAfter, Fault::Silent, Fault::FailedAfter, Fault::Unavailable]
            .into_iter()
            .enumerate()
    {
        world.stripe.fail([Some(fault)]);
        let pending = world.top_up(new(500, &format!("{fault:?}"))).await.unwrap();
        assert_eq!(&*pending.provider, "cashfree", "{fault:?}");
        let paid = world.paid_by_cashfree(round, 500);
        world.hook(paid).await.unwrap();
        assert_eq!(world.again(&pending).await.status, TopUpStatus::Settled);
    }
    assert_eq!(world.available().await, 2_500);
    let made = world.stripe.with(|double| double.sessions.len());
    assert_eq!(made, 3, "three were made by the provider that gave no answer");
    for index in 0..made {
        let paid = world.paid_by_stripe(index, 500);
        world.hook(paid.clone()).await.unwrap();
        world.hook(paid).await.unwrap();
    }
    assert_eq!(world.available().await, 4_000, "money that came in is money that came in");
    let twice = world.bench.gateway.top_up_list(OWNER.to_owned(), 1, 10).await.unwrap().top_ups;
    assert_eq!(
        twice.iter().filter(|top_up| top_up.flags == ["paid_again"] && top_up.credited == 1_000).count(),
        3
    );
    world.bench.assert_whole().await;
}

async fn a_kept_failure_is_gone_on_from(db: TestDb) {
    let mut world = World::start(&db).await;
    world.use_providers(&db, Providers::new([stripe_at(&world.stripe.url)]));
    // Stripe repeats a 500 for a day; the third call goes on under another key.
    world.stripe.fail([Some(Fault::FailedAfter)]);
    assert_eq!(world.top_up(new(500, "a")).await.unwrap_err(), "UNAVAILABLE");
    assert_eq!(world.top_up(new(500, "a")).await.unwrap_err(), "UNAVAILABLE");
    let pending = world.top_up(new(500, "a")).await.unwrap();
    assert_eq!(pending.provider_reference.as_deref(), Some("cs_test_2"));
    let paid = world.paid_by_stripe(1, 500);
    world.hook(paid).await.unwrap();
    for _ in 0..10 {
        world.look(Duration::from_secs(24 * 3600)).await;
    }
    assert_eq!((world.available().await, world.again(&pending).await.status), (500, TopUpStatus::Settled));
    world.bench.assert_whole().await;
}

async fn what_was_truly_paid_is_credited(db: TestDb) {
    let world = World::start(&db).await;
    let less = world.top_up(new(1_000, "a")).await.unwrap();
    let paid = world.paid_by_stripe(0, 900);
    world.hook(paid).await.unwrap();
    let less = world.again(&less).await;
    assert_eq!((less.status, less.amount, less.credited), (TopUpStatus::Settled, 1_000, 900));
    assert_eq!(less.flags, ["amount_differs"]);
    let other = world.top_up(new(1_000, "b")).await.unwrap();
    world.stripe.with(|double| double.sessions[1].currency = "usd".to_owned());
    let paid = world.paid_by_stripe(1, 1_000);
    world.hook(paid).await.unwrap();
    let other = world.again(&other).await;
    assert_eq!(
        (other.status, other.credited, other.flags),
        (TopUpStatus::Failed, 0, vec!["other_currency".to_owned()])
    );
    assert_eq!(world.available().await, 900);
    world.bench.assert_whole().await;
}

async fn what_is_taken_back_leaves_the_wallet(db: TestDb) {
    let world = World::start(&db).await;
    let top_up = world.top_up(new(1_000, "a")).await.unwrap();
    let paid = world.paid_by_stripe(0, 1_000);
    world.hook(paid).await.unwrap();
    let refund = |amount| world.stripe.with(|double| double.refund_event(0, amount));
    for amount in [300, 200, 300] {
        world.hook(refund(amount)).await.unwrap();
    }
    let part = world.again(&top_up).await;
    assert_eq!((part.status, part.reversed, part.debt), (TopUpStatus::Settled, 300, 0));
    assert_eq!(world.available().await, 700);
    // 500 are spent and 100 held: neither is touched.
    let spent = world.bench.issue(OWNER, 500).await.unwrap();
    world.bench.gateway.execute(execute(&spent)).await.unwrap();
    world.bench.issue(OWNER, 100).await.unwrap();
    let disputed =
        world.stripe.with(|double| double.dispute_event("charge.dispute.created", 0, "needs_response"));
    for _ in 0..2 {
        world.hook(disputed.clone()).await.unwrap();
    }
    let all = world.again(&top_up).await;
    assert_eq!((all.status, all.reversed, all.debt), (TopUpStatus::Reversed, 1_000, 600));
    assert_eq!(world.bench.balances(OWNER).await, (0, 100));
    world.bench.assert_whole().await;
    // The dispute is won: the debt goes first, then the wallet gets its part back.
    let won = world.stripe.with(|double| double.dispute_event("charge.dispute.closed", 0, "won"));
    world.hook(won).await.unwrap();
    world.hook(disputed).await.unwrap();
    let back = world.again(&top_up).await;
    assert_eq!((back.status, back.reversed, back.debt), (TopUpStatus::Settled, 300, 0));
    assert_eq!(world.bench.balances(OWNER).await, (100, 100));
    world.bench.assert_whole().await;
}

async fn reversals_come_in_any_order(db: TestDb) {
    let world = World::start(&db).await;
    let top_up = world.top_up(by_upi(1_000, "a")).await.unwrap();
    let paid = world.paid_by_cashfree(0, 1_000);
    let refund = |name: &str, amount| world.cashfree.with(|double| double.refund_event(0, name, amount));
    // Before anybody knows of the payment.
    world.hook(refund("r1", 250)).await.unwrap();
    world.hook(refund("r2", 100)).await.unwrap();
    assert_eq!(world.available().await, 0);
    world.hook(paid).await.unwrap();
    world.hook(refund("r1", 250)).await.unwrap();
    assert_eq!((world.available().await, world.again(&top_up).await.reversed), (650, 350));
    let enquiry = world.stripe.with(|double| {
        let object = serde_json::json!({"id": "dp", "charge": "ch", "payment_intent": "pi", "amount": 5, "currency": "inr",
            "status": "warning_needs_response"});
        double.event("charge.dispute.created", &object)
    });
    assert_eq!(world.hook(enquiry).await, Ok(0));
    world.bench.assert_whole().await;
}

async fn the_payer_chooses_the_instrument(db: TestDb) {
    let world = World::start(&db).await;
    let card = TopUpNew { instrument: Some(Instrument::Card), ..new(500, "a") };
    assert_eq!(world.top_up(card).await.unwrap().provider, "stripe");
    for (key, instrument) in
        [("b", Instrument::Upi), ("c", Instrument::Netbanking), ("d", Instrument::Wallet)]
    {
        let wanted = TopUpNew { instrument: Some(instrument), ..new(500, key) };
        let answer = world.top_up(wanted).await.unwrap();
        assert_eq!(
            (&*answer.provider, answer.instrument.as_deref()),
            ("cashfree", Some(instrument.as_str()))
        );
    }
    assert_eq!(
        world.top_up(new(200_000_000, "e")).await.unwrap().provider,
        "cashfree",
        "too much for the first"
    );
}

async fn two_at_once_open_one_checkout(db: TestDb) {
    let world = World::start(&db).await;
    let calls = futures::future::join_all((0..6).map(|_| world.top_up(new(500, "a")))).await;
    let opened: Vec<_> = calls.into_iter().map(Result::unwrap).collect();
    assert!(opened.iter().all(|top_up| top_up.top_up_id == opened[0].top_up_id));
    assert_eq!(world.stripe.with(|double| double.sessions.len()), 1);
    assert!(world.last().await.checkout_url.is_some());
}
