//! What developers see of their business: runs, success, revenue.

use std::{cmp::Reverse, collections::BTreeMap, time::Duration};

use frameos_domain::{
    clock::Timestamp,
    execution::{FailureReason, RunStatus},
    id::{AgentId, DeveloperId, ExecutionId},
    money::{Currency, Money},
    redact::Redactor,
    version,
};
use frameos_store::{
    developer::{self, Developer, DeveloperShown},
    execution::{self, DeveloperExecution, ExecutionFilter},
    page::{Page, Paged},
    revenue::{self, Revenue},
    stats::{self, AgentStats, Tally, VersionDay},
    status::AccountStatus,
};

use serde_json::{Map, Value};

use crate::{
    app::App,
    bare_run::values_collect,
    csv::{Table, amount},
    error::{AppError, Result},
    execution::{LogsView, logs_load},
};
const RECENT: Page = Page::new(1, 20);
pub(crate) const DAY: Duration = Duration::from_secs(24 * 3600);
pub(crate) const DAYS: u32 = 30;
/// The longest that may be asked for.
pub(crate) const MOST_DAYS: u32 = 366;

/// What to show. Both ways of saying how far back are about `days` and `versions`.
#[derive(Debug, Clone, Default)]
pub struct AnalyticsFilter {
    /// One agent instead of all.
    pub agent_id: Option<String>,
    /// So many days, today's the last.
    pub days: Option<u32>,
    /// From this day on, as `2026-11-22`.
    pub from: Option<String>,
}

/// Runs and revenue of a developer, exact to the last settled run. Amounts are minor units.
#[derive(Debug, Clone)]
pub struct AnalyticsView {
    pub total_revenue: i64,
    pub pending_payout: i64,
    pub total_executions: i64,
    pub agents: Vec<AgentStats>,
    pub recent_executions: Vec<DeveloperExecution>,
    /// Each version's days with runs, oldest first.
    pub by_day: Vec<VersionDay>,
    /// Every day of the window, oldest first, also those without runs.
    pub days: Vec<(String, Tally)>,
    /// The versions with runs in the window, the newest of an agent first.
    pub versions: Vec<VersionView>,
}

/// Bytes of inputs that logs are cleared of; each takes some memory while that is done.
const CLEARED_MAX: usize = 1 << 20;

/// What a run of their agent printed, for its developer: without anything the user put in.
#[derive(Debug, Clone)]
pub struct DeveloperLogs {
    pub id: ExecutionId,
    pub version: String,
    pub status: RunStatus,
    pub failure_reason: Option<FailureReason>,
    pub exit_code: Option<i64>,
    pub error_message: Option<String>,
    pub logs: LogsView,
    /// The inputs are too large to clear the logs of them, so they are not shown.
    pub withheld: bool,
}

/// One version's runs in a window of days.
#[derive(Debug, Clone)]
pub struct VersionView {
    pub agent_id: AgentId,
    pub agent_name: String,
    pub version: String,
    pub tally: Tally,
}

pub async fn analytics(app: &App, developer: DeveloperId, filter: AnalyticsFilter) -> Result<AnalyticsView> {
    let window = window(&filter, app.now())?;
    let from = window.first().cloned().unwrap_or_default();
    let agent = agent_asked(filter.agent_id.as_deref())?;
    let newest = ExecutionFilter { agent_id: agent, status: None };
    let (totals, mut agents, recent, by_day) = app
        .store()
        .read(move |tx| {
            Box::pin(async move {
                Ok((
                    revenue::revenue_totals(tx, developer, agent, Currency::INR).await?,
                    stats::agent_stats(tx, developer).await?,
                    execution::execution_list_by_developer(tx, developer, &newest, RECENT).await?.items,
                    stats::stats_by_day(tx, developer, agent, &from).await?,
                ))
            })
        })
        .await?;
    if let Some(agent) = agent {
        agents.retain(|stats| stats.agent_id == agent);
        if agents.is_empty() {
            return Err(AppError::not_found("agent"));
        }
    }
    Ok(AnalyticsView {
        total_revenue: totals.total,
        pending_payout: totals.pending,
        total_executions: agents.iter().map(|agent| agent.executions).sum(),
        recent_executions: recent,
        days: days(window, &by_day),
        versions: versions(&agents, &by_day),
        agents,
        by_day,
    })
}

