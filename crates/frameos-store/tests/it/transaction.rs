//! What a transaction promises: whole or not at all, whatever the caller, the closure or the database does.

use std::sync::Arc;

use frameos_domain::clock::Timestamp;
use frameos_store::{
    CipherError, MasterKey, Store, StoreConfig, StoreError, on_both_engines, params,
    testing::{TestDb, TestEngine},
};
use tokio::sync::{Barrier, oneshot};

on_both_engines!(
    a_dropped_caller_cannot_cut_it_in_half,
    panics_roll_back_and_the_store_lives_on,
    errors_and_marks_roll_back,
    a_failed_statement_undoes_everything,
    unique_violations_have_one_name,
    refusals_have_one_name,
    readers_cannot_write,
    values_come_back_as_they_went,
    a_waiter_is_woken_after_the_commit_only,
    two_processes_share_one_database,
);

const INSERT: &str = "INSERT INTO policies (owner, document, updated_at) VALUES ($1, $2, $3)";

async fn count(store: &Store) -> i64 {
    store
        .read(|tx| Box::pin(async move { tx.query_one("SELECT COUNT(*) FROM policies", &[]).await?.get(0) }))
        .await
        .unwrap()
}

async fn insert(store: &Store, owner: &'static str) -> Result<u64, StoreError> {
    store.tx(move |tx| Box::pin(async move { tx.execute(INSERT, &params![owner, "{}", 1_i64]).await })).await
}

async fn a_dropped_caller_cannot_cut_it_in_half(db: TestDb) {
    let (entered_send, entered) = oneshot::channel();
    let (left_send, left) = oneshot::channel::<()>();
    let (done_send, done) = oneshot::channel();
    let store = db.store.clone();
    let caller = tokio::spawn(async move {
        let work = store.tx(move |tx| {
            Box::pin(async move {
                tx.execute(INSERT, &params!["first", "{}", 1_i64]).await?;
                entered_send.send(()).unwrap();
                left.await.unwrap();
                tx.execute(INSERT, &params!["second", "{}", 1_i64]).await?;
                done_send.send(()).unwrap();
                Ok(())
            })
        });
        work.await
    });
    entered.await.unwrap();
    caller.abort();
    assert!(caller.await.unwrap_err().is_cancelled());
    left_send.send(()).unwrap();
    done.await.unwrap();
    // The next write waits for the writer (SQLite) or not (PostgreSQL): poll for the commit by its effect.
    insert(&db.store, "third").await.unwrap();
    while count(&db.store).await != 3 {
        tokio::task::yield_now().await;
    }
}

async fn panics_roll_back_and_the_store_lives_on(db: TestDb) {
    let result: Result<(), _> = db
        .store
        .tx(|tx| {
            Box::pin(async move {
                tx.execute(INSERT, &params!["a", "{}", 1_i64]).await?;
                panic!("on purpose");
            })
        })
        .await;
    assert!(matches!(result, Err(StoreError::Panicked)));
    assert_eq!(count(&db.store).await, 0);
    insert(&db.store, "a").await.unwrap();
    assert_eq!(count(&db.store).await, 1);
}

async fn errors_and_marks_roll_back(db: TestDb) {
    let failed: Result<(), _> = db
        .store
        .tx(|tx| {
            Box::pin(async move {
                tx.execute(INSERT, &params!["a", "{}", 1_i64]).await?;
                Err(StoreError::Corrupt { what: "on purpose".into() })
            })
        })
        .await;
    assert!(matches!(failed, Err(StoreError::Corrupt { .. })));
    let marked = db
        .store
        .tx(|tx| {
            Box::pin(async move {
                tx.execute(INSERT, &params!["a", "{}", 1_i64]).await?;
                tx.set_rollback();
                Ok("refused")
            })
        })
        .await;
    assert_eq!(marked.unwrap(), "refused");
    assert_eq!(count(&db.store).await, 0);
}

async fn a_failed_statement_undoes_everything(db: TestDb) {
    insert(&db.store, "taken").await.unwrap();
    let swallowed = db
        .store
        .tx(|tx| {
            Box::pin(async move {
                tx.execute(INSERT, &params!["new", "{}", 1_i64]).await?;
                assert!(tx.execute(INSERT, &params!["taken", "{}", 1_i64]).await.is_err());
                let after = tx.execute(INSERT, &params!["later", "{}", 1_i64]).await;
                assert!(matches!(after, Err(StoreError::Aborted)));
                Ok(())
            })
        })
        .await;
    assert!(matches!(swallowed, Err(StoreError::Aborted)));
    assert_eq!(count(&db.store).await, 1);
}

