//! Payouts: what is taken, sent once whatever happens on the way, and payable again when it was not.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex},
    time::Duration,
};

use frameos_domain::{
    id::PayoutId,
    money::Currency,
    payout::{PayoutAccount, PayoutStatus},
};
use frameos_gateway::{
    BoxFuture, Gateway, PayoutProvider, Transfer, TransferState, TransferUnknown,
    wire::{Payout, PayoutMade, PayoutNew, PayoutQuery},
};
use frameos_store::testing::{TestDb, TestEngine};
use proptest::{prelude::*, test_runner::TestRunner};
use tokio::sync::Notify;

use crate::{
    harness::Bench,
    refunds::{balance, pay, refund},
};

frameos_store::on_both_engines!(
    a_payout_takes_what_is_payable_once,
    payouts_at_once_take_nothing_twice,
    a_failed_payout_is_payable_again,
    a_returned_payout_is_payable_again,
    a_lost_answer_is_no_failure,
    a_process_that_dies_at_any_step_sends_once,
    callers_at_once_send_once,
    what_was_refunded_after_a_payout_is_made_up_for,
    an_orchestrators_share_is_paid_out_too,
    an_altered_payout_is_named
);

const CLAIM: Duration = Duration::from_secs(121);
const DOUBT: Duration = Duration::from_secs(15 * 60 + 1);

pub(crate) fn new(payee: &str, period: &str) -> PayoutNew {
    PayoutNew {
        payee: payee.to_owned(),
        currency: Currency::INR,
        period: period.to_owned(),
        round: 1,
        minimum: 50_000,
        account: PayoutAccount::Upi { name: "Asha Rao".into(), upi_id: "asha@okbank".into() },
    }
}

fn named(holder: &str, period: &str) -> PayoutNew {
    let account = PayoutAccount::Upi { name: holder.to_owned(), upi_id: "asha@okbank".into() };
    PayoutNew { account, ..new("dev_a", period) }
}

pub(crate) async fn made(gateway: &Gateway, new: PayoutNew) -> Payout {
    gateway.payout_create(new).await.unwrap().payout.unwrap()
}

async fn a_payout_takes_what_is_payable_once(db: TestDb) {
    let bench = Bench::new(&db.store);
    pay(&bench, "dev_a", 71_427, None).await;
    let few = bench.gateway.payout_create(new("dev_a", "2026-11-16")).await.unwrap();
    assert_eq!(few, PayoutMade { payout: None, payable: 49_998 });
    let paid = pay(&bench, "dev_a", 3, None).await;
    let refunded = pay(&bench, "dev_a", 100, None).await;
    refund(&bench, refunded.payment_id, Some(100), "key").await.unwrap();
    let payout = made(&bench.gateway, new("dev_a", "2026-11-16")).await;
    assert_eq!((payout.amount, payout.status), (50_000, PayoutStatus::Created));
    assert_eq!(payout.account, "as***@okbank");
    let waiting = balance(&bench, "dev_a").await;
    assert_eq!((waiting.payable, waiting.in_transit, waiting.paid_out), (0, 50_000, 0));
    // The same round of the same period again, also with more payable by now.
    pay(&bench, "dev_a", 100_000, None).await;
    assert_eq!(made(&bench.gateway, new("dev_a", "2026-11-16")).await.payout_id, payout.payout_id);
    let done = bench.gateway.payout_advance(payout.payout_id).await.unwrap();
    assert_eq!((done.status, done.bank_reference.is_some()), (PayoutStatus::Paid, true));
    let told = bench.gateway.payout_get(payout.payout_id).await.unwrap();
    let statement = told.statement.unwrap();
    assert_eq!((statement.sales, statement.gross), (3, 71_530));
    assert_eq!((statement.shares, statement.refunds, statement.net), (50_070, -70, 50_000));
    let lines = bench.gateway.payout_lines(payout.payout_id, 1, 100).await.unwrap();
    assert_eq!((lines.total, lines.lines.iter().map(|line| line.amount).sum::<i64>()), (4, 50_000));
    assert_eq!(lines.lines[1].reference, paid.mandate_id.to_string());
    assert_eq!((lines.lines[3].kind.as_str(), lines.lines[3].gross), ("refund", -100));
    let after = balance(&bench, "dev_a").await;
    assert_eq!((after.payable, after.in_transit, after.paid_out), (70_000, 0, 50_000));
    bench.clock.advance(CLAIM);
    let next = made(&bench.gateway, new("dev_a", "2026-11-23")).await;
    assert_eq!(next.amount, 70_000);
    let all = PayoutQuery { payee: None, page: 1, limit: 10 };
    let listed = bench.gateway.payout_list(all).await.unwrap();
    assert_eq!((listed.total, listed.payouts[0].payout_id), (2, next.payout_id));
    bench.assert_whole().await;
}

