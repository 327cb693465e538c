//! A developer's submission: listing, manifest and bundle brought together and checked as one.
//!
//! Rule: the bundle carries `manifest.json`; the request may repeat any of it, and what both say must agree. So a reviewer
//! who reads the bundle and a user who reads the listing see the same agent.

use std::{fmt::Display, str::FromStr};

use frameos_domain::{
    canonical,
    manifest::{Manifest, ManifestError},
    money::{Currency, Money},
    pricing::{Pricing, PricingError, PricingModel, Terms},
    version::{self, Version},
};
use frameos_scanner::bundle::{self, Bundle};
use frameos_store::agent::{Agent, AgentFace};
use serde_json::{Value, json};

use crate::error::{AppError, Result};

/// A publish request, as it came. Absent listing fields are taken from the bundle's manifest.
#[derive(Debug, Clone, Default)]
pub struct Submission {
    pub name: Option<String>,
    pub slug: Option<String>,
    pub description: Option<String>,
    pub long_description: Option<String>,
    pub icon_url: Option<String>,
    pub category: Option<String>,
    pub tags: Option<Vec<String>>,
    pub pricing_model: Option<String>,
    /// Minor units.
    pub price_amount: Option<i64>,
    pub price_currency: Option<String>,
    pub free_runs_per_month: Option<u32>,
    pub version: Option<String>,
    pub manifest: Option<Value>,
    /// The packed bundle, tar.gz.
    pub code: Vec<u8>,
}

/// A submission that holds together.
pub(crate) struct Checked {
    pub bundle: Bundle,
    /// SHA-256 of the packed bundle, hex.
    pub code_hash: String,
    pub packed_size: usize,
    pub manifest: Manifest,
    /// What is stored and shown as the version's manifest.
    pub manifest_json: Value,
    pub version: Version,
    pub listing: CheckedListing,
}

/// The listing of a new agent, or what a new version changes of it.
pub(crate) struct CheckedListing {
    pub name: Option<String>,
    pub slug: Option<String>,
    pub description: Option<String>,
    pub long_description: Option<String>,
    pub icon_url: Option<String>,
    pub category: Option<String>,
    pub tags: Option<Vec<String>>,
    pub pricing: Option<Pricing>,
}

/// Unpacks and checks a submission. CPU-bound: call it off the async threads.
pub(crate) fn submission_check(submission: &Submission) -> Result<Checked> {
    let bundle = bundle_unpack(&submission.code)?;
    let code_hash = canonical::sha256_hex(&submission.code);
    let manifest_json = manifest_json(submission, &bundle)?;
    let manifest = Manifest::parse(&manifest_json).map_err(|errors| manifest_refused(&errors.into()))?;
    entrypoint_check(&manifest, &bundle)?;
    let version = version_stated(submission, &manifest)?
        .ok_or_else(|| AppError::field("version", "is required, in the request or in manifest.json"))?;
    let listing = listing_check(submission, &manifest)?;
    Ok(Checked {
        bundle,
        code_hash,
        packed_size: submission.code.len(),
        manifest,
        manifest_json,
        version,
        listing,
    })
}

pub(crate) fn bundle_unpack(code: &[u8]) -> Result<Bundle> {
    bundle::unpack(code).map_err(|error| AppError::invalid(error.code(), error.to_string()))
}

/// The manifest of a submission: the bundle's, completed by the request's.
pub(crate) fn manifest_json(submission: &Submission, bundle: &Bundle) -> Result<Value> {
    let bundled: Value = serde_json::from_slice(bundle.manifest_bytes()).map_err(|error| {
        AppError::invalid("INVALID_MANIFEST", format!("manifest.json is not valid JSON: {error}"))
    })?;
    manifests_merge(&bundled, submission.manifest.as_ref())
}

pub(crate) fn entrypoint_check(manifest: &Manifest, bundle: &Bundle) -> Result<()> {
    if bundle.get(&entrypoint(manifest)).is_some() {
        return Ok(());
    }
    let message = format!("the entry point `{}` is not in the bundle", manifest.runtime.entrypoint);
    Err(AppError::invalid("BUNDLE_NO_ENTRYPOINT", message))
}

