//! Deployments: an agent as one user configured it.
//!
//! Invariants: the configuration is encrypted; deleting hides a deployment but keeps the runs that refer to it.

use frameos_domain::{
    clock::Timestamp,
    id::{AgentId, DeploymentId, DeveloperId, SubscriptionId, UserId, VersionId},
    money::{Currency, Money},
    pricing::{Pricing, PricingModel},
};
use serde_json::{Map, Value as Json};

use crate::{
    Place, Row, StoreError, Tx,
    page::{Page, Paged, read_all},
    params,
    status::{AgentStatus, DeploymentStatus, ReviewStatus},
};

/// One user's configured agent.
#[derive(Clone, PartialEq)]
pub struct Deployment {
    pub id: DeploymentId,
    pub user_id: UserId,
    pub agent_id: AgentId,
    pub version: String,
    /// The user's values, secrets among them.
    pub config: Map<String, Json>,
    pub status: DeploymentStatus,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// Leaves the configuration out: it holds secrets.
impl std::fmt::Debug for Deployment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Deployment")
            .field("id", &self.id)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

/// What to change. Absent parts stay.
#[derive(Clone, Default)]
pub struct DeploymentChange {
    pub version: Option<String>,
    pub config: Option<Map<String, Json>>,
    pub status: Option<DeploymentStatus>,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, user_id, agent_id, version, config, status, created_at, updated_at FROM agent_deployments ",
            $rest
        )
    };
}

fn read(tx: &Tx, row: &Row) -> Result<Deployment, StoreError> {
    let id: DeploymentId = row.get(0)?;
    Ok(Deployment {
        id,
        user_id: row.get(1)?,
        agent_id: row.get(2)?,
        version: row.get(3)?,
        config: tx.cipher().open_json(place(&id.to_string()), &row.get::<Vec<u8>>(4)?)?,
        status: row.get(5)?,
        created_at: row.get(6)?,
        updated_at: row.get(7)?,
    })
}

const fn place(id: &str) -> Place<'_> {
    Place::new("agent_deployments", "config", id)
}

pub async fn deployment_insert(tx: &mut Tx, new: &Deployment) -> Result<(), StoreError> {
    let config = tx.cipher().seal_json(place(&new.id.to_string()), &new.config)?;
    let sql = "INSERT INTO agent_deployments (id, user_id, agent_id, version, config, status, created_at, updated_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let params = params![
        new.id,
        new.user_id,
        new.agent_id,
        &new.version,
        config,
        new.status,
        new.created_at,
        new.updated_at
    ];
    tx.execute(sql, &params).await.map(drop)
}

/// A deployment with all that is asked of its agent and version when it is run.
#[derive(Clone)]
pub struct Offer {
    pub deployment_id: DeploymentId,
    pub version: String,
    /// The user's values, secrets among them.
    pub config: Map<String, Json>,
    pub status: DeploymentStatus,
    pub agent_id: AgentId,
    pub agent_slug: String,
    pub agent_name: String,
    pub agent_status: AgentStatus,
    pub developer_id: DeveloperId,
    pub category: String,
    pub pricing: Pricing,
    /// The user's open subscription to the agent.
    pub subscription: Option<SubscriptionId>,
    /// The version's row and where its review stands, if there is such a version.
    pub reviewed: Option<(VersionId, ReviewStatus)>,
    /// Why it was withdrawn, if it was.
    pub yank_reason: Option<String>,
}

/// What a user's deployment offers, unless deleted.
pub async fn deployment_offer(
    tx: &mut Tx,
    user_id: UserId,
    id: DeploymentId,
) -> Result<Option<Offer>, StoreError> {
    let sql = "SELECT d.version, d.config, d.status, a.id, a.slug, a.name, a.status, a.developer_id, a.category, \
               a.price_amount, a.price_currency, a.free_runs_per_month, v.id, v.review_status, a.pricing_model, \
               a.pricing_terms, s.id, v.yank_reason \
               FROM agent_deployments d JOIN agent_definitions a ON a.id = d.agent_id \
               LEFT JOIN agent_versions v ON v.agent_id = d.agent_id AND v.version = d.version \
               LEFT JOIN subscriptions s ON s.user_id = d.user_id AND s.agent_id = d.agent_id AND s.status <> 'ended' \
               WHERE d.user_id = $1 AND d.id = $2 AND d.status <> 'deleted'";
    let Some(row) = tx.query_opt(sql, &params![user_id, id]).await? else { return Ok(None) };
    let version: Option<VersionId> = row.get(12)?;
    Ok(Some(Offer {
        deployment_id: id,
        version: row.get(0)?,
        config: tx.cipher().open_json(place(&id.to_string()), &row.get::<Vec<u8>>(1)?)?,
        status: row.get(2)?,
        agent_id: row.get(3)?,
        agent_slug: row.get(4)?,
        agent_name: row.get(5)?,
        agent_status: row.get(6)?,
        developer_id: row.get(7)?,
        category: row.get(8)?,
        pricing: Pricing {
            model: row.get::<PricingModel>(14)?,
            price: Money::new(row.get(9)?, row.get::<Currency>(10)?),
            free_runs_per_month: row.get(11)?,
            terms: row.json_opt(15)?.unwrap_or_default(),
        },
        subscription: row.get(16)?,
        reviewed: version.map(|id| Ok::<_, StoreError>((id, row.get(13)?))).transpose()?,
        yank_reason: row.get(17)?,
    }))
}

