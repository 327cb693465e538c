//! How many complete payments a second: intent, mandate with hold, execute with receipt; one payer, one after another, and
//! sixteen payers at once. Then how fast the audit reads the ledger that came of it.
//!
//! SQLite in a temporary folder with full durability; PostgreSQL too when `FRAMEOS_TEST_POSTGRES_URL` is set (the test
//! script's server does not sync, so that figure is a comparison, not a promise).
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark reports or fails")]

use std::{sync::Arc, time::Instant};

use frameos_domain::{money::Currency, signing::SigningKey};
use frameos_gateway::{
    Gateway, GatewayKeys,
    wire::{Execute, IntentNew, MandateNew, TopUpNew},
};
use frameos_store::{
    clock::SystemClock,
    testing::{TestDb, TestEngine},
};

const ALONE: usize = 500;
const PAYERS: usize = 16;
const EACH: usize = 100;

fn main() {
    // `cargo test` starts benchmarks too; only `cargo bench` passes this.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(measure(TestEngine::Sqlite));
    #[expect(
        clippy::disallowed_methods,
        reason = "where the throw-away server listens is up to the test script"
    )]
    if std::env::var("FRAMEOS_TEST_POSTGRES_URL").is_ok() {
        runtime.block_on(measure(TestEngine::Postgres));
    }
}

async fn measure(engine: TestEngine) {
    let db = TestDb::open(engine).await;
    let keys = GatewayKeys::new(SigningKey::from_seed(&[9; 32]).unwrap());
    let gateway = Gateway::new(db.store.clone(), Arc::new(SystemClock), keys);
    for payer in 0..PAYERS {
        let top_up = TopUpNew::new(10_000_000, Currency::INR, None);
        gateway.wallet_top_up(payer_name(payer), top_up).await.unwrap();
    }
    let start = Instant::now();
    pay(&gateway, 0, ALONE).await;
    report(engine, "one payer", ALONE, start);
    let start = Instant::now();
    let tasks: Vec<_> = (0..PAYERS)
        .map(|payer| {
            let gateway = gateway.clone();
            tokio::spawn(async move { pay(&gateway, payer, EACH).await })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    report(engine, "sixteen payers", PAYERS * EACH, start);
    let start = Instant::now();
    let audit = gateway.ledger_verify().await.unwrap();
    assert!(audit.is_whole(), "{:?}", audit.first_bad);
    let entries = usize::try_from(audit.postings).unwrap();
    report(engine, "audit, ledger entries", entries, start);
}

async fn pay(gateway: &Gateway, payer: usize, count: usize) {
    for _ in 0..count {
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

fn payer_name(payer: usize) -> String {
    format!("payer-{payer}")
}

fn report(engine: TestEngine, what: &str, count: usize, start: Instant) {
    let took = start.elapsed();
    let micros = took.as_micros().max(1);
    println!("{engine:?}: {what}: {count} in {took:.2?}, {} a second", count as u128 * 1_000_000 / micros);
}
