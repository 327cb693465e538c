//! The gateway's numbers, each beside its target: complete payments a second, what they cost in a long ledger beside a short
//! one, and how fast the audit reads.
//!
//! A payment is an intent, a mandate with its hold, and an execute with its receipt: three calls in process, one after the other for
//! each of sixteen users. SQLite in a temporary folder with full durability; PostgreSQL when `FRAMEOS_TEST_POSTGRES_URL` is set
//! (`make bench-gateway` starts one that syncs). `FRAMEOS_BENCH_ENTRIES` (1,000,000 ledger entries) and `FRAMEOS_BENCH_ROUNDS`
//! (5) say how much; each figure is the median of its rounds. `FRAMEOS_BENCH_ENGINE` (`sqlite`, `postgres`) leaves the other out.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a benchmark reports or fails"
)]

mod seed;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use frameos_domain::{money::Currency, signing::SigningKey};
use frameos_gateway::{
    Gateway, GatewayKeys, LedgerAudit, ledger_verify,
    wire::{Execute, IntentNew, MandateNew, TopUpNew},
};
use frameos_store::{
    clock::SystemClock,
    testing::{TestDb, TestEngine},
};

/// As the server.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

const PAYERS: usize = 16;
/// Payments of each payer in a round.
const EACH: usize = 150;
/// Ledger entries of the short ledger.
const SHORT: usize = 1_000;

fn main() {
    // `cargo test` starts benchmarks too; only `cargo bench` passes this.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let size = Size {
        entries: setting("FRAMEOS_BENCH_ENTRIES", 1_000_000),
        rounds: setting("FRAMEOS_BENCH_ROUNDS", 5),
    };
    println!("{:<44}{:>12}{:>14}", "payment gateway", "measured", "target");
    let only = variable("FRAMEOS_BENCH_ENGINE");
    let is_wanted = |name: &str| only.as_ref().is_none_or(|only| only == name);
    if is_wanted("sqlite") {
        runtime.block_on(measure(TestEngine::Sqlite, "SQLite", size));
    }
    if is_wanted("postgres") && variable("FRAMEOS_TEST_POSTGRES_URL").is_some() {
        runtime.block_on(measure(TestEngine::Postgres, "PostgreSQL", size));
    }
}

#[expect(clippy::disallowed_methods, reason = "how much to measure, and where, is up to the script")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn setting(name: &str, default: usize) -> usize {
    variable(name).map_or(default, |text| text.parse().unwrap())
}

#[derive(Clone, Copy)]
struct Size {
    entries: usize,
    rounds: usize,
}

async fn measure(engine: TestEngine, name: &str, size: Size) {
    let short = Bench::new(engine).await;
    let long = Bench::new(engine).await;
    seed::seed(&short, SHORT).await;
    let begun = Instant::now();
    seed::seed(&long, size.entries).await;
    eprintln!("{name}: {} ledger entries written in {:.1?}", size.entries, begun.elapsed());
    // In turns, so that what else the machine does weighs on both alike.
    let (mut in_short, mut in_long, mut audits) = (Vec::new(), Vec::new(), Vec::new());
    for bench in [&short, &long] {
        bench.round().await;
    }
    for _ in 0..size.rounds {
        in_short.push(bench_rate(short.round().await));
        in_long.push(bench_rate(long.round().await));
        audits.push(long.audit().await);
    }
    report(&format!("{name}: payments a second, short ledger"), median(&in_short), "≥ 1500");
    report(&format!("{name}: payments a second, long ledger"), median(&in_long), "≥ 1500");
    let ratio = median(&in_short) / median(&in_long);
    println!("{:<44}{ratio:>12.2}{:>14}", format!("{name}: cost, long to short ledger"), "≤ 1.20");
    report(&format!("{name}: ledger entries verified a second"), median(&audits), "≥ 200000");
}

fn report(what: &str, figure: f64, target: &str) {
    println!("{what:<44}{figure:>12.0}{target:>14}");
}

fn bench_rate(took: Duration) -> f64 {
    (PAYERS * EACH) as f64 / took.as_secs_f64()
}

fn median(figures: &[f64]) -> f64 {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

/// A gateway on a database of its own.
pub(crate) struct Bench {
    pub(crate) db: TestDb,
    pub(crate) gateway: Gateway,
}

impl Bench {
    async fn new(engine: TestEngine) -> Self {
        let db = TestDb::open(engine).await;
        let gateway = Gateway::new(db.store.clone(), Arc::new(SystemClock), keys());
        for payer in 0..PAYERS {
            let top_up = TopUpNew::new(1_000_000_000, Currency::INR, None);
            gateway.wallet_top_up(payer_name(payer), top_up).await.unwrap();
        }
        Self { db, gateway }
    }

    /// All payers at once, each one payment after the other.
    async fn round(&self) -> Duration {
        let begun = Instant::now();
        let tasks: Vec<_> = (0..PAYERS)
            .map(|payer| {
                let gateway = self.gateway.clone();
                tokio::spawn(async move { pay(&gateway, payer).await })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        begun.elapsed()
    }

    /// Ledger entries verified a second.
    async fn audit(&self) -> f64 {
        self.gateway.checkpoint_issue().await.unwrap();
        let begun = Instant::now();
        let audit = LedgerAudit { keys: self.gateway.jwks(), ..LedgerAudit::default() };
        let report = ledger_verify(&self.db.store, audit).await.unwrap();
        assert!(report.is_whole(), "{:?}", report.first_bad);
        report.postings as f64 / begun.elapsed().as_secs_f64()
    }
}

async fn pay(gateway: &Gateway, payer: usize) {
    for _ in 0..EACH {
        let intent = IntentNew {
            agent_id: payer_name(payer),
            vendor: "frameos_marketplace".to_owned(),
            amount: 50,
            currency: Currency::INR,
            description: "one run".to_owned(),
            metadata: serde_json::Map::new(),
            idempotency_key: None,
        };
        let intent_id = gateway.intent_create(intent).await.unwrap().intent_id;
        let mandate = gateway.mandate_issue(MandateNew { intent_id, ttl_seconds: None }).await.unwrap();
        let key = Some(mandate.mandate_id.to_string());
        gateway
            .execute(Execute { mandate_id: mandate.mandate_id, amount: None, idempotency_key: key })
            .await
            .unwrap();
    }
}

pub(crate) fn keys() -> GatewayKeys {
    GatewayKeys::new(SigningKey::from_seed(&[9; 32]).unwrap())
}

fn payer_name(payer: usize) -> String {
    format!("payer-{payer}")
}
