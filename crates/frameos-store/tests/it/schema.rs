//! Migrations, and that both engines end with the schema that `schema.txt` shows.

use std::{collections::BTreeMap, fmt::Write, path::Path};

use frameos_store::{
    MigrationError, Store, StoreError, Tx, on_both_engines, params,
    testing::{TestDb, TestEngine},
};

on_both_engines!(
    migrating_twice_changes_nothing,
    a_newer_database_is_refused,
    a_changed_migration_is_refused
);

async fn run(store: &Store, sql: &'static str) {
    store.tx(move |tx| Box::pin(async move { tx.execute(sql, &[]).await })).await.unwrap();
}

async fn migrating_twice_changes_nothing(db: TestDb) {
    assert_eq!(db.store.migrate().await.unwrap(), Vec::<String>::new());
    db.store.schema_check().await.unwrap();
}

async fn a_newer_database_is_refused(db: TestDb) {
    run(
        &db.store,
        "INSERT INTO schema_migrations (version, name, checksum, applied_at) VALUES (9999, 'x', 'x', 1)",
    )
    .await;
    for refused in [db.store.migrate().await.map(drop), db.store.schema_check().await] {
        let error = refused.unwrap_err();
        assert!(
            matches!(error, StoreError::Migration(MigrationError::Newer { found: 9999, .. })),
            "{error:?}"
        );
    }
}

async fn a_changed_migration_is_refused(db: TestDb) {
    run(&db.store, "UPDATE schema_migrations SET checksum = 'x' WHERE version = 1").await;
    let error = db.store.migrate().await.unwrap_err();
    assert!(matches!(error, StoreError::Migration(MigrationError::Changed { .. })), "{error:?}");
}

#[tokio::test]
async fn an_empty_database_is_not_ready() {
    let db = TestDb::open_empty(TestEngine::Sqlite).await;
    let error = db.store.schema_check().await.unwrap_err();
    assert!(matches!(error, StoreError::Migration(MigrationError::Older { found: 0, .. })), "{error:?}");
}

