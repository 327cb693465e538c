//! Statistics of agents: events of finished runs, rolled up into totals and days.
//!
//! Invariants: a finished run inserts one event in the transaction that finishes it and touches no shared row; a roll-up
//! takes each event exactly once, because it deletes it in the transaction that counts it. A run that was cancelled, or that the
//! platform could not bring to an end, is no event.

use std::collections::BTreeMap;

use frameos_domain::{
    clock::Timestamp,
    execution::RunStatus,
    id::{AgentId, DeveloperId, EventId},
};

use crate::{StoreError, Tx, dialect, page::read_all, params};

/// One finished run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatEvent {
    pub id: EventId,
    pub agent_id: AgentId,
    pub version: String,
    pub status: RunStatus,
    pub duration_ms: i64,
    /// The developer's share, in minor units.
    pub revenue: i64,
    pub at: Timestamp,
}

/// One day of one version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DailyStats {
    pub day: String,
    pub version: String,
    pub total: i64,
    pub succeeded: i64,
    pub duration_ms_sum: i64,
    pub revenue: i64,
}

#[derive(Default)]
struct Sum {
    total: i64,
    succeeded: i64,
    duration_ms: i64,
    revenue: i64,
}

impl Sum {
    fn add(&mut self, status: RunStatus, duration_ms: i64, revenue: i64) {
        self.total += 1;
        self.succeeded += i64::from(status == RunStatus::Success);
        self.duration_ms += duration_ms;
        self.revenue += revenue;
    }
}

pub async fn stat_event_insert(tx: &mut Tx, event: &StatEvent) -> Result<(), StoreError> {
    let sql = "INSERT INTO stat_events (id, agent_id, version, status, duration_ms, revenue, at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let params = params![
        event.id,
        event.agent_id,
        &event.version,
        event.status,
        event.duration_ms,
        event.revenue,
        event.at
    ];
    tx.execute(sql, &params).await.map(drop)
}

/// Whether there are events to count.
pub async fn stat_events_wait_unscoped(tx: &mut Tx) -> Result<bool, StoreError> {
    Ok(tx.query_opt("SELECT 1 FROM stat_events LIMIT 1", &[]).await?.is_some())
}

/// Counts up to `limit` events into the agents' totals and days. Returns how many; 0 when there is nothing to do.
pub async fn stats_rollup_unscoped(tx: &mut Tx, limit: u32) -> Result<usize, StoreError> {
    let rows = tx.query(dialect::stat_events_take(tx.engine()), &params![limit]).await?;
    // Ordered maps: two roll-ups at once lock agents in the same order.
    let mut agents: BTreeMap<AgentId, Sum> = BTreeMap::new();
    let mut days: BTreeMap<(AgentId, String, String), Sum> = BTreeMap::new();
    for row in &rows {
        let agent_id: AgentId = row.get(0)?;
        let (status, duration_ms, revenue) = (row.get(2)?, row.get(3)?, row.get(4)?);
        agents.entry(agent_id).or_default().add(status, duration_ms, revenue);
        let day = (agent_id, row.get(1)?, row.get::<Timestamp>(5)?.day());
        days.entry(day).or_default().add(status, duration_ms, revenue);
    }
    for (agent_id, sum) in agents {
        add_to_agent(tx, agent_id, &sum).await?;
    }
    for ((agent_id, version, day), sum) in days {
        add_to_day(tx, agent_id, &version, &day, &sum).await?;
    }
    Ok(rows.len())
}

async fn add_to_agent(tx: &mut Tx, agent_id: AgentId, sum: &Sum) -> Result<(), StoreError> {
    let sql = "UPDATE agent_definitions SET total_executions = total_executions + $2, \
               succeeded_executions = succeeded_executions + $3, total_duration_ms = total_duration_ms + $4, \
               success_rate = CAST(succeeded_executions + $3 AS DOUBLE PRECISION) / (total_executions + $2), \
               avg_duration_ms = (total_duration_ms + $4) / (total_executions + $2) WHERE id = $1";
    tx.execute(sql, &params![agent_id, sum.total, sum.succeeded, sum.duration_ms]).await.map(drop)
}

async fn add_to_day(
    tx: &mut Tx,
    agent_id: AgentId,
    version: &str,
    day: &str,
    sum: &Sum,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO agent_stats_daily (agent_id, version, day, total, succeeded, duration_ms_sum, revenue) \
               VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (agent_id, version, day) DO UPDATE SET \
               total = agent_stats_daily.total + excluded.total, \
               succeeded = agent_stats_daily.succeeded + excluded.succeeded, \
               duration_ms_sum = agent_stats_daily.duration_ms_sum + excluded.duration_ms_sum, \
               revenue = agent_stats_daily.revenue + excluded.revenue";
    let params = params![agent_id, version, day, sum.total, sum.succeeded, sum.duration_ms, sum.revenue];
    tx.execute(sql, &params).await.map(drop)
}

/// An agent's days from `from_day` (as `2026-11-22`) on, oldest first.
pub async fn stats_daily(
    tx: &mut Tx,
    agent_id: AgentId,
    from_day: &str,
) -> Result<Vec<DailyStats>, StoreError> {
    let sql = "SELECT day, version, total, succeeded, duration_ms_sum, revenue FROM agent_stats_daily \
               WHERE agent_id = $1 AND day >= $2 ORDER BY day, version";
    let rows = tx.query(sql, &params![agent_id, from_day]).await?;
    read_all(&rows, |row| {
        Ok(DailyStats {
            day: row.get(0)?,
            version: row.get(1)?,
            total: row.get(2)?,
            succeeded: row.get(3)?,
            duration_ms_sum: row.get(4)?,
            revenue: row.get(5)?,
        })
    })
}

/// An agent's numbers, exact to the last settled run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentStats {
    pub agent_id: AgentId,
    pub name: String,
    pub executions: i64,
    pub succeeded: i64,
    /// The developer's share, in minor units.
    pub revenue: i64,
    pub duration_ms_sum: i64,
}

/// The numbers of each of a developer's agents, most run first: what is rolled up and what is not yet.
pub async fn agent_stats(tx: &mut Tx, developer_id: DeveloperId) -> Result<Vec<AgentStats>, StoreError> {
    let sql = "SELECT a.id, a.name, CAST(COALESCE(SUM(n.total), 0) AS BIGINT) AS runs, \
               CAST(COALESCE(SUM(n.succeeded), 0) AS BIGINT), CAST(COALESCE(SUM(n.revenue), 0) AS BIGINT), \
               CAST(COALESCE(SUM(n.duration), 0) AS BIGINT) FROM agent_definitions a LEFT JOIN ( \
               SELECT agent_id, total, succeeded, revenue, duration_ms_sum AS duration FROM agent_stats_daily UNION ALL \
               SELECT agent_id, 1, CASE WHEN status = 'success' THEN 1 ELSE 0 END, revenue, duration_ms FROM stat_events \
               ) AS n ON n.agent_id = a.id WHERE a.developer_id = $1 GROUP BY a.id, a.name ORDER BY runs DESC, a.id";
    let rows = tx.query(sql, &params![developer_id]).await?;
    read_all(&rows, |row| {
        Ok(AgentStats {
            agent_id: row.get(0)?,
            name: row.get(1)?,
            executions: row.get(2)?,
            succeeded: row.get(3)?,
            revenue: row.get(4)?,
            duration_ms_sum: row.get(5)?,
        })
    })
}
