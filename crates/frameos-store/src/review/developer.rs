//! Reviews of all agents of a developer.

use frameos_domain::id::{AgentId, DeveloperId};

use super::{PublishedReview, columns, read};
use crate::{
    StoreError, Tx,
    page::{Page, Paged, read_all},
    params,
};

/// A review with the agent it is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeveloperReview {
    pub published: PublishedReview,
    pub agent_name: String,
    pub agent_slug: String,
}

macro_rules! shown {
    () => {
        "FROM agent_definitions a JOIN reviews r ON r.agent_id = a.id LEFT JOIN users u ON u.id = r.user_id \
         WHERE a.developer_id = $1 AND (CAST($2 AS TEXT) IS NULL OR a.id = CAST($2 AS TEXT)) \
         AND r.hidden_at IS NULL AND COALESCE(u.status, 'active') = 'active'"
    };
}

/// Reviews that readers see of a developer's agents, or of one of them, newest first; with `unanswered` those without a reply.
/// Also how many have none.
pub async fn review_list_by_developer(
    tx: &mut Tx,
    developer_id: DeveloperId,
    agent_id: Option<AgentId>,
    unanswered: bool,
    page: Page,
) -> Result<(Paged<DeveloperReview>, i64), StoreError> {
    let count = concat!(
        "SELECT COUNT(*), CAST(COALESCE(SUM(CASE WHEN r.reply IS NULL THEN 1 ELSE 0 END), 0) AS BIGINT) ",
        shown!()
    );
    let counted = tx.query_one(count, &params![developer_id, agent_id]).await?;
    let (all, open): (i64, i64) = (counted.get(0)?, counted.get(1)?);
    let sql = concat!(
        "SELECT ",
        columns!(),
        ", a.name, a.slug ",
        shown!(),
        " AND (NOT $3 OR r.reply IS NULL) ORDER BY r.updated_at DESC, r.id DESC LIMIT $4 OFFSET $5"
    );
    let params =
        [developer_id.into(), agent_id.into(), unanswered.into(), page.limit_value(), page.offset_value()];
    let items = read_all(&tx.query(sql, &params).await?, |row| {
        Ok(DeveloperReview { published: read(row)?, agent_name: row.get(14)?, agent_slug: row.get(15)? })
    })?;
    Ok((Paged { items, total: if unanswered { open } else { all } }, open))
}
