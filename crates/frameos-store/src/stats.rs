//! Statistics of agents: events of finished runs, rolled up into totals and days.
//!
//! Invariants: a finished run inserts one event in the transaction that finishes it and touches no shared row; a roll-up
//! takes each event exactly once, because it deletes it in the transaction that counts it; what is read counts the events that
//! wait, too. A run that was cancelled, or that the platform could not bring to an end, is no event.

use std::collections::BTreeMap;

use frameos_domain::{
    clock::Timestamp,
    execution::RunStatus,
    histogram::DurationHistogram,
    id::{AgentId, DeveloperId, EventId},
};

use crate::{
    StoreError, Tx, dialect,
    page::read_all,
    params,
    postponed::{Rows, rows},
};

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

/// Runs, added up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    pub total: i64,
    pub succeeded: i64,
    pub duration_ms: i64,
    /// The developer's share, in minor units.
    pub revenue: i64,
    /// Of those runs that were counted since there are histograms.
    pub durations: DurationHistogram,
}

impl Tally {
    fn add(&mut self, status: RunStatus, duration_ms: i64, revenue: i64) {
        self.total += 1;
        self.succeeded += i64::from(status == RunStatus::Success);
        self.duration_ms += duration_ms;
        self.revenue += revenue;
        self.durations.add(duration_ms);
    }

    /// Adds what `other` has added up.
    pub fn merge(&mut self, other: &Self) {
        self.total += other.total;
        self.succeeded += other.succeeded;
        self.duration_ms += other.duration_ms;
        self.revenue += other.revenue;
        self.durations.merge(&other.durations);
    }
}

/// One day of one version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionDay {
    pub agent_id: AgentId,
    pub version: String,
    /// As `2026-11-22`, UTC.
    pub day: String,
    pub tally: Tally,
}

const EVENTS: Rows = rows!("stat_events", (id Text, agent_id Text, version Text, status Text, duration_ms BigInt, revenue BigInt,
    at BigInt));

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
    if tx.postpone(&EVENTS, &params)? {
        return Ok(());
    }
    tx.execute(sql, &params).await.map(drop)
}

/// Takes what a refund took of a developer's share off the day it was refunded on.
pub async fn stat_refund_unscoped(
    tx: &mut Tx,
    (agent_id, version): (AgentId, &str),
    taken: i64,
    at: Timestamp,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO agent_stats_daily (agent_id, version, day, total, succeeded, duration_ms_sum, revenue) \
               VALUES ($1, $2, $3, 0, 0, 0, $4) ON CONFLICT (agent_id, version, day) DO UPDATE SET \
               revenue = agent_stats_daily.revenue + excluded.revenue";
    tx.execute(sql, &params![agent_id, version, at.day(), -taken]).await.map(drop)
}

/// Whether there are events to count.
pub async fn stat_events_wait_unscoped(tx: &mut Tx) -> Result<bool, StoreError> {
    Ok(tx.query_opt("SELECT 1 FROM stat_events LIMIT 1", &[]).await?.is_some())
}

/// Counts up to `limit` events into the agents' totals and days. Returns how many; 0 when there is nothing to do.
pub async fn stats_rollup_unscoped(tx: &mut Tx, limit: u32, now: Timestamp) -> Result<usize, StoreError> {
    let rows = tx.query(dialect::stat_events_take(tx.engine()), &params![limit]).await?;
    // Ordered maps: two roll-ups at once lock agents in the same order.
    let mut agents: BTreeMap<AgentId, Tally> = BTreeMap::new();
    let mut days: BTreeMap<(AgentId, String, String), Tally> = BTreeMap::new();
    for row in &rows {
        let agent_id: AgentId = row.get(0)?;
        let (status, duration_ms, revenue) = (row.get(2)?, row.get(3)?, row.get(4)?);
        agents.entry(agent_id).or_default().add(status, duration_ms, revenue);
        let day = (agent_id, row.get(1)?, row.get::<Timestamp>(5)?.day());
        days.entry(day).or_default().add(status, duration_ms, revenue);
    }
    for (agent_id, sum) in agents {
        add_to_agent(tx, agent_id, &sum, now).await?;
    }
    for ((agent_id, version, day), sum) in days {
        add_to_day(tx, agent_id, &version, &day, &sum).await?;
    }
    Ok(rows.len())
}

async fn add_to_agent(tx: &mut Tx, agent_id: AgentId, sum: &Tally, now: Timestamp) -> Result<(), StoreError> {
    let sql = "UPDATE agent_definitions SET total_executions = total_executions + $2, \
               succeeded_executions = succeeded_executions + $3, total_duration_ms = total_duration_ms + $4, \
               success_rate = CAST(succeeded_executions + $3 AS DOUBLE PRECISION) / (total_executions + $2), \
               avg_duration_ms = (total_duration_ms + $4) / (total_executions + $2), changed_at = $5 WHERE id = $1";
    tx.execute(sql, &params![agent_id, sum.total, sum.succeeded, sum.duration_ms, now]).await.map(drop)
}

