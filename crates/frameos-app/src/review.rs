//! The administrator's work: deciding on versions, and barring agents and developers.
//!
//! Invariants: a version is decided once; every act is in the audit log, written in the same transaction as its effect.

use std::time::Duration;

use frameos_domain::{
    clock::Timestamp,
    id::{AdminId, AgentId, DeveloperId, EventId, UserId, VersionId},
    scan::{CodeFrame, ScanReport, VersionDiff},
    version as semver,
};
use frameos_store::{
    StoreError, Tx,
    agent::{self, Agent},
    audit::{self, AuditEntry},
    developer,
    finding::Acceptance,
    page::{Page, Paged},
    personal_token, session,
    status::{AccountStatus, AgentStatus, NotificationKind, Plan, ReviewStatus},
    user,
    version::{self, PendingVersion, Version, VersionReview},
};

use crate::{
    app::App,
    catalogue::catalogue_settle,
    error::{AppError, Result},
    news::developer_mail_add,
    notification::{News, notify},
    pricing::pricing_changed,
    scan::{acceptances, base_scan, version_base, version_diff, version_frames},
    version::{face_read, version_leads},
};

/// The specification promises a decision within a day.
pub const REVIEW_PROMISE: Duration = Duration::from_secs(24 * 3600);

/// A version with all a reviewer needs.
#[derive(Debug, Clone)]
pub struct VersionForReview {
    pub agent: Agent,
    pub version: Version,
    /// The version before it.
    pub base: Option<VersionId>,
    /// What it changes against the version before it; the first thing to look at.
    pub changes: Option<VersionDiff>,
    pub scan: Option<ScanReport>,
    /// The lines that findings stand in.
    pub frames: Vec<CodeFrame>,
    pub acceptances: Vec<Acceptance>,
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

/// A version, what it changes, its bundle's files, what the scan found and what of that was accepted.
pub async fn version_for_review(app: &App, id: VersionId) -> Result<VersionForReview> {
    let (version, agent) = version_load(app, id).await?;
    let (scanned, frames) = version_frames(app, &version).await?;
    let agent_id = agent.id;
    let listed =
        app.store().read(move |tx| Box::pin(async move { version::version_list(tx, agent_id).await }));
    let versions = listed.await?;
    let number = semver::parse(&version.version).map_err(AppError::internal)?;
    let base = version_base(&versions, &number);
    let changes = match base {
        Some(base) => base_scan(app, base).await.map(|before| version_diff(base, &before, &scanned)),
        None => None,
    };
    let base = base.map(|base| base.id).filter(|_| changes.is_some());
    let files = scanned.files.into_iter().map(|(path, (bytes, _))| (path, bytes)).collect();
    let (scan, acceptances) = (version.scan_report.clone(), acceptances(app, id).await?);
    Ok(VersionForReview { agent, version, base, changes, scan, frames, acceptances, files })
}

pub(crate) async fn version_load(app: &App, id: VersionId) -> Result<(Version, Agent)> {
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

/// Approves a version: it can be deployed, and leads its agent if it is the newest release.
pub async fn version_approve(app: &App, admin: AdminId, id: VersionId, note: Option<String>) -> Result<()> {
    let (version, agent) = version_load(app, id).await?;
    if !version.scan_passed {
        return Err(AppError::conflict("CONFLICT", "a version whose scan was rejected cannot be approved"));
    }
    if version.yanked_at.is_some() {
        return Err(AppError::conflict("CONFLICT", "this version was withdrawn"));
    }
    if agent.status == AgentStatus::Banned {
        return Err(AppError::conflict("CONFLICT", "this agent is banned; unban it first"));
    }
    let now = app.now();
    let number = semver::parse(&version.version).map_err(AppError::internal)?;
    let listing = version.listing.clone();
    let entry = audit(app, admin, "version.approve", id.to_string(), note.clone());
    let review = VersionReview { decision: ReviewStatus::Approved, by: Some(admin), note, at: now };
    let mail = (
        format!("{} {} is approved", agent.name, version.version),
        format!("Version {} of {} is approved and live.", version.version, agent.name),
    );
    let decided = app.store().tx(move |tx| {
        Box::pin(async move {
            // Read again: another version may have come first.
            let agent = agent::agent_find_unscoped(tx, &version.agent_id.to_string()).await?;
            let Some(agent) = agent else { return Ok(Ok(false)) };
            let face = match face_read(&listing, &agent) {
                Ok(face) => face,
                Err(error) => return Ok(Err(error)),
            };
            let mut decided = version::version_review_unscoped(tx, id, &review).await?;
            if decided && version_leads(&agent, &number) {
                decided = agent::agent_go_live_unscoped(tx, agent.id, &agent.slug, &face, now).await?;
                pricing_changed(tx, agent.id, &face.pricing, now).await?;
            }
            if decided {
                audit::audit_insert(tx, &entry).await?;
                let news = (NotificationKind::VersionApproved, agent.slug);
                developer_news_add(tx, agent.developer_id, (&id.to_string(), "approve"), (news, mail), now)
                    .await?;
            } else {
                tx.set_rollback();
            }
            Ok(Ok(decided))
        })
    });
    if !decided.await?? {
        return Err(decided_already(app, id).await);
    }
    catalogue_settle(app).await;
    Ok(())
}

/// Refuses a version; the developer is told why.
pub async fn version_reject(app: &App, admin: AdminId, id: VersionId, reason: &str) -> Result<()> {
    let reason = reason_parse(Some(reason))?;
    let (version, agent) = version_load(app, id).await?;
    let now = app.now();
    let entry = audit(app, admin, "version.reject", id.to_string(), Some(reason.clone()));
    let mail = (
        format!("{} {} was not approved", agent.name, version.version),
        format!("Version {} of {} was not approved:\n\n{reason}\n", version.version, agent.name),
    );
    let review =
        VersionReview { decision: ReviewStatus::Rejected, by: Some(admin), note: Some(reason), at: now };
    let decided = app.store().tx(move |tx| {
        Box::pin(async move {
            let decided = version::version_review_unscoped(tx, id, &review).await?;
            if decided {
                audit::audit_insert(tx, &entry).await?;
                let news = (NotificationKind::VersionRejected, agent.slug);
                developer_news_add(tx, agent.developer_id, (&id.to_string(), "reject"), (news, mail), now)
                    .await?;
            }
            Ok(decided)
        })
    });
    if decided.await? { Ok(()) } else { Err(decided_already(app, id).await) }
}

/// Why a version cannot be decided on.
async fn decided_already(app: &App, id: VersionId) -> AppError {
    match version_load(app, id).await {
        Ok((version, _)) => {
            AppError::conflict("CONFLICT", format!("this version is {} already", version.review_status))
        }
        Err(error) => error,
    }
}

/// Has a developer told something by mail and in the product, with the transaction, once for each occasion.
pub(crate) async fn developer_news_add(
    tx: &mut Tx,
    to: DeveloperId,
    occasion: (&str, &str),
    ((kind, about), mail): ((NotificationKind, String), (String, String)),
    now: Timestamp,
) -> std::result::Result<(), StoreError> {
    notify(tx, &to.to_string(), (kind, about, mail.clone()), now).await?;
    developer_mail_add(tx, to, occasion, mail, now).await
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
    let barred = app
        .store()
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
                let news = bar_news(&agent, status, &entry.detail);
                notify(tx, &agent.developer_id.to_string(), news, now).await?;
                entry.subject = agent.id.to_string();
                audit::audit_insert(tx, &entry).await?;
                let occasion = (&*entry.id.to_string(), "bar");
                let mail = agent_barred(&agent, status, &entry.detail);
                developer_mail_add(tx, agent.developer_id, occasion, mail, now).await?;
                Ok(Some(agent.id))
            })
        })
        .await?
        .ok_or(AppError::not_found("agent"))?;
    catalogue_settle(app).await;
    Ok(barred)
}

