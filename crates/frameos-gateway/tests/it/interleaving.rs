//! Random sequences of issue, execute, void and expiry against a model: held plus spent never passes funded nor budget.
//!
//! `FRAMEOS_TEST_INTERLEAVINGS=N` tries more of them.

use std::time::Duration;

use frameos_domain::{clock::Clock, mandate::MandateStatus, policy::Policy};
use frameos_gateway::wire::{Execute, MandateState};
use frameos_store::testing::{TestDb, TestEngine};
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};

use crate::harness::{Bench, execute};

const BUDGET: i64 = 300;

#[derive(Debug, Clone, Copy)]
enum Step {
    Fund(i64),
    Issue(i64),
    /// Take that many hundredths of the mandate; all of it, without a number, from 100 on.
    Execute(usize, i64),
    Void(usize),
    /// Let this many seconds pass; mandates live 600.
    Wait(u64),
    Expire,
    /// Several at once on the same mandate.
    Rush(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        2 => (1_i64..200).prop_map(Step::Fund),
        5 => (1_i64..90).prop_map(Step::Issue),
        4 => (any::<usize>(), 0_i64..200).prop_map(|(pick, part)| Step::Execute(pick, part)),
        2 => any::<usize>().prop_map(Step::Void),
        1 => (1_u64..400).prop_map(Step::Wait),
        1 => Just(Step::Expire),
        2 => any::<usize>().prop_map(Step::Rush),
    ];
    prop::collection::vec(step, 1..40)
}

/// What must be true, worked out by hand.
#[derive(Default)]
struct Model {
    funded: i64,
    spent: i64,
    held: i64,
    mandates: Vec<Expected>,
}

struct Expected {
    state: MandateState,
    status: MandateStatus,
    /// What was taken.
    captured: i64,
    issued_at: u64,
}

impl Model {
    fn close(&mut self, index: usize, status: MandateStatus) {
        let mandate = &mut self.mandates[index];
        self.held -= mandate.state.amount;
        mandate.status = status;
    }

    fn capture(&mut self, index: usize, amount: i64) {
        self.close(index, MandateStatus::Executed);
        self.mandates[index].captured = amount;
        self.spent += amount;
    }

    fn is_overdue(&self, index: usize, now: u64) -> bool {
        self.mandates[index].status == MandateStatus::Issued && self.mandates[index].issued_at + 600 <= now
    }
}

struct Run {
    bench: Bench,
    model: Model,
    now: u64,
}

impl Run {
    async fn step(&mut self, step: Step) {
        let count = self.model.mandates.len();
        match step {
            Step::Fund(amount) => {
                self.bench.fund("u1", amount).await;
                self.model.funded += amount;
            }
            Step::Issue(amount) => self.issue(amount).await,
            Step::Execute(pick, part) if count > 0 => self.execute(pick % count, part).await,
            Step::Void(pick) if count > 0 => self.void(pick % count).await,
            Step::Rush(pick) if count > 0 => self.rush(pick % count).await,
            Step::Wait(seconds) => {
                self.bench.clock.advance(Duration::from_secs(seconds));
                self.now += seconds;
            }
            Step::Expire => {
                let overdue: Vec<_> =
                    (0..count).filter(|index| self.model.is_overdue(*index, self.now)).collect();
                let expired = self.bench.gateway.mandates_expire(self.bench.clock.now()).await.unwrap();
                assert_eq!(expired, overdue.len() as u64);
                overdue.into_iter().for_each(|index| self.model.close(index, MandateStatus::Expired));
            }
            Step::Execute(..) | Step::Void(_) | Step::Rush(_) => {}
        }
    }

    async fn issue(&mut self, amount: i64) {
        let model = &mut self.model;
        let fits = model.held + model.spent + amount <= BUDGET.min(model.funded);
        match self.bench.issue("u1", amount).await {
            Ok(state) => {
                assert!(fits, "issued {amount} beyond funds or budget");
                model.held += amount;
                let (status, issued_at) = (MandateStatus::Issued, self.now);
                model.mandates.push(Expected { state, status, captured: 0, issued_at });
            }
            Err(error) => assert!(!fits, "refused what fits: {error}"),
        }
    }

