//! Agents, in whatever state.

use frameos_domain::{
    clock::Timestamp,
    id::{AgentId, DeveloperId},
};

use super::account::count;
use crate::{
    StoreError, Tx,
    filter::{Filter, anywhere},
    page::{Page, Paged, read_all},
    status::AgentStatus,
};

/// What to look for. Absent parts do not filter.
#[derive(Debug, Clone, Default)]
pub struct AgentFilter {
    /// Part of a name or a slug, or a whole id.
    pub search: Option<String>,
    pub status: Option<AgentStatus>,
    pub developer_id: Option<DeveloperId>,
}

/// An agent.
#[derive(Debug, Clone, PartialEq)]
pub struct AgentEntry {
    pub id: AgentId,
    pub slug: String,
    pub name: String,
    pub category: String,
    pub status: AgentStatus,
    pub current_version: String,
    pub developer_id: DeveloperId,
    pub developer_name: String,
    pub total_executions: i64,
    pub success_rate: f64,
    pub rating: f64,
    pub review_count: i64,
    /// Versions that wait for a reviewer.
    pub pending_versions: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// Agents, newest first.
pub async fn agent_search_unscoped(
    tx: &mut Tx,
    filter: AgentFilter,
    page: Page,
) -> Result<Paged<AgentEntry>, StoreError> {
    let AgentFilter { search, status, developer_id } = filter;
    let conditions = Filter::default().and("status = ?", status).and("developer_id = ?", developer_id);
    let filter = match search.filter(|text| !text.is_empty()) {
        Some(id) if id.parse::<AgentId>().is_ok() => conditions.and("id = ?", Some(id)),
        Some(text) => {
            conditions.and("(slug LIKE ? ESCAPE '!' OR LOWER(name) LIKE ? ESCAPE '!')", Some(anywhere(&text)))
        }
        None => conditions,
    };
    let total = count(tx, "agent_definitions", &filter).await?;
    let chosen = filter.sql().to_owned();
    let (limit, params) = filter.paged(page);
    let sql = format!(
        "SELECT a.id, a.slug, a.name, a.category, a.status, a.current_version, a.developer_id, d.name, \
         a.total_executions, a.success_rate, a.rating, a.review_count, (SELECT COUNT(*) FROM agent_versions v \
         WHERE v.agent_id = a.id AND v.review_status = 'pending_review'), a.created_at, a.updated_at \
         FROM (SELECT * FROM agent_definitions{chosen} ORDER BY created_at DESC, id DESC{limit}) AS a \
         JOIN developers d ON d.id = a.developer_id ORDER BY a.created_at DESC, a.id DESC"
    );
    let items = read_all(&tx.query_dynamic(sql, &params).await?, |row| {
        Ok(AgentEntry {
            id: row.get(0)?,
            slug: row.get(1)?,
            name: row.get(2)?,
            category: row.get(3)?,
            status: row.get(4)?,
            current_version: row.get(5)?,
            developer_id: row.get(6)?,
            developer_name: row.get(7)?,
            total_executions: row.get(8)?,
            success_rate: row.get(9)?,
            rating: row.get(10)?,
            review_count: row.get(11)?,
            pending_versions: row.get(12)?,
            created_at: row.get(13)?,
            updated_at: row.get(14)?,
        })
    })?;
    Ok(Paged { items, total })
}