/// The version that request and manifest say, if one does.
pub(crate) fn version_stated(submission: &Submission, manifest: &Manifest) -> Result<Option<Version>> {
    let requested = submission.version.as_deref().map(version::parse);
    agree("version", requested, manifest.listing.version.clone())
}

/// Slugs that would hide their agents: other routes have their paths.
const TAKEN_PATHS: [&str; 2] = ["check", "register"];

/// The slug of a new agent.
pub(crate) fn slug_new(slug: Option<String>) -> Result<String> {
    let slug = required("slug", slug)?;
    if TAKEN_PATHS.contains(&slug.as_str()) {
        return Err(AppError::field("slug", format!("`{slug}` is a word of the platform's; choose another")));
    }
    Ok(slug)
}

/// A listing field that a new agent cannot do without.
pub(crate) fn required(field: &str, value: Option<String>) -> Result<String> {
    value.ok_or_else(|| AppError::field(field, "is required, in the request or in manifest.json"))
}

/// The public face of a new agent.
pub(crate) fn face_new(checked: &Checked) -> Result<AgentFace> {
    let listing = &checked.listing;
    Ok(AgentFace {
        name: required("name", listing.name.clone())?,
        description: required("description", listing.description.clone())?,
        long_description: listing.long_description.clone(),
        icon_url: listing.icon_url.clone(),
        category: required("category", listing.category.clone())?,
        pricing: listing.pricing.clone().ok_or_else(|| {
            let message = "is required with price_amount, in the request or as `pricing` in manifest.json";
            AppError::field("pricing_model", message)
        })?,
        tags: listing.tags.clone().unwrap_or_default(),
        capabilities: checked.manifest.capabilities.clone(),
        version: checked.version.to_string(),
    })
}

/// The face a new version gives an agent; what it does not say stays.
pub(crate) fn face_merge(checked: &Checked, agent: &Agent) -> AgentFace {
    let listing = &checked.listing;
    AgentFace {
        name: listing.name.clone().unwrap_or_else(|| agent.name.clone()),
        description: listing.description.clone().unwrap_or_else(|| agent.description.clone()),
        long_description: listing.long_description.clone().or_else(|| agent.long_description.clone()),
        icon_url: listing.icon_url.clone().or_else(|| agent.icon_url.clone()),
        category: listing.category.clone().unwrap_or_else(|| agent.category.clone()),
        pricing: listing.pricing.clone().unwrap_or_else(|| agent.pricing.clone()),
        tags: listing.tags.clone().unwrap_or_else(|| agent.tags.clone()),
        capabilities: checked.manifest.capabilities.clone(),
        version: checked.version.to_string(),
    }
}

/// The manifest's entry point as the bundle names it.
pub(crate) fn entrypoint(manifest: &Manifest) -> String {
    let entrypoint = manifest.runtime.entrypoint.as_str();
    entrypoint.strip_prefix("./").unwrap_or(entrypoint).to_owned()
}

/// The error for a manifest that breaks rules, with every problem in its details.
pub(crate) fn manifest_refused(error: &ManifestError) -> AppError {
    let details = match error {
        ManifestError::Invalid(errors) => json!({"errors": errors.0}),
        ManifestError::NotJson(_) => json!({"errors": []}),
    };
    AppError::invalid_with("INVALID_MANIFEST", error.to_string(), details)
}

/// The bundled manifest completed by the request's. Keys in both must say the same.
fn manifests_merge(bundled: &Value, requested: Option<&Value>) -> Result<Value> {
    let Some(requested) = requested.filter(|value| !value.is_null()) else { return Ok(bundled.clone()) };
    let (Value::Object(bundled), Value::Object(requested)) = (bundled, requested) else {
        return Err(AppError::invalid("INVALID_MANIFEST", "the manifest must be a JSON object"));
    };
    let mut merged = bundled.clone();
    for (key, value) in requested {
        match bundled.get(key) {
            Some(Value::Object(inner)) if value.is_object() => {
                let value = manifests_merge(&Value::Object(inner.clone()), Some(value))
                    .map_err(|_| mismatch(&format!("manifest.{key}")))?;
                merged.insert(key.clone(), value);
            }
            Some(inner) if inner != value => return Err(mismatch(&format!("manifest.{key}"))),
            _ => {
                merged.insert(key.clone(), value.clone());
            }
        }
    }
    Ok(Value::Object(merged))
}

