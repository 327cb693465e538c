//! Brings a database to the schema this binary knows.
//!
//! Invariants: migrations are numbered files in `migrations/`, applied in order, all in one transaction; a file that was
//! applied is never changed (its checksum is recorded); a database that is newer than the binary is refused. Rules for
//! writing one are in `migrations/README.md`.

use aws_lc_rs::digest;
use frameos_domain::clock::Timestamp;
use thiserror::Error;

use crate::{dialect, error::StoreError, params, tx::Tx};

/// One step of the schema.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Migration {
    pub(crate) version: i64,
    pub(crate) name: &'static str,
    pub(crate) text: &'static str,
}

/// Every migration, in order.
pub(crate) const MIGRATIONS: &[Migration] = &[
    Migration {
        version: 1,
        name: "0001_marketplace",
        text: include_str!("../migrations/0001_marketplace.sql"),
    },
    Migration { version: 2, name: "0002_runs", text: include_str!("../migrations/0002_runs.sql") },
    Migration { version: 3, name: "0003_payments", text: include_str!("../migrations/0003_payments.sql") },
    Migration { version: 4, name: "0004_live_runs", text: include_str!("../migrations/0004_live_runs.sql") },
    Migration {
        version: 5,
        name: "0005_failure_reason",
        text: include_str!("../migrations/0005_failure_reason.sql"),
    },
    Migration { version: 6, name: "0006_queue", text: include_str!("../migrations/0006_queue.sql") },
    Migration {
        version: 7,
        name: "0007_run_events",
        text: include_str!("../migrations/0007_run_events.sql"),
    },
    Migration { version: 8, name: "0008_webhooks", text: include_str!("../migrations/0008_webhooks.sql") },
    Migration {
        version: 9,
        name: "0009_operations",
        text: include_str!("../migrations/0009_operations.sql"),
    },
    Migration { version: 10, name: "0010_trigger", text: include_str!("../migrations/0010_trigger.sql") },
    Migration {
        version: 11,
        name: "0011_ledger_rules",
        text: include_str!("../migrations/0011_ledger_rules.sql"),
    },
    Migration { version: 12, name: "0012_proofs", text: include_str!("../migrations/0012_proofs.sql") },
    Migration { version: 13, name: "0013_providers", text: include_str!("../migrations/0013_providers.sql") },
    Migration { version: 14, name: "0014_pricing", text: include_str!("../migrations/0014_pricing.sql") },
    Migration { version: 15, name: "0015_payouts", text: include_str!("../migrations/0015_payouts.sql") },
    Migration { version: 16, name: "0016_x402", text: include_str!("../migrations/0016_x402.sql") },
    Migration {
        version: 17,
        name: "0017_gateway_clients",
        text: include_str!("../migrations/0017_gateway_clients.sql"),
    },
    Migration { version: 18, name: "0018_findings", text: include_str!("../migrations/0018_findings.sql") },
    Migration { version: 19, name: "0019_identity", text: include_str!("../migrations/0019_identity.sql") },
    Migration { version: 21, name: "0021_discovery", text: include_str!("../migrations/0021_discovery.sql") },
    Migration { version: 23, name: "0023_lists", text: include_str!("../migrations/0023_lists.sql") },
    Migration {
        version: 24,
        name: "0024_notifications",
        text: include_str!("../migrations/0024_notifications.sql"),
    },
    Migration {
        version: 25,
        name: "0025_account_counts",
        text: include_str!("../migrations/0025_account_counts.sql"),
    },
    Migration {
        version: 26,
        name: "0026_append_only",
        text: include_str!("../migrations/0026_append_only.sql"),
    },
    Migration {
        version: 27,
        name: "0027_balance_at_once",
        text: include_str!("../migrations/0027_balance_at_once.sql"),
    },
    Migration {
        version: 28,
        name: "0028_ticket_indexes",
        text: include_str!("../migrations/0028_ticket_indexes.sql"),
    },
    Migration {
        version: 29,
        name: "0029_fewer_index_writes",
        text: include_str!("../migrations/0029_fewer_index_writes.sql"),
    },
    Migration {
        version: 30,
        name: "0030_lines_with_their_transaction",
        text: include_str!("../migrations/0030_lines_with_their_transaction.sql"),
    },
];

/// Why a database cannot be brought to this binary's schema.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum MigrationError {
    #[error("the database has schema version {found}, this program knows {known}: install a newer version")]
    Newer { found: i64, known: i64 },
    #[error("migration {name} differs from the one that was applied to this database")]
    Changed { name: String },
    #[error("the database has schema version {found}, this program needs {known}: run `frameos migrate`")]
    Older { found: i64, known: i64 },
}

const CREATE: &str = "CREATE TABLE schema_migrations (version BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL, \
     checksum TEXT NOT NULL, applied_at BIGINT NOT NULL)";
const APPLIED: &str = "SELECT version, checksum FROM schema_migrations ORDER BY version";
const RECORD: &str =
    "INSERT INTO schema_migrations (version, name, checksum, applied_at) VALUES ($1, $2, $3, $4)";

/// Applies what is missing. Returns the names of what it applied.
pub(crate) async fn migrate(
    tx: &mut Tx,
    migrations: &[Migration],
    now: Timestamp,
) -> Result<Vec<String>, StoreError> {
    tx.take_long();
    if let Some(lock) = dialect::migration_lock(tx.engine()) {
        tx.query(lock, &[]).await?;
    }
    if !is_initialised(tx).await? {
        tx.batch(CREATE).await?;
    }
    let applied = checked(tx, migrations).await?;
    let mut done = Vec::new();
    for migration in migrations.iter().filter(|migration| migration.version > applied) {
        tx.batch(&dialect::choose(tx.engine(), migration.text)).await?;
        tx.execute(RECORD, &params![migration.version, migration.name, checksum(migration), now]).await?;
        done.push(migration.name.to_owned());
    }
    Ok(done)
}

/// Refuses a database whose schema is not exactly the one of `migrations`.
pub(crate) async fn check(tx: &mut Tx, migrations: &[Migration]) -> Result<(), StoreError> {
    let found = if is_initialised(tx).await? { checked(tx, migrations).await? } else { 0 };
    let known = newest(migrations);
    if found < known { Err(MigrationError::Older { found, known }.into()) } else { Ok(()) }
}

/// The version of the database, once it is known that this binary understands it.
async fn checked(tx: &mut Tx, migrations: &[Migration]) -> Result<i64, StoreError> {
    let mut found = 0;
    for row in tx.query(APPLIED, &[]).await? {
        let (version, recorded): (i64, String) = (row.get(0)?, row.get(1)?);
        found = version;
        match migrations.iter().find(|migration| migration.version == version) {
            None => return Err(MigrationError::Newer { found: version, known: newest(migrations) }.into()),
            Some(migration) if checksum(migration) != recorded => {
                return Err(MigrationError::Changed { name: migration.name.to_owned() }.into());
            }
            Some(_) => {}
        }
    }
    Ok(found)
}

async fn is_initialised(tx: &mut Tx) -> Result<bool, StoreError> {
    let sql = dialect::table_exists(tx.engine());
    Ok(tx.query_one(sql, &params!["schema_migrations"]).await?.get::<i64>(0)? > 0)
}

fn newest(migrations: &[Migration]) -> i64 {
    migrations.iter().map(|migration| migration.version).max().unwrap_or(0)
}

fn checksum(migration: &Migration) -> String {
    hex::encode(digest::digest(&digest::SHA256, migration.text.as_bytes()))
}