    async fn execute(&mut self, index: usize, part: i64) {
        let overdue = self.model.is_overdue(index, self.now);
        let state = &self.model.mandates[index].state;
        let part = (part < 100).then_some(state.amount * part / 100);
        let asked = part.unwrap_or(state.amount);
        let answer = self.bench.gateway.execute(Execute { amount: part, ..execute(state) }).await;
        let before = self.model.mandates[index].status;
        match (before, overdue) {
            (MandateStatus::Issued, true) => {
                assert_eq!(answer.unwrap_err().code(), "MANDATE_EXPIRED");
                self.model.close(index, MandateStatus::Expired);
            }
            (MandateStatus::Issued, false) => {
                assert_eq!(answer.unwrap().amount, asked);
                self.model.capture(index, asked);
            }
            (MandateStatus::Executed, _) if asked == self.model.mandates[index].captured => {
                assert_eq!(answer.unwrap().amount, asked);
            }
            (MandateStatus::Executed, _) => {
                assert_eq!(answer.unwrap_err().code(), "IDEMPOTENCY_CONFLICT");
            }
            (MandateStatus::Voided, _) => assert_eq!(answer.unwrap_err().code(), "MANDATE_VOIDED"),
            (MandateStatus::Expired, _) => assert_eq!(answer.unwrap_err().code(), "MANDATE_EXPIRED"),
        }
    }

    async fn void(&mut self, index: usize) {
        let answer =
            self.bench.gateway.mandate_void(self.model.mandates[index].state.mandate_id, "no".into()).await;
        match self.model.mandates[index].status {
            MandateStatus::Issued => {
                answer.unwrap();
                self.model.close(index, MandateStatus::Voided);
            }
            MandateStatus::Executed => assert_eq!(answer.unwrap_err().code(), "MANDATE_EXECUTED"),
            closed => assert_eq!(answer.unwrap().status, closed),
        }
    }

    /// Execute, void and expiry at once: whoever won is read back, everybody else must agree.
    async fn rush(&mut self, index: usize) {
        let mandate = self.model.mandates[index].state.clone();
        let was = self.model.mandates[index].status;
        let gateway = &self.bench.gateway;
        let now = self.bench.clock.now();
        let (first, second, voided, expired) = tokio::join!(
            gateway.execute(execute(&mandate)),
            gateway.execute(execute(&mandate)),
            gateway.mandate_void(mandate.mandate_id, "rush".into()),
            gateway.mandates_expire(now),
        );
        expired.unwrap();
        // The expiry job took whatever else was overdue along.
        for other in 0..self.model.mandates.len() {
            if other != index && self.model.is_overdue(other, self.now) {
                self.model.close(other, MandateStatus::Expired);
            }
        }
        let standing = gateway.mandate_get(mandate.mandate_id).await.unwrap().status;
        assert_ne!(standing, MandateStatus::Issued);
        let whole = was == MandateStatus::Issued || self.model.mandates[index].captured == mandate.amount;
        assert_eq!(first.is_ok(), standing == MandateStatus::Executed && whole);
        assert_eq!(first.ok(), second.ok());
        assert_eq!(voided.is_ok(), standing != MandateStatus::Executed);
        if was == MandateStatus::Issued && standing == MandateStatus::Executed {
            self.model.capture(index, mandate.amount);
        } else if was == MandateStatus::Issued {
            self.model.close(index, standing);
        } else {
            assert_eq!(standing, was, "a closed mandate stays as it is");
        }
    }

    async fn check(&self) {
        let model = &self.model;
        assert!(model.held + model.spent <= model.funded.min(BUDGET));
        let expected = (model.funded - model.spent - model.held, model.held);
        assert_eq!(self.bench.balances("u1").await, expected);
    }
}

async fn run(engine: TestEngine, steps: Vec<Step>) {
    let db = TestDb::open(engine).await;
    let bench = Bench::new(&db.store);
    let policy = Policy { monthly_limit: Some(BUDGET), ..Policy::default() };
    bench.gateway.policy_put("u1".to_owned(), policy).await.unwrap();
    let mut run = Run { bench, model: Model::default(), now: 0 };
    for step in steps {
        run.step(step).await;
        run.check().await;
    }
    for expected in &run.model.mandates {
        let state = run.bench.gateway.mandate_get(expected.state.mandate_id).await.unwrap();
        assert_eq!(state.status, expected.status);
        let captured = (expected.status == MandateStatus::Executed).then_some(expected.captured);
        assert_eq!(state.captured_amount, captured);
    }
    run.bench.assert_whole().await;
}

fn interleave(engine: TestEngine, cases: u32) {
    #[expect(clippy::disallowed_methods, reason = "a person may ask for more of the test")]
    let wanted = std::env::var("FRAMEOS_TEST_INTERLEAVINGS").ok().and_then(|cases| cases.parse().ok());
    let cases = wanted.unwrap_or(cases);
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
    fn money_is_conserved_over_any_interleaving() {
        super::interleave(super::TestEngine::Sqlite, 40);
    }
}

mod postgres {
    #[test]
    fn money_is_conserved_over_any_interleaving() {
        super::interleave(super::TestEngine::Postgres, 10);
    }
}
