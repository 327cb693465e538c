//! Versions of agents: submitting new ones, listing and deprecating.
//!
//! Invariants: a version is newer than every one before it and never changes after; deployments stay on theirs. A new version
//! of a published agent goes live without a reviewer only if its scan is clean and it asks for no wider capabilities.

use frameos_domain::{
    id::DeveloperId,
    money::{Currency, Money},
    pricing::{Pricing, Terms},
    scan::Verdict,
    version::{self as semver, Version as Number},
};
use frameos_store::{
    agent::{self, Agent, AgentFace},
    status::{AgentStatus, ReviewStatus},
    version::{self, Version, VersionReview},
};
use serde_json::{Value, json};

use crate::{
    agent::{Submitted, agent_visible, insider, submission_made, submission_scan, version_new},
    app::App,
    error::{AppError, Result},
    idempotency::Mint,
    pricing::pricing_changed,
    submission::{Submission, face_merge},
    token::Principal,
};

/// Submits a new version of one's own agent.
pub async fn version_submit(
    app: &App,
    developer: DeveloperId,
    agent: &str,
    (submission, mint): (Submission, Mint),
) -> Result<Submitted> {
    let agent = agent_owned(app, developer, agent).await?;
    if agent.status == AgentStatus::Banned {
        return Err(AppError::Forbidden {
            code: "FORBIDDEN",
            message: "this agent is banned".into(),
            details: None,
        });
    }
    let (checked, scan, code) = submission_scan(submission).await?;
    if checked.listing.slug.as_ref().is_some_and(|slug| *slug != agent.slug) {
        return Err(AppError::field("slug", format!("must stay `{}`: an agent keeps its slug", agent.slug)));
    }
    let version_id = mint.id();
    if mint.is_repeat()
        && let Some(made) = submission_made(app, developer, agent.id, version_id).await?
    {
        let live = made.review_status == ReviewStatus::Approved;
        let status = if live { AgentStatus::Published } else { AgentStatus::PendingReview };
        return Ok(Submitted {
            agent_id: agent.id,
            version_id,
            status,
            scan,
            warnings: checked.manifest.warnings,
        });
    }
    newer_check(app, &agent, &checked.version).await?;
    let now = app.now();
    let face = face_merge(&checked, &agent);
    let new = version_new((agent.id, version_id), &checked, &face, &scan, now)?;
    let (object, number) = (new.code_s3_key.clone(), new.version.clone());
    let wider = checked.manifest.capabilities.iter().any(|name| !agent.capabilities.contains(name));
    let live = agent.status == AgentStatus::Published && scan.verdict == Verdict::Pass && !wider;
    app.store().objects().put(&object, &code).await?;
    let (agent_id, slug) = (agent.id, agent.slug.clone());
    let stored = app.store().tx(move |tx| {
        Box::pin(async move {
            if !version::version_insert(tx, &new).await? {
                return Ok(false);
            }
            if live {
                let review =
                    VersionReview { decision: ReviewStatus::Approved, by: None, note: None, at: now };
                version::version_review_unscoped(tx, version_id, &review).await?;
                agent::agent_go_live_unscoped(tx, agent_id, &slug, &face, now).await?;
                pricing_changed(tx, agent_id, &face.pricing, now).await?;
            }
            Ok(true)
        })
    });
    match stored.await {
        Ok(true) => {}
        Ok(false) => {
            app.store().objects().delete(&object).await?;
            return Err(exists(&number));
        }
        Err(error) => {
            app.store().objects().delete(&object).await?;
            return Err(error.into());
        }
    }
    let status = if live { AgentStatus::Published } else { AgentStatus::PendingReview };
    Ok(Submitted { agent_id, version_id, status, scan, warnings: checked.manifest.warnings })
}

fn exists(number: &str) -> AppError {
    AppError::conflict("VERSION_EXISTS", format!("version {number} exists already; raise the version"))
}

