//! Accounts, agents, runs and refunds as administrators look for them.

use std::{fmt::Display, str::FromStr};

use frameos_domain::execution::RunStatus;
use frameos_store::{
    directory::{
        self, AccountFilter, AgentEntry, AgentFilter, DeveloperEntry, ExecutionEntry, ExecutionFilter,
        RefundEntry, UserEntry,
    },
    page::{Page, Paged},
};

use crate::{
    app::App,
    error::{AppError, Result},
};

/// What to look for among accounts, as it was asked.
#[derive(Debug, Clone, Default)]
pub struct AccountAsked {
    pub search: Option<String>,
    pub status: Option<String>,
    /// Of users.
    pub plan: Option<String>,
}

/// The same among agents.
#[derive(Debug, Clone, Default)]
pub struct AgentAsked {
    pub search: Option<String>,
    pub status: Option<String>,
    pub developer_id: Option<String>,
}

/// The same among runs.
#[derive(Debug, Clone, Default)]
pub struct ExecutionAsked {
    pub id: Option<String>,
    pub user_id: Option<String>,
    pub agent_id: Option<String>,
    pub status: Option<RunStatus>,
}

/// Developers with what their agents come to, newest first.
pub async fn developer_search(app: &App, asked: AccountAsked, page: Page) -> Result<Paged<DeveloperEntry>> {
    let filter = account_filter(asked)?;
    let found = app.store().read(move |tx| {
        Box::pin(async move { directory::developer_search_unscoped(tx, filter, page).await })
    });
    Ok(found.await?)
}

/// Users, newest first.
pub async fn user_search(app: &App, asked: AccountAsked, page: Page) -> Result<Paged<UserEntry>> {
    let filter = account_filter(asked)?;
    let found = app
        .store()
        .read(move |tx| Box::pin(async move { directory::user_search_unscoped(tx, filter, page).await }));
    Ok(found.await?)
}

/// Agents in whatever state, newest first.
pub async fn agent_search(app: &App, asked: AgentAsked, page: Page) -> Result<Paged<AgentEntry>> {
    let filter = AgentFilter {
        search: asked.search.map(|text| text.trim().to_owned()),
        status: read("status", asked.status.as_deref())?,
        developer_id: read("developer_id", asked.developer_id.as_deref())?,
    };
    let found = app
        .store()
        .read(move |tx| Box::pin(async move { directory::agent_search_unscoped(tx, filter, page).await }));
    Ok(found.await?)
}

/// Runs without their contents, newest first.
pub async fn execution_search(app: &App, asked: ExecutionAsked, page: Page) -> Result<Paged<ExecutionEntry>> {
    let filter = ExecutionFilter {
        id: read("id", asked.id.as_deref())?,
        user_id: read("user_id", asked.user_id.as_deref())?,
        agent_id: read("agent_id", asked.agent_id.as_deref())?,
        status: asked.status,
    };
    let found = app.store().read(move |tx| {
        Box::pin(async move { directory::execution_search_unscoped(tx, filter, page).await })
    });
    Ok(found.await?)
}

/// Refunds that were asked for, the latest first.
pub async fn refund_list(app: &App, page: Page) -> Result<Paged<RefundEntry>> {
    let found =
        app.store().read(move |tx| Box::pin(async move { directory::refund_list_unscoped(tx, page).await }));
    Ok(found.await?)
}

fn account_filter(asked: AccountAsked) -> Result<AccountFilter> {
    Ok(AccountFilter {
        search: asked.search.map(|text| text.trim().to_owned()),
        status: read("status", asked.status.as_deref())?,
        plan: read("plan", asked.plan.as_deref())?,
    })
}

fn read<T: FromStr<Err: Display>>(field: &str, text: Option<&str>) -> Result<Option<T>> {
    let refused = |error: T::Err| AppError::field(field, format!("is not what it should be: {error}"));
    text.filter(|text| !text.is_empty()).map(|text| text.trim().parse().map_err(refused)).transpose()
}
