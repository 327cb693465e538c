//! Whatever the order of calls, faults, payments, webhooks, lookups and crashes: what is credited is what was truly paid.

use std::time::Duration;

use frameos_gateway::wire::{Instrument, ProviderWebhook, TopUpNew};
use frameos_store::testing::{TestDb, TestEngine};
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};

use crate::{
    double::Fault,
    providers::{World, new},
};

#[derive(Debug, Clone)]
enum Step {
    /// A call under one of four keys; the key decides what is asked for.
    Ask(u8),
    /// The same, and whoever asks is killed after so many turns.
    Killed(u8, u8),
    FailStripe(u8),
    FailCashfree(u8),
    /// The payer of a charge pays, a little more or less than asked.
    PayStripe(usize, i64),
    PayCashfree(usize, i64),
    /// Something that was reported arrives, perhaps not for the first time.
    Deliver(usize),
    Refund(usize, i64),
    Look(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let off = prop_oneof![4 => Just(0_i64), 1 => -20_i64..20];
    let step = prop_oneof![
        6 => (0_u8..4).prop_map(Step::Ask),
        2 => (0_u8..4, any::<u8>()).prop_map(|(key, turns)| Step::Killed(key, turns)),
        3 => (0_u8..4).prop_map(Step::FailStripe),
        2 => (0_u8..4).prop_map(Step::FailCashfree),
        4 => (any::<usize>(), off.clone()).prop_map(|(pick, off)| Step::PayStripe(pick, off)),
        3 => (any::<usize>(), off).prop_map(|(pick, off)| Step::PayCashfree(pick, off)),
        5 => any::<usize>().prop_map(Step::Deliver),
        1 => (any::<usize>(), 1_i64..700).prop_map(|(pick, amount)| Step::Refund(pick, amount)),
        3 => (0_u64..900).prop_map(Step::Look),
    ];
    prop::collection::vec(step, 1..30)
}

struct Run {
    world: World,
    /// Everything that providers will report sooner or later.
    reports: Vec<Report>,
    refunded: Vec<(usize, i64)>,
}

/// Signed when it is delivered, as providers sign each try.
#[derive(Clone, Copy)]
enum Report {
    Stripe(usize),
    Cashfree(usize),
    Refund(usize, i64),
}

fn asked(key: u8) -> TopUpNew {
    let instrument = (key == 3).then_some(Instrument::Upi);
    TopUpNew { instrument, ..new(500 + i64::from(key), &format!("key-{key}")) }
}

fn fault(kind: u8) -> Fault {
    [Fault::LostBefore, Fault::LostAfter, Fault::FailedAfter, Fault::Unavailable][usize::from(kind) % 4]
}

impl Run {
    async fn step(&mut self, step: Step) {
        let world = &self.world;
        match step {
            Step::Ask(key) => drop(world.top_up(asked(key)).await),
            Step::Killed(key, turns) => {
                let gateway = world.bench.gateway.clone();
                let call = tokio::spawn(async move {
                    gateway.wallet_top_up("u1".to_owned(), asked(key)).await.map(drop)
                });
                for _ in 0..u32::from(turns) * 20 {
                    tokio::task::yield_now().await;
                }
                call.abort();
                drop(call.await);
            }
            Step::FailStripe(kind) => world.stripe.fail([Some(fault(kind))]),
            Step::FailCashfree(kind) => world.cashfree.fail([Some(fault(kind))]),
            Step::PayStripe(pick, off) => {
                let paid = world.stripe.with(|double| {
                    let index = pick % double.sessions.len().max(1);
                    let amount = double.sessions.get(index)?.amount + off;
                    double.pay(index, amount).then_some(index)
                });
                self.reports.extend(paid.map(Report::Stripe));
            }
            Step::PayCashfree(pick, off) => {
                let paid = world.cashfree.with(|double| {
                    let index = pick % double.orders.len().max(1);
                    let amount = double.orders.get(index)?.amount + off;
                    double.pay(index, amount).then_some(index)
                });
                self.reports.extend(paid.map(Report::Cashfree));
            }
            Step::Deliver(pick) if !self.reports.is_empty() => {
                self.deliver(self.reports[pick % self.reports.len()]).await;
            }
            Step::Deliver(_) => {}
            Step::Refund(pick, amount) => self.refund(pick, amount),
            Step::Look(seconds) => world.look(Duration::from_secs(seconds)).await,
        }
    }

