//! `frameos validate`: everything that is wrong with an agent's manifest and bundle, at once.

use std::path::PathBuf;

use clap::Args;
use frameos_domain::manifest::{Manifest, ManifestIssue};
use serde_json::json;

use crate::{
    agent_dir::AgentDir,
    failure::{Failure, Result},
    output,
};

#[derive(Debug, Args)]
pub struct Validate {
    /// The agent's folder
    dir: PathBuf,
    /// Print errors and warnings as JSON
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Validate) -> Result<()> {
    let dir = AgentDir::read(&args.dir)?;
    let (errors, warnings) = match dir.manifest()? {
        Ok(manifest) => (Vec::new(), warnings(&manifest)),
        Err(errors) => (errors, Vec::new()),
    };
    // Packing is the only way to know the packed size, which has a limit of its own.
    if errors.is_empty() {
        dir.pack()?;
    }
    let valid = errors.is_empty();
    if args.json {
        output::json(&json!({"valid": valid, "errors": errors, "warnings": warnings}))?;
    } else {
        let labelled = errors.iter().map(|issue| ("error", issue));
        for (label, issue) in labelled.chain(warnings.iter().map(|issue| ("warning", issue))) {
            output::line(&format!("{label}: {}: {}", issue.path, issue.message))?;
        }
        let summary = if valid { "manifest.json is valid" } else { "manifest.json is not valid" };
        output::line(summary)?;
    }
    if valid { Ok(()) } else { Err(Failure::Shown) }
}

/// What the manifest probably did not mean, and what it still needs before it can be published.
fn warnings(manifest: &Manifest) -> Vec<ManifestIssue> {
    let missing = missing_for_publishing(manifest).into_iter().map(|name| ManifestIssue {
        path: format!("$.{name}"),
        message: "is missing: not needed to run, but to publish".to_owned(),
    });
    manifest.warnings.iter().cloned().chain(missing).collect()
}

/// The listing's keys that the marketplace cannot do without.
pub fn missing_for_publishing(manifest: &Manifest) -> Vec<&'static str> {
    let listing = &manifest.listing;
    [
        ("name", listing.name.is_none()),
        ("slug", listing.slug.is_none()),
        ("description", listing.description.is_none()),
        ("category", listing.category.is_none()),
        ("version", listing.version.is_none()),
        ("pricing", listing.pricing.is_none()),
    ]
    .into_iter()
    .filter_map(|(name, missing)| missing.then_some(name))
    .collect()
}
