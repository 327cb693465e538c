//! What must be true once all has settled, counted in the database itself.

use std::collections::{BTreeMap, BTreeSet};

use frameos_store::{FromValue, MasterKey, ObjectsConfig, Store, StoreConfig};

use super::people::Person;

/// Tries a run gets in all.
const ATTEMPTS: i64 = 3;

/// The installation's database, read past FrameOS.
pub(super) struct Books {
    store: Store,
}

impl Books {
    pub(super) async fn open(database_url: String, objects: std::path::PathBuf) -> Self {
        let config = StoreConfig {
            database_url,
            // Nothing encrypted is read here.
            master_key: MasterKey::from_bytes([0; 32]),
            older_master_keys: Vec::new(),
            objects: ObjectsConfig::Folder(objects),
        };
        Self { store: Store::open(config).await.unwrap() }
    }

    /// Runs that have not ended, and events that are not counted yet.
    pub(super) async fn open_ends(&self) -> i64 {
        self.number(
            "SELECT (SELECT COUNT(*) FROM agent_executions WHERE status IN ('queued', 'running', 'settling')) \
             + (SELECT COUNT(*) FROM tickets) + (SELECT COUNT(*) FROM stat_events)",
        )
        .await
    }

    /// What is still open, for whoever wonders why.
    pub(super) async fn open_list(&self) -> Vec<String> {
        self.texts(
            "SELECT e.id || ' ' || e.status || ' attempt ' || e.attempt || COALESCE(' ticket ' || t.kind || ' claim ' || t.attempt \
             || ' owner ' || COALESCE(t.lease_owner, '-'), ' no ticket') FROM agent_executions e \
             LEFT JOIN tickets t ON t.execution_id = e.id WHERE e.status IN ('queued', 'running', 'settling') OR t.id IS NOT NULL",
        )
        .await
    }

    pub(super) async fn check(&self, people: &[Person]) {
        self.check_accepted(people).await;
        self.check_attempts().await;
        self.check_money().await;
        self.check_free_runs().await;
        self.check_statistics().await;
        self.check_receipts().await;
    }

    pub(super) async fn count_of(&self, status: &str) -> i64 {
        let status = status.to_owned();
        let sql = "SELECT COUNT(*) FROM agent_executions WHERE status = $1";
        let read = self.store.read(move |tx| {
            Box::pin(async move { tx.query_one(sql, &[status.into()]).await?.get::<i64>(0) })
        });
        read.await.unwrap()
    }

    /// Runs that took more than one attempt.
    pub(super) async fn retried(&self) -> i64 {
        self.number("SELECT COUNT(*) FROM agent_executions WHERE attempt > 1").await
    }

    /// Every run that was accepted is there under its key; none is there that nobody asked for.
    async fn check_accepted(&self, people: &[Person]) {
        let rows: BTreeSet<String> = self
            .texts("SELECT user_id || ' ' || idempotency_key || ' ' || id FROM agent_executions")
            .await
            .into_iter()
            .collect();
        let mut known = BTreeSet::new();
        let mut unknown = BTreeSet::new();
        for person in people {
            let line = |(key, run): (&String, &String)| format!("{} {key} {run}", person.id);
            known.extend(person.runs.accepted.iter().map(line));
            unknown.extend(person.runs.unknown.iter().map(|key| format!("{} {key} ", person.id)));
        }
        let lost: Vec<_> = known.difference(&rows).collect();
        assert!(lost.is_empty(), "accepted and gone: {lost:?}");
        let surplus: Vec<_> = rows
            .difference(&known)
            .filter(|row| !unknown.iter().any(|asked| row.starts_with(asked.as_str())))
            .collect();
        assert!(surplus.is_empty(), "there and never accepted: {surplus:?}");
    }

    async fn check_attempts(&self) {
        self.none(
            "more attempts than a run gets",
            "SELECT id FROM agent_executions WHERE attempt > 3 OR (attempt = 0 AND status <> 'cancelled')",
        )
        .await;
        let most = self.number("SELECT COALESCE(MAX(attempt), 0) FROM execution_attempts").await;
        assert!(most <= ATTEMPTS, "an attempt has number {most}");
        self.none(
            "attempts that are not recorded, or never ended",
            "SELECT e.id || ' ' || e.attempt || ' ' || COUNT(a.attempt) || ' ' || COUNT(a.ended_at) FROM agent_executions e \
             LEFT JOIN execution_attempts a ON a.execution_id = e.id GROUP BY e.id, e.attempt \
             HAVING COUNT(a.attempt) <> e.attempt OR COUNT(a.ended_at) <> e.attempt",
        )
        .await;
        self.none(
            "attempts that failed without a reason",
            "SELECT a.execution_id || ' ' || a.attempt FROM execution_attempts a JOIN agent_executions e ON e.id = a.execution_id \
             WHERE a.reason IS NULL AND NOT (a.outcome = 'ended' AND e.status = 'success')",
        )
        .await;
        self.none(
            "failures without a reason, or successes with one",
            "SELECT id FROM agent_executions WHERE (status = 'success') <> (failure_reason IS NULL) \
             OR (status = 'success') <> (outputs IS NOT NULL) OR sealed OR completed_at IS NULL",
        )
        .await;
    }

