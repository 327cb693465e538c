//! The registry: publishing agents and finding them.
//!
//! Invariants: code is stored only after its scan passed; an agent nobody approved is visible to its developer and to
//! administrators alone, and to everybody else it does not exist.

use std::str::FromStr;

use frameos_domain::{
    clock::Timestamp,
    id::{AgentId, DeveloperId, VersionId},
    manifest::{Language, ManifestIssue},
    pricing::PricingModel,
    scan::{Action, ScanReport, Verdict, VersionDiff},
};
use frameos_store::{
    agent::{self, Agent, AgentFace, AgentNew},
    page::Page,
    status::{AgentStatus, ReviewStatus, Role, VersionStatus},
    version::{self, Version},
};
use serde_json::{Value, json};

use crate::{
    app::App,
    catalogue::{Snapshot, catalogue},
    error::{AppError, Result},
    idempotency::Mint,
    scan::{Scanned, bundle_scan},
    search::{AgentQuery, FacetValue, Found, SearchSort},
    submission::{self, Checked, Submission},
    token::Principal,
    version::face_json,
};

/// What became of a submission.
#[derive(Debug, Clone)]
pub struct Submitted {
    pub agent_id: AgentId,
    pub version_id: VersionId,
    /// Pending review, or published.
    pub status: AgentStatus,
    pub scan: ScanReport,
    /// What it changes against the version before it; there is none before a first one.
    pub changes: Option<VersionDiff>,
    pub warnings: Vec<ManifestIssue>,
}

/// What to list, as the query said it.
#[derive(Debug, Clone, Default)]
pub struct AgentFilter {
    pub category: Option<String>,
    pub search: Option<String>,
    pub pricing_model: Option<String>,
    /// Minor units.
    pub min_price: Option<i64>,
    pub max_price: Option<i64>,
    pub language: Option<String>,
    /// One or more, with commas between them.
    pub capability: Option<String>,
    pub tag: Option<String>,
    pub developer: Option<String>,
    pub sort: Option<String>,
    pub facets: bool,
}

/// An agent as its page shows it.
#[derive(Debug, Clone)]
pub struct AgentView {
    pub agent: Agent,
    /// The current version's manifest.
    pub manifest: Value,
}

/// Publishes a new agent: checked, scanned, stored, and waiting for review.
pub async fn agent_register(
    app: &App,
    developer: DeveloperId,
    submission: Submission,
    mint: Mint,
) -> Result<Submitted> {
    let (checked, scanned, code) = submission_scan(submission).await?;
    let scan = scanned.report;
    let now = app.now();
    let slug = submission::required("slug", checked.listing.slug.clone())?;
    let face = submission::face_new(&checked)?;
    let (agent_id, version_id) = (mint.id(), mint.id());
    if mint.is_repeat() && submission_made(app, developer, agent_id, version_id).await?.is_some() {
        let (status, warnings) = (AgentStatus::PendingReview, checked.manifest.warnings);
        return Ok(Submitted { agent_id, version_id, status, scan, changes: None, warnings });
    }
    let version = version_new((agent_id, version_id), &checked, &face, &scan, now)?;
    let new = AgentNew { id: agent_id, developer_id: developer, slug: slug.clone(), face, created_at: now };
    let object = version.code_s3_key.clone();
    app.store().objects().put(&object, &code).await?;
    let stored = app.store().tx(move |tx| {
        Box::pin(async move {
            let stored =
                agent::agent_insert(tx, &new).await? && version::version_insert(tx, &version).await?;
            if !stored {
                tx.set_rollback();
            }
            Ok(stored)
        })
    });
    // The code of a submission that was refused after all must not stay behind.
    match stored.await {
        Ok(true) => {}
        Ok(false) => {
            app.store().objects().delete(&object).await?;
            let message = format!(
                "the slug `{slug}` is taken; choose another, or publish a new version of your own agent with \
                 POST /agents/{slug}/versions"
            );
            return Err(AppError::conflict("SLUG_TAKEN", message));
        }
        Err(error) => {
            app.store().objects().delete(&object).await?;
            return Err(error.into());
        }
    }
    let warnings = checked.manifest.warnings;
    Ok(Submitted { agent_id, version_id, status: AgentStatus::PendingReview, scan, changes: None, warnings })
}