async fn payouts_at_once_take_nothing_twice(db: TestDb) {
    let bench = Bench::new(&db.store);
    pay(&bench, "dev_a", 100_000, None).await;
    let tasks = (0..8).map(|number| {
        let (gateway, new) = (bench.gateway.clone(), new("dev_a", ["2026-11-16", "2026-11-23"][number % 2]));
        tokio::spawn(async move { gateway.payout_create(new).await })
    });
    let mut taken = BTreeMap::new();
    for task in tasks.collect::<Vec<_>>() {
        match task.await.unwrap() {
            Ok(PayoutMade { payout: Some(payout), .. }) => {
                taken.insert(payout.payout_id, payout.amount);
            }
            Ok(PayoutMade { payout: None, payable }) => assert_eq!(payable, 0),
            Err(error) => assert_eq!(error.code(), "UNAVAILABLE"),
        }
    }
    assert_eq!(taken.into_values().collect::<Vec<_>>(), [70_000]);
    bench.assert_whole().await;
}

async fn a_failed_payout_is_payable_again(db: TestDb) {
    let bench = Bench::new(&db.store);
    pay(&bench, "dev_a", 100_000, None).await;
    for (round, holder) in [(1, "sandbox refuse"), (2, "sandbox fail")] {
        let payout = made(&bench.gateway, PayoutNew { round, ..named(holder, "2026-11-16") }).await;
        assert_eq!(payout.amount, 70_000);
        for _ in 0..2 {
            let failed = bench.gateway.payout_advance(payout.payout_id).await.unwrap();
            assert_eq!((failed.status, failed.reason.is_some()), (PayoutStatus::Failed, true));
        }
        assert_eq!(balance(&bench, "dev_a").await.payable, 70_000);
    }
    let payout = made(&bench.gateway, PayoutNew { round: 3, ..new("dev_a", "2026-11-16") }).await;
    let paid = bench.gateway.payout_advance(payout.payout_id).await.unwrap();
    assert_eq!((paid.amount, paid.status), (70_000, PayoutStatus::Paid));
    let statement = bench.gateway.payout_get(payout.payout_id).await.unwrap().statement.unwrap();
    assert_eq!((statement.returned, statement.shares, statement.net), (70_000, 0, 70_000));
    bench.assert_whole().await;
}

async fn a_returned_payout_is_payable_again(db: TestDb) {
    let bench = Bench::new(&db.store);
    pay(&bench, "dev_a", 100_000, None).await;
    let payout = made(&bench.gateway, named("sandbox return", "2026-11-16")).await;
    let paid = bench.gateway.payout_advance(payout.payout_id).await.unwrap();
    assert_eq!((paid.status, balance(&bench, "dev_a").await.paid_out), (PayoutStatus::Paid, 70_000));
    for _ in 0..3 {
        let returned = bench.gateway.payout_advance(payout.payout_id).await.unwrap();
        assert_eq!((returned.status, returned.paid_at), (PayoutStatus::Returned, paid.paid_at));
    }
    let after = balance(&bench, "dev_a").await;
    assert_eq!((after.payable, after.in_transit, after.paid_out), (70_000, 0, 0));
    bench.assert_whole().await;
}

/// What a bank does with one request.
#[derive(Debug, Clone, Copy)]
enum Mode {
    Pay,
    /// Takes it, and the answer is lost.
    TakeAndLose,
    /// Never hears of it, and neither does the caller.
    Lose,
    Refuse,
    /// Takes it; the caller waits for ever.
    TakeAndHang,
    /// The caller waits for ever for nothing.
    Hang,
}

/// A bank that does as it is told and counts what it sends.
#[derive(Default)]
struct Bank {
    modes: Mutex<VecDeque<Mode>>,
    sent: Mutex<BTreeMap<PayoutId, u32>>,
    asked: Notify,
}

