//! Versions of agents: submitting new ones, listing and deprecating.
//!
//! Invariants: a version is newer than every one before it and never changes after; deployments stay on theirs. A new version
//! of a published agent goes live without a reviewer only if its scan is clean, or flags nothing but what was accepted and is
//! unchanged, and it asks for no wider capabilities.

use frameos_domain::{
    id::DeveloperId,
    manifest::Manifest,
    money::{Currency, Money},
    pricing::{Pricing, Terms},
    scan::ScanReport,
    version::{self as semver, Version as Number},
};
use frameos_store::{
    agent::{self, Agent, AgentFace},
    audit,
    finding::{self, Acceptance},
    status::{AgentStatus, NotificationKind, ReviewStatus},
    version::{self, Version, VersionReview},
};
use serde_json::{Value, json};

use crate::{
    agent::{Submitted, agent_visible, insider, submission_made, submission_scan, version_new},
    app::App,
    catalogue::catalogue_settle,
    error::{AppError, Result},
    idempotency::Mint,
    notification::notify_deployers,
    pricing::pricing_changed,
    scan::{Comparison, carried_entry, needs_no_reviewer, version_compare},
    submission::{CheckedListing, Submission, face_merge},
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
    version_welcome(&agent)?;
    let (checked, scanned, code) = submission_scan(submission).await?;
    slug_stays(&agent, &checked.listing)?;
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
            scan: scanned.report,
            changes: None,
            warnings: checked.manifest.warnings,
        });
    }
    let versions = newer_check(app, &agent, &checked.version).await?;
    let now = app.now();
    let face = face_merge(&checked, &agent);
    let new = version_new((agent.id, version_id), &checked, &face, &scanned.report, now)?;
    let number = (version_id, &checked.version);
    let comparison = version_compare(app, &versions, number, &scanned).await?;
    let scan = scanned.report;
    let live = goes_live(&agent, &checked.manifest, &scan, &comparison);
    let Comparison { changes, carried } = comparison;
    let leads = version_leads(&agent, &checked.version);
    version_store(app, &agent, Stored { version: new, face, carried, live, leads }, &code).await?;
    if live {
        catalogue_settle(app).await;
    }
    let status = if live { AgentStatus::Published } else { AgentStatus::PendingReview };
    Ok(Submitted {
        agent_id: agent.id,
        version_id,
        status,
        scan,
        changes,
        warnings: checked.manifest.warnings,
    })
}

/// Refuses new versions of a banned agent.
pub(crate) fn version_welcome(agent: &Agent) -> Result<()> {
    if agent.status == AgentStatus::Banned {
        return Err(AppError::Forbidden {
            code: "FORBIDDEN",
            message: "this agent is banned".into(),
            details: None,
        });
    }
    Ok(())
}

pub(crate) fn slug_stays(agent: &Agent, listing: &CheckedListing) -> Result<()> {
    if listing.slug.as_ref().is_some_and(|slug| *slug != agent.slug) {
        return Err(AppError::field("slug", format!("must stay `{}`: an agent keeps its slug", agent.slug)));
    }
    Ok(())
}

/// Whether a new version goes live without a reviewer.
pub(crate) fn goes_live(
    agent: &Agent,
    manifest: &Manifest,
    scan: &ScanReport,
    Comparison { changes, carried }: &Comparison,
) -> bool {
    let is_wider = manifest.capabilities.iter().any(|name| !agent.capabilities.contains(name));
    agent.status == AgentStatus::Published && needs_no_reviewer(scan, changes.as_ref(), carried) && !is_wider
}

/// A new version as it is stored.
struct Stored {
    version: Version,
    face: AgentFace,
    /// Acceptances that hold for it by rule.
    carried: Vec<Acceptance>,
    /// Whether it goes live without a reviewer.
    live: bool,
    /// Whether it is then the agent's current version.
    leads: bool,
}