/// The version that an earlier attempt at this request submitted, if it came that far.
pub(crate) async fn submission_made(
    app: &App,
    developer: DeveloperId,
    agent_id: AgentId,
    version_id: VersionId,
) -> Result<Option<Version>> {
    let found = app.store().read(move |tx| {
        Box::pin(async move {
            if agent::agent_get(tx, developer, agent_id).await?.is_none() {
                return Ok(None);
            }
            version::version_get_unscoped(tx, version_id).await
        })
    });
    Ok(found.await?.filter(|version| version.agent_id == agent_id))
}

/// Unpacks, checks and scans off the async threads; a rejecting scan is the caller's error, with every finding.
pub(crate) async fn submission_scan(submission: Submission) -> Result<(Checked, Scanned, Vec<u8>)> {
    let work = move || {
        let checked = submission::submission_check(&submission)?;
        let scanned = bundle_scan(&checked.bundle, &checked.manifest_json)?;
        Ok::<_, AppError>((checked, scanned, submission.code))
    };
    let (checked, scanned, code) = tokio::task::spawn_blocking(work).await.map_err(AppError::internal)??;
    let scan = &scanned.report;
    if scan.verdict == Verdict::Reject {
        let rejecting: Vec<_> =
            scan.findings.iter().filter(|finding| finding.action == Action::Reject).collect();
        let first = rejecting.first().map_or_else(String::new, |finding| {
            format!("; the first is {} line {}: {}", finding.file, finding.line, finding.message)
        });
        let message = format!("the code scan rejects this bundle, findings: {}{first}", rejecting.len());
        return Err(AppError::invalid_with(
            "SCAN_REJECTED",
            message,
            json!({"scan_passed": false, "scan_report": scan}),
        ));
    }
    Ok((checked, scanned, code))
}

pub(crate) fn version_new(
    (agent_id, id): (AgentId, VersionId),
    checked: &Checked,
    face: &AgentFace,
    scan: &ScanReport,
    now: Timestamp,
) -> Result<Version> {
    let runtime = &checked.manifest.runtime;
    Ok(Version {
        id,
        agent_id,
        version: checked.version.to_string(),
        manifest: checked.manifest_json.clone(),
        code_s3_key: format!("code/{id}.tar.gz"),
        code_hash: checked.code_hash.clone(),
        packed_size: i64::try_from(checked.packed_size).map_err(AppError::internal)?,
        runtime_language: runtime.language.as_str().into(),
        runtime_version: runtime.version.clone(),
        entrypoint: submission::entrypoint(&checked.manifest),
        timeout_ms: i64::try_from(runtime.timeout_ms).map_err(AppError::internal)?,
        memory_mb: i64::try_from(runtime.memory_mb).map_err(AppError::internal)?,
        inputs_schema: checked.manifest.inputs_schema(),
        outputs_schema: checked.manifest.outputs_schema(),
        scan_passed: scan.passed(),
        scan_report: Some(scan.clone()),
        listing: face_json(face, checked.listing.pricing.is_some()),
        status: VersionStatus::Active,
        deprecation_message: None,
        review_status: ReviewStatus::PendingReview,
        reviewed_by: None,
        reviewed_at: None,
        review_note: None,
        submitted_at: now,
        created_at: now,
        yanked_at: None,
        yank_reason: None,
    })
}

/// Published agents that fit the filter.
pub fn agent_list(snapshot: &Snapshot, filter: AgentFilter, page: Page) -> Result<Found> {
    let query = query(filter)?;
    let (take, before) = (page.limit as usize, page.page.saturating_sub(1) as usize);
    Ok(snapshot.index().find(&query, before.saturating_mul(take), take))
}

const LANGUAGES: [&str; 2] = [Language::Nodejs.as_str(), Language::Python.as_str()];