async fn unique_violations_have_one_name(db: TestDb) {
    insert(&db.store, "a").await.unwrap();
    assert!(insert(&db.store, "a").await.unwrap_err().is_conflict_on("policies_pkey"));
    let user = |id: &'static str, email: &'static str| {
        db.store.tx(move |tx| {
            Box::pin(async move {
                let sql = "INSERT INTO users (id, email, name, password_hash, created_at, updated_at) \
                           VALUES ($1, $2, 'n', 'h', 1, 1)";
                tx.execute(sql, &params![id, email]).await
            })
        })
    };
    user("1", "a@example.com").await.unwrap();
    let error = user("2", "a@example.com").await.unwrap_err();
    assert!(error.is_conflict_on("users_email_key"), "{error}");
    // PostgreSQL takes both in one statement only.
    let is_postgres = db.config.database_url.starts_with("postgres");
    let transaction = |id: &'static str, sequence: i64| {
        db.store.tx(move |tx| {
            Box::pin(async move {
                const LINES: &str = "INSERT INTO ledger_postings VALUES ($1, 1, 'hold', 'u', 1, 'INR'), ($1, 2, 'wallet', 'u', -1, 'INR')";
                const SEAL: &str = "INSERT INTO ledger_transactions (sequence, id, kind, reference, at, hash, previous_hash) \
                                    VALUES ($1, $2, 'k', 'r', 1, 'h', 'p')";
                if is_postgres {
                    let sql = format!("WITH lines AS ({LINES}) {SEAL}").leak();
                    return tx.execute(sql, &params![sequence, id]).await;
                }
                tx.execute(LINES, &params![sequence]).await?;
                tx.execute(SEAL, &params![sequence, id]).await
            })
        })
    };
    transaction("1", 1).await.unwrap();
    let error = transaction("2", 2).await.unwrap_err();
    assert!(error.is_conflict_on("ledger_transactions_kind_reference_key"), "{error}");
}

async fn refusals_have_one_name(db: TestDb) {
    let refused = |sql: &'static str| {
        let store = db.store.clone();
        async move {
            match store.tx(move |tx| Box::pin(async move { tx.execute(sql, &[]).await })).await {
                Err(StoreError::Refused { rule }) => rule,
                other => panic!("{other:?}"),
            }
        }
    };
    let overdrawn =
        "INSERT INTO wallets (owner, currency, available, held, updated_at) VALUES ('o', 'INR', -1, 0, 1)";
    assert_eq!(refused(overdrawn).await, "wallets_available_check");
    let orphan = "INSERT INTO session_retired_hashes (hash, session_id, retired_at) VALUES ('h', 's', 1)";
    assert_eq!(refused(orphan).await, "foreign key");
    let first =
        "INSERT INTO audit_log (id, at, actor, action, subject, detail) VALUES ('1', 1, 'a', 'b', 'c', '')";
    db.store.tx(move |tx| Box::pin(async move { tx.execute(first, &[]).await })).await.unwrap();
    assert_eq!(refused("UPDATE audit_log SET actor = 'x'").await, "audit_log is append-only");
    assert_eq!(refused("DELETE FROM audit_log").await, "audit_log is append-only");
}

async fn readers_cannot_write(db: TestDb) {
    let written = db
        .store
        .read(|tx| Box::pin(async move { tx.execute(INSERT, &params!["a", "{}", 1_i64]).await }))
        .await;
    assert!(written.is_err());
    assert_eq!(count(&db.store).await, 0);
}

async fn values_come_back_as_they_went(db: TestDb) {
    db.store
        .tx(|tx| {
            Box::pin(async move {
                tx.execute(
                    "INSERT INTO accounts (email, role, subject_id, totp_secret, totp_confirmed, created_at) \
                     VALUES ($2, $3, $1, $4, $5, $6)",
                    &params![
                        "s",
                        "ü@example.com",
                        "user",
                        vec![0_u8, 255],
                        true,
                        Timestamp::from_micros(i64::MAX)
                    ],
                )
                .await?;
                let row = tx
                    .query_one(
                        "SELECT email, totp_secret, totp_confirmed, CAST(NULL AS BIGINT), created_at FROM accounts \
                         WHERE totp_confirmed",
                        &[],
                    )
                    .await?;
                assert_eq!(row.get::<String>(0)?, "ü@example.com");
                assert_eq!(row.get::<Vec<u8>>(1)?, [0, 255]);
                assert!(row.get::<bool>(2)?);
                assert_eq!(row.get::<Option<Timestamp>>(3)?, None);
                assert_eq!(row.get::<Timestamp>(4)?, Timestamp::from_micros(i64::MAX));
                assert!(matches!(row.get::<i64>(0), Err(StoreError::Corrupt { .. })));
                assert!(matches!(row.get::<i64>(9), Err(StoreError::Corrupt { .. })));
                Ok(())
            })
        })
        .await
        .unwrap();
}