/// The same as a table: a line for each day on which a version ran.
pub fn analytics_csv(view: &AnalyticsView) -> String {
    let mut table = Table::default();
    table.row([
        "day",
        "agent_id",
        "agent",
        "version",
        "executions",
        "succeeded",
        "revenue",
        "currency",
        "avg_duration_ms",
        "p50_duration_ms",
        "p95_duration_ms",
    ]);
    let name =
        |id: AgentId| view.agents.iter().find(|agent| agent.agent_id == id).map_or("", |agent| &agent.name);
    let text = |number: Option<i64>| number.map(|number| number.to_string()).unwrap_or_default();
    for VersionDay { agent_id, version, day, tally } in &view.by_day {
        table.row([
            day.as_str(),
            &agent_id.to_string(),
            name(*agent_id),
            version,
            &tally.total.to_string(),
            &tally.succeeded.to_string(),
            &amount(Money::new(tally.revenue, Currency::INR)),
            Currency::INR.as_str(),
            &text(tally.duration_ms.checked_div(tally.total)),
            &text(tally.durations.percentile(50)),
            &text(tally.durations.percentile(95)),
        ]);
    }
    table.into_text()
}

/// The agent a query narrows down to.
pub(crate) fn agent_asked(id: Option<&str>) -> Result<Option<AgentId>> {
    let what = "must be an id such as agt_def_…";
    id.map(|text| text.parse().map_err(|_| AppError::field("agent_id", what))).transpose()
}

/// The runs of a developer's agents, newest first.
pub async fn developer_executions(
    app: &App,
    developer: DeveloperId,
    (agent, status): (Option<&str>, Option<RunStatus>),
    page: Page,
) -> Result<Paged<DeveloperExecution>> {
    let filter = ExecutionFilter { agent_id: agent_asked(agent)?, status };
    let listed = app.store().read(move |tx| {
        Box::pin(async move { execution::execution_list_by_developer(tx, developer, &filter, page).await })
    });
    Ok(listed.await?)
}

/// The logs of a run of one of the developer's agents, once it has ended, cleared of every input.
pub async fn developer_logs(app: &App, developer: DeveloperId, id: ExecutionId) -> Result<DeveloperLogs> {
    let row = app
        .store()
        .read(move |tx| {
            Box::pin(async move { execution::execution_get_by_developer(tx, developer, id).await })
        })
        .await?
        .ok_or(AppError::not_found("execution"))?;
    let ended = row.status.is_final();
    let mut shown = DeveloperLogs {
        id: row.id,
        version: row.version.clone(),
        status: row.status,
        failure_reason: row.failure_reason.filter(|_| ended),
        exit_code: row.exit_code.filter(|_| ended),
        error_message: row.error_message.clone().filter(|_| ended),
        logs: LogsView::default(),
        withheld: false,
    };
    if !ended {
        return Ok(shown);
    }
    let Some(inputs) = input_texts(&row.inputs) else {
        return Ok(DeveloperLogs { error_message: None, withheld: true, ..shown });
    };
    shown.logs = logs_load(app, row).await?;
    let _turn = app.clearing.acquire().await.map_err(AppError::internal)?;
    tokio::task::spawn_blocking(move || {
        let redactor = Redactor::new(inputs.iter().map(String::as_str));
        // What was printed may have been cut within a value.
        for text in
            [&mut shown.logs.stdout, &mut shown.logs.stderr].into_iter().chain(&mut shown.error_message)
        {
            *text = redactor.redact_cut(text);
        }
        shown
    })
    .await
    .map_err(AppError::internal)
}

/// All that may be recognised as the user's: each value, and the lines and cells of texts. None when it is too much.
pub(crate) fn input_texts(inputs: &Map<String, Value>) -> Option<Vec<String>> {
    let mut values = Vec::new();
    inputs.values().for_each(|value| values_collect(value, &mut values));
    let cells = |text: &String| {
        let lines = text.lines().map(str::trim).map(str::to_owned);
        let cells = text.split(['\n', '\r', ',', ';', '\t', '|', '"']).map(str::trim).map(str::to_owned);
        lines.chain(cells).collect::<Vec<_>>()
    };
    if values.iter().map(String::len).sum::<usize>() > CLEARED_MAX {
        return None;
    }
    let parts: Vec<String> = values.iter().flat_map(cells).collect();
    values.extend(parts);
    Some(values)
}

/// The days asked for, oldest first.
fn window(filter: &AnalyticsFilter, now: Timestamp) -> Result<Vec<String>> {
    let day = |ago: u32| now.minus(DAY * ago).day();
    let days = match (filter.days, filter.from.as_deref()) {
        (Some(_), Some(_)) => return Err(AppError::field("from", "cannot be combined with days: send one")),
        (None, None) => DAYS,
        (Some(days), None) if (1..=MOST_DAYS).contains(&days) => days,
        (Some(_), None) => {
            return Err(AppError::field("days", format!("must be between 1 and {MOST_DAYS}")));
        }
        (None, Some(from)) => {
            let found = (0..MOST_DAYS).find(|ago| day(*ago) == from).ok_or_else(|| {
                let (first, last) = (day(MOST_DAYS - 1), day(0));
                AppError::field(
                    "from",
                    format!("must be a day between {first} and {last}, written like these"),
                )
            })?;
            found + 1
        }
    };
    Ok((0..days).rev().map(day).collect())
}