fn query(filter: AgentFilter) -> Result<AgentQuery> {
    let sort = match filter.sort.as_deref() {
        None | Some("relevance") => None,
        Some("popularity") => Some(SearchSort::Popularity),
        Some("newest") => Some(SearchSort::Newest),
        Some("price_low") => Some(SearchSort::PriceLow),
        Some("price_high") => Some(SearchSort::PriceHigh),
        Some("rating") => Some(SearchSort::Rating),
        Some(_) => {
            let known = "popularity, newest, price_low, price_high, rating, relevance";
            return Err(AppError::field("sort", format!("must be one of {known}")));
        }
    };
    let pricing_model = filter
        .pricing_model
        .as_deref()
        .map(|model| {
            PricingModel::from_str(model).map_err(|error| AppError::field("pricing_model", error.to_string()))
        })
        .transpose()?;
    for (field, price) in [("min_price", filter.min_price), ("max_price", filter.max_price)] {
        if price.is_some_and(|price| price < 0) {
            return Err(AppError::field(field, "must be 0 or more, in paise"));
        }
    }
    if filter.language.as_deref().is_some_and(|language| !LANGUAGES.contains(&language)) {
        return Err(AppError::field("language", format!("must be one of {}", LANGUAGES.join(", "))));
    }
    if filter.developer.as_deref().is_some_and(|id| DeveloperId::from_str(id).is_err()) {
        return Err(AppError::field("developer", "must be an id such as dev_…"));
    }
    if filter.min_price.zip(filter.max_price).is_some_and(|(least, most)| least > most) {
        return Err(AppError::field("min_price", "must not be above max_price"));
    }
    Ok(AgentQuery {
        search: filter.search,
        category: filter.category,
        pricing_model,
        min_price: filter.min_price,
        max_price: filter.max_price,
        language: filter.language,
        capabilities: names(filter.capability.as_deref()),
        tags: names(filter.tag.as_deref()),
        developer: filter.developer,
        sort,
        facets: filter.facets,
    })
}

/// The names in a list with commas.
fn names(list: Option<&str>) -> Vec<String> {
    let names = list.unwrap_or_default().split(',').map(str::trim).filter(|name| !name.is_empty());
    names.map(str::to_owned).collect()
}

/// A developer's own agents, in every status, newest first.
pub async fn agent_list_mine(app: &App, developer: DeveloperId) -> Result<Vec<Agent>> {
    Ok(app
        .store()
        .read(move |tx| Box::pin(async move { agent::agent_list_by_developer(tx, developer).await }))
        .await?)
}

/// One agent, by slug or id.
pub async fn agent_get(app: &App, slug_or_id: &str, viewer: Option<&Principal>) -> Result<AgentView> {
    let agent = agent_visible(app, slug_or_id, viewer).await?;
    let (id, current) = (agent.id, agent.current_version.clone());
    let version = app
        .store()
        .read(move |tx| Box::pin(async move { version::version_get(tx, id, &current).await }))
        .await?;
    let version = version.ok_or_else(|| AppError::internal("an agent's current version is missing"))?;
    Ok(AgentView { agent, manifest: version.manifest })
}

/// The agent, if `viewer` may know of it.
pub(crate) async fn agent_visible(app: &App, slug_or_id: &str, viewer: Option<&Principal>) -> Result<Agent> {
    let name = slug_or_id.to_owned();
    let found = app
        .store()
        .read(move |tx| Box::pin(async move { agent::agent_find_unscoped(tx, &name).await }))
        .await?;
    let public = |agent: &Agent| matches!(agent.status, AgentStatus::Published | AgentStatus::Deprecated);
    found.filter(|agent| public(agent) || insider(agent, viewer)).ok_or(AppError::not_found("agent"))
}

/// Whether the viewer is the agent's developer or an administrator.
pub(crate) fn insider(agent: &Agent, viewer: Option<&Principal>) -> bool {
    viewer.is_some_and(|viewer| viewer.role == Role::Admin || viewer.developer() == Some(agent.developer_id))
}

/// Categories of published agents with their numbers, by name.
pub async fn category_list(app: &App) -> Result<Vec<FacetValue>> {
    let mut categories = catalogue(app).await?.index().categories();
    categories.sort_by(|a, b| a.value.cmp(&b.value));
    Ok(categories)
}
