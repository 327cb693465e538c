//! Administrators' lists of accounts, agents, runs and refunds.

use axum::extract::State;
use frameos_app as app;
use frameos_contract::directory::{
    AccountQuery, AdminAgentList, AdminAgentQuery, AdminDeveloperList, AdminExecutionList,
    AdminExecutionQuery, AdminRefundList, AdminUserList,
};

use super::{
    Api,
    extract::{Admin, Paging, Query, page_check},
    reply::{Answer, ok},
};
use crate::view::directory as view;

/// `GET /admin/developers`
pub(crate) async fn developers(
    State(api): State<Api>,
    _: Admin,
    Query(query): Query<AccountQuery>,
) -> Answer<AdminDeveloperList> {
    let page = page_check(query.page, query.limit)?;
    ok(view::developers(app::developer_search(&api.app, view::account(query), page).await?, page))
}

/// `GET /admin/users`
pub(crate) async fn users(
    State(api): State<Api>,
    _: Admin,
    Query(query): Query<AccountQuery>,
) -> Answer<AdminUserList> {
    let page = page_check(query.page, query.limit)?;
    ok(view::users(app::user_search(&api.app, view::account(query), page).await?, page))
}

/// `GET /admin/agents`
pub(crate) async fn agents(
    State(api): State<Api>,
    _: Admin,
    Query(query): Query<AdminAgentQuery>,
) -> Answer<AdminAgentList> {
    let page = page_check(query.page, query.limit)?;
    ok(view::agents(app::agent_search(&api.app, view::agent(query), page).await?, page))
}

/// `GET /admin/executions`
pub(crate) async fn executions(
    State(api): State<Api>,
    _: Admin,
    Query(query): Query<AdminExecutionQuery>,
) -> Answer<AdminExecutionList> {
    let page = page_check(query.page, query.limit)?;
    ok(view::executions(app::execution_search(&api.app, view::execution(query), page).await?, page))
}

/// `GET /admin/refunds`
pub(crate) async fn refunds(
    State(api): State<Api>,
    _: Admin,
    Paging(page): Paging,
) -> Answer<AdminRefundList> {
    ok(view::refunds(app::refund_list(&api.app, page).await?, page))
}