fn days(window: Vec<String>, by_day: &[VersionDay]) -> Vec<(String, Tally)> {
    let mut days: BTreeMap<String, Tally> = window.into_iter().map(|day| (day, Tally::default())).collect();
    for found in by_day {
        days.entry(found.day.clone()).or_default().merge(&found.tally);
    }
    days.into_iter().collect()
}

fn versions(agents: &[AgentStats], by_day: &[VersionDay]) -> Vec<VersionView> {
    let mut versions: BTreeMap<(AgentId, &str), Tally> = BTreeMap::new();
    for day in by_day {
        versions.entry((day.agent_id, &day.version)).or_default().merge(&day.tally);
    }
    let mut views = Vec::new();
    for agent in agents {
        let own = versions.iter().filter(|((id, _), _)| *id == agent.agent_id);
        let mut own: Vec<_> = own
            .map(|((agent_id, version), tally)| VersionView {
                agent_id: *agent_id,
                agent_name: agent.name.clone(),
                version: (*version).to_owned(),
                tally: tally.clone(),
            })
            .collect();
        own.sort_by_cached_key(|view| Reverse(version::parse(&view.version).ok()));
        views.extend(own);
    }
    views
}

/// A developer as everybody may see them: those with something published, unless they are barred.
pub async fn developer_profile(app: &App, id: DeveloperId) -> Result<(Developer, DeveloperShown)> {
    let found = app.store().read(move |tx| {
        Box::pin(async move {
            let Some(found) = developer::developer_get(tx, id).await? else { return Ok(None) };
            Ok(Some((found, developer::developer_shown(tx, id).await?)))
        })
    });
    let is_public = |(found, shown): &(Developer, DeveloperShown)| {
        found.status == AccountStatus::Active && shown.agents > 0
    };
    found.await?.filter(is_public).ok_or(AppError::not_found("developer"))
}

/// A developer's revenue entries, newest first.
pub async fn revenue_list(app: &App, developer: DeveloperId, page: Page) -> Result<Paged<Revenue>> {
    Ok(app
        .store()
        .read(move |tx| Box::pin(async move { revenue::revenue_list(tx, developer, page).await }))
        .await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noon() -> Timestamp {
        // 2026-11-18T12:00:00Z
        Timestamp::from_micros(1_795_003_200_000_000)
    }

    fn drawn(days: Option<u32>, from: Option<&str>) -> Result<Vec<String>> {
        window(&AnalyticsFilter { agent_id: None, days, from: from.map(str::to_owned) }, noon())
    }

    #[test]
    fn a_window_ends_today_and_is_bounded() {
        assert_eq!(drawn(Some(2), None).unwrap(), ["2026-11-17", "2026-11-18"]);
        assert_eq!(drawn(None, Some("2026-11-17")).unwrap(), ["2026-11-17", "2026-11-18"]);
        let month = drawn(None, None).unwrap();
        assert_eq!((month.len(), month[0].as_str()), (30, "2026-10-20"));
        assert_eq!(drawn(None, Some("2025-11-18")).unwrap().len(), 366);
        for (days, from) in [
            (Some(0), None),
            (Some(367), None),
            (Some(1), Some("2026-11-18")),
            (None, Some("2026-11-19")),
            (None, Some("2025-11-17")),
            (None, Some("18.11.2026")),
        ] {
            assert_eq!(drawn(days, from).unwrap_err().code(), "VALIDATION_FAILED", "{days:?} {from:?}");
        }
    }

    #[test]
    fn versions_are_sums_of_days_newest_first() {
        let agent_id = AgentId::generate(noon());
        let agent = AgentStats {
            agent_id,
            name: "A".into(),
            executions: 9,
            succeeded: 9,
            revenue: 0,
            duration_ms_sum: 0,
        };
        let by_day = [("1.9.0", "2026-11-17", 1), ("1.10.0", "2026-11-17", 2), ("1.9.0", "2026-11-18", 4)]
            .map(|(version, day, total)| VersionDay {
                agent_id,
                version: version.into(),
                day: day.into(),
                tally: Tally { total, ..Tally::default() },
            });
        let found: Vec<_> =
            versions(&[agent], &by_day).into_iter().map(|view| (view.version, view.tally.total)).collect();
        assert_eq!(found, [("1.10.0".to_owned(), 2), ("1.9.0".to_owned(), 5)]);
        let found: Vec<_> =
            days(vec!["2026-11-16".into(), "2026-11-17".into(), "2026-11-18".into()], &by_day)
                .into_iter()
                .map(|(_, tally)| tally.total)
                .collect();
        assert_eq!(found, [0, 3, 4]);
    }
}
