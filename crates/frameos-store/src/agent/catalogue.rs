//! The published agents as a whole, for whoever keeps a copy of them in memory, and what changed of them.

use frameos_domain::{clock::Timestamp, id::AgentId};

use super::{Agent, columns, read};
use crate::{Row, StoreError, Tx, page::read_all, params};

/// A published agent with what only the catalogue asks for.
#[derive(Debug, Clone, PartialEq)]
pub struct CatalogueAgent {
    pub agent: Agent,
    /// What its current version is written in.
    pub language: String,
    pub changed_at: Timestamp,
}

/// That an agent changed; perhaps it is published no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AgentChange {
    pub id: AgentId,
    pub changed_at: Timestamp,
}

macro_rules! published {
    ($rest:literal) => {
        concat!(
            "SELECT ",
            columns!(),
            ", COALESCE(v.runtime_language, ''), a.changed_at \
             FROM agent_definitions a JOIN developers d ON d.id = a.developer_id LEFT JOIN agent_versions v \
             ON v.agent_id = a.id AND v.version = a.current_version WHERE a.status = 'published'",
            $rest
        )
    };
}

fn read_published(row: &Row) -> Result<CatalogueAgent, StoreError> {
    Ok(CatalogueAgent { agent: read(row)?, language: row.get(26)?, changed_at: row.get(27)? })
}

/// The published agents whose ids come after `after`, `most` of them, by their ids.
pub async fn catalogue_load_unscoped(
    tx: &mut Tx,
    after: Option<AgentId>,
    most: i64,
) -> Result<Vec<CatalogueAgent>, StoreError> {
    let after = after.map_or_else(String::new, |id| id.to_string());
    let sql = published!(" AND a.id > $1 ORDER BY a.id LIMIT $2");
    read_all(&tx.query(sql, &params![after, most]).await?, read_published)
}

/// One agent, if it is published.
pub async fn catalogue_agent_unscoped(
    tx: &mut Tx,
    id: AgentId,
) -> Result<Option<CatalogueAgent>, StoreError> {
    tx.query_opt(published!(" AND a.id = $1"), &params![id]).await?.as_ref().map(read_published).transpose()
}

/// Which agents, published or not, changed at `since` or later.
pub async fn catalogue_changes_unscoped(
    tx: &mut Tx,
    since: Timestamp,
) -> Result<Vec<AgentChange>, StoreError> {
    let sql = "SELECT id, changed_at FROM agent_definitions WHERE changed_at >= $1";
    let rows = tx.query(sql, &params![since]).await?;
    read_all(&rows, |row| Ok(AgentChange { id: row.get(0)?, changed_at: row.get(1)? }))
}
