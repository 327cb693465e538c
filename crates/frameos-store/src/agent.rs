//! Agents as the marketplace shows them, and finding them.
//!
//! Invariants: the list holds published agents only; an agent's public face changes when a version goes live
//! ([`agent_go_live_unscoped`]), not when it is submitted. Statistics are rolled up by `stats.rs`, ratings by `review.rs`.
//! Whatever changes what readers of the marketplace see stamps `changed_at` and announces it.

mod catalogue;
mod category;

use frameos_domain::{
    clock::Timestamp,
    id::{AgentId, DeveloperId},
    money::{Currency, Money},
    pricing::{Pricing, PricingModel, Terms},
};

use crate::{Row, StoreError, Tx, page::read_all, params, status::AgentStatus};

pub use catalogue::{
    AgentChange, CatalogueAgent, catalogue_agent_unscoped, catalogue_changes_unscoped,
    catalogue_load_unscoped,
};
pub use category::{CategoryCount, agent_categories};

/// One agent with its developer's name.
#[derive(Debug, Clone, PartialEq)]
pub struct Agent {
    pub id: AgentId,
    pub developer_id: DeveloperId,
    pub name: String,
    pub slug: String,
    pub description: String,
    pub long_description: Option<String>,
    pub icon_url: Option<String>,
    pub category: String,
    pub pricing: Pricing,
    pub current_version: String,
    pub tags: Vec<String>,
    pub capabilities: Vec<String>,
    pub total_executions: i64,
    /// From 0 to 1.
    pub success_rate: f64,
    pub avg_duration_ms: i64,
    /// From 1 to 5; 0 without reviews.
    pub rating: f64,
    pub review_count: i64,
    pub status: AgentStatus,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub developer_name: String,
    pub developer_company: Option<String>,
}

/// The public face that a version gives its agent.
#[derive(Debug, Clone, PartialEq)]
pub struct AgentFace {
    pub name: String,
    pub description: String,
    pub long_description: Option<String>,
    pub icon_url: Option<String>,
    pub category: String,
    pub pricing: Pricing,
    pub tags: Vec<String>,
    pub capabilities: Vec<String>,
    pub version: String,
}

/// An agent's first submission.
#[derive(Debug, Clone)]
pub struct AgentNew {
    pub id: AgentId,
    pub developer_id: DeveloperId,
    pub slug: String,
    pub face: AgentFace,
    pub created_at: Timestamp,
}

macro_rules! columns {
    () => {
        "a.id, a.developer_id, a.name, a.slug, a.description, a.long_description, a.icon_url, a.category, \
         a.pricing_model, a.price_amount, a.price_currency, a.free_runs_per_month, a.current_version, a.tags, \
         a.capabilities, a.total_executions, a.success_rate, a.avg_duration_ms, a.rating, a.review_count, a.status, \
         a.created_at, a.updated_at, d.name, d.company, a.pricing_terms"
    };
}
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT ",
            $crate::agent::columns!(),
            " FROM agent_definitions a JOIN developers d ON d.id = a.developer_id ",
            $rest
        )
    };
}
use columns;

fn read(row: &Row) -> Result<Agent, StoreError> {
    let model: PricingModel = row.get(8)?;
    let price = Money::new(row.get(9)?, row.get::<Currency>(10)?);
    Ok(Agent {
        id: row.get(0)?,
        developer_id: row.get(1)?,
        name: row.get(2)?,
        slug: row.get(3)?,
        description: row.get(4)?,
        long_description: row.get(5)?,
        icon_url: row.get(6)?,
        category: row.get(7)?,
        pricing: Pricing {
            model,
            price,
            free_runs_per_month: row.get(11)?,
            terms: row.json_opt::<Terms>(25)?.unwrap_or_default(),
        },
        current_version: row.get(12)?,
        tags: row.json(13)?,
        capabilities: row.json(14)?,
        total_executions: row.get(15)?,
        success_rate: row.get(16)?,
        avg_duration_ms: row.get(17)?,
        rating: row.get(18)?,
        review_count: row.get(19)?,
        status: row.get(20)?,
        created_at: row.get(21)?,
        updated_at: row.get(22)?,
        developer_name: row.get(23)?,
        developer_company: row.get(24)?,
    })
}

/// Stores a new agent, pending review. False when its slug is taken.
pub async fn agent_insert(tx: &mut Tx, new: &AgentNew) -> Result<bool, StoreError> {
    let sql = "INSERT INTO agent_definitions (id, developer_id, slug, name, description, long_description, icon_url, \
               category, pricing_model, price_amount, price_currency, free_runs_per_month, current_version, tags, \
               capabilities, search_text, created_at, updated_at, changed_at, pricing_terms) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $17, $17, $18) \
               ON CONFLICT (slug) DO NOTHING";
    let face = &new.face;
    let params = params![
        new.id,
        new.developer_id,
        &new.slug,
        &face.name,
        &face.description,
        face.long_description.clone(),
        face.icon_url.clone(),
        &face.category,
        face.pricing.model,
        face.pricing.price.minor,
        face.pricing.price.currency,
        face.pricing.free_runs_per_month,
        &face.version,
        json(&face.tags),
        json(&face.capabilities),
        search_text(&new.slug, face),
        new.created_at,
        terms_json(&face.pricing)?
    ];
    Ok(tx.execute(sql, &params).await? == 1)
}