async fn add_to_day(
    tx: &mut Tx,
    agent_id: AgentId,
    version: &str,
    day: &str,
    sum: &Tally,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO agent_stats_daily (agent_id, version, day, total, succeeded, duration_ms_sum, revenue) \
               VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (agent_id, version, day) DO UPDATE SET \
               total = agent_stats_daily.total + excluded.total, \
               succeeded = agent_stats_daily.succeeded + excluded.succeeded, \
               duration_ms_sum = agent_stats_daily.duration_ms_sum + excluded.duration_ms_sum, \
               revenue = agent_stats_daily.revenue + excluded.revenue RETURNING durations";
    let params = params![agent_id, version, day, sum.total, sum.succeeded, sum.duration_ms, sum.revenue];
    // The statement has locked the row, so what is read here is still so when it is written.
    let mut durations = durations_read(tx.query_one(sql, &params).await?.get(0)?)?;
    durations.merge(&sum.durations);
    let sql = "UPDATE agent_stats_daily SET durations = $4 WHERE agent_id = $1 AND version = $2 AND day = $3";
    tx.execute(sql, &params![agent_id, version, day, durations.to_bytes()]).await.map(drop)
}

fn durations_read(bytes: Option<Vec<u8>>) -> Result<DurationHistogram, StoreError> {
    let Some(bytes) = bytes else { return Ok(DurationHistogram::default()) };
    DurationHistogram::from_bytes(&bytes).ok_or_else(|| StoreError::corrupt("not a histogram of durations"))
}

/// The days from `from_day` (as `2026-11-22`) on of a developer's agents, or of one of them, with what is not rolled up yet.
pub async fn stats_by_day(
    tx: &mut Tx,
    developer_id: DeveloperId,
    agent_id: Option<AgentId>,
    from_day: &str,
) -> Result<Vec<VersionDay>, StoreError> {
    let mut days: BTreeMap<(String, AgentId, String), Tally> = BTreeMap::new();
    let rolled_up = "SELECT s.day, s.agent_id, s.version, s.total, s.succeeded, s.duration_ms_sum, s.revenue, s.durations \
                     FROM agent_stats_daily s JOIN agent_definitions a ON a.id = s.agent_id WHERE a.developer_id = $1 \
                     AND (CAST($2 AS TEXT) IS NULL OR s.agent_id = CAST($2 AS TEXT)) AND s.day >= $3";
    for row in tx.query(rolled_up, &params![developer_id, agent_id, from_day]).await? {
        let tally = Tally {
            total: row.get(3)?,
            succeeded: row.get(4)?,
            duration_ms: row.get(5)?,
            revenue: row.get(6)?,
            durations: durations_read(row.get(7)?)?,
        };
        days.insert((row.get(0)?, row.get(1)?, row.get(2)?), tally);
    }
    let pending = "SELECT e.at, e.agent_id, e.version, e.status, e.duration_ms, e.revenue \
                   FROM stat_events e JOIN agent_definitions a ON a.id = e.agent_id WHERE a.developer_id = $1 \
                   AND (CAST($2 AS TEXT) IS NULL OR e.agent_id = CAST($2 AS TEXT))";
    for row in tx.query(pending, &params![developer_id, agent_id]).await? {
        let day = row.get::<Timestamp>(0)?.day();
        if day.as_str() >= from_day {
            let tally = days.entry((day, row.get(1)?, row.get(2)?)).or_default();
            tally.add(row.get(3)?, row.get(4)?, row.get(5)?);
        }
    }
    let days = days.into_iter();
    Ok(days.map(|((day, agent_id, version), tally)| VersionDay { agent_id, version, day, tally }).collect())
}

/// An agent's finished runs from `from_day` on, as far as they are rolled up.
pub async fn agent_recent_unscoped(
    tx: &mut Tx,
    agent_id: AgentId,
    from_day: &str,
) -> Result<Tally, StoreError> {
    let sql = "SELECT total, succeeded, duration_ms_sum, revenue, durations FROM agent_stats_daily \
               WHERE agent_id = $1 AND day >= $2";
    let mut recent = Tally::default();
    for row in tx.query(sql, &params![agent_id, from_day]).await? {
        recent.merge(&Tally {
            total: row.get(0)?,
            succeeded: row.get(1)?,
            duration_ms: row.get(2)?,
            revenue: row.get(3)?,
            durations: durations_read(row.get(4)?)?,
        });
    }
    Ok(recent)
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
