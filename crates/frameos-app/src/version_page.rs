//! One version of an agent as it is shown: to everybody what it takes, gives and asks for, and to its developer and
//! administrators what it is made of and how its review goes.
//!
//! Invariant: nothing of the code, not even a line of it, is shown to anybody else.

use frameos_domain::{
    manifest::Manifest,
    scan::{CodeFrame, VersionDiff},
    version as semver,
};
use frameos_store::{
    agent::Agent,
    finding::Acceptance,
    status::ReviewStatus,
    version::{self, Version},
};

use crate::{
    agent::{agent_visible, insider},
    app::App,
    error::{AppError, Result},
    scan::{acceptances, base_scan, version_base, version_diff, version_frames},
    token::Principal,
    upgrade::{VersionChanges, version_changes},
};

/// A version as its page shows it.
#[derive(Debug, Clone)]
pub struct VersionPage {
    pub agent: Agent,
    pub version: Version,
    /// Against the version asked for, or the newest approved one before it.
    pub changes: Option<VersionChanges>,
    /// For those who may see it.
    pub inside: Option<VersionInside>,
}

/// What a version is made of.
#[derive(Debug, Clone)]
pub struct VersionInside {
    pub frames: Vec<CodeFrame>,
    pub acceptances: Vec<Acceptance>,
    /// Path and size of each file of the bundle.
    pub files: Vec<(String, u64)>,
    /// Against the newest approved version before it.
    pub diff: Option<VersionDiff>,
}

/// One version of an agent, by its number. Only its developer and administrators see those that were not approved.
pub async fn version_page(
    app: &App,
    (agent, number): (&str, &str),
    since: Option<&str>,
    viewer: Option<&Principal>,
) -> Result<VersionPage> {
    let agent = agent_visible(app, agent, viewer).await?;
    let (id, is_insider) = (agent.id, insider(&agent, viewer));
    let listed = app.store().read(move |tx| Box::pin(async move { version::version_list(tx, id).await }));
    let mut versions = listed.await?;
    versions.retain(|row| is_insider || row.review_status == ReviewStatus::Approved);
    let find = |number: &str| versions.iter().find(|row| row.version == number);
    let version = find(number).ok_or(AppError::not_found("version"))?;
    let parsed = semver::parse(&version.version).map_err(AppError::internal)?;
    let base = version_base(&versions, &parsed);
    let before = match since {
        Some(since) => Some(find(since).ok_or_else(|| AppError::field("since", "is no version of it"))?),
        None => base,
    };
    let inside = if is_insider { Some(inside(app, version, base).await?) } else { None };
    Ok(VersionPage {
        changes: before.map(|before| changes(before, version)).transpose()?,
        inside,
        version: version.clone(),
        agent,
    })
}

fn changes(before: &Version, after: &Version) -> Result<VersionChanges> {
    let read = |row: &Version| Manifest::parse(&row.manifest).map_err(AppError::internal);
    Ok(version_changes((&before.version, &read(before)?), (&after.version, &read(after)?)))
}

async fn inside(app: &App, version: &Version, base: Option<&Version>) -> Result<VersionInside> {
    let (scanned, frames) = version_frames(app, version).await?;
    let diff = match base {
        Some(base) => base_scan(app, base).await.map(|before| version_diff(base, &before, &scanned)),
        None => None,
    };
    let files = scanned.files.into_iter().map(|(path, (bytes, _))| (path, bytes)).collect();
    Ok(VersionInside { frames, acceptances: acceptances(app, version.id).await?, files, diff })
}