/// Stores a version, its code and what was carried to it, and publishes it if it is to go live.
async fn version_store(app: &App, agent: &Agent, stored: Stored, code: &[u8]) -> Result<()> {
    let Stored { version: new, face, carried, live, leads } = stored;
    let (object, number) = (new.code_s3_key.clone(), new.version.clone());
    let (now, agent_id, slug) = (new.created_at, agent.id, agent.slug.clone());
    let entry = carried_entry(app, new.id, &carried);
    app.store().objects().put(&object, code).await?;
    let stored = app.store().tx(move |tx| {
        Box::pin(async move {
            if !version::version_insert(tx, &new).await? {
                return Ok(false);
            }
            for acceptance in &carried {
                finding::acceptance_insert_unscoped(tx, acceptance).await?;
            }
            if !carried.is_empty() {
                audit::audit_insert(tx, &entry).await?;
            }
            if live {
                let review =
                    VersionReview { decision: ReviewStatus::Approved, by: None, note: None, at: now };
                version::version_review_unscoped(tx, new.id, &review).await?;
            }
            if live && leads {
                agent::agent_go_live_unscoped(tx, agent_id, &slug, &face, now).await?;
                pricing_changed(tx, agent_id, &face.pricing, now).await?;
            }
            Ok(true)
        })
    });
    match stored.await {
        Ok(true) => Ok(()),
        Ok(false) => {
            app.store().objects().delete(&object).await?;
            Err(exists(&number))
        }
        Err(error) => {
            // Whether it was stored is not known when the database did not answer, and then it may need its code.
            if !error.is_transient() {
                app.store().objects().delete(&object).await?;
            }
            Err(error.into())
        }
    }
}

fn exists(number: &str) -> AppError {
    AppError::conflict("VERSION_EXISTS", format!("version {number} exists already; raise the version"))
}

/// The agent's versions, if `new` is newer than those that count.
pub(crate) async fn newer_check(app: &App, agent: &Agent, new: &Number) -> Result<Vec<Version>> {
    let id = agent.id;
    let versions =
        app.store().read(move |tx| Box::pin(async move { version::version_list(tx, id).await })).await?;
    if versions.iter().any(|row| row.version == new.to_string()) {
        return Err(exists(&new.to_string()));
    }
    // A rejected version was never anybody's, so its number need not be passed.
    let standing = versions.iter().filter(|row| row.review_status != ReviewStatus::Rejected);
    let numbers: Vec<Number> = standing.filter_map(|row| semver::parse(&row.version).ok()).collect();
    match semver::version_in_the_way(new, numbers.iter()) {
        Some(newer) => {
            Err(AppError::conflict("VERSION_NOT_NEWER", format!("version {new} is not newer than {newer}")))
        }
        None => Ok(versions),
    }
}

/// Whether an approved version becomes the one that users get who name none: the newest release; a pre-release only while there is
/// nothing else.
pub(crate) fn version_leads(agent: &Agent, new: &Number) -> bool {
    if agent.status == AgentStatus::PendingReview {
        return true;
    }
    let current = semver::parse(&agent.current_version).ok();
    let passes = |current: &Number| !current.pre.is_empty() || new > current;
    new.pre.is_empty() && (agent.status != AgentStatus::Published || current.as_ref().is_none_or(passes))
}

pub(crate) async fn agent_owned(app: &App, developer: DeveloperId, slug_or_id: &str) -> Result<Agent> {
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
    let (number, now) = (number.to_owned(), app.now());
    let done = app.store().tx(move |tx| {
        Box::pin(async move {
            if !version::version_deprecate(tx, developer, agent.id, &number, message.as_deref()).await? {
                return Ok(false);
            }
            let title = format!("{} {number} is deprecated", agent.name);
            let text = message.unwrap_or_else(|| "Your deployment goes on running.".to_owned());
            let news = (NotificationKind::VersionDeprecated, agent.slug, (title, text));
            notify_deployers(tx, (agent.id, &number), news, now).await?;
            Ok(true)
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
