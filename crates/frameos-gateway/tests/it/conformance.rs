//! The conformance suite over the gateway in this process, on both engines.

use frameos_gateway::conformance;
use frameos_store::testing::TestDb;

use crate::harness::Bench;

frameos_store::on_both_engines!(in_process_gateway_conforms);

async fn in_process_gateway_conforms(db: TestDb) {
    let bench = Bench::new(&db.store);
    conformance::run(&bench.gateway).await;
    bench.assert_whole().await;
}