impl Bank {
    fn take(&self, transfer: &Transfer) {
        // As a provider does: the same id is sent once.
        self.sent.lock().unwrap().entry(transfer.payout_id).or_insert(1);
    }

    fn sent(&self, id: PayoutId) -> u32 {
        self.sent.lock().unwrap().get(&id).copied().unwrap_or(0)
    }
}

fn lost() -> TransferUnknown {
    TransferUnknown { provider: "bank", source: "no answer".into() }
}

impl PayoutProvider for Bank {
    fn name(&self) -> &'static str {
        "bank"
    }

    fn transfer(&self, transfer: Transfer) -> BoxFuture<'_, Result<TransferState, TransferUnknown>> {
        let mode = self.modes.lock().unwrap().pop_front().unwrap_or(Mode::Pay);
        Box::pin(async move {
            if matches!(mode, Mode::Pay | Mode::TakeAndLose | Mode::TakeAndHang) {
                self.take(&transfer);
            }
            self.asked.notify_one();
            match mode {
                Mode::Pay => Ok(TransferState::Paid { reference: None, bank_reference: None }),
                Mode::Refuse => Ok(TransferState::Refused { reason: "not you".into() }),
                Mode::Lose | Mode::TakeAndLose => Err(lost()),
                Mode::Hang | Mode::TakeAndHang => std::future::pending().await,
            }
        })
    }

    fn lookup(&self, transfer: Transfer) -> BoxFuture<'_, Result<Option<TransferState>, TransferUnknown>> {
        let paid = TransferState::Paid { reference: None, bank_reference: None };
        let state = (self.sent(transfer.payout_id) > 0).then_some(paid);
        Box::pin(async { Ok(state) })
    }
}

fn with_bank(db: &TestDb, modes: &[Mode]) -> (Bench, Arc<Bank>) {
    let bank = Arc::new(Bank { modes: Mutex::new(modes.iter().copied().collect()), ..Bank::default() });
    let bench = Bench::new(&db.store);
    let gateway = bench.gateway.clone().with_payouts(Arc::<Bank>::clone(&bank));
    (Bench { gateway, ..bench }, bank)
}

async fn a_lost_answer_is_no_failure(db: TestDb) {
    let modes = [Mode::TakeAndLose, Mode::Lose, Mode::Refuse, Mode::Refuse];
    let (bench, bank) = with_bank(&db, &modes);
    pay(&bench, "dev_a", 100_000, None).await;
    let payout = made(&bench.gateway, new("dev_a", "2026-11-16")).await;
    let unknown = bench.gateway.payout_advance(payout.payout_id).await.unwrap();
    assert_eq!((unknown.status, balance(&bench, "dev_a").await.in_transit), (PayoutStatus::Sent, 70_000));
    let paid = bench.gateway.payout_advance(payout.payout_id).await.unwrap();
    assert_eq!((paid.status, bank.sent(payout.payout_id)), (PayoutStatus::Paid, 1));

    pay(&bench, "dev_a", 100_000, None).await;
    let payout = made(&bench.gateway, new("dev_a", "2026-11-23")).await;
    bench.gateway.payout_advance(payout.payout_id).await.unwrap();
    // The bank has not heard of it, and refuses it now; the request that was lost may still come in.
    let refused = bench.gateway.payout_advance(payout.payout_id).await.unwrap();
    assert_eq!(refused.status, PayoutStatus::Sent, "a refusal is not believed yet");
    bench.clock.advance(DOUBT);
    let failed = bench.gateway.payout_advance(payout.payout_id).await.unwrap();
    assert_eq!((failed.status, bank.sent(payout.payout_id)), (PayoutStatus::Failed, 0));
    bench.assert_whole().await;
}

