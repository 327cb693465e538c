//! Everything at once, on threads of their own: purchases of one payer, captured in part or whole, voided, expired, funded.
//!
//! Whatever wins each race, the wallet is what was funded less what the mandates hold and took, the budget is kept, and every
//! answer about one mandate is the same.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use frameos_domain::{
    clock::Clock,
    id::{MandateId, PaymentId},
    mandate::MandateStatus,
    money::Currency,
    policy::Policy,
};
use frameos_gateway::{
    Gateway,
    wire::{Execute, MandateNew, TopUpNew},
};
use frameos_store::testing::TestDb;

use crate::harness::{Bench, intent};

frameos_store::on_both_engines!(all_at_once_keeps_the_books);

const TASKS: u64 = 8;
const PURCHASES: u64 = 12;
const BUDGET: i64 = 1_200;
const FUNDS: i64 = 700;
const TOP_UP: i64 = 50;

/// What all tasks know.
#[derive(Default)]
struct Shared {
    mandates: Vec<(MandateId, i64)>,
    paid: BTreeMap<MandateId, (PaymentId, i64)>,
    funded: i64,
}

/// SplitMix64: the same decisions in every run; their interleaving is up to the machine.
struct Decisions(u64);

impl Decisions {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        (mixed ^ (mixed >> 27)) % limit
    }
}

async fn all_at_once_keeps_the_books(db: TestDb) {
    let bench = Bench::new(&db.store);
    bench.fund("u1", FUNDS).await;
    let policy = Policy { monthly_limit: Some(BUDGET), ..Policy::default() };
    bench.gateway.policy_put("u1".to_owned(), policy).await.unwrap();
    let shared = Arc::new(Mutex::new(Shared { funded: FUNDS, ..Shared::default() }));
    let now = bench.clock.now();
    let tasks: Vec<_> = (0..TASKS)
        .map(|task| {
            let (gateway, shared) = (bench.gateway.clone(), Arc::clone(&shared));
            tokio::spawn(async move {
                let mut decisions = Decisions(task);
                for _ in 0..PURCHASES {
                    buy(&gateway, &shared, &mut decisions).await;
                    act(&gateway, &shared, &mut decisions).await;
                    act(&gateway, &shared, &mut decisions).await;
                    gateway.mandates_expire(now).await.unwrap();
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let (mandates, paid, funded) = {
        let shared = shared.lock().unwrap();
        (shared.mandates.clone(), shared.paid.clone(), shared.funded)
    };
    let (mut held, mut spent) = (0, 0);
    for (id, amount) in &mandates {
        let standing = bench.gateway.mandate_get(*id).await.unwrap();
        assert_eq!(standing.amount, *amount);
        assert_eq!(standing.captured_amount, paid.get(id).map(|(_, taken)| *taken));
        match standing.status {
            MandateStatus::Issued => held += amount,
            MandateStatus::Executed => spent += standing.captured_amount.unwrap(),
            MandateStatus::Voided | MandateStatus::Expired => {}
        }
    }
    assert!(spent > 0 && mandates.len() > 10, "{} mandates", mandates.len());
    assert!(held + spent <= BUDGET.min(funded), "{held} held, {spent} spent");
    assert_eq!(bench.balances("u1").await, (funded - held - spent, held));
    bench.assert_whole().await;
    // What the budget has left can be had, and not one unit more.
    bench.fund("u1", BUDGET).await;
    let left = BUDGET - held - spent;
    assert_eq!(bench.issue("u1", left + 1).await.unwrap_err().code(), "POLICY_REFUSED");
    if left > 0 {
        bench.issue("u1", left).await.unwrap();
    }
}

async fn buy(gateway: &Gateway, shared: &Mutex<Shared>, decisions: &mut Decisions) {
    let amount = 1 + decisions.below(60).cast_signed();
    let intent = gateway.intent_create(intent("u1", amount)).await.unwrap();
    let new = MandateNew { intent_id: intent.intent_id, ttl_seconds: Some(600) };
    match gateway.mandate_issue(new).await {
        Ok(mandate) => shared.lock().unwrap().mandates.push((mandate.mandate_id, amount)),
        Err(error) => assert!(["POLICY_REFUSED", "INSUFFICIENT_FUNDS"].contains(&error.code()), "{error}"),
    }
}

/// Does something with anybody's mandate.
async fn act(gateway: &Gateway, shared: &Mutex<Shared>, decisions: &mut Decisions) {
    let pick = {
        let shared = shared.lock().unwrap();
        let count = shared.mandates.len() as u64;
        (count > 0).then(|| shared.mandates[usize::try_from(decisions.below(count)).unwrap()])
    };
    let Some((mandate_id, whole)) = pick else { return };
    match decisions.below(5) {
        0 => {
            let top_up = TopUpNew::new(TOP_UP, Currency::INR, None);
            gateway.wallet_top_up("u1".to_owned(), top_up).await.unwrap();
            shared.lock().unwrap().funded += TOP_UP;
        }
        1 => drop(gateway.mandate_void(mandate_id, "no".into()).await),
        _ => {
            // Few different parts, so that several tasks ask for the same.
            let amount = whole * decisions.below(3).cast_signed() / 2;
            let call = Execute { mandate_id, amount: Some(amount), idempotency_key: None };
            match gateway.execute(call).await {
                Ok(paid) => {
                    assert_eq!(paid.amount, amount);
                    let said = (paid.payment_id, paid.amount);
                    let first = *shared.lock().unwrap().paid.entry(mandate_id).or_insert(said);
                    assert_eq!(first, said, "one payment, the same answer");
                }
                Err(error) => {
                    assert!(["MANDATE_VOIDED", "IDEMPOTENCY_CONFLICT"].contains(&error.code()), "{error}");
                }
            }
        }
    }
}
