//! The ledger's rules as the database holds them: whatever a program writes, nothing unbalanced is committed, nothing is changed.

use frameos_domain::money::{Currency, Money};
use frameos_store::{
    StoreError, Tx,
    gateway::{
        ledger::{LedgerKind, ledger_page_unscoped, ledger_post},
        posting::{AccountKind, Postings},
    },
    on_both_engines,
    testing::{TestDb, TestEngine},
};

use crate::fixture::{at, tx};

on_both_engines!(
    a_posted_transaction_is_one_for_ever,
    what_does_not_balance_is_refused,
    a_sealed_transaction_takes_no_further_lines,
    lines_without_a_transaction_are_not_committed,
    nothing_is_changed_or_taken_away,
);

fn transfer(amount: i64) -> Postings {
    let amount = Money::new(amount, Currency::INR);
    Postings::transfer((AccountKind::ProviderClearing, "sandbox"), (AccountKind::Wallet, "u1"), amount)
        .unwrap()
}

async fn post(db: &TestDb, reference: &'static str, amount: i64) -> String {
    tx!(db.store, |tx| async {
        ledger_post(tx, LedgerKind::TopUp, reference, &transfer(amount), at(1)).await
    })
    .id
}

async fn a_posted_transaction_is_one_for_ever(db: TestDb) {
    let first = post(&db, "top_a", 5).await;
    assert_eq!(post(&db, "top_a", 7).await, first);
    post(&db, "top_b", 7).await;
    let unread = tx!(db.store, |tx| ledger_page_unscoped(tx, 0, 10));
    let page = unread.read().unwrap();
    let amounts: Vec<_> = page.iter().map(|entry| (entry.sequence, entry.postings[1].amount)).collect();
    assert_eq!(amounts, [(1, 5), (2, 7)]);
    assert!(page.iter().all(|entry| entry.expected_hash() == entry.hash));
    assert_eq!(page[1].previous_hash, page[0].hash);
}

/// Runs statements in one transaction; what the first that is refused, or the commit, says.
async fn refusal(db: &TestDb, statements: &'static [&'static str]) -> String {
    async fn run(tx: &mut Tx, statements: &[&'static str]) -> Result<(), StoreError> {
        for sql in statements {
            tx.execute(sql, &[]).await?;
        }
        Ok(())
    }
    let result = db.store.tx(move |tx| Box::pin(run(tx, statements))).await;
    match result {
        Err(StoreError::Refused { rule }) => rule,
        other => panic!("{statements:?}: {other:?}"),
    }
}

const SEAL: &str = "INSERT INTO ledger_transactions (sequence, id, kind, reference, at, previous_hash, hash) \
                    VALUES (9, 'ltx_9', 'top_up', 'top_9', 1, 'x', 'y')";
/// What writes these lines and their transaction: to PostgreSQL in one statement.
fn written(db: &TestDb, lines: &str) -> &'static [&'static str] {
    let lines = format!("INSERT INTO ledger_postings VALUES {lines}");
    let statements = if db.config.database_url.starts_with("postgres") {
        vec![format!("WITH lines AS ({lines}) {SEAL}")]
    } else {
        vec![lines, SEAL.to_owned()]
    };
    statements.into_iter().map(|sql| &*sql.leak()).collect::<Vec<_>>().leak()
}

const UNBALANCED: &str = "a ledger transaction balances two lines or more";

async fn what_does_not_balance_is_refused(db: TestDb) {
    const ONE: &str = "(9, 1, 'wallet', 'u1', 5, 'INR')";
    const LESS: &str = "(9, 1, 'wallet', 'u1', 5, 'INR'), (9, 2, 'hold', 'u1', -4, 'INR')";
    const OTHER: &str = "(9, 1, 'wallet', 'u1', 5, 'INR'), (9, 2, 'hold', 'u1', -5, 'USD')";
    const HALF: &str =
        "(9, 1, 'wallet', 'u1', 5, 'INR'), (9, 2, 'hold', 'u1', -5, 'INR'), (9, 3, 'wallet', 'u1', 5, 'USD')";
    assert_eq!(refusal(&db, &[SEAL]).await, UNBALANCED);
    for lines in [ONE, LESS, OTHER, HALF] {
        assert_eq!(refusal(&db, written(&db, lines)).await, UNBALANCED, "{lines}");
    }
    let kind = refusal(&db, &["INSERT INTO ledger_postings VALUES (9, 1, 'pocket', 'u1', 5, 'INR')"]).await;
    assert_eq!(kind, "ledger_postings_account_kind_check");
    let zero = refusal(&db, &["INSERT INTO ledger_postings VALUES (9, 1, 'wallet', 'u1', 0, 'INR')"]).await;
    assert_eq!(zero, "ledger_postings_amount_check");
    let large =
        refusal(&db, &["INSERT INTO ledger_postings VALUES (9, 1, 'wallet', 'u1', 9007199254740992, 'INR')"])
            .await;
    assert_eq!(large, "ledger_postings_amount_range_check");
}

async fn a_sealed_transaction_takes_no_further_lines(db: TestDb) {
    post(&db, "top_a", 5).await;
    let pair = &[
        "INSERT INTO ledger_postings VALUES (1, 3, 'wallet', 'thief', 5, 'INR'), (1, 4, 'hold', 'thief', -5, 'INR')",
    ];
    assert_eq!(refusal(&db, pair).await, "a sealed ledger transaction takes no further lines");
}

