//! What a developer sees of their business.

use axum::extract::State;
use frameos_app as app;
use frameos_contract::developer::{Analytics, AnalyticsQuery, DeveloperLogs, RevenueList};
use frameos_domain::id::kind;

use super::{
    Api,
    extract::{Developer, Paging, PathId, Query},
    reply::{Answer, ok},
};
use crate::view::developer as view;

/// `GET /developers/analytics`
pub(crate) async fn analytics(
    State(api): State<Api>,
    Developer(developer): Developer,
    Query(query): Query<AnalyticsQuery>,
) -> Answer<Analytics> {
    let filter = view::analytics_filter(query);
    ok(view::analytics(app::analytics(&api.app, developer, filter).await?))
}

/// `GET /developers/executions/:id/logs`
pub(crate) async fn execution_logs(
    State(api): State<Api>,
    Developer(developer): Developer,
    PathId(id): PathId<kind::Execution>,
) -> Answer<DeveloperLogs> {
    ok(view::logs(app::developer_logs(&api.app, developer, id).await?))
}

/// `GET /developers/revenue`
pub(crate) async fn revenue(
    State(api): State<Api>,
    Developer(developer): Developer,
    Paging(page): Paging,
) -> Answer<RevenueList> {
    let listed = app::revenue_list(&api.app, developer, page).await?;
    let balance = app::payout_balance(&api.app, developer).await?;
    let revenue = listed.items.iter().map(view::revenue_entry).collect();
    ok(RevenueList {
        revenue,
        total: listed.total,
        page: page.page,
        limit: page.limit,
        pending_payout: balance.payable + balance.in_transit,
        paid_out: balance.paid_out,
    })
}
