//! What a developer sees of their business.

use axum::extract::State;
use frameos_app as app;
use frameos_contract::developer::{
    Analytics, AnalyticsQuery, DeveloperErrorQuery, DeveloperErrors, DeveloperExecutionList,
    DeveloperExecutionQuery, DeveloperLogs, DeveloperProfile, RevenueList,
};
use frameos_domain::id::kind;

use super::{
    Api,
    extract::{Developer, Format, Paging, PathId, Public, Query, page_check},
    reply::{Answer, Csv, Data, Replying, csv, ok},
};
use crate::view::developer as view;

/// `GET /developers/:id`
pub(crate) async fn get(
    State(api): State<Api>,
    _: Public,
    PathId(id): PathId<kind::Developer>,
) -> Answer<DeveloperProfile> {
    ok(view::profile(app::developer_profile(&api.app, id).await?))
}

/// `GET /developers/analytics`
pub(crate) async fn analytics(
    State(api): State<Api>,
    Developer(developer): Developer,
    Query(query): Query<AnalyticsQuery>,
    format: Format,
) -> Replying<(Data<Analytics>, Csv)> {
    let found = app::analytics(&api.app, developer, view::analytics_filter(query)).await?;
    if format == Format::Csv {
        return Ok(csv("analytics", app::analytics_csv(&found))?.instead_of());
    }
    Ok(ok(view::analytics(found))?.or())
}

/// `GET /developers/executions`
pub(crate) async fn executions(
    State(api): State<Api>,
    Developer(developer): Developer,
    Query(query): Query<DeveloperExecutionQuery>,
) -> Answer<DeveloperExecutionList> {
    let page = page_check(query.page, query.limit)?;
    let asked = (query.agent_id.as_deref(), query.status);
    ok(view::executions(app::developer_executions(&api.app, developer, asked, page).await?, page))
}

/// `GET /developers/errors`
pub(crate) async fn errors(
    State(api): State<Api>,
    Developer(developer): Developer,
    Query(query): Query<DeveloperErrorQuery>,
) -> Answer<DeveloperErrors> {
    let asked = (query.agent_id.as_deref(), query.days);
    ok(view::errors(app::developer_errors(&api.app, developer, asked).await?))
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