fn mismatch(field: &str) -> AppError {
    AppError::invalid_with(
        "MANIFEST_MISMATCH",
        format!(
            "{field} differs between the request and the bundle's manifest.json; make them agree or leave one out"
        ),
        json!({"field": field}),
    )
}

pub(crate) fn listing_check(submission: &Submission, manifest: &Manifest) -> Result<CheckedListing> {
    let bundled = &manifest.listing;
    // The request's listing obeys the manifest's rules: read it as one.
    let as_manifest = json!({
        "name": submission.name, "slug": submission.slug, "description": submission.description,
        "long_description": submission.long_description, "icon_url": submission.icon_url, "category": submission.category,
        "tags": submission.tags.clone().unwrap_or_default(), "runtime": {"language": manifest.runtime.language},
    });
    let requested = Manifest::parse(&as_manifest)
        .map_err(|errors| {
            let fields: Vec<Value> = errors
                .0
                .iter()
                .map(|issue| json!({"field": issue.path.trim_start_matches("$."), "message": issue.message}))
                .collect();
            AppError::invalid_with("VALIDATION_FAILED", errors.to_string(), json!({"fields": fields}))
        })?
        .listing;
    let tags = submission.tags.clone().or_else(|| (!bundled.tags.is_empty()).then(|| bundled.tags.clone()));
    Ok(CheckedListing {
        name: requested.name.or_else(|| bundled.name.clone()),
        slug: agree_text("slug", requested.slug, bundled.slug.clone())?,
        description: requested.description.or_else(|| bundled.description.clone()),
        long_description: requested.long_description.or_else(|| bundled.long_description.clone()),
        icon_url: requested.icon_url.or_else(|| bundled.icon_url.clone()),
        category: requested.category.or_else(|| bundled.category.clone()),
        tags,
        pricing: pricing_check(submission, bundled.pricing.as_ref())?,
    })
}

fn pricing_check(submission: &Submission, bundled: Option<&Pricing>) -> Result<Option<Pricing>> {
    let asked = submission.pricing_model.is_some() || submission.price_amount.is_some();
    if !asked {
        return Ok(bundled.cloned());
    }
    let refused = |error: PricingError| match error {
        PricingError::FreeTierWithoutRuns
        | PricingError::FreeRunsOutOfRange
        | PricingError::FreeRunsNotOffered(_) => AppError::field("free_runs_per_month", error.to_string()),
        PricingError::Unknown(_)
        | PricingError::NoEvents
        | PricingError::UsageNotOffered
        | PricingError::EventName(_)
        | PricingError::UnitPrice(_)
        | PricingError::StartFee
        | PricingError::RunsPerMonth
        | PricingError::RunsNotOffered => AppError::field("pricing_model", error.to_string()),
        PricingError::OutOfRange | PricingError::Zero(_) => {
            AppError::field("price_amount", error.to_string())
        }
        PricingError::CurrencyNotOffered(_) => AppError::field("price_currency", error.to_string()),
    };
    let model = match submission.pricing_model.as_deref() {
        Some(text) => PricingModel::from_str(text).map_err(refused)?,
        None => bundled.map_or(PricingModel::PerExecution, |pricing| pricing.model),
    };
    let currency = match submission.price_currency.as_deref() {
        Some(text) => text.parse().map_err(|error: frameos_domain::money::MoneyError| {
            AppError::field("price_currency", error.to_string())
        })?,
        None => Currency::INR,
    };
    let amount = submission
        .price_amount
        .or_else(|| bundled.map(|pricing| pricing.price.minor))
        .ok_or_else(|| AppError::field("price_amount", "is required, in minor units (paise)"))?;
    let free_runs = submission
        .free_runs_per_month
        .or_else(|| bundled.map(|pricing| pricing.free_runs_per_month))
        .unwrap_or(0);
    // Events and runs a month are said in the manifest only.
    let terms = bundled.map_or_else(Terms::default, |pricing| pricing.terms.clone());
    let pricing = Pricing::new(model, Money::new(amount, currency), free_runs, terms).map_err(refused)?;
    if bundled.is_some_and(|bundled| bundled.price != pricing.price) {
        return Err(mismatch("price_amount"));
    }
    Ok(Some(pricing))
}

