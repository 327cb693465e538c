//! What publishing would say, without publishing: for whoever is still writing a manifest, or looks at a scan before submitting.
//!
//! Invariants: nothing is stored; every rule is the one that [`agent_register`](crate::agent_register) and
//! [`version_submit`](crate::version_submit) apply, by the same functions; what is wrong with a submission is the answer and no
//! failure, and all of it is said at once as far as it can be told.

use frameos_domain::{
    id::{DeveloperId, VersionId},
    manifest::{Manifest, ManifestIssue},
    scan::{CodeFrame, ScanReport, Verdict, VersionDiff},
    version::Version as Number,
};
use frameos_scanner::bundle::Bundle;
use frameos_store::agent::{self, Agent};
use serde_json::{Map, Value};

use crate::{
    agent::{scan_refused, slug_taken},
    app::App,
    error::{AppError, Result},
    scan::{Scanned, bundle_scan, version_compare},
    submission::{
        CheckedListing, Submission, bundle_unpack, entrypoint_check, listing_check, manifest_json,
        manifest_refused, slug_new, version_stated,
    },
    version::{agent_owned, goes_live, newer_check, slug_stays, version_welcome},
};

/// What to check.
#[derive(Debug, Clone, Default)]
pub struct AgentCheckNew {
    /// Completes the bundle's.
    pub manifest: Option<Value>,
    /// The packed bundle; without it the manifest alone is checked.
    pub code: Option<Vec<u8>>,
    /// The developer's own agent that it is to be a version of.
    pub agent: Option<String>,
}

/// Something that has to change before it could be submitted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckIssue {
    /// The code that submitting would be refused with.
    pub code: &'static str,
    /// JSON path in the manifest; none when it is about something else.
    pub path: Option<String>,
    pub message: String,
}

/// What submitting would come to.
#[derive(Debug, Clone, Default)]
pub struct AgentCheck {
    pub errors: Vec<CheckIssue>,
    pub warnings: Vec<ManifestIssue>,
    /// As it would be stored.
    pub manifest: Option<Value>,
    /// Path and size of each file of the bundle.
    pub files: Vec<(String, u64)>,
    pub scan: Option<ScanReport>,
    pub frames: Vec<CodeFrame>,
    /// Against the newest approved version before it.
    pub changes: Option<VersionDiff>,
    /// Whether a reviewer would have to approve it; none while that cannot be told.
    pub needs_review: Option<bool>,
}

/// Checks what may become a new agent, or a new version of one.
pub async fn agent_check(app: &App, developer: DeveloperId, new: AgentCheckNew) -> Result<AgentCheck> {
    let agent = match new.agent.as_deref() {
        Some(name) => Some(agent_owned(app, developer, name).await?),
        None => None,
    };
    if let Some(agent) = &agent {
        version_welcome(agent)?;
    }
    let has_code = new.code.is_some();
    let _turn = match has_code {
        true => Some(app.checking.acquire().await.map_err(AppError::internal)?),
        false => None,
    };
    let submission =
        Submission { manifest: new.manifest, code: new.code.unwrap_or_default(), ..Submission::default() };
    let looked = tokio::task::spawn_blocking(move || look(&submission, has_code));
    let Looked { mut check, stated, scanned } = looked.await.map_err(AppError::internal)??;
    match (stated, &agent) {
        (Some(stated), None) => {
            face_told(&mut check, &stated)?;
            slug_told(app, &mut check, stated.listing.slug).await?;
            check.needs_review = (has_code && check.errors.is_empty()).then_some(true);
        }
        (Some(stated), Some(agent)) => version_told(app, &mut check, (agent, &stated), scanned).await?,
        (None, _) => {}
    }
    Ok(check)
}

/// What a manifest that breaks no rule says.
struct Stated {
    manifest: Manifest,
    version: Option<Number>,
    listing: CheckedListing,
}

struct Looked {
    check: AgentCheck,
    stated: Option<Stated>,
    scanned: Option<Scanned>,
}