    /// One refund of a session that was paid, of at most what was.
    fn refund(&mut self, pick: usize, amount: i64) {
        let paid: Vec<_> = self.world.stripe.with(|double| {
            let paid = double.sessions.iter().enumerate().filter(|(_, session)| session.paid);
            paid.map(|(index, session)| (index, session.amount_total)).collect()
        });
        let Some((index, total)) = paid.get(pick % paid.len().max(1)).copied() else { return };
        if self.refunded.iter().all(|(known, _)| *known != index) {
            let amount = amount.min(total);
            self.refunded.push((index, amount));
            self.reports.push(Report::Refund(index, amount));
        }
    }

    async fn deliver(&self, report: Report) {
        let webhook: ProviderWebhook = match report {
            Report::Stripe(index) => {
                self.world.stripe.with(|double| double.session_event("checkout.session.completed", index))
            }
            Report::Cashfree(index) => self.world.cashfree.with(|double| double.success_event(index)),
            Report::Refund(index, amount) => {
                self.world.stripe.with(|double| double.refund_event(index, amount))
            }
        };
        self.world.hook(webhook).await.unwrap();
    }

    fn truly_paid(&self) -> i64 {
        let by_stripe: i64 = self.world.stripe.with(|double| {
            double.sessions.iter().filter(|session| session.paid).map(|session| session.amount_total).sum()
        });
        let by_cashfree: i64 =
            self.world.cashfree.with(|double| double.orders.iter().filter_map(|order| order.paid).sum());
        by_stripe + by_cashfree
    }

    async fn credited(&self) -> (i64, i64) {
        let page = self.world.bench.gateway.top_up_list("u1".to_owned(), 1, 100).await.unwrap();
        let credited = page.top_ups.iter().map(|top_up| top_up.credited).sum();
        (credited, page.top_ups.iter().map(|top_up| top_up.reversed).sum())
    }
}

async fn run(engine: TestEngine, steps: Vec<Step>) {
    let db = TestDb::open(engine).await;
    let mut run = Run { world: World::start(&db).await, reports: Vec::new(), refunded: Vec::new() };
    for step in steps {
        run.step(step).await;
        assert!(run.credited().await.0 <= run.truly_paid(), "credited what nobody paid");
    }
    run.world.stripe.heal();
    run.world.cashfree.heal();
    // Providers report until they are heard, and the look-out goes on.
    for report in run.reports.clone().into_iter().rev() {
        run.deliver(report).await;
    }
    for seconds in [60, 600, 3_600, 3_600, 90_000] {
        run.world.look(Duration::from_secs(seconds)).await;
    }
    let refunded: i64 = run.refunded.iter().map(|(_, amount)| amount).sum();
    assert_eq!(run.credited().await, (run.truly_paid(), refunded));
    assert_eq!(run.world.bench.balances("u1").await, (run.truly_paid() - refunded, 0));
    run.world.bench.assert_whole().await;
}

fn any_order(engine: TestEngine, cases: u32) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    runner
        .run(&steps(), |steps| {
            runtime.block_on(run(engine, steps));
            Ok(())
        })
        .unwrap();
}

mod sqlite {
    #[test]
    fn what_is_credited_is_what_was_paid() {
        super::any_order(super::TestEngine::Sqlite, 40);
    }
}

mod postgres {
    #[test]
    fn what_is_credited_is_what_was_paid() {
        super::any_order(super::TestEngine::Postgres, 10);
    }
}