/// A user's deployment, unless deleted.
pub async fn deployment_get(
    tx: &mut Tx,
    user_id: UserId,
    id: DeploymentId,
) -> Result<Option<Deployment>, StoreError> {
    let sql = select!("WHERE user_id = $1 AND id = $2 AND status <> 'deleted'");
    let found = tx.query_opt(sql, &params![user_id, id]).await?;
    found.map(|row| read(tx, &row)).transpose()
}

/// The deployment behind a run, even if deleted since.
pub async fn deployment_get_unscoped(
    tx: &mut Tx,
    id: DeploymentId,
) -> Result<Option<Deployment>, StoreError> {
    let found = tx.query_opt(select!("WHERE id = $1"), &params![id]).await?;
    found.map(|row| read(tx, &row)).transpose()
}

/// A user's deployment of an agent's version, if there is one; any, if there are several.
pub async fn deployment_find(
    tx: &mut Tx,
    user_id: UserId,
    (agent_id, version): (AgentId, &str),
) -> Result<Option<DeploymentId>, StoreError> {
    let sql = "SELECT id FROM agent_deployments WHERE user_id = $1 AND agent_id = $2 AND version = $3 ORDER BY id LIMIT 1";
    tx.query_opt(sql, &params![user_id, agent_id, version]).await?.map(|row| row.get(0)).transpose()
}

/// Who, with an account, has deployed this version, in the order of their ids from the one after `after` on.
pub async fn deployers_list_unscoped(
    tx: &mut Tx,
    (agent, version): (AgentId, &str),
    after: Option<UserId>,
    most: u32,
) -> Result<Vec<UserId>, StoreError> {
    let sql = "SELECT DISTINCT d.user_id FROM agent_deployments d JOIN accounts a ON a.subject_id = d.user_id \
               WHERE d.agent_id = $1 AND d.version = $2 AND d.status <> 'deleted' AND d.user_id > $3 \
               ORDER BY d.user_id LIMIT $4";
    let after = after.map(|user| user.to_string()).unwrap_or_default();
    let rows = tx.query(sql, &params![agent, version, after, most]).await?;
    read_all(&rows, |row| row.get(0))
}

/// A user's deployments, newest first.
pub async fn deployment_list(
    tx: &mut Tx,
    user_id: UserId,
    page: Page,
) -> Result<Paged<Deployment>, StoreError> {
    let count = "SELECT COUNT(*) FROM agent_deployments WHERE user_id = $1 AND status <> 'deleted'";
    let total = tx.query_one(count, &params![user_id]).await?.get(0)?;
    let sql = select!(
        "WHERE user_id = $1 AND status <> 'deleted' ORDER BY created_at DESC, id DESC LIMIT $2 OFFSET $3"
    );
    let rows = tx.query(sql, &[user_id.into(), page.limit_value(), page.offset_value()]).await?;
    let items = rows.iter().map(|row| read(tx, row)).collect::<Result<_, _>>()?;
    Ok(Paged { items, total })
}

/// Changes a user's deployment. False when there is none, or it is deleted.
pub async fn deployment_update(
    tx: &mut Tx,
    user_id: UserId,
    id: DeploymentId,
    change: &DeploymentChange,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let config = match &change.config {
        Some(config) => Some(tx.cipher().seal_json(place(&id.to_string()), config)?),
        None => None,
    };
    let sql = "UPDATE agent_deployments SET version = COALESCE($3, version), config = COALESCE($4, config), \
               status = COALESCE($5, status), updated_at = $6 WHERE user_id = $1 AND id = $2 AND status <> 'deleted'";
    let params = params![user_id, id, change.version.clone(), config, change.status, now];
    Ok(tx.execute(sql, &params).await? == 1)
}