/// All that can be told from the submission alone. CPU-bound.
fn look(submission: &Submission, has_code: bool) -> Result<Looked> {
    let mut looked = Looked { check: AgentCheck::default(), stated: None, scanned: None };
    let check = &mut looked.check;
    let bundle = match has_code.then(|| bundle_unpack(&submission.code)).transpose() {
        Ok(bundle) => bundle,
        Err(error) => {
            check.tell(error)?;
            return Ok(looked);
        }
    };
    let manifest = match &bundle {
        Some(bundle) => manifest_json(submission, bundle),
        None => Ok(submission.manifest.clone().unwrap_or_else(|| Value::Object(Map::new()))),
    };
    check.manifest = check.told(manifest)?;
    if let Some(bundle) = &bundle {
        looked.scanned = Some(scan_told(check, bundle)?);
    }
    if let Some(json) = check.manifest.clone() {
        looked.stated = stated(check, submission, (&json, bundle.as_ref()))?;
    }
    Ok(looked)
}

fn scan_told(check: &mut AgentCheck, bundle: &Bundle) -> Result<Scanned> {
    let own = || serde_json::from_slice(bundle.manifest_bytes()).unwrap_or(Value::Null);
    let scanned = bundle_scan(bundle, &check.manifest.clone().unwrap_or_else(own))?;
    if scanned.report.verdict == Verdict::Reject {
        check.tell(scan_refused(&scanned.report))?;
    }
    check.files = scanned.files.iter().map(|(path, (bytes, _))| (path.clone(), *bytes)).collect();
    check.frames = scanned.report.frames(|path| bundle.get(path));
    check.scan = Some(scanned.report.clone());
    Ok(scanned)
}

fn stated(
    check: &mut AgentCheck,
    submission: &Submission,
    (json, bundle): (&Value, Option<&Bundle>),
) -> Result<Option<Stated>> {
    let manifest = Manifest::parse(json).map_err(|errors| manifest_refused(&errors.into()));
    let Some(manifest) = check.told(manifest)? else { return Ok(None) };
    check.warnings.clone_from(&manifest.warnings);
    if let Some(bundle) = bundle {
        check.told(entrypoint_check(&manifest, bundle))?;
    }
    let version = check.told(version_stated(submission, &manifest))?.flatten();
    if version.is_none() {
        check.tell(AppError::field("version", "is required, in the request or in manifest.json"))?;
    }
    let listing = check.told(listing_check(submission, &manifest))?;
    Ok(listing.map(|listing| Stated { manifest, version, listing }))
}

/// What a new agent must say of itself.
fn face_told(check: &mut AgentCheck, stated: &Stated) -> Result<()> {
    let listing = &stated.listing;
    let parts = [
        ("name", listing.name.is_some()),
        ("description", listing.description.is_some()),
        ("category", listing.category.is_some()),
        ("pricing", listing.pricing.is_some()),
    ];
    for (field, _) in parts.into_iter().filter(|(_, is_there)| !is_there) {
        check.tell(AppError::field(field, "is required, in the request or in manifest.json"))?;
    }
    Ok(())
}

async fn slug_told(app: &App, check: &mut AgentCheck, slug: Option<String>) -> Result<()> {
    let Some(slug) = check.told(slug_new(slug))? else { return Ok(()) };
    let name = slug.clone();
    let read = app
        .store()
        .read(move |tx| Box::pin(async move { Ok(agent::agent_find_unscoped(tx, &name).await?.is_some()) }));
    if read.await? {
        check.tell_at("slug", slug_taken(&slug))?;
    }
    Ok(())
}

/// What becomes of a version of `agent`.
async fn version_told(
    app: &App,
    check: &mut AgentCheck,
    (agent, stated): (&Agent, &Stated),
    scanned: Option<Scanned>,
) -> Result<()> {
    check.told(slug_stays(agent, &stated.listing))?;
    let Some(number) = &stated.version else { return Ok(()) };
    let versions = match newer_check(app, agent, number).await {
        Ok(versions) => versions,
        Err(error) => return check.tell_at("version", error),
    };
    let Some(scanned) = scanned else { return Ok(()) };
    let number = (VersionId::generate(app.now()), number);
    let comparison = version_compare(app, &versions, number, &scanned).await?;
    if check.errors.is_empty() {
        check.needs_review = Some(!goes_live(agent, &stated.manifest, &scanned.report, &comparison));
    }
    check.changes = comparison.changes;
    Ok(())
}

impl AgentCheck {
    /// What a rule gave, or nothing if it refused, which is noted.
    fn told<T>(&mut self, ruled: Result<T>) -> Result<Option<T>> {
        match ruled {
            Ok(value) => Ok(Some(value)),
            Err(error) => self.tell(error).map(|()| None),
        }
    }