    async fn check_money(&self) {
        self.none(
            "priced successes without their one payment, or payments without a success",
            "SELECT COALESCE(e.id, p.id) FROM (SELECT * FROM agent_executions WHERE status = 'success' AND price_amount > 0) e \
             FULL JOIN payments p ON p.id = e.payment_id AND p.mandate_id = e.mandate_id AND p.amount = e.price_amount \
             WHERE e.id IS NULL OR p.id IS NULL",
        )
        .await;
        self.none(
            "payments or receipts on runs that did not succeed",
            "SELECT id FROM agent_executions WHERE (payment_id IS NOT NULL) <> (status = 'success' AND price_amount > 0) \
             OR (payment_receipt_id IS NOT NULL) <> (payment_id IS NOT NULL)",
        )
        .await;
        self.none(
            "payments without their one receipt",
            "SELECT p.id FROM payments p LEFT JOIN payment_receipts r ON r.payment_id = p.id AND r.id = p.receipt_id \
             AND r.status = 'success' WHERE r.id IS NULL",
        )
        .await;
        self.none(
            "payments without their one capture in the ledger",
            "SELECT p.id FROM payments p LEFT JOIN ledger_transactions l ON l.id = p.ledger_transaction_id WHERE l.id IS NULL",
        )
        .await;
        self.none("money that is still held", "SELECT owner FROM wallets WHERE held <> 0").await;
        self.none("mandates that nobody ended", "SELECT id FROM mandates WHERE status = 'issued'").await;
        self.none(
            "wallets that are not what was paid in less what was paid",
            "SELECT w.owner FROM wallets w WHERE w.available <> \
             COALESCE((SELECT SUM(t.amount) FROM top_ups t WHERE t.owner = w.owner AND t.status = 'settled'), 0) \
             - COALESCE((SELECT SUM(p.amount) FROM payments p WHERE p.agent_id = w.owner), 0)",
        )
        .await;
        self.none(
            "budgets that are not what was paid",
            "SELECT b.owner || ' ' || b.period FROM budget_windows b WHERE b.used <> \
             COALESCE((SELECT SUM(p.amount) FROM payments p WHERE p.agent_id = b.owner), 0)",
        )
        .await;
        self.none(
            "developers' shares that are not 70 % of a payment",
            "SELECT COALESCE(r.id, p.id) FROM developer_revenue r \
             FULL JOIN (SELECT p.*, e.id AS run FROM payments p JOIN agent_executions e ON e.payment_id = p.id) p ON p.run = r.execution_id \
             WHERE r.id IS NULL OR p.id IS NULL OR r.amount <> p.amount * 70 / 100 OR r.amount <> p.developer_amount",
        )
        .await;
    }

    async fn check_free_runs(&self) {
        self.none(
            "free runs that are counted and did not succeed, or the other way round",
            "SELECT f.user_id || ' ' || f.agent_id || ' ' || f.used FROM free_runs f WHERE f.used <> (SELECT COUNT(*) \
             FROM agent_executions e WHERE e.user_id = f.user_id AND e.agent_id = f.agent_id AND e.free_month = f.month \
             AND e.status = 'success')",
        )
        .await;
    }

    async fn check_statistics(&self) {
        self.none(
            "agents whose totals are not their runs",
            "SELECT a.slug || ' ' || a.total_executions || ' ' || a.succeeded_executions FROM agent_definitions a \
             WHERE a.total_executions <> (SELECT COUNT(*) FROM agent_executions e \
               WHERE e.agent_id = a.id AND e.status <> 'cancelled' AND e.resources IS NOT NULL) \
             OR a.succeeded_executions <> (SELECT COUNT(*) FROM agent_executions e WHERE e.agent_id = a.id AND e.status = 'success')",
        )
        .await;
        self.none(
            "agents whose days are not their totals",
            "SELECT a.slug FROM agent_definitions a WHERE a.total_executions <> \
             COALESCE((SELECT SUM(d.total) FROM agent_stats_daily d WHERE d.agent_id = a.id), 0)",
        )
        .await;
    }

    async fn check_receipts(&self) {
        self.none(
            "runs without their one receipt",
            "SELECT e.id FROM agent_executions e LEFT JOIN run_receipts r ON r.execution_id = e.id WHERE r.id IS NULL",
        )
        .await;
        self.none(
            "links of the receipts' chain that do not hold",
            "SELECT r.id FROM (SELECT id, sequence, previous_hash, LAG(hash) OVER (ORDER BY sequence) AS before, \
             ROW_NUMBER() OVER (ORDER BY sequence) AS place FROM run_receipts) r \
             WHERE r.sequence <> r.place OR (r.place > 1 AND r.previous_hash <> r.before)",
        )
        .await;
    }

    async fn none(&self, what: &str, sql: &'static str) {
        let found = self.texts(sql).await;
        assert!(found.is_empty(), "{what}: {found:?}");
    }

    async fn number(&self, sql: &'static str) -> i64 {
        self.column(sql).await.pop().unwrap()
    }

    pub(super) async fn texts(&self, sql: &'static str) -> Vec<String> {
        self.column(sql).await
    }

    async fn column<T: FromValue + Send + 'static>(&self, sql: &'static str) -> Vec<T> {
        let read = self.store.read(move |tx| {
            Box::pin(async move { tx.query(sql, &[]).await?.iter().map(|row| row.get(0)).collect() })
        });
        read.await.unwrap()
    }

    /// How runs ended, in one line.
    pub(super) async fn summary(&self) -> String {
        let mut counts = BTreeMap::new();
        for status in ["success", "failed", "timeout", "cancelled"] {
            counts.insert(status, self.count_of(status).await);
        }
        format!("{counts:?}, {} took more than one attempt", self.retried().await)
    }
}
