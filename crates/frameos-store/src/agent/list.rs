//! The marketplace's list: filters, search, order and pages.
//!
//! Invariant: only the shape of the statement depends on the filter; every value travels as a parameter.

use frameos_domain::pricing::PricingModel;

use super::{Agent, read, select};
use crate::{
    StoreError, Tx, Value,
    page::{Page, Paged, read_all},
};

/// What to list. Absent filters do not filter.
#[derive(Debug, Clone, Default)]
pub struct AgentFilter {
    pub category: Option<String>,
    /// Words that must all occur in name, slug, description, category or tags.
    pub search: Option<String>,
    pub pricing_model: Option<PricingModel>,
    pub sort: AgentSort,
}

/// In which order. Ties: newest first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum AgentSort {
    #[default]
    Popularity,
    Newest,
    PriceLow,
    PriceHigh,
    Rating,
}

/// More words than this say nothing new.
const MAX_SEARCH_WORDS: usize = 8;

/// One page of the published agents that fit.
pub async fn agent_list(tx: &mut Tx, filter: &AgentFilter, page: Page) -> Result<Paged<Agent>, StoreError> {
    let (conditions, mut params) = conditions(filter);
    let sql = format!("SELECT COUNT(*) FROM agent_definitions a {conditions}");
    let total = match tx.query_dynamic(sql, &params).await?.first() {
        Some(row) => row.get(0)?,
        None => 0,
    };
    let order = match filter.sort {
        AgentSort::Popularity => "a.total_executions DESC, ",
        AgentSort::Newest => "",
        AgentSort::PriceLow => "a.price_amount ASC, ",
        AgentSort::PriceHigh => "a.price_amount DESC, ",
        AgentSort::Rating => "a.rating DESC, a.review_count DESC, ",
    };
    let next = params.len() + 1;
    let sql = format!(
        "{} {conditions} ORDER BY {order}a.created_at DESC, a.id DESC LIMIT ${next} OFFSET ${}",
        select!(""),
        next + 1
    );
    params.extend([page.limit_value(), page.offset_value()]);
    let rows = tx.query_dynamic(sql, &params).await?;
    Ok(Paged { items: read_all(&rows, read)?, total })
}

fn conditions(filter: &AgentFilter) -> (String, Vec<Value>) {
    let mut sql = "WHERE a.status = 'published'".to_owned();
    let mut params: Vec<Value> = Vec::new();
    let mut add = |condition: &str, value: Value| {
        params.push(value);
        sql.push_str(&format!(" AND {}", condition.replace('?', &format!("${}", params.len()))));
    };
    if let Some(category) = &filter.category {
        add("a.category = ?", category.into());
    }
    if let Some(model) = filter.pricing_model {
        add("a.pricing_model = ?", model.into());
    }
    let search = filter.search.as_deref().unwrap_or_default().to_lowercase();
    for word in search.split_whitespace().take(MAX_SEARCH_WORDS) {
        let escaped = word.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
        add("a.search_text LIKE ? ESCAPE '\\'", format!("%{escaped}%").into());
    }
    (sql, params)
}

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
