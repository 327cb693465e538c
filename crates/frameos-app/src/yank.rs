//! Withdrawing a version that is not safe to run.
//!
//! Invariants: a version that was withdrawn stays so; no new run and no new deployment of it begins, what runs goes on. The agent
//! leads with its newest release that is left; without one it is listed no more.

use frameos_domain::{
    clock::Timestamp,
    id::EventId,
    version::{self as semver, Version as Number},
};
use frameos_store::{
    StoreError, Tx,
    agent::{self, Agent},
    audit::{self, AuditEntry},
    status::{AgentStatus, NotificationKind, ReviewStatus, Role},
    version::{self, Version, VersionYank},
};

use crate::{
    app::App,
    catalogue::catalogue_settle,
    error::{AppError, Result},
    jobs::job_add,
    news::DeployersMail,
    notification::notify_deployers,
    review::{developer_news_add, reason_parse},
    token::Principal,
    version::face_read,
};

/// Withdraws a version: its developer, or an administrator.
pub async fn version_yank(
    app: &App,
    who: &Principal,
    agent: &str,
    number: &str,
    reason: Option<&str>,
) -> Result<()> {
    if who.role == Role::User {
        return Err(AppError::Forbidden {
            code: "FORBIDDEN",
            message: "a version is withdrawn by its developer or an administrator".into(),
            details: None,
        });
    }
    let reason = reason_parse(reason)?;
    let (name, number, who, now) = (agent.to_owned(), number.to_owned(), who.clone(), app.now());
    let done = app.store().tx(move |tx| {
        Box::pin(async move {
            let found = agent::agent_find_unscoped(tx, &name).await?;
            let is_admin = who.role == Role::Admin;
            let Some(agent) = found.filter(|agent| is_admin || who.developer() == Some(agent.developer_id))
            else {
                return Ok(Err(AppError::not_found("agent")));
            };
            let Some(version) = version::version_get(tx, agent.id, &number).await? else {
                return Ok(Err(AppError::not_found("version")));
            };
            let yank = VersionYank { by: who.subject.clone(), reason: reason.clone(), at: now };
            if !version::version_yank(tx, agent.developer_id, version.id, &yank).await? {
                return Ok(Err(AppError::conflict(
                    "CONFLICT",
                    format!("version {number} is withdrawn already"),
                )));
            }
            if agent.current_version == number
                && agent.status == AgentStatus::Published
                && let Err(error) = lead_by_another(tx, &agent, now).await?
            {
                tx.set_rollback();
                return Ok(Err(error));
            }
            audit::audit_insert(tx, &entry(&who, &version, &reason, now)).await?;
            let told = (
                format!("{} {number} was withdrawn", agent.name),
                format!("Version {number} of {} does not run any more:\n\n{reason}\n", agent.name),
            );
            let about = (NotificationKind::VersionYanked, agent.slug.clone());
            let news = (about.0, about.1.clone(), told.clone());
            notify_deployers(tx, (agent.id, &number), news, now).await?;
            let mails = deployers_news(&agent, &number, &reason, now);
            job_add(tx, &mails, &version.id.to_string(), now, now).await?;
            if is_admin {
                let occasion = (version.id.to_string(), "yank");
                let occasion = (&*occasion.0, occasion.1);
                developer_news_add(tx, agent.developer_id, occasion, (about, told), now).await?;
            }
            Ok(Ok(()))
        })
    });
    done.await??;
    catalogue_settle(app).await;
    Ok(())
}

/// Has the agent lead with its newest release that may run, at the price it has.
async fn lead_by_another(
    tx: &mut Tx,
    agent: &Agent,
    now: Timestamp,
) -> std::result::Result<Result<()>, StoreError> {
    let versions = version::version_list(tx, agent.id).await?;
    let releases = versions
        .iter()
        .filter(|row| row.review_status == ReviewStatus::Approved && row.yank_reason.is_none());
    let newest = releases
        .filter_map(|row| semver::parse(&row.version).ok().map(|number| (number, row)))
        .filter(|(number, _)| number.pre.is_empty())
        .max_by(|(a, _): &(Number, _), (b, _)| a.cmp(b));
    let Some((_, row)) = newest else {
        agent::agent_set_status_unscoped(tx, agent.id, AgentStatus::Deprecated, now).await?;
        return Ok(Ok(()));
    };
    let mut face = match face_read(&row.listing, agent) {
        Ok(face) => face,
        Err(error) => return Ok(Err(error)),
    };
    face.pricing = agent.pricing.clone();
    agent::agent_go_live_unscoped(tx, agent.id, &agent.slug, &face, now).await?;
    Ok(Ok(()))
}

/// What is told to all who have deployed the version.
fn deployers_news(agent: &Agent, number: &str, reason: &str, now: Timestamp) -> DeployersMail {
    let (name, slug) = (&agent.name, &agent.slug);
    DeployersMail {
        agent: agent.id,
        version: number.to_owned(),
        subject: format!("{name} {number} was withdrawn"),
        text: format!(
            "You have deployed version {number} of {name} ({slug}). It was withdrawn and starts no more runs:\n\n{reason}\n\nWhat \
             runs goes on. Deploy another version, or upgrade the deployment, to go on using the agent.\n"
        ),
        since: now,
    }
}

fn entry(who: &Principal, version: &Version, reason: &str, at: Timestamp) -> AuditEntry {
    AuditEntry {
        id: EventId::generate(at),
        at,
        actor: who.subject.clone(),
        action: "version.yank".to_owned(),
        subject: version.id.to_string(),
        detail: reason.to_owned(),
    }
}
