//! The administrator's work: deciding on versions, and barring agents and developers.
//!
//! Invariants: a version is decided once; every act is in the audit log, written in the same transaction as its effect.

use std::time::Duration;

use frameos_domain::{
    id::{AdminId, AgentId, DeveloperId, EventId, UserId, VersionId},
    scan::ScanReport,
};
use frameos_scanner::bundle;
use frameos_store::{
    agent::{self, Agent},
    audit::{self, AuditEntry},
    developer,
    page::{Page, Paged},
    personal_token, session,
    status::{AccountStatus, AgentStatus, Plan, ReviewStatus},
    user,
    version::{self, PendingVersion, Version, VersionReview},
};

use crate::{
    app::App,
    error::{AppError, Result},
    mail::{Mail, mail_post},
    pricing::pricing_changed,
    version::face_read,
};

/// The specification promises a decision within a day.
pub const REVIEW_PROMISE: Duration = Duration::from_secs(24 * 3600);

/// A version with all a reviewer needs.
#[derive(Debug, Clone)]
pub struct VersionForReview {
    pub agent: Agent,
    pub version: Version,
    pub scan: Option<ScanReport>,
    /// Path and size of each file of the bundle.
    pub files: Vec<(String, u64)>,
}

/// Versions waiting for a decision, oldest first.
pub async fn review_queue(app: &App, page: Page) -> Result<Paged<PendingVersion>> {
    Ok(app
        .store()
        .read(move |tx| Box::pin(async move { version::version_list_pending_unscoped(tx, page).await }))
        .await?)
}

/// A version, its bundle's files and what the scan found.
pub async fn version_for_review(app: &App, id: VersionId) -> Result<VersionForReview> {
    let (version, agent) = version_load(app, id).await?;
    let packed = app
        .store()
        .objects()
        .get(&version.code_s3_key)
        .await?
        .ok_or_else(|| AppError::internal("a version's code is missing"))?;
    let files = tokio::task::spawn_blocking(move || {
        bundle::unpack(&packed)
            .map(|bundle| bundle.files().map(|(path, bytes)| (path.to_owned(), bytes.len() as u64)).collect())
    })
    .await
    .map_err(AppError::internal)?
    .map_err(AppError::internal)?;
    let scan = version.scan_report.clone();
    Ok(VersionForReview { agent, version, scan, files })
}

async fn version_load(app: &App, id: VersionId) -> Result<(Version, Agent)> {
    app.store()
        .read(move |tx| {
            Box::pin(async move {
                let Some(version) = version::version_get_unscoped(tx, id).await? else { return Ok(None) };
                let agent = agent::agent_find_unscoped(tx, &version.agent_id.to_string()).await?;
                Ok(agent.map(|agent| (version, agent)))
            })
        })
        .await?
        .ok_or(AppError::not_found("version"))
}

/// Lets a version go live.
pub async fn version_approve(app: &App, admin: AdminId, id: VersionId, note: Option<String>) -> Result<()> {
    let (version, agent) = version_load(app, id).await?;
    if !version.scan_passed {
        return Err(AppError::conflict("CONFLICT", "a version whose scan was rejected cannot be approved"));
    }
    if agent.status == AgentStatus::Banned {
        return Err(AppError::conflict("CONFLICT", "this agent is banned; unban it first"));
    }
    let now = app.now();
    let (agent_id, slug, face) = (agent.id, agent.slug.clone(), face_read(&version.listing, &agent)?);
    let entry = audit(app, admin, "version.approve", id.to_string(), note.clone());
    let review = VersionReview { decision: ReviewStatus::Approved, by: Some(admin), note, at: now };
    let decided = app.store().tx(move |tx| {
        Box::pin(async move {
            let decided = version::version_review_unscoped(tx, id, &review).await?
                && agent::agent_go_live_unscoped(tx, agent_id, &slug, &face, now).await?;
            if decided {
                pricing_changed(tx, agent_id, &face.pricing, now).await?;
                audit::audit_insert(tx, &entry).await?;
            } else {
                tx.set_rollback();
            }
            Ok(decided)
        })
    });
    if !decided.await? {
        return Err(AppError::conflict(
            "CONFLICT",
            format!("this version is {} already", version.review_status),
        ));
    }
    let text = format!("Version {} of {} is approved and live.", version.version, agent.name);
    developer_tell(app, agent.developer_id, &format!("{} {} is live", agent.name, version.version), text)
        .await;
    Ok(())
}

/// Refuses a version; the developer is told why.
pub async fn version_reject(app: &App, admin: AdminId, id: VersionId, reason: &str) -> Result<()> {
    let reason = reason_parse(Some(reason))?;
    let (version, agent) = version_load(app, id).await?;
    let now = app.now();
    let entry = audit(app, admin, "version.reject", id.to_string(), Some(reason.clone()));
    let told = reason.clone();
    let review =
        VersionReview { decision: ReviewStatus::Rejected, by: Some(admin), note: Some(reason), at: now };
    let decided = app.store().tx(move |tx| {
        Box::pin(async move {
            let decided = version::version_review_unscoped(tx, id, &review).await?;
            if decided {
                audit::audit_insert(tx, &entry).await?;
            }
            Ok(decided)
        })
    });
    if !decided.await? {
        return Err(AppError::conflict(
            "CONFLICT",
            format!("this version is {} already", version.review_status),
        ));
    }
    let text = format!("Version {} of {} was not approved:\n\n{told}\n", version.version, agent.name);
    developer_tell(
        app,
        agent.developer_id,
        &format!("{} {} was not approved", agent.name, version.version),
        text,
    )
    .await;
    Ok(())
}