fn bar_news(agent: &Agent, status: AgentStatus, reason: &str) -> News {
    let (kind, what) = match status {
        AgentStatus::Banned => (NotificationKind::AgentBanned, "was banned"),
        _ => (NotificationKind::AgentUnbanned, "is no longer banned"),
    };
    (kind, agent.slug.clone(), (format!("{} {what}", agent.name), reason.to_owned()))
}

/// What an agent's developer is told of an administrator's act.
fn agent_barred(agent: &Agent, status: AgentStatus, reason: &str) -> (String, String) {
    let name = &agent.name;
    let (subject, what) = if status == AgentStatus::Banned {
        (
            format!("{name} was banned"),
            format!("{name} is off the market: it can be neither deployed nor run."),
        )
    } else {
        (
            format!("{name} is no longer banned"),
            format!("{name} is on the market again, as far as a version of it is approved."),
        )
    };
    (subject, with_reason(what, reason))
}

fn developer_barred(status: AccountStatus, reason: &str) -> (String, String) {
    let (subject, what) = if status == AccountStatus::Active {
        (
            "Your account is open again",
            "Your developer account is open again. Log in anew; personal access tokens are to be made anew.",
        )
    } else {
        (
            "Your account was suspended",
            "Your developer account was suspended: you can neither sign in nor publish. What you earned stays yours.",
        )
    };
    (subject.to_owned(), with_reason(what.to_owned(), reason))
}

fn with_reason(what: String, reason: &str) -> String {
    if reason.is_empty() { format!("{what}\n") } else { format!("{what}\n\n{reason}\n") }
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
                let (kind, title) = match status {
                    AccountStatus::Active => {
                        (NotificationKind::AccountReinstated, "Your account was reinstated")
                    }
                    _ => (NotificationKind::AccountSuspended, "Your account was suspended"),
                };
                let account = id.to_string();
                let news = (kind, account.clone(), (title.to_owned(), entry.detail.clone()));
                notify(tx, &account, news, now).await?;
                audit::audit_insert(tx, &entry).await?;
                let occasion = (&*entry.id.to_string(), "bar");
                developer_mail_add(tx, id, occasion, developer_barred(status, &entry.detail), now).await?;
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

pub(crate) fn reason_parse(reason: Option<&str>) -> Result<String> {
    let reason = reason.map(str::trim).unwrap_or_default();
    if (1..=2_000).contains(&reason.chars().count()) {
        Ok(reason.to_owned())
    } else {
        Err(AppError::field("reason", "is required, 1 to 2000 characters: the developer will read it"))
    }
}
