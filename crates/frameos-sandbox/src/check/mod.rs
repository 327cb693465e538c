//! A short proof, on the machine at hand, that the walls stand: probes run inside and tell what they meet.
//!
//! What is right is decided out here, by tables of promises; a probe that tells nothing has failed. A promise of one backend
//! is not asked of another. This is the short form of the crate's tests, for whoever runs programs and has no source.

mod lab;
mod leftovers;
mod limits;
mod startup;
mod walls;

use std::collections::BTreeMap;

use serde::Serialize;

use crate::config::{SandboxConfig, WarmConfig};
use crate::error::SandboxError;
use crate::sandbox::Sandbox;
use crate::spec::Language;
use lab::{Folder, Lab};
pub use startup::StartUp;

/// What was found.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// The tier, as `Tier` prints it.
    pub isolation: String,
    /// One per promise, and per runtime where they met different things.
    pub checks: Vec<Check>,
    /// What a run costs before and after the program's own work.
    pub startup: BTreeMap<Language, StartUp>,
}

/// One promise that was put to the test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What should hold.
    pub wall: &'static str,
    /// What was tried or looked at.
    pub tried: &'static str,
    /// By programs of which runtimes; nobody when it was looked at from outside.
    pub by: Vec<Language>,
    /// What was met.
    pub found: String,
    /// Whether that is what was promised.
    pub passed: bool,
}

/// What a check came to.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Verdict {
    found: String,
    passed: bool,
}

impl Report {
    /// Whether everything held. A report of no checks proves nothing.
    #[must_use]
    pub fn passed(&self) -> bool {
        !self.checks.is_empty() && self.checks.iter().all(|check| check.passed)
    }

    /// Runtimes that met the same thing share an entry.
    fn add(&mut self, wall: &'static str, tried: &'static str, by: Option<Language>, verdict: Verdict) {
        let Verdict { found, passed } = verdict;
        let same = |check: &&mut Check| {
            (check.wall, check.tried, &check.found, check.passed) == (wall, tried, &found, passed)
        };
        match self.checks.iter_mut().find(same) {
            Some(check) => check.by.extend(by),
            None => self.checks.push(Check { wall, tried, by: by.into_iter().collect(), found, passed }),
        }
    }
}

impl Verdict {
    fn passed(found: impl Into<String>) -> Self {
        Self { found: found.into(), passed: true }
    }

    fn failed(found: impl Into<String>) -> Self {
        Self { found: found.into(), passed: false }
    }
}

/// Checks a sandbox opened with `config`, whose `warm` does not matter, in every runtime that was built. Takes some
/// seconds; `progress` is told of each stage.
///
/// # Errors
/// As [`Sandbox::open`] and [`Sandbox::run`]; [`SandboxError::RuntimeMissing`] when there is no runtime at all.
pub async fn run(config: SandboxConfig, progress: &mut dyn FnMut(&str)) -> Result<Report, SandboxError> {
    let sandbox = Sandbox::open(SandboxConfig { warm: WarmConfig::OFF, ..config.clone() }).await?;
    let runtimes = Language::ALL.into_iter().filter(|language| sandbox.runtime(language.name()).is_ok());
    // The one that can try more comes first.
    let runtimes: Vec<Language> = runtimes.rev().collect();
    let Some(first) = runtimes.first().copied() else {
        return Err(SandboxError::RuntimeMissing {
            language: "nodejs or python".to_owned(),
            dir: config.runtimes_dir,
        });
    };
    let folder = Folder::make(&config.state_dir)?;
    let lab = Lab { sandbox: &sandbox, folder: folder.path() };
    let mut report =
        Report { isolation: sandbox.tier().to_string(), checks: Vec::new(), startup: BTreeMap::new() };
    for language in &runtimes {
        progress(&format!("looking around from inside ({language})"));
        walls::check(&lab, *language, &mut report).await?;
    }
    progress("running into the limits");
    limits::check(&lab, first, &mut report).await?;
    progress("measuring cold starts");
    for language in &runtimes {
        let cold_ms = startup::median(&lab, *language, &mut report).await?;
        report.startup.insert(*language, StartUp { cold_ms, warm_ms: None });
    }
    if lab.is_linux() {
        progress("measuring warm starts");
        let warm = Sandbox::open(SandboxConfig { warm: WarmConfig::default(), ..config }).await?;
        let warm = Lab { sandbox: &warm, ..lab };
        for language in &runtimes {
            let warm_ms = startup::median(&warm, *language, &mut report).await?;
            report.startup.entry(*language).or_default().warm_ms = warm_ms;
        }
    }
    leftovers::check(&lab, &mut report);
    Ok(report)
}