async fn a_waiter_is_woken_after_the_commit_only(db: TestDb) {
    // The PostgreSQL listener fires once when it starts: let that pass first.
    db.store.notify_queue();
    let mut changed = Box::pin(db.store.queue_changed());
    db.store
        .tx(|tx| {
            Box::pin(async move {
                tx.wake_queue();
                tx.execute(INSERT, &params!["a", "{}", 1_i64]).await
            })
        })
        .await
        .unwrap();
    changed.as_mut().await;
    assert_eq!(count(&db.store).await, 1);
}

async fn two_processes_share_one_database(db: TestDb) {
    let other = Store::open(db.config.clone()).await.unwrap();
    let writers: Vec<_> = (0..40_i64)
        .map(|number| {
            let store = if number % 2 == 0 { db.store.clone() } else { other.clone() };
            tokio::spawn(async move {
                store
                    .tx(move |tx| {
                        Box::pin(async move {
                            let owner = format!("owner {number}");
                            tx.execute(INSERT, &params![owner, "{}", number]).await
                        })
                    })
                    .await
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap().unwrap();
    }
    assert_eq!((count(&db.store).await, count(&other).await), (40, 40));
}

#[tokio::test]
async fn a_url_that_names_no_database_is_refused() {
    let db = TestDb::open_empty(TestEngine::Sqlite).await;
    for url in ["sqlite:", "sqlite::memory:", "mysql://localhost/x", "postgres://:bad:port/x", "/just/a/path"]
    {
        let config = StoreConfig { database_url: url.into(), ..db.config.clone() };
        let refused = Store::open(config).await.err();
        assert!(matches!(refused, Some(StoreError::Config { .. })), "{url}: {refused:?}");
    }
}

#[tokio::test]
async fn another_master_key_cannot_read() {
    let db = TestDb::open(TestEngine::Sqlite).await;
    db.store.objects().put("x", b"secret").await.unwrap();
    let rotated = StoreConfig {
        master_key: MasterKey::from_bytes([1; 32]),
        older_master_keys: vec![db.config.master_key.clone()],
        ..db.config.clone()
    };
    let wrong = StoreConfig { older_master_keys: Vec::new(), ..rotated.clone() };
    let rotated = Store::open(rotated).await.unwrap();
    assert_eq!(rotated.objects().get("x").await.unwrap().unwrap(), b"secret");
    let wrong = Store::open(wrong).await.unwrap().objects().get("x").await;
    assert!(matches!(wrong, Err(StoreError::Cipher(CipherError::UnknownKey { .. }))), "{wrong:?}");
}

mod only_postgres {
    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_lost_connection_undoes_and_the_store_lives_on() {
        let db = TestDb::open(TestEngine::Postgres).await;
        let lost: Result<(), _> = db
            .store
            .tx(|tx| {
                Box::pin(async move {
                    tx.execute(INSERT, &params!["a", "{}", 1_i64]).await?;
                    tx.query("SELECT pg_terminate_backend(pg_backend_pid())", &[]).await.map(drop)
                })
            })
            .await;
        assert!(lost.as_ref().is_err_and(StoreError::is_transient), "{lost:?}");
        assert_eq!(count(&db.store).await, 0);
        insert(&db.store, "a").await.unwrap();
        assert_eq!(count(&db.store).await, 1);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_deadlock_is_told_as_transient() {
        let db = TestDb::open(TestEngine::Postgres).await;
        insert(&db.store, "a").await.unwrap();
        insert(&db.store, "b").await.unwrap();
        let meet = Arc::new(Barrier::new(2));
        let cross = |first: &'static str, second: &'static str| {
            let (store, meet) = (db.store.clone(), Arc::clone(&meet));
            async move {
                let sql = "UPDATE policies SET updated_at = updated_at + 1 WHERE owner = $1";
                store
                    .tx(move |tx| {
                        Box::pin(async move {
                            tx.execute(sql, &params![first]).await?;
                            meet.wait().await;
                            tx.execute(sql, &params![second]).await
                        })
                    })
                    .await
            }
        };
        let (left, right) = tokio::join!(cross("a", "b"), cross("b", "a"));
        let victims: Vec<StoreError> = [left, right].into_iter().filter_map(Result::err).collect();
        assert_eq!(victims.len(), 1, "{victims:?}");
        assert!(victims[0].is_transient(), "{victims:?}");
    }
}
