//! What developers see of their business: runs, success, revenue.

use frameos_domain::{id::DeveloperId, money::Currency};
use frameos_store::{
    execution::{self, DeveloperExecution},
    page::{Page, Paged},
    revenue::{self, Revenue},
    stats::{self, AgentStats},
};

use crate::{app::App, error::Result};

/// Runs and revenue of a developer, exact to the last settled run. Amounts are minor units.
#[derive(Debug, Clone)]
pub struct AnalyticsView {
    pub total_revenue: i64,
    pub pending_payout: i64,
    pub total_executions: i64,
    pub agents: Vec<AgentStats>,
    pub recent_executions: Vec<DeveloperExecution>,
}

const RECENT: u32 = 20;

pub async fn analytics(app: &App, developer: DeveloperId) -> Result<AnalyticsView> {
    let (totals, agents, recent) = app
        .store()
        .read(move |tx| {
            Box::pin(async move {
                let totals = revenue::revenue_totals(tx, developer, Currency::INR).await?;
                let agents = stats::agent_stats(tx, developer).await?;
                Ok((totals, agents, execution::execution_list_by_developer(tx, developer, RECENT).await?))
            })
        })
        .await?;
    Ok(AnalyticsView {
        total_revenue: totals.total,
        pending_payout: totals.pending,
        total_executions: agents.iter().map(|agent| agent.executions).sum(),
        agents,
        recent_executions: recent,
    })
}

/// A developer's revenue entries, newest first.
pub async fn revenue_list(app: &App, developer: DeveloperId, page: Page) -> Result<Paged<Revenue>> {
    Ok(app
        .store()
        .read(move |tx| Box::pin(async move { revenue::revenue_list(tx, developer, page).await }))
        .await?)
}