fn agree<T: PartialEq, E: Display>(
    field: &str,
    requested: Option<std::result::Result<T, E>>,
    bundled: Option<T>,
) -> Result<Option<T>> {
    let requested = requested.transpose().map_err(|error| AppError::field(field, error.to_string()))?;
    match (requested, bundled) {
        (Some(requested), Some(bundled)) if requested != bundled => Err(mismatch(field)),
        (requested, bundled) => Ok(requested.or(bundled)),
    }
}

fn agree_text(field: &str, requested: Option<String>, bundled: Option<String>) -> Result<Option<String>> {
    agree(field, requested.map(Ok::<_, String>), bundled)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest() -> Value {
        json!({"runtime": {"language": "nodejs"}, "inputs": [{"name": "a", "type": "string"}], "version": "1.0.0"})
    }

    fn submission(bundled: &Value) -> Submission {
        let files = [
            ("manifest.json".to_owned(), bundled.to_string().into_bytes()),
            ("index.js".to_owned(), b"module.exports = async () => ({});".to_vec()),
        ];
        Submission { code: bundle::pack(files).unwrap(), ..Submission::default() }
    }

    /// The code of the refusal, or what was accepted as version and price.
    fn check(submission: Submission) -> std::result::Result<(String, Option<i64>), &'static str> {
        match submission_check(&submission) {
            Ok(checked) => {
                Ok((checked.version.to_string(), checked.listing.pricing.map(|pricing| pricing.price.minor)))
            }
            Err(error) => Err(error.code()),
        }
    }

    #[test]
    fn what_request_and_bundle_both_say_must_agree() {
        let bundled = manifest();
        let with = |manifest: Value| Submission { manifest: Some(manifest), ..submission(&bundled) };
        assert_eq!(check(submission(&bundled)), Ok(("1.0.0".into(), None)));
        assert_eq!(check(with(bundled.clone())), Ok(("1.0.0".into(), None)));
        assert_eq!(
            check(with(json!({"runtime": {"language": "nodejs", "timeout_ms": 5}}))),
            Ok(("1.0.0".into(), None))
        );
        assert_eq!(check(with(json!({"runtime": {"language": "python"}}))), Err("MANIFEST_MISMATCH"));
        assert_eq!(check(with(json!({"inputs": []}))), Err("MANIFEST_MISMATCH"));
        assert_eq!(check(with(json!("text"))), Err("INVALID_MANIFEST"));
        let other_version = Submission { version: Some("2.0.0".into()), ..submission(&bundled) };
        assert_eq!(check(other_version), Err("MANIFEST_MISMATCH"));
    }

    #[test]
    fn a_listing_obeys_the_manifests_rules_wherever_it_comes_from() {
        let bundled = manifest();
        let bad_slug = Submission { slug: Some("Bad Slug".into()), ..submission(&bundled) };
        assert_eq!(check(bad_slug), Err("VALIDATION_FAILED"));
        let eventless = Submission {
            pricing_model: Some("pay_per_use".into()),
            price_amount: Some(100),
            ..submission(&bundled)
        };
        assert_eq!(check(eventless), Err("VALIDATION_FAILED"));
        let monthly = Submission {
            pricing_model: Some("subscription".into()),
            price_amount: Some(100),
            ..submission(&bundled)
        };
        assert_eq!(check(monthly), Ok(("1.0.0".into(), Some(100))));
        let negative = Submission { price_amount: Some(-1), ..submission(&bundled) };
        assert_eq!(check(negative), Err("VALIDATION_FAILED"));
        let priced = Submission { price_amount: Some(50), ..submission(&bundled) };
        assert_eq!(check(priced), Ok(("1.0.0".into(), Some(50))));
    }

    #[test]
    fn a_bundle_without_its_entry_point_is_refused() {
        let bundled = json!({"runtime": {"language": "python"}, "version": "1.0.0"});
        assert_eq!(check(submission(&bundled)), Err("BUNDLE_NO_ENTRYPOINT"));
        let no_version = json!({"runtime": {"language": "nodejs"}});
        assert_eq!(check(submission(&no_version)), Err("VALIDATION_FAILED"));
    }
}
