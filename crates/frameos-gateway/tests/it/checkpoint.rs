//! Checkpoints: signed once something came, published, and what a rewritten ledger cannot get around.

use frameos_domain::{canonical, checkpoint::LedgerCheckpoint, signing::SigningKey};
use frameos_gateway::{LedgerAudit, ledger_verify};
use frameos_store::testing::{TestDb, TestEngine};
use rusqlite::{Connection, params};

use crate::{
    harness::{Bench, keys},
    verify::{filled, lay_open},
};

frameos_store::on_both_engines!(they_tell_where_the_chains_stand, two_at_once_make_one);

async fn they_tell_where_the_chains_stand(db: TestDb) {
    let bench = Bench::new(&db.store);
    assert_eq!(bench.gateway.checkpoint_issue().await.unwrap(), None, "an empty ledger needs none");
    let bench = filled(&db.store).await;
    let first = bench.gateway.checkpoint_issue().await.unwrap().unwrap();
    assert_eq!(bench.gateway.checkpoint_issue().await.unwrap(), None, "nothing came since");
    bench.issue("u1", 1).await.unwrap();
    let second = bench.gateway.checkpoint_issue().await.unwrap().unwrap();
    let stand = |made: &LedgerCheckpoint| (made.number, made.ledger_sequence, made.receipt_sequence);
    assert_eq!((stand(&first.checkpoint), stand(&second.checkpoint)), ((1, 9, 3), (2, 10, 3)));
    assert_eq!(second.checkpoint.previous_hash, canonical::sha256_hex(first.jws.as_bytes()));
    let page = bench.gateway.checkpoints_list(1, 1).await.unwrap();
    assert_eq!((page.total, &page.checkpoints), (2, &vec![second.clone()]));
    let read = LedgerCheckpoint::verify(&second.jws, Some(&bench.gateway.jwks())).unwrap();
    assert_eq!(read, second.checkpoint);
    let report = bench.gateway.ledger_verify().await.unwrap();
    assert!(report.is_whole() && report.checkpoints_whole, "{:?}", report.first_bad);
    assert_eq!((report.checkpoints, report.checkpoint), (2, Some(second.jws)));
}

async fn two_at_once_make_one(db: TestDb) {
    let bench = filled(&db.store).await;
    let (one, other) = tokio::join!(bench.gateway.checkpoint_issue(), bench.gateway.checkpoint_issue());
    let made = usize::from(one.unwrap().is_some()) + usize::from(other.unwrap().is_some());
    assert_eq!((made, bench.gateway.checkpoints_list(1, 9).await.unwrap().total), (1, 1));
    bench.assert_whole().await;
}

/// A filled ledger with two checkpoints, laid open, and what was kept of the last.
async fn laid_open() -> (TestDb, Bench, Connection, String) {
    let db = TestDb::open(TestEngine::Sqlite).await;
    let bench = filled(&db.store).await;
    bench.gateway.checkpoint_issue().await.unwrap().unwrap();
    bench.fund("u1", 7).await;
    let kept = bench.gateway.checkpoint_issue().await.unwrap().unwrap().jws;
    let file = Connection::open(db.folder().join("test.db")).unwrap();
    lay_open(&file);
    (db, bench, file, kept)
}

async fn found(db: &TestDb, kept: &[String]) -> Option<(String, String)> {
    let how = LedgerAudit { keys: keys().set(), kept: kept.to_vec(), ..LedgerAudit::default() };
    let report = ledger_verify(&db.store, how).await.unwrap();
    report.first_bad.map(|bad| (bad.entry, bad.reason))
}

#[tokio::test]
async fn a_removed_checkpoint_is_found() {
    for number in [1, 2] {
        let (db, _bench, file, _) = laid_open().await;
        file.execute("DELETE FROM ledger_checkpoints WHERE number = ?1", [number]).unwrap();
        let (entry, reason) = found(&db, &[]).await.unwrap();
        assert!(["checkpoint 2", "ledger_checkpoints"].contains(&&*entry), "{entry}: {reason}");
    }
}

