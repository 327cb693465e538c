//! Categories in use.

use crate::{StoreError, Tx, page::read_all};

/// A category and how many published agents it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CategoryCount {
    pub category: String,
    pub agents: i64,
}

/// The categories in use, by name.
pub async fn agent_categories(tx: &mut Tx) -> Result<Vec<CategoryCount>, StoreError> {
    let sql = "SELECT category, COUNT(*) FROM agent_definitions WHERE status = 'published' \
               GROUP BY category ORDER BY category";
    let rows = tx.query(sql, &[]).await?;
    read_all(&rows, |row| Ok(CategoryCount { category: row.get(0)?, agents: row.get(1)? }))
}
