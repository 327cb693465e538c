//! The registry: publishing, finding and reading agents and their versions.

use frameos_domain::id::{AgentId, DeveloperId, VersionId};
use frameos_domain::manifest::Language;
use frameos_domain::money::Currency;
use frameos_domain::pricing::PricingModel;
use frameos_domain::{
    clock::Timestamp,
    manifest::ManifestIssue,
    scan::{ScanReport, VersionDiff},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::schema::{AgentSort, AgentStatus, Manifest, Pricing, PricingForm, ReviewStatus, VersionStatus};

/// `POST /agents/register`; also, with only what changes, `POST /agents/:id/versions`.
///
/// What the bundle's own manifest says may be left out; what both say must agree.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"code_base64": "H4sIAAAAAAAAA+3OMQ"}))]
pub struct AgentRegisterRequest {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slug: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub long_description: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub icon_url: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<PricingModel>)]
    pub pricing_model: Option<String>,
    /// Minor units: of a run, a metered run at most, or a month.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0)]
    pub price_amount: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price_currency: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub free_runs_per_month: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub manifest: Option<Value>,
    /// Base64 of a tar.gz.
    #[schema(content_encoding = "base64", example = "H4sIAAAAAAAAA+3OMQ…")]
    pub code_base64: String,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AgentRegistered {
    #[schema(value_type = AgentId)]
    pub agent_id: String,
    #[schema(value_type = VersionId)]
    pub version_id: String,
    #[schema(value_type = AgentStatus)]
    pub status: String,
    pub scan_passed: bool,
    pub message: String,
    /// What this version changes against the newest approved one before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changes: Option<VersionDiff>,
    /// What the scan flagged for the reviewer, and what the manifest probably did not mean.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scan_report: Option<ScanReport>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<ManifestIssue>,
}

/// `GET /agents` query.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct AgentListQuery {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "data-quality")]
    pub category: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "csv")]
    pub search: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<PricingModel>)]
    pub pricing_model: Option<String>,
    /// Of a run, a metered run at most, or a month; in minor units, both ends included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0)]
    pub min_price: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0)]
    pub max_price: Option<i64>,
    /// nodejs or python.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Language>)]
    pub language: Option<String>,
    /// One, or several with commas between them: agents that have all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capability: Option<String>,
    /// As `capability`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// A developer's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<DeveloperId>)]
    pub developer: Option<String>,
    /// popularity, newest, price_low, price_high, rating or relevance; relevance when something is searched, else popularity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<AgentSort>)]
    pub sort: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 100_000, default = 1)]
    pub page: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 100, default = 20)]
    pub limit: Option<u32>,
    /// Whether to count what the list could be narrowed down to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub facets: Option<bool>,
    /// A signed-in developer's own agents, in every status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mine: Option<bool>,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AgentList {
    pub agents: Vec<AgentSummary>,
    pub total: i64,
    pub page: u32,
    pub limit: u32,
    /// When `facets=true` asks for them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub facets: Option<AgentFacets>,
}

/// How many agents the list would have with each value: each facet obeys all filters but its own, so that a client can offer the
/// other values; of capabilities and tags, which add up, what each would leave of the list. The 20 most frequent values.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct AgentFacets {
    pub category: Vec<FacetCount>,
    pub pricing_model: Vec<FacetCount>,
    pub language: Vec<FacetCount>,
    pub capability: Vec<FacetCount>,
    pub tag: Vec<FacetCount>,
    /// Ranges of prices in minor units, e.g. `1-100`, by price.
    pub price: Vec<FacetCount>,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct FacetCount {
    pub value: String,
    pub agents: i64,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AgentSummary {
    #[schema(value_type = AgentId)]
    pub id: String,
    pub name: String,
    pub slug: String,
    pub description: String,
    #[schema(required)]
    pub icon_url: Option<String>,
    pub category: String,
    #[schema(value_type = PricingModel)]
    pub pricing_model: String,
    /// Of a run, a metered run at most, or a month.
    pub price_amount: i64,
    #[schema(value_type = Currency)]
    pub price_currency: String,
    pub free_runs_per_month: i64,
    /// The whole price, in the form of a manifest's `pricing`.
    #[serde(default)]
    #[schema(value_type = Pricing, required)]
    pub pricing: Value,
    pub current_version: String,
    #[schema(value_type = AgentStatus)]
    pub status: String,
    #[schema(minimum = 0, maximum = 5)]
    pub rating: f64,
    pub review_count: i64,
    pub total_executions: i64,
    pub developer: DeveloperCard,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct DeveloperCard {
    #[schema(value_type = DeveloperId)]
    pub id: String,
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
}

/// `GET /agents/:slug`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AgentDetail {
    #[serde(flatten)]
    pub summary: AgentSummary,
    #[schema(required)]
    pub long_description: Option<String>,
    /// 0 to 1.
    #[schema(minimum = 0, maximum = 1)]
    pub success_rate: f64,
    pub avg_duration_ms: i64,
    pub tags: Vec<String>,
    pub capabilities: Vec<String>,
    /// The current version's manifest: inputs, outputs, runtime.
    #[schema(value_type = Manifest)]
    pub manifest: Value,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// `PATCH /agents/:id`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AgentUpdateRequest {
    /// In the form of a manifest's `pricing`, whole.
    #[schema(value_type = PricingForm)]
    pub pricing: Value,
}

/// One entry of `GET /agents/:id/versions`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct VersionSummary {
    #[schema(value_type = VersionId)]
    pub id: String,
    pub version: String,
    /// active, deprecated or yanked.
    #[schema(value_type = VersionStatus)]
    pub status: String,
    /// pending_review, approved or rejected.
    #[schema(value_type = ReviewStatus)]
    pub review_status: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review_note: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deprecation_message: Option<String>,
    /// Why it was withdrawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub yank_reason: Option<String>,
    pub code_hash: String,
    #[schema(value_type = Language)]
    pub runtime_language: String,
    pub runtime_version: String,
    pub scan_passed: bool,
    pub created_at: Timestamp,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct VersionList {
    pub versions: Vec<VersionSummary>,
}

/// `POST /agents/:id/versions/:version/deprecate`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct DeprecateRequest {
    #[serde(default)]
    pub message: Option<String>,
}

/// `POST /agents/:id/versions/:version/yank`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct YankRequest {
    /// Told to everybody who wants to run it; required.
    #[serde(default)]
    pub reason: Option<String>,
}

/// One entry of `GET /categories`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Category {
    pub category: String,
    pub agents: i64,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct CategoryList {
    pub categories: Vec<Category>,
}