async fn newer_check(app: &App, agent: &Agent, new: &Number) -> Result<()> {
    let id = agent.id;
    let versions =
        app.store().read(move |tx| Box::pin(async move { version::version_list(tx, id).await })).await?;
    if versions.iter().any(|row| row.version == new.to_string()) {
        return Err(exists(&new.to_string()));
    }
    // A rejected version was never anybody's, so its number need not be passed.
    let newest = versions
        .iter()
        .filter(|row| row.review_status != ReviewStatus::Rejected)
        .filter_map(|row| semver::parse(&row.version).ok())
        .max();
    match newest {
        Some(newest) if newest > *new => {
            Err(AppError::conflict("VERSION_NOT_NEWER", format!("version {new} is not newer than {newest}")))
        }
        _ => Ok(()),
    }
}

async fn agent_owned(app: &App, developer: DeveloperId, slug_or_id: &str) -> Result<Agent> {
    let name = slug_or_id.to_owned();
    app.store()
        .read(move |tx| Box::pin(async move { agent::agent_find_unscoped(tx, &name).await }))
        .await?
        .filter(|agent| agent.developer_id == developer)
        .ok_or(AppError::not_found("agent"))
}

/// Every version of an agent, newest first. Only its developer and administrators see those that were not approved.
pub async fn version_list(app: &App, slug_or_id: &str, viewer: Option<&Principal>) -> Result<Vec<Version>> {
    let agent = agent_visible(app, slug_or_id, viewer).await?;
    let id = agent.id;
    let versions =
        app.store().read(move |tx| Box::pin(async move { version::version_list(tx, id).await })).await?;
    let all = insider(&agent, viewer);
    Ok(versions.into_iter().filter(|row| all || row.review_status == ReviewStatus::Approved).collect())
}

/// Advises users against a version; deployments on it go on.
pub async fn version_deprecate(
    app: &App,
    developer: DeveloperId,
    agent: &str,
    number: &str,
    message: Option<String>,
) -> Result<()> {
    let agent = agent_owned(app, developer, agent).await?;
    let number = number.to_owned();
    let done = app.store().tx(move |tx| {
        Box::pin(async move {
            version::version_deprecate(tx, developer, agent.id, &number, message.as_deref()).await
        })
    });
    if done.await? { Ok(()) } else { Err(AppError::not_found("version")) }
}

/// A face as it waits beside its version until that goes live, and whether the version itself says what the agent costs.
pub(crate) fn face_json(face: &AgentFace, pricing_stated: bool) -> Value {
    json!({
        "name": face.name, "description": face.description, "long_description": face.long_description,
        "icon_url": face.icon_url, "category": face.category, "tags": face.tags, "capabilities": face.capabilities,
        "version": face.version, "pricing_model": face.pricing.model, "price_amount": face.pricing.price.minor,
        "price_currency": face.pricing.price.currency, "free_runs_per_month": face.pricing.free_runs_per_month,
        "pricing_terms": face.pricing.terms, "pricing_stated": pricing_stated,
    })
}

/// The face that [`face_json`] wrote, for its agent: the price of a version that says none may have changed while it waited.
pub(crate) fn face_read(json: &Value, agent: &Agent) -> Result<AgentFace> {
    #[derive(serde::Deserialize)]
    struct Face {
        name: String,
        description: String,
        long_description: Option<String>,
        icon_url: Option<String>,
        category: String,
        tags: Vec<String>,
        capabilities: Vec<String>,
        version: String,
        pricing_model: frameos_domain::pricing::PricingModel,
        price_amount: i64,
        price_currency: Currency,
        free_runs_per_month: u32,
        /// Absent in versions older than them.
        #[serde(default)]
        pricing_terms: Terms,
        #[serde(default = "stated")]
        pricing_stated: bool,
    }
    const fn stated() -> bool {
        true
    }
    let face: Face = serde_json::from_value(json.clone()).map_err(AppError::internal)?;
    let price = Money::new(face.price_amount, face.price_currency);
    let pricing = Pricing::new(face.pricing_model, price, face.free_runs_per_month, face.pricing_terms)
        .map_err(AppError::internal)?;
    Ok(AgentFace {
        name: face.name,
        description: face.description,
        long_description: face.long_description,
        icon_url: face.icon_url,
        category: face.category,
        pricing: if face.pricing_stated { pricing } else { agent.pricing.clone() },
        tags: face.tags,
        capabilities: face.capabilities,
        version: face.version,
    })
}