/// The process is killed while the bank is asked: before it heard anything, and after it took the transfer.
async fn a_process_that_dies_at_any_step_sends_once(db: TestDb) {
    for (period, mode) in [("2026-11-16", Mode::Hang), ("2026-11-23", Mode::TakeAndHang)] {
        let (bench, bank) = with_bank(&db, &[mode]);
        pay(&bench, "dev_a", 100_000, None).await;
        // Killed after the payout was made: asking for it again gives the same one.
        let payout = made(&bench.gateway, new("dev_a", period)).await;
        assert_eq!(made(&bench.gateway, new("dev_a", period)).await, payout);
        let (gateway, id) = (bench.gateway.clone(), payout.payout_id);
        let killed = tokio::spawn(async move { gateway.payout_advance(id).await });
        bank.asked.notified().await;
        killed.abort();
        assert!(killed.await.unwrap_err().is_cancelled());
        // Nobody touches it while the dead one's claim stands.
        let waiting = bench.gateway.payout_advance(id).await.unwrap();
        assert_eq!(waiting.status, PayoutStatus::Sent);
        bench.clock.advance(CLAIM);
        let paid = bench.gateway.payout_advance(id).await.unwrap();
        assert_eq!((paid.status, bank.sent(id)), (PayoutStatus::Paid, 1));
        bench.assert_whole().await;
    }
}

async fn callers_at_once_send_once(db: TestDb) {
    let (bench, bank) = with_bank(&db, &[Mode::Pay, Mode::Refuse, Mode::Refuse, Mode::Refuse]);
    pay(&bench, "dev_a", 100_000, None).await;
    let payout = made(&bench.gateway, new("dev_a", "2026-11-16")).await;
    let tasks = (0..8).map(|_| {
        let (gateway, id) = (bench.gateway.clone(), payout.payout_id);
        tokio::spawn(async move { gateway.payout_advance(id).await.unwrap().status })
    });
    for task in tasks.collect::<Vec<_>>() {
        assert!(!task.await.unwrap().is_undone());
    }
    let paid = bench.gateway.payout_advance(payout.payout_id).await.unwrap();
    assert_eq!((paid.status, bank.modes.lock().unwrap().len()), (PayoutStatus::Paid, 3));
    bench.assert_whole().await;
}

async fn what_was_refunded_after_a_payout_is_made_up_for(db: TestDb) {
    let bench = Bench::new(&db.store);
    let paid = pay(&bench, "dev_a", 100_000, None).await;
    let payout = made(&bench.gateway, new("dev_a", "2026-11-16")).await;
    bench.gateway.payout_advance(payout.payout_id).await.unwrap();
    refund(&bench, paid.payment_id, None, "key").await.unwrap();
    assert_eq!(balance(&bench, "dev_a").await.payable, -70_000);
    pay(&bench, "dev_a", 100_000, None).await;
    let none = bench.gateway.payout_create(new("dev_a", "2026-11-23")).await.unwrap();
    assert_eq!(none, PayoutMade { payout: None, payable: 0 });
    pay(&bench, "dev_a", 100_000, None).await;
    let next = made(&bench.gateway, new("dev_a", "2026-11-30")).await;
    let statement = bench.gateway.payout_get(next.payout_id).await.unwrap().statement.unwrap();
    assert_eq!((statement.shares, statement.refunds, next.amount), (140_000, -70_000, 70_000));
    bench.assert_whole().await;
}

async fn an_orchestrators_share_is_paid_out_too(db: TestDb) {
    let bench = Bench::new(&db.store);
    pay(&bench, "dev_a", 100_000, Some("dev_b")).await;
    pay(&bench, "dev_b", 100_000, Some("dev_b")).await;
    let payout = made(&bench.gateway, PayoutNew { payee: "dev_b".into(), ..new("", "2026-11-16") }).await;
    assert_eq!(payout.amount, 10_000 + 70_000 + 10_000);
    let statement = bench.gateway.payout_get(payout.payout_id).await.unwrap().statement.unwrap();
    assert_eq!((statement.gross, statement.shares, statement.orchestration), (100_000, 70_000, 20_000));
    assert_eq!(bench.gateway.payout_lines(payout.payout_id, 1, 10).await.unwrap().total, 3);
    bench.assert_whole().await;
}