/// Gives the agent a version's face and publishes it, unless it is banned. False when it is, or does not exist.
pub async fn agent_go_live_unscoped(
    tx: &mut Tx,
    id: AgentId,
    slug: &str,
    face: &AgentFace,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "UPDATE agent_definitions SET name = $3, description = $4, long_description = $5, icon_url = $6, \
               category = $7, pricing_model = $8, price_amount = $9, price_currency = $10, free_runs_per_month = $11, \
               current_version = $12, tags = $13, capabilities = $14, search_text = $15, updated_at = $16, \
               changed_at = $16, pricing_terms = $17, status = 'published' WHERE id = $1 AND slug = $2 AND status <> 'banned'";
    let params = params![
        id,
        slug,
        &face.name,
        &face.description,
        face.long_description.clone(),
        face.icon_url.clone(),
        &face.category,
        face.pricing.model,
        face.pricing.price.minor,
        face.pricing.price.currency,
        face.pricing.free_runs_per_month,
        &face.version,
        json(&face.tags),
        json(&face.capabilities),
        search_text(slug, face),
        now,
        terms_json(&face.pricing)?
    ];
    tx.announce_catalogue();
    Ok(tx.execute(sql, &params).await? == 1)
}

/// Changes what a developer's own agent costs. False when there is no such agent.
pub async fn agent_set_pricing(
    tx: &mut Tx,
    developer_id: DeveloperId,
    id: AgentId,
    pricing: &Pricing,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "UPDATE agent_definitions SET pricing_model = $3, price_amount = $4, price_currency = $5, \
               free_runs_per_month = $6, pricing_terms = $7, updated_at = $8, changed_at = $8 \
               WHERE developer_id = $1 AND id = $2";
    let params = params![
        developer_id,
        id,
        pricing.model,
        pricing.price.minor,
        pricing.price.currency,
        pricing.free_runs_per_month,
        terms_json(pricing)?,
        now
    ];
    tx.announce_catalogue();
    Ok(tx.execute(sql, &params).await? == 1)
}

/// A developer's own agent, in whatever state.
pub async fn agent_get(
    tx: &mut Tx,
    developer_id: DeveloperId,
    id: AgentId,
) -> Result<Option<Agent>, StoreError> {
    let sql = select!("WHERE a.developer_id = $1 AND a.id = $2");
    tx.query_opt(sql, &params![developer_id, id]).await?.as_ref().map(read).transpose()
}

/// An agent by id or slug, in whatever state: whoever asks for the public checks the state.
pub async fn agent_find_unscoped(tx: &mut Tx, id_or_slug: &str) -> Result<Option<Agent>, StoreError> {
    let by_id: Result<AgentId, _> = id_or_slug.parse();
    let sql = if by_id.is_ok() { select!("WHERE a.id = $1") } else { select!("WHERE a.slug = $1") };
    tx.query_opt(sql, &params![id_or_slug]).await?.as_ref().map(read).transpose()
}

/// A developer's agents, newest first.
pub async fn agent_list_by_developer(
    tx: &mut Tx,
    developer_id: DeveloperId,
) -> Result<Vec<Agent>, StoreError> {
    let sql = select!("WHERE a.developer_id = $1 ORDER BY a.created_at DESC, a.id DESC");
    read_all(&tx.query(sql, &params![developer_id]).await?, read)
}

/// Deprecates, bans or brings back. False when there is no such agent.
pub async fn agent_set_status_unscoped(
    tx: &mut Tx,
    id: AgentId,
    status: AgentStatus,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "UPDATE agent_definitions SET status = $2, updated_at = $3, changed_at = $3 WHERE id = $1";
    tx.announce_catalogue();
    Ok(tx.execute(sql, &params![id, status, now]).await? == 1)
}

/// What a search looks through, in lower case.
fn search_text(slug: &str, face: &AgentFace) -> String {
    [&face.name, slug, &face.description, &face.category, &face.tags.join(" ")].join("\n").to_lowercase()
}

fn terms_json(pricing: &Pricing) -> Result<Option<String>, StoreError> {
    let json = (!pricing.terms.is_empty()).then(|| serde_json::to_string(&pricing.terms)).transpose();
    json.map_err(|error| StoreError::corrupt(format!("pricing terms: {error}")))
}

fn json(words: &[String]) -> String {
    serde_json::Value::from(words).to_string()
}
