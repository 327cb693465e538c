//! A user's configured agents.
//!
//! Invariants: config is checked against the version's manifest when it is saved, so that a run only fails for what the run
//! itself brings; secret values go in and never come out; a deployment stays on its version until its owner moves it.

use frameos_domain::{
    clock::Timestamp,
    id::{AgentId, DeploymentId, UserId},
    manifest::Manifest,
};
use frameos_store::{
    agent::{self, Agent},
    deployment::{self, Deployment, DeploymentChange as Change},
    page::{Page, Paged},
    status::{AgentStatus, DeploymentStatus, ReviewStatus},
    version::{self, Version},
};
use serde_json::{Map, Value};

use crate::{
    app::App,
    error::{AppError, Result},
    idempotency::Mint,
    inputs::config_check,
    upgrade::{VersionChanges, version_changes},
};

/// What a new deployment says.
#[derive(Debug, Clone, Default)]
pub struct DeploymentNew {
    /// The agent's current version when absent.
    pub version: Option<String>,
    pub config: Map<String, Value>,
}

/// What changes of a deployment; absent stays.
#[derive(Debug, Clone, Default)]
pub struct DeploymentChange {
    pub version: Option<String>,
    pub config: Option<Map<String, Value>>,
    pub status: Option<String>,
}

/// A deployment as its owner sees it.
#[derive(Debug, Clone)]
pub struct DeploymentView {
    pub id: DeploymentId,
    pub agent_id: AgentId,
    pub agent_name: String,
    pub agent_slug: String,
    pub version: String,
    /// Without secret values.
    pub config: Map<String, Value>,
    pub secrets_set: Vec<String>,
    pub status: DeploymentStatus,
    /// `active`, `deprecated` or `yanked`, and what was said of that.
    pub version_status: &'static str,
    pub version_message: Option<String>,
    /// The agent's current version.
    pub current_version: String,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// An agent, one of its approved versions and that version's manifest.
pub(crate) struct Runnable {
    pub agent: Agent,
    pub version: Version,
    pub manifest: Manifest,
}

/// Configures an agent for a user.
pub async fn deployment_create(
    app: &App,
    user: UserId,
    agent: &str,
    (new, mint): (DeploymentNew, Mint),
) -> Result<DeploymentView> {
    let id = mint.id();
    if mint.is_repeat() {
        let made = app
            .store()
            .read(move |tx| Box::pin(async move { deployment::deployment_get(tx, user, id).await }));
        if let Some(made) = made.await? {
            return deployment_view(app, made).await;
        }
    }
    let runnable = runnable_load(app, agent, new.version.as_deref()).await?;
    available_check(&runnable)?;
    config_check(&runnable.manifest, &new.config)?;
    let now = app.now();
    let row = Deployment {
        id,
        user_id: user,
        agent_id: runnable.agent.id,
        version: runnable.version.version.clone(),
        config: new.config,
        status: DeploymentStatus::Configured,
        created_at: now,
        updated_at: now,
    };
    let stored = row.clone();
    app.store()
        .tx(move |tx| Box::pin(async move { deployment::deployment_insert(tx, &stored).await }))
        .await?;
    Ok(view(row, runnable))
}

/// The agent as it was offered: published at some time, in an approved version. The current version when none is named.
pub(crate) async fn runnable_load(app: &App, slug_or_id: &str, number: Option<&str>) -> Result<Runnable> {
    let (name, number) = (slug_or_id.to_owned(), number.map(str::to_owned));
    let found = app.store().read(move |tx| {
        Box::pin(async move {
            let Some(agent) = agent::agent_find_unscoped(tx, &name).await? else { return Ok(None) };
            let number = number.unwrap_or_else(|| agent.current_version.clone());
            let version = version::version_get(tx, agent.id, &number).await?;
            Ok(Some((agent, version)))
        })
    });
    let (agent, version) = found
        .await?
        .filter(|(agent, _)| agent.status != AgentStatus::PendingReview)
        .ok_or(AppError::not_found("agent"))?;
    let version = version
        .filter(|version| version.review_status == ReviewStatus::Approved)
        .ok_or(AppError::not_found("version"))?;
    let manifest = Manifest::parse(&version.manifest).map_err(AppError::internal)?;
    Ok(Runnable { agent, version, manifest })
}

/// Refuses what may not be started any more.
pub(crate) fn available_check(runnable: &Runnable) -> Result<()> {
    if runnable.agent.status == AgentStatus::Banned {
        return Err(banned());
    }
    yanked_check(&runnable.version.version, runnable.version.yank_reason.as_deref())
}

/// Refuses a version that was withdrawn.
pub(crate) fn yanked_check(number: &str, reason: Option<&str>) -> Result<()> {
    let Some(reason) = reason else { return Ok(()) };
    let message = format!(
        "version {number} was withdrawn and does not run any more: {reason}; move to another version with \
         PATCH /deployments/:id"
    );
    Err(AppError::conflict("VERSION_YANKED", message))
}

pub(crate) fn banned() -> AppError {
    let message = "this agent was taken off the market; it cannot be deployed or run".into();
    AppError::Forbidden { code: "FORBIDDEN", message, details: None }
}

/// One of the user's deployments.
pub async fn deployment_get(app: &App, user: UserId, id: DeploymentId) -> Result<DeploymentView> {
    let row = deployment_load(app, user, id).await?;
    deployment_view(app, row).await
}

pub(crate) async fn deployment_load(app: &App, user: UserId, id: DeploymentId) -> Result<Deployment> {
    app.store()
        .read(move |tx| Box::pin(async move { deployment::deployment_get(tx, user, id).await }))
        .await?
        .ok_or(AppError::not_found("deployment"))
}

async fn deployment_view(app: &App, row: Deployment) -> Result<DeploymentView> {
    let runnable = runnable_load(app, &row.agent_id.to_string(), Some(&row.version)).await?;
    Ok(view(row, runnable))
}

fn view(row: Deployment, runnable: Runnable) -> DeploymentView {
    let mut config = row.config;
    let secrets_set: Vec<String> = runnable
        .manifest
        .secret_inputs()
        .filter(|name| config.contains_key(*name))
        .map(str::to_owned)
        .collect();
    for name in &secrets_set {
        config.remove(name);
    }
    let version = runnable.version;
    let (version_status, version_message) = match version.yank_reason {
        Some(reason) => ("yanked", Some(reason)),
        None => (version.status.as_str(), version.deprecation_message),
    };
    DeploymentView {
        version_status,
        version_message,
        current_version: runnable.agent.current_version,
        id: row.id,
        agent_id: row.agent_id,
        agent_name: runnable.agent.name,
        agent_slug: runnable.agent.slug,
        version: row.version,
        config,
        secrets_set,
        status: row.status,
        created_at: row.created_at,
        updated_at: row.updated_at,
    }
}

/// A user's deployments, newest first.
pub async fn deployment_list(app: &App, user: UserId, page: Page) -> Result<Paged<DeploymentView>> {
    let rows = app
        .store()
        .read(move |tx| Box::pin(async move { deployment::deployment_list(tx, user, page).await }))
        .await?;
    let mut items = Vec::with_capacity(rows.items.len());
    for row in rows.items {
        items.push(deployment_view(app, row).await?);
    }
    Ok(Paged { items, total: rows.total })
}

/// Changes config, version or status. Moving to another version checks the config against it.
pub async fn deployment_update(
    app: &App,
    user: UserId,
    id: DeploymentId,
    change: DeploymentChange,
) -> Result<(DeploymentView, Option<VersionChanges>)> {
    let row = deployment_load(app, user, id).await?;
    let number = change.version.unwrap_or_else(|| row.version.clone());
    let runnable = runnable_load(app, &row.agent_id.to_string(), Some(&number)).await?;
    let mut config = change.config.unwrap_or_else(|| row.config.clone());
    if number != row.version {
        available_check(&runnable)?;
    }
    let before = runnable_load(app, &row.agent_id.to_string(), Some(&row.version)).await?;
    let changes = (number != row.version)
        .then(|| version_changes((&row.version, &before.manifest), (&number, &runnable.manifest)));
    for name in before.manifest.secret_inputs() {
        let Some(kept) = row.config.get(name) else { continue };
        if runnable.manifest.secret_inputs().any(|secret| secret == name) {
            // Secrets are never shown, so leaving one out means keeping it.
            config.entry(name.to_owned()).or_insert_with(|| kept.clone());
        } else if config.get(name) == Some(kept) {
            // What was given as a secret must not become readable because a later version calls it something else.
            config.remove(name);
        }
    }
    config_check(&runnable.manifest, &config)?;
    let status = match change.status.as_deref() {
        None => None,
        Some("configured") => Some(DeploymentStatus::Configured),
        Some("paused") => Some(DeploymentStatus::Paused),
        Some(_) => return Err(AppError::field("status", "must be configured or paused")),
    };
    deployment_change(app, user, id, Change { version: Some(number), config: Some(config), status }).await?;
    Ok((deployment_get(app, user, id).await?, changes))
}

/// What would change if a deployment moved to another version, the agent's current one when none is named; and why its config would
/// not fit there, if it would not.
pub async fn deployment_changes(
    app: &App,
    user: UserId,
    id: DeploymentId,
    number: Option<&str>,
) -> Result<(VersionChanges, Option<String>)> {
    let row = deployment_load(app, user, id).await?;
    let agent = row.agent_id.to_string();
    let before = runnable_load(app, &agent, Some(&row.version)).await?;
    let after = runnable_load(app, &agent, number).await?;
    available_check(&after)?;
    let to = (after.version.version.as_str(), &after.manifest);
    let changes = version_changes((&row.version, &before.manifest), to);
    let misfit =
        config_check(&after.manifest, &row.config).err().map(|errors| AppError::from(errors).message());
    Ok((changes, misfit))
}

/// Removes a deployment; its runs stay on record.
pub async fn deployment_delete(app: &App, user: UserId, id: DeploymentId) -> Result<()> {
    deployment_change(app, user, id, Change { status: Some(DeploymentStatus::Deleted), ..Change::default() })
        .await
}

async fn deployment_change(app: &App, user: UserId, id: DeploymentId, change: Change) -> Result<()> {
    let now = app.now();
    let changed = app.store().tx(move |tx| {
        Box::pin(async move { deployment::deployment_update(tx, user, id, &change, now).await })
    });
    if changed.await? { Ok(()) } else { Err(AppError::not_found("deployment")) }
}