pub(crate) async fn developer_tell(app: &App, developer: DeveloperId, subject: &str, text: String) {
    let found =
        app.store().read(move |tx| Box::pin(async move { developer::developer_get(tx, developer).await }));
    let Ok(Some(profile)) = found.await else { return };
    if let Err(error) = mail_post(app, Mail { to: profile.email, subject: subject.to_owned(), text }).await {
        tracing::error!(error = &error as &dyn std::error::Error, "a developer was not mailed");
    }
}

/// Takes an agent off the market: no new deployments, no new runs.
pub async fn agent_ban(app: &App, admin: AdminId, agent: &str, reason: Option<&str>) -> Result<AgentId> {
    let reason = reason_parse(reason)?;
    agent_bar(app, agent, AgentStatus::Banned, audit(app, admin, "agent.ban", String::new(), Some(reason)))
        .await
}

/// Puts a banned agent back: published if a version of it was ever approved.
pub async fn agent_unban(app: &App, admin: AdminId, agent: &str, reason: Option<&str>) -> Result<AgentId> {
    let entry = audit(app, admin, "agent.unban", String::new(), reason.map(str::to_owned));
    agent_bar(app, agent, AgentStatus::Published, entry).await
}

async fn agent_bar(
    app: &App,
    slug_or_id: &str,
    status: AgentStatus,
    mut entry: AuditEntry,
) -> Result<AgentId> {
    let name = slug_or_id.to_owned();
    let now = app.now();
    app.store()
        .tx(move |tx| {
            Box::pin(async move {
                let Some(agent) = agent::agent_find_unscoped(tx, &name).await? else { return Ok(None) };
                let versions = version::version_list(tx, agent.id).await?;
                let approved = versions.iter().any(|version| version.review_status == ReviewStatus::Approved);
                let status = match status {
                    AgentStatus::Published if !approved => AgentStatus::PendingReview,
                    other => other,
                };
                agent::agent_set_status_unscoped(tx, agent.id, status, now).await?;
                entry.subject = agent.id.to_string();
                audit::audit_insert(tx, &entry).await?;
                Ok(Some(agent.id))
            })
        })
        .await?
        .ok_or(AppError::not_found("agent"))
}

/// Bars a developer from signing in and publishing.
pub async fn developer_suspend(
    app: &App,
    admin: AdminId,
    developer: DeveloperId,
    reason: Option<&str>,
) -> Result<()> {
    let reason = reason_parse(reason)?;
    let entry = audit(app, admin, "developer.suspend", developer.to_string(), Some(reason));
    developer_bar(app, developer, AccountStatus::Suspended, entry).await
}

/// Lets a suspended developer back in.
pub async fn developer_reinstate(
    app: &App,
    admin: AdminId,
    developer: DeveloperId,
    reason: Option<&str>,
) -> Result<()> {
    let entry = audit(app, admin, "developer.reinstate", developer.to_string(), reason.map(str::to_owned));
    developer_bar(app, developer, AccountStatus::Active, entry).await
}

async fn developer_bar(app: &App, id: DeveloperId, status: AccountStatus, entry: AuditEntry) -> Result<()> {
    let now = app.now();
    let done = app.store().tx(move |tx| {
        Box::pin(async move {
            let found = developer::developer_set_status_unscoped(tx, id, status, now).await?;
            if found {
                if status != AccountStatus::Active {
                    session::session_revoke_all(tx, &id.to_string(), now).await?;
                    personal_token::personal_tokens_delete(tx, &id.to_string()).await?;
                }
                audit::audit_insert(tx, &entry).await?;
            }
            Ok(found)
        })
    });
    if done.await? { Ok(()) } else { Err(AppError::not_found("developer")) }
}

/// Gives a user another plan: the more it weighs, the more turns the user gets in a full queue.
pub async fn user_plan_set(app: &App, admin: AdminId, user: UserId, plan: &str) -> Result<Plan> {
    let plan: Plan = plan.parse().map_err(|error: String| AppError::field("plan", error))?;
    let entry = audit(app, admin, "user.plan", user.to_string(), Some(plan.to_string()));
    let now = app.now();
    let done = app.store().tx(move |tx| {
        Box::pin(async move {
            let found = user::user_plan_set_unscoped(tx, user, plan, now).await?;
            if found {
                audit::audit_insert(tx, &entry).await?;
            }
            Ok(found)
        })
    });
    if done.await? { Ok(plan) } else { Err(AppError::not_found("user")) }
}

pub(crate) fn audit(
    app: &App,
    admin: AdminId,
    action: &str,
    subject: String,
    detail: Option<String>,
) -> AuditEntry {
    let at = app.now();
    let detail = detail.unwrap_or_default();
    AuditEntry {
        id: EventId::generate(at),
        at,
        actor: admin.to_string(),
        action: action.to_owned(),
        subject,
        detail,
    }
}

fn reason_parse(reason: Option<&str>) -> Result<String> {
    let reason = reason.map(str::trim).unwrap_or_default();
    if (1..=2_000).contains(&reason.chars().count()) {
        Ok(reason.to_owned())
    } else {
        Err(AppError::field("reason", "is required, 1 to 2000 characters: the developer will read it"))
    }
}