async fn lines_without_a_transaction_are_not_committed(db: TestDb) {
    const PAIR: &str = "INSERT INTO ledger_postings VALUES (9, 1, 'wallet', 'u1', 5, 'INR'), (9, 2, 'hold', 'u1', -5, 'INR')";
    let refused = db.store.tx(|tx| Box::pin(async move { tx.execute(PAIR, &[]).await })).await;
    refused.unwrap_err();
    let count = "SELECT COUNT(*) FROM ledger_postings";
    assert_eq!(tx!(db.store, |tx| async { tx.query_one(count, &[]).await?.get::<i64>(0) }), 0);
}

async fn nothing_is_changed_or_taken_away(db: TestDb) {
    post(&db, "top_a", 5).await;
    for sql in [
        "UPDATE ledger_postings SET amount = amount + 1",
        "DELETE FROM ledger_postings",
        "UPDATE ledger_transactions SET at = 0",
        "DELETE FROM ledger_transactions",
    ] {
        assert_is_refused(&db, sql).await;
    }
}

async fn assert_is_refused(db: &TestDb, sql: &'static str) {
    let result = db.store.tx(move |tx| Box::pin(async move { tx.execute(sql, &[]).await })).await;
    assert!(
        matches!(&result, Err(StoreError::Refused { rule }) if rule.ends_with("is append-only")),
        "{sql}: {result:?}"
    );
}

mod only_postgres {
    use std::sync::Arc;

    use frameos_store::backup::{Told, Vacancy, database_copy, database_restore, database_vacancy};

    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn lines_come_with_their_transaction() {
        let db = TestDb::open(TestEngine::Postgres).await;
        let whole = written(&db, "(9, 2, 'hold', 'u1', -5, 'INR'), (9, 1, 'wallet', 'u1', 5, 'INR')");
        const PAIR: &str = "INSERT INTO ledger_postings VALUES (9, 1, 'wallet', 'u1', 5, 'INR'), (9, 2, 'hold', 'u1', -5, 'INR')";
        // Neither before it nor after it, nor more lines later in the same transaction of the database.
        assert_eq!(refusal(&db, &[PAIR, SEAL]).await, "foreign key");
        assert_eq!(refusal(&db, &[SEAL, PAIR]).await, UNBALANCED);
        const MORE: &str = "INSERT INTO ledger_postings VALUES (9, 3, 'wallet', 'u1', 5, 'INR'), (9, 4, 'hold', 'u1', -5, 'INR')";
        let sealed = "a sealed ledger transaction takes no further lines";
        assert_eq!(refusal(&db, vec![whole[0], MORE].leak()).await, sealed);
        let again = db.store.tx(move |tx| {
            Box::pin(async move {
                tx.execute(whole[0], &[]).await?;
                tx.execute(PAIR, &[]).await
            })
        });
        assert!(again.await.unwrap_err().is_conflict_on("ledger_postings_pkey"));
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_temporary_table_passes_for_none_of_the_ledger() {
        let db = TestDb::open(TestEngine::Postgres).await;
        let statements = &[
            "CREATE TEMPORARY TABLE ledger_transactions (sequence BIGINT) ON COMMIT DROP",
            "INSERT INTO ledger_transactions VALUES (9)",
            "INSERT INTO ledger_postings VALUES (9, 1, 'wallet', 'u1', 5, 'INR'), (9, 2, 'hold', 'u1', -5, 'INR')",
        ];
        assert_eq!(refusal(&db, statements).await, "foreign key");
        let statements = &[
            "CREATE TEMPORARY TABLE ledger_postings (sequence BIGINT, line BIGINT) ON COMMIT DROP",
            "INSERT INTO ledger_postings VALUES (9, 1)",
            SEAL,
        ];
        assert_eq!(refusal(&db, statements).await, UNBALANCED);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn lines_without_their_transaction_are_not_restored() {
        let (db, empty) =
            (TestDb::open(TestEngine::Postgres).await, TestDb::open_empty(TestEngine::Postgres).await);
        post(&db, "top_a", 5).await;
        tx!(db.store, |tx| async {
            for sql in [
                "ALTER TABLE ledger_postings DISABLE TRIGGER USER",
                "INSERT INTO ledger_postings VALUES (2, 1, 'wallet', 'u1', 5, 'INR'), (2, 2, 'hold', 'u1', -5, 'INR')",
            ] {
                tx.execute(sql, &[]).await?;
            }
            Ok(())
        });
        let told: Told = Arc::new(|_, _| {});
        let (copy, _) = database_copy(&db.store, &db.config, db.folder(), Arc::clone(&told)).await.unwrap();
        let restored = database_restore(&empty.config, &copy, db.folder(), "backup", told).await;
        let refused = restored.unwrap_err().to_string();
        assert!(refused.contains("lines of the ledger without their transaction"), "{refused}");
        assert_eq!(database_vacancy(&empty.config, "backup").await.unwrap(), Vacancy::Empty);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn tables_of_the_books_are_not_truncated() {
        let db = TestDb::open(TestEngine::Postgres).await;
        for sql in [
            "TRUNCATE ledger_postings",
            "TRUNCATE ledger_transactions CASCADE",
            "TRUNCATE payments CASCADE",
            "TRUNCATE payment_receipts",
            "TRUNCATE ledger_checkpoints",
            "TRUNCATE refunds CASCADE",
            "TRUNCATE execution_charges",
            "TRUNCATE run_receipts CASCADE",
            "TRUNCATE ap2_mandates",
            "TRUNCATE audit_log",
        ] {
            assert_is_refused(&db, sql).await;
        }
    }
}
