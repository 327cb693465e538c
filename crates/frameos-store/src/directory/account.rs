//! Developers and users.

use frameos_domain::{
    clock::Timestamp,
    id::{DeveloperId, UserId},
};

use crate::{
    StoreError, Tx,
    filter::{Filter, anywhere},
    page::{Page, Paged, read_all},
    status::{AccountStatus, Plan},
};

/// What to look for. Absent parts do not filter.
#[derive(Debug, Clone, Default)]
pub struct AccountFilter {
    /// Part of an e-mail address or a name, or a whole id.
    pub search: Option<String>,
    pub status: Option<AccountStatus>,
    /// Of users.
    pub plan: Option<Plan>,
}

/// A developer with what their agents come to, as far as it is rolled up.
#[derive(Debug, Clone, PartialEq)]
pub struct DeveloperEntry {
    pub id: DeveloperId,
    pub email: String,
    pub name: String,
    pub company: Option<String>,
    pub status: AccountStatus,
    pub verified_email: bool,
    pub created_at: Timestamp,
    pub agents: i64,
    pub published_agents: i64,
    pub total_executions: i64,
    /// Shares less refunds, in minor units.
    pub revenue: i64,
}

/// A user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserEntry {
    pub id: UserId,
    pub email: String,
    pub name: String,
    pub plan: Plan,
    pub status: AccountStatus,
    pub verified_email: bool,
    pub created_at: Timestamp,
    pub total_executions: i64,
}

fn chosen(filter: AccountFilter) -> Filter {
    let AccountFilter { search, status, plan } = filter;
    let search = search.filter(|text| !text.is_empty());
    let conditions = Filter::default().and("status = ?", status).and("plan = ?", plan);
    match search {
        Some(id) if id.parse::<DeveloperId>().is_ok() || id.parse::<UserId>().is_ok() => {
            conditions.and("id = ?", Some(id))
        }
        Some(text) => conditions
            .and("(email LIKE ? ESCAPE '!' OR LOWER(name) LIKE ? ESCAPE '!')", Some(anywhere(&text))),
        None => conditions,
    }
}

/// Developers, newest first.
pub async fn developer_search_unscoped(
    tx: &mut Tx,
    filter: AccountFilter,
    page: Page,
) -> Result<Paged<DeveloperEntry>, StoreError> {
    let filter = chosen(AccountFilter { plan: None, ..filter });
    let total = count(tx, "developers", &filter).await?;
    let chosen = filter.sql().to_owned();
    let (limit, params) = filter.paged(page);
    let sql = format!(
        "SELECT d.id, d.email, d.name, d.company, d.status, d.verified_email, d.created_at, \
         (SELECT COUNT(*) FROM agent_definitions a WHERE a.developer_id = d.id), \
         (SELECT COUNT(*) FROM agent_definitions a WHERE a.developer_id = d.id AND a.status = 'published'), \
         (SELECT CAST(COALESCE(SUM(a.total_executions), 0) AS BIGINT) FROM agent_definitions a \
         WHERE a.developer_id = d.id), \
         (SELECT CAST(COALESCE(SUM(s.revenue), 0) AS BIGINT) FROM agent_definitions a \
         JOIN agent_stats_daily s ON s.agent_id = a.id WHERE a.developer_id = d.id) \
         FROM (SELECT id, email, name, company, status, verified_email, created_at FROM developers{chosen} \
         ORDER BY created_at DESC, id DESC{limit}) AS d ORDER BY d.created_at DESC, d.id DESC"
    );
    let items = read_all(&tx.query_dynamic(sql, &params).await?, |row| {
        Ok(DeveloperEntry {
            id: row.get(0)?,
            email: row.get(1)?,
            name: row.get(2)?,
            company: row.get(3)?,
            status: row.get(4)?,
            verified_email: row.get(5)?,
            created_at: row.get(6)?,
            agents: row.get(7)?,
            published_agents: row.get(8)?,
            total_executions: row.get(9)?,
            revenue: row.get(10)?,
        })
    })?;
    Ok(Paged { items, total })
}

/// Users, newest first.
pub async fn user_search_unscoped(
    tx: &mut Tx,
    filter: AccountFilter,
    page: Page,
) -> Result<Paged<UserEntry>, StoreError> {
    let filter = chosen(filter);
    let total = count(tx, "users", &filter).await?;
    let chosen = filter.sql().to_owned();
    let (limit, params) = filter.paged(page);
    let sql = format!(
        "SELECT u.id, u.email, u.name, u.plan, u.status, u.verified_email, u.created_at, \
         (SELECT COUNT(*) FROM agent_executions e WHERE e.user_id = u.id) \
         FROM (SELECT id, email, name, plan, status, verified_email, created_at FROM users{chosen} \
         ORDER BY created_at DESC, id DESC{limit}) AS u ORDER BY u.created_at DESC, u.id DESC"
    );
    let items = read_all(&tx.query_dynamic(sql, &params).await?, |row| {
        Ok(UserEntry {
            id: row.get(0)?,
            email: row.get(1)?,
            name: row.get(2)?,
            plan: row.get(3)?,
            status: row.get(4)?,
            verified_email: row.get(5)?,
            created_at: row.get(6)?,
            total_executions: row.get(7)?,
        })
    })?;
    Ok(Paged { items, total })
}

/// How many rows of `table` fit.
pub(super) async fn count(tx: &mut Tx, table: &str, filter: &Filter) -> Result<i64, StoreError> {
    let sql = format!("SELECT COUNT(*) FROM {table}{}", filter.sql());
    match tx.query_dynamic(sql, filter.params()).await?.first() {
        Some(row) => row.get(0),
        None => Ok(0),
    }
}