    /// Notes a refusal; what is no refusal of the submission stays a failure.
    fn tell(&mut self, error: AppError) -> Result<()> {
        let AppError::Invalid { code, message, details } = error else { return Err(error) };
        let parts = |list: &str, key: &str| -> Vec<(String, String)> {
            let listed = details.as_ref().and_then(|details| details[list].as_array()).into_iter().flatten();
            let text = |part: &Value, key: &str| part[key].as_str().map(str::to_owned);
            listed.filter_map(|part| Some((text(part, key)?, text(part, "message")?))).collect()
        };
        let of_manifest = parts("errors", "path");
        let of_fields = parts("fields", "field").into_iter().map(|(field, message)| {
            let message = format!("{field} {message}");
            (format!("$.{field}"), message)
        });
        let placed: Vec<_> = of_manifest.into_iter().chain(of_fields).collect();
        if placed.is_empty() {
            self.errors.push(CheckIssue { code, path: None, message });
        }
        let issues = placed.into_iter().map(|(path, message)| CheckIssue { code, path: Some(path), message });
        self.errors.extend(issues);
        Ok(())
    }

    /// Notes that the state of things forbids what `field` says.
    fn tell_at(&mut self, field: &str, error: AppError) -> Result<()> {
        let AppError::Conflict { code, message } = error else { return Err(error) };
        self.errors.push(CheckIssue { code, path: Some(format!("$.{field}")), message });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use frameos_scanner::bundle;
    use serde_json::json;

    use super::*;

    fn looked(manifest: Option<Value>, files: &[(&str, &str)]) -> AgentCheck {
        let files = files.iter().map(|(path, code)| ((*path).to_owned(), code.as_bytes().to_vec()));
        let packed: Vec<_> = files.collect();
        let has_code = !packed.is_empty();
        let code = if has_code { bundle::pack(packed).unwrap() } else { Vec::new() };
        look(&Submission { manifest, code, ..Submission::default() }, has_code).unwrap().check
    }

    fn told(check: &AgentCheck) -> Vec<(&str, Option<&str>)> {
        check.errors.iter().map(|issue| (issue.code, issue.path.as_deref())).collect()
    }

    #[test]
    fn every_problem_of_a_manifest_is_told_with_its_path() {
        let check = looked(
            Some(json!({"runtime": {"language": "cobol"}, "inputs": [{"name": "1"}], "colour": "red"})),
            &[],
        );
        let paths: Vec<_> = check.errors.iter().filter_map(|issue| issue.path.as_deref()).collect();
        assert!(paths.contains(&"$.runtime.language"), "{:?}", check.errors);
        assert!(paths.iter().any(|path| path.starts_with("$.inputs[0]")), "{:?}", check.errors);
        assert!(check.scan.is_none());
        let check = looked(Some(json!({"runtime": {"language": "nodejs"}, "colour": "red"})), &[]);
        assert_eq!(told(&check), [("VALIDATION_FAILED", Some("$.version"))]);
        assert_eq!(check.warnings[0].path, "$.colour");
        assert_eq!(told(&looked(None, &[])).first().map(|(code, _)| *code), Some("INVALID_MANIFEST"));
    }

    #[test]
    fn code_is_scanned_whatever_its_manifest() {
        let evil = "const a = 1;\neval(process.argv[2]);\n";
        let good = json!({"runtime": {"language": "nodejs"}, "version": "1.0.0"}).to_string();
        let check = looked(None, &[("manifest.json", &good), ("index.js", evil)]);
        let scan = check.scan.as_ref().unwrap();
        assert!(!scan.findings.is_empty());
        assert_eq!(check.frames[0].lines[check.frames[0].line as usize - 1], "eval(process.argv[2]);");
        assert_eq!(check.files.len(), 2);
        for broken in ["{", r#"{"runtime": {"language": "cobol"}}"#] {
            let check = looked(None, &[("manifest.json", broken), ("index.js", evil)]);
            assert!(told(&check).iter().any(|(code, _)| *code == "INVALID_MANIFEST"), "{broken}");
            assert!(check.scan.is_some_and(|scan| !scan.findings.is_empty()), "{broken}");
        }
        let check = looked(None, &[("manifest.json", &good)]);
        assert_eq!(told(&check), [("BUNDLE_NO_ENTRYPOINT", None)]);
    }

    #[test]
    fn what_is_no_bundle_is_told_and_no_failure() {
        let submission = Submission { code: b"junk".to_vec(), ..Submission::default() };
        assert_eq!(told(&look(&submission, true).unwrap().check), [("BUNDLE_NOT_GZIP", None)]);
    }
}