mod only_postgres {
    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn processes_that_migrate_at_once_take_turns() {
        let db = TestDb::open_empty(TestEngine::Postgres).await;
        let other = Store::open(db.config.clone()).await.unwrap();
        let (first, second) = tokio::join!(db.store.migrate(), other.migrate());
        let (first, second) = (first.unwrap(), second.unwrap());
        assert!(first.is_empty() != second.is_empty(), "{first:?} {second:?}");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn both_engines_have_the_committed_schema() {
        let sqlite = TestDb::open(TestEngine::Sqlite).await;
        let postgres = TestDb::open(TestEngine::Postgres).await;
        let sqlite = sqlite.store.read(|tx| Box::pin(dump(tx, SQLITE))).await.unwrap();
        let postgres = postgres.store.read(|tx| Box::pin(dump(tx, POSTGRES))).await.unwrap();
        similar(&sqlite, &postgres);
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema.txt");
        #[expect(clippy::disallowed_methods, reason = "asks for the committed dump to be rewritten")]
        if std::env::var("FRAMEOS_UPDATE_SCHEMA").is_ok_and(|asked| asked == "1") {
            std::fs::write(&path, &sqlite).unwrap();
        }
        similar(&std::fs::read_to_string(&path).unwrap(), &sqlite);
    }
}

/// Fails with the first line that differs.
fn similar(left: &str, right: &str) {
    for (number, (left, right)) in left.lines().zip(right.lines()).enumerate() {
        assert_eq!(left, right, "line {}", number + 1);
    }
    assert_eq!(left.lines().count(), right.lines().count());
}

/// One engine's questions about its schema. Each returns rows of a table name and texts.
#[derive(Clone, Copy)]
struct Catalog {
    /// table, column, type, not null, default
    columns: &'static str,
    /// table, `primary key`, `unique` or `index`, columns
    keys: &'static str,
    /// table, column, other table, on delete
    references: &'static str,
    /// table, trigger
    triggers: &'static str,
}

const SQLITE: Catalog = Catalog {
    columns: "SELECT t.name, c.name, c.type, c.\"notnull\", COALESCE(c.dflt_value, '') \
              FROM sqlite_schema t, pragma_table_info(t.name) c WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%'",
    keys: "SELECT t.name, CASE WHEN i.origin = 'pk' THEN 'primary key' WHEN i.\"unique\" THEN 'unique' ELSE 'index' END, \
           (SELECT group_concat(name, ', ') FROM (SELECT name FROM pragma_index_info(i.name) ORDER BY seqno)) \
           FROM sqlite_schema t, pragma_index_list(t.name) i WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%'",
    references: "SELECT t.name, f.\"from\", f.\"table\", f.on_delete FROM sqlite_schema t, pragma_foreign_key_list(t.name) f \
                 WHERE t.type = 'table'",
    triggers: "SELECT tbl_name, name FROM sqlite_schema WHERE type = 'trigger'",
};

const POSTGRES: Catalog = Catalog {
    columns: "SELECT table_name::text, column_name::text, data_type::text, is_nullable = 'NO', COALESCE(column_default, '')::text \
              FROM information_schema.columns WHERE table_schema = current_schema() ORDER BY table_name, ordinal_position",
    keys: "SELECT t.relname::text, CASE WHEN i.indisprimary THEN 'primary key' WHEN i.indisunique THEN 'unique' ELSE 'index' END, \
           (SELECT string_agg(a.attname, ', ' ORDER BY k.position) FROM unnest(i.indkey) WITH ORDINALITY AS k(number, position) \
            JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number) \
           FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid WHERE t.relnamespace = current_schema()::regnamespace",
    // The first is held by a trigger that looks at all lines of a statement at once (migration 0030).
    references: "SELECT 'ledger_postings', 'sequence', 'ledger_transactions', 'NO ACTION' UNION ALL \
                 SELECT t.relname::text, a.attname::text, o.relname::text, \
                 CASE c.confdeltype WHEN 'c' THEN 'CASCADE' WHEN 'a' THEN 'NO ACTION' ELSE 'other' END \
                 FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid JOIN pg_class o ON o.oid = c.confrelid \
                 JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1] \
                 WHERE c.contype = 'f' AND t.relnamespace = current_schema()::regnamespace",
    triggers: "SELECT t.relname::text, g.tgname::text FROM pg_trigger g JOIN pg_class t ON t.oid = g.tgrelid \
               WHERE NOT g.tgisinternal AND t.relnamespace = current_schema()::regnamespace",
};

/// The schema as text: tables by name, columns in order, then keys, references and triggers by name.
async fn dump(tx: &mut Tx, catalog: Catalog) -> Result<String, StoreError> {
    let mut tables: BTreeMap<String, (Vec<String>, Vec<String>)> = BTreeMap::new();
    for row in tx.query(catalog.columns, &params![]).await? {
        let (name, ty, default): (String, String, String) = (row.get(1)?, row.get(2)?, row.get(4)?);
        let null = if row.get::<bool>(3)? { " not null" } else { "" };
        // PostgreSQL shows a default with its type, and FALSE as false.
        let default = default.split("::").next().unwrap_or_default().replace("FALSE", "false");
        let default = if default.is_empty() { default } else { format!(" default {default}") };
        let ty = ty.to_lowercase().replace("bytea", "blob");
        tables.entry(row.get(0)?).or_default().0.push(format!("{name} {ty}{null}{default}"));
    }
    for row in tx.query(catalog.keys, &params![]).await? {
        let (kind, columns): (String, String) = (row.get(1)?, row.get(2)?);
        tables.entry(row.get(0)?).or_default().1.push(format!("{kind} ({columns})"));
    }
    for row in tx.query(catalog.references, &params![]).await? {
        let (column, other, delete): (String, String, String) = (row.get(1)?, row.get(2)?, row.get(3)?);
        let line = format!("reference {column} -> {other} on delete {}", delete.to_lowercase());
        tables.entry(row.get(0)?).or_default().1.push(line);
    }
    for row in tx.query(catalog.triggers, &params![]).await? {
        tables.entry(row.get(0)?).or_default().1.push(format!("trigger {}", row.get::<String>(1)?));
    }
    let mut text = String::new();
    for (table, (columns, mut rest)) in tables {
        rest.sort();
        writeln!(text, "{table}").unwrap();
        for line in columns.into_iter().chain(rest) {
            writeln!(text, "    {line}").unwrap();
        }
    }
    Ok(text)
}
