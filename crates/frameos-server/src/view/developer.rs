//! Analytics and revenue, as the contract shows them.

use frameos_app::{
    AnalyticsFilter, AnalyticsView, DeveloperErrors as Errors, DeveloperLogs as Logs, VersionView,
};
use frameos_contract::developer::{
    AgentAnalytics, Analytics, AnalyticsQuery, DayAnalytics, DeveloperErrors, DeveloperExecution,
    DeveloperExecutionList, DeveloperLogs, DeveloperProfile, ErrorHead, ReasonCount, RecentExecution,
    RevenueEntry, VersionAnalytics,
};
use frameos_store::{
    Page, Paged,
    developer::{Developer, DeveloperShown},
    execution::DeveloperExecution as Run,
    revenue::Revenue,
    stats::{AgentStats, Tally},
};

pub(crate) fn profile((developer, shown): (Developer, DeveloperShown)) -> DeveloperProfile {
    DeveloperProfile {
        id: developer.id.to_string(),
        name: developer.name,
        company: developer.company,
        since: developer.created_at,
        agents: shown.agents,
        total_executions: shown.total_executions,
        rating: shown.rating,
        review_count: shown.review_count,
    }
}

pub(crate) fn analytics_filter(query: AnalyticsQuery) -> AnalyticsFilter {
    AnalyticsFilter { agent_id: query.agent_id, days: query.days, from: query.from }
}

pub(crate) fn analytics(view: AnalyticsView) -> Analytics {
    let recent = view.recent_executions.into_iter().map(|run| RecentExecution {
        id: run.id.to_string(),
        agent_name: run.agent_name,
        status: run.status,
        revenue: run.revenue,
        created_at: run.created_at,
    });
    Analytics {
        total_revenue: view.total_revenue,
        pending_payout: view.pending_payout,
        total_executions: view.total_executions,
        agents: view.agents.into_iter().map(agent).collect(),
        recent_executions: recent.collect(),
        days: view.days.into_iter().map(day).collect(),
        versions: view.versions.into_iter().map(version).collect(),
    }
}

pub(crate) fn executions(listed: Paged<Run>, page: Page) -> DeveloperExecutionList {
    let run = |run: Run| DeveloperExecution {
        id: run.id.to_string(),
        agent_id: run.agent_id.to_string(),
        agent_name: run.agent_name,
        version: run.version,
        status: run.status,
        failure_reason: run.failure_reason,
        revenue: run.revenue,
        duration_ms: run.duration_ms,
        created_at: run.created_at,
        completed_at: run.completed_at,
    };
    DeveloperExecutionList {
        executions: listed.items.into_iter().map(run).collect(),
        total: listed.total,
        page: page.page,
        limit: page.limit,
    }
}

pub(crate) fn errors(found: Errors) -> DeveloperErrors {
    let head = |head: frameos_app::ErrorHead| ErrorHead {
        agent_id: head.agent_id.to_string(),
        reason: head.reason,
        message: head.message,
        executions: head.executions,
        execution_id: head.execution_id.to_string(),
        version: head.version,
        at: head.at,
    };
    let reasons = found.reasons.into_iter();
    DeveloperErrors {
        days: found.days,
        reasons: reasons.map(|(reason, executions)| ReasonCount { reason, executions }).collect(),
        errors: found.errors.into_iter().map(head).collect(),
        looked_at: u32::try_from(found.looked_at).unwrap_or(u32::MAX),
    }
}

pub(crate) fn logs(view: Logs) -> DeveloperLogs {
    DeveloperLogs {
        id: view.id.to_string(),
        version: view.version,
        status: view.status,
        failure_reason: view.failure_reason,
        exit_code: view.exit_code,
        error_message: view.error_message,
        stdout: view.logs.stdout,
        stderr: view.logs.stderr,
        stdout_bytes: view.logs.stdout_bytes,
        stderr_bytes: view.logs.stderr_bytes,
        truncated: view.logs.truncated,
        withheld: view.withheld,
    }
}

fn day((day, tally): (String, Tally)) -> DayAnalytics {
    DayAnalytics {
        day,
        executions: tally.total,
        revenue: tally.revenue,
        success_rate: success_rate(&tally),
        avg_duration_ms: tally.duration_ms.checked_div(tally.total),
        p50_duration_ms: tally.durations.percentile(50),
        p95_duration_ms: tally.durations.percentile(95),
    }
}

fn version(view: VersionView) -> VersionAnalytics {
    let tally = view.tally;
    VersionAnalytics {
        agent_id: view.agent_id.to_string(),
        agent_name: view.agent_name,
        version: view.version,
        executions: tally.total,
        revenue: tally.revenue,
        success_rate: success_rate(&tally),
        avg_duration_ms: tally.duration_ms.checked_div(tally.total),
        p50_duration_ms: tally.durations.percentile(50),
        p95_duration_ms: tally.durations.percentile(95),
    }
}

fn success_rate(tally: &Tally) -> Option<f64> {
    (tally.total > 0).then(|| tally.succeeded as f64 / tally.total as f64)
}

fn agent(stats: AgentStats) -> AgentAnalytics {
    let runs = stats.executions.max(1);
    AgentAnalytics {
        id: stats.agent_id.to_string(),
        name: stats.name,
        executions: stats.executions,
        revenue: stats.revenue,
        success_rate: stats.succeeded as f64 / runs as f64,
        avg_duration_ms: stats.duration_ms_sum / runs,
    }
}

pub(crate) fn revenue_entry(row: &Revenue) -> RevenueEntry {
    RevenueEntry {
        id: row.id.to_string(),
        agent_id: row.agent_id.map(|id| id.to_string()),
        execution_id: row.execution_id.map(|id| id.to_string()),
        refund_id: row.refund_id.map(|id| id.to_string()),
        amount: row.amount.minor,
        currency: row.amount.currency.to_string(),
        status: row.status.to_string(),
        created_at: row.created_at,
    }
}