#[tokio::test]
async fn a_forged_checkpoint_is_found() {
    let (db, _bench, file, kept) = laid_open().await;
    let signed = LedgerCheckpoint::verify(&kept, None).unwrap();
    let forged = LedgerCheckpoint { ledger_hash: "0".repeat(64), ..signed };
    // By a stranger's key, and, as only somebody with the gateway's key could, by the right one.
    for (key, expected) in [
        (SigningKey::from_seed(&[1; 32]).unwrap(), "not in the key set"),
        (keys().active, "names another entry"),
    ] {
        let jws = forged.sign(&key).unwrap();
        let hash = canonical::sha256_hex(jws.as_bytes());
        file.execute(
            "UPDATE ledger_checkpoints SET jws = ?1, hash = ?2 WHERE number = 2",
            params![jws, hash],
        )
        .unwrap();
        file.execute("UPDATE chain_heads SET hash = ?1 WHERE name = 'ledger_checkpoints'", [hash]).unwrap();
        let (entry, reason) = found(&db, &[]).await.unwrap();
        assert!(entry == "checkpoint 2" && reason.contains(expected), "{entry}: {reason}");
    }
}

/// Takes the last top-up out of every table, as somebody would who knows them all.
fn cut_off(file: &Connection) {
    file.execute_batch(
        "DELETE FROM ledger_postings WHERE sequence = 10; DELETE FROM ledger_transactions WHERE sequence = 10; \
         DELETE FROM top_up_charges WHERE amount = 7; DELETE FROM top_ups WHERE amount = 7; UPDATE wallets SET available = available - 7 WHERE owner = 'u1'; \
         UPDATE chain_heads SET sequence = 9, hash = (SELECT hash FROM ledger_transactions WHERE sequence = 9) \
         WHERE name = 'ledger'",
    )
    .unwrap();
}

#[tokio::test]
async fn an_ending_cut_off_is_found() {
    let (db, _bench, file, kept) = laid_open().await;
    cut_off(&file);
    let (entry, reason) = found(&db, &[]).await.unwrap();
    assert!(entry == "checkpoint 2" && reason.contains("does not reach"), "{entry}: {reason}");
    // Without its checkpoint too, only one that was kept elsewhere tells.
    file.execute_batch(
        "DELETE FROM ledger_checkpoints WHERE number = 2; UPDATE chain_heads SET sequence = 1, \
         hash = (SELECT hash FROM ledger_checkpoints WHERE number = 1) WHERE name = 'ledger_checkpoints'",
    )
    .unwrap();
    assert_eq!(found(&db, &[]).await, None);
    let (entry, reason) = found(&db, &[kept]).await.unwrap();
    assert!(entry == "kept checkpoint 1" && reason.contains("does not reach"), "{entry}: {reason}");
}

#[tokio::test]
async fn a_rewritten_chain_is_found_and_gets_no_checkpoint() {
    let (db, bench, file, _) = laid_open().await;
    // The last entry says less, and every hash that depends on it is made to fit.
    file.execute_batch(
        "UPDATE ledger_postings SET amount = amount / 7 WHERE sequence = 10; UPDATE top_ups SET amount = 1 WHERE amount = 7; \
         UPDATE wallets SET available = available - 6 WHERE owner = 'u1'",
    )
    .unwrap();
    let page = db
        .store
        .read(|tx| {
            Box::pin(async move { frameos_store::gateway::ledger::ledger_page_unscoped(tx, 9, 1).await })
        })
        .await
        .unwrap();
    let hash = page.read().unwrap()[0].expected_hash();
    file.execute("UPDATE ledger_transactions SET hash = ?1 WHERE sequence = 10", [&hash]).unwrap();
    file.execute("UPDATE chain_heads SET hash = ?1 WHERE name = 'ledger'", [&hash]).unwrap();
    let (entry, reason) = found(&db, &[]).await.unwrap();
    assert!(entry == "checkpoint 2" && reason.contains("names another entry"), "{entry}: {reason}");
    bench.fund("u2", 1).await;
    bench.gateway.checkpoint_issue().await.unwrap_err();
}