async fn an_altered_payout_is_named(db: TestDb) {
    let bench = Bench::new(&db.store);
    pay(&bench, "dev_a", 100_000, None).await;
    let payout = made(&bench.gateway, new("dev_a", "2026-11-16")).await;
    bench.gateway.payout_advance(payout.payout_id).await.unwrap();
    for (sql, undo, reason) in [
        ("UPDATE payouts SET amount = amount + 1", "UPDATE payouts SET amount = amount - 1", "of its amount"),
        (
            "UPDATE payouts SET status = 'returned'",
            "UPDATE payouts SET status = 'paid'",
            "whether it came back",
        ),
        (
            "UPDATE payouts SET payee = 'dev_b'",
            "UPDATE payouts SET payee = 'dev_a'",
            "not taken from its payee's",
        ),
        (
            "UPDATE payouts SET from_sequence = 1",
            "UPDATE payouts SET from_sequence = 0",
            "where the one before it ended",
        ),
        (
            "UPDATE payouts SET to_sequence = 1",
            "UPDATE payouts SET to_sequence = to_sequence + 2",
            "not the sum of the entries",
        ),
    ] {
        db.store.tx(move |tx| Box::pin(async move { tx.execute(sql, &[]).await })).await.unwrap();
        let bad = bench.gateway.ledger_verify().await.unwrap().first_bad.expect(sql);
        assert!(bad.reason.contains(reason) && bad.entry == payout.payout_id.to_string(), "{sql}: {bad:?}");
        db.store.tx(move |tx| Box::pin(async move { tx.execute(undo, &[]).await })).await.unwrap();
    }
    bench.assert_whole().await;
}

#[derive(Debug, Clone)]
enum Step {
    Pay(i64),
    /// Of the payment with this number, so many parts of a hundred of what it was.
    Refund(usize, i64),
    Payout,
    Advance(Mode),
    Wait,
}

fn step() -> impl Strategy<Value = Step> {
    let mode = prop_oneof![
        Just(Mode::Pay),
        Just(Mode::Pay),
        Just(Mode::TakeAndLose),
        Just(Mode::Lose),
        Just(Mode::Refuse)
    ];
    prop_oneof![
        (1_i64..200_000).prop_map(Step::Pay),
        (0_usize..8, 1_i64..=100).prop_map(|(number, parts)| Step::Refund(number, parts)),
        Just(Step::Payout),
        mode.prop_map(Step::Advance),
        Just(Step::Wait),
    ]
}

/// Whatever happens in whatever order: what was earned is payable, on its way, or with the developer; nothing is sent for less
/// than was taken, nothing taken that was not earned.
#[test]
fn any_interleaving_pays_what_was_earned() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let config = ProptestConfig { cases: 12, ..ProptestConfig::default() };
    TestRunner::new(config)
        .run(&proptest::collection::vec(step(), 1..25), |steps| {
            runtime.block_on(walk(steps));
            Ok(())
        })
        .unwrap();
}

async fn walk(steps: Vec<Step>) {
    let db = TestDb::open(TestEngine::Sqlite).await;
    let (bench, bank) = with_bank(&db, &[]);
    let (mut payments, mut payouts, mut earned) = (Vec::new(), Vec::new(), 0);
    for (number, step) in steps.into_iter().enumerate() {
        match step {
            Step::Pay(amount) => {
                let paid = pay(&bench, "dev_a", amount, None).await;
                earned += paid.split.developer;
                payments.push(paid);
            }
            Step::Refund(which, parts) => {
                let Some(paid) = payments.get(which) else { continue };
                let amount = (paid.amount * parts / 100).max(1);
                if let Ok(done) = refund(&bench, paid.payment_id, Some(amount), &number.to_string()).await {
                    earned -= done.split.developer;
                }
            }
            Step::Payout => {
                let made = bench.gateway.payout_create(new("dev_a", &number.to_string())).await.unwrap();
                payouts.extend(made.payout);
            }
            Step::Advance(mode) => {
                let Some(payout) = payouts.last() else { continue };
                bank.modes.lock().unwrap().push_back(mode);
                bench.gateway.payout_advance(payout.payout_id).await.unwrap();
                bank.modes.lock().unwrap().clear();
            }
            Step::Wait => bench.clock.advance(DOUBT),
        }
    }
    let balance = balance(&bench, "dev_a").await;
    assert_eq!(balance.payable + balance.in_transit + balance.paid_out, earned);
    for payout in &payouts {
        let status = bench.gateway.payout_get(payout.payout_id).await.unwrap().status;
        assert!(bank.sent(payout.payout_id) <= 1);
        assert!(!(status.is_undone() && bank.sent(payout.payout_id) > 0), "sent, and payable again");
        assert!(status != PayoutStatus::Paid || bank.sent(payout.payout_id) == 1);
    }
    bench.assert_whole().await;
}
