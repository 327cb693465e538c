//! Agents and their versions, as the contract shows them.

use frameos_app::{AgentFilter, AgentView, FacetValue, Facets, Found, Submission, Submitted};
use frameos_contract::agent::{
    AgentDetail, AgentFacets, AgentListQuery, AgentRegisterRequest, AgentRegistered, AgentSummary,
    DeveloperCard, FacetCount, RecentRuns, VersionSummary,
};
use frameos_domain::scan::Verdict;
use frameos_store::{Page, agent::Agent, status::AgentStatus, version::Version};

use super::{agent_check::bundle_decode, version::badge};
use crate::api::failure::ApiFailure;

/// The request with its bundle decoded.
pub(crate) fn submission(request: AgentRegisterRequest) -> Result<Submission, ApiFailure> {
    let code = bundle_decode(&request.code_base64)?;
    Ok(Submission {
        name: request.name,
        slug: request.slug,
        description: request.description,
        long_description: request.long_description,
        icon_url: request.icon_url,
        category: request.category,
        tags: request.tags,
        pricing_model: request.pricing_model,
        price_amount: request.price_amount,
        price_currency: request.price_currency,
        free_runs_per_month: request.free_runs_per_month,
        version: request.version,
        manifest: request.manifest,
        code,
    })
}

pub(crate) fn registered(submitted: Submitted) -> AgentRegistered {
    let message = if submitted.status == AgentStatus::PendingReview {
        "Agent submitted for review. Approval within 24 hours."
    } else {
        "The new version is live."
    };
    AgentRegistered {
        agent_id: submitted.agent_id.to_string(),
        version_id: submitted.version_id.to_string(),
        status: submitted.status.to_string(),
        scan_passed: submitted.scan.verdict != Verdict::Reject,
        message: message.to_owned(),
        changes: submitted.changes,
        scan_report: (!submitted.scan.findings.is_empty()).then_some(submitted.scan),
        warnings: submitted.warnings,
    }
}

pub(crate) fn summary(agent: Agent) -> AgentSummary {
    AgentSummary {
        id: agent.id.to_string(),
        name: agent.name,
        slug: agent.slug,
        description: agent.description,
        icon_url: agent.icon_url,
        category: agent.category,
        pricing_model: agent.pricing.model.as_str().to_owned(),
        price_amount: agent.pricing.price.minor,
        price_currency: agent.pricing.price.currency.to_string(),
        free_runs_per_month: agent.pricing.free_runs_per_month.into(),
        pricing: agent.pricing.to_manifest(),
        current_version: agent.current_version,
        status: agent.status.to_string(),
        rating: agent.rating,
        review_count: agent.review_count,
        total_executions: agent.total_executions,
        developer: DeveloperCard {
            id: agent.developer_id.to_string(),
            name: agent.developer_name,
            company: agent.developer_company,
        },
    }
}

/// What a list's query asks for.
pub(crate) fn filter(query: AgentListQuery) -> AgentFilter {
    AgentFilter {
        category: query.category,
        search: query.search,
        pricing_model: query.pricing_model,
        min_price: query.min_price,
        max_price: query.max_price,
        language: query.language,
        capability: query.capability,
        tag: query.tag,
        developer: query.developer,
        sort: query.sort,
        facets: query.facets.unwrap_or(false),
    }
}

/// A list's whole answer, of entries that were written before: what `Envelope::data(AgentList { … })` would be written as.
pub(crate) fn list_body(found: &Found, page: Page) -> serde_json::Result<Vec<u8>> {
    let mut body = br#"{"success":true,"data":{"agents":["#.to_vec();
    for (number, listed) in found.agents.iter().enumerate() {
        if number > 0 {
            body.push(b',');
        }
        // Our own types always serialise; a list without an entry is better than none.
        body.extend_from_slice(
            listed.entry(|agent| {
                serde_json::to_vec(&summary(agent.clone())).unwrap_or_else(|_| b"null".to_vec())
            }),
        );
    }
    let (total, Page { page, limit }) = (found.total, page);
    body.extend_from_slice(format!(r#"],"total":{total},"page":{page},"limit":{limit}"#).as_bytes());
    if let Some(found) = &found.facets {
        body.extend_from_slice(br#","facets":"#);
        serde_json::to_writer(&mut body, &facets(found))?;
    }
    body.extend_from_slice(b"}}");
    Ok(body)
}

fn facets(facets: &Facets) -> AgentFacets {
    let counts = |values: &[FacetValue]| values.iter().map(facet_count).collect();
    AgentFacets {
        category: counts(&facets.category),
        pricing_model: counts(&facets.pricing_model),
        language: counts(&facets.language),
        capability: counts(&facets.capability),
        tag: counts(&facets.tag),
        price: counts(&facets.price),
    }
}

fn facet_count(count: &FacetValue) -> FacetCount {
    FacetCount { value: count.value.clone(), agents: i64::try_from(count.agents).unwrap_or(i64::MAX) }
}

pub(crate) fn detail(view: AgentView) -> AgentDetail {
    let (mut agent, recent) = (view.agent, view.recent);
    AgentDetail {
        long_description: agent.long_description.take(),
        success_rate: agent.success_rate,
        avg_duration_ms: agent.avg_duration_ms,
        tags: std::mem::take(&mut agent.tags),
        capabilities: std::mem::take(&mut agent.capabilities),
        manifest: view.manifest,
        inputs_schema: view.inputs_schema,
        recent: RecentRuns {
            executions: recent.total,
            success_rate: (recent.total > 0).then(|| recent.succeeded as f64 / recent.total as f64),
            p50_duration_ms: recent.durations.percentile(50),
            p95_duration_ms: recent.durations.percentile(95),
        },
        scan: view.scan.as_ref().map(badge),
        created_at: agent.created_at,
        updated_at: agent.updated_at,
        summary: summary(agent),
    }
}

pub(crate) fn version(version: Version) -> VersionSummary {
    VersionSummary {
        id: version.id.to_string(),
        version: version.version,
        status: version.yanked_at.map_or(version.status.as_str(), |_| "yanked").to_owned(),
        yank_reason: version.yank_reason,
        review_status: version.review_status.to_string(),
        review_note: version.review_note,
        deprecation_message: version.deprecation_message,
        code_hash: version.code_hash,
        runtime_language: version.runtime_language,
        runtime_version: version.runtime_version,
        scan_passed: version.scan_passed,
        scan: version.scan_report.as_ref().map(badge),
        reviewed_at: version.reviewed_at,
        created_at: version.created_at,
    }
}
