//! `frameos doctor`: looks at everything a process needs, and says of each what is wrong and what to do.
//!
//! Invariants: it changes nothing but a probe object that it removes; each look has a time limit; a part that cannot be looked
//! at is a finding, never the end of the examination.

mod data;
mod machine;
mod services;
mod telemetry;

use std::{error::Error, time::Duration};

use serde::Serialize;

use crate::{
    config::{Config, Role},
    data_dir::DataDir,
};

/// For each look.
const LOOK: Duration = Duration::from_secs(10);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Ok,
    /// It works, and should be otherwise.
    Warn,
    /// A process does not start, or does not do its work.
    Fail,
}

/// What was found of one thing.
#[derive(Debug, Clone, Serialize)]
pub struct Finding {
    pub check: &'static str,
    pub verdict: Verdict,
    pub found: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
}

impl Finding {
    fn ok(check: &'static str, found: impl Into<String>) -> Self {
        Self { check, verdict: Verdict::Ok, found: found.into(), advice: None }
    }

    fn warn(check: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { check, verdict: Verdict::Warn, found: found.into(), advice: Some(advice.into()) }
    }

    fn fail(check: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { check, verdict: Verdict::Fail, found: found.into(), advice: Some(advice.into()) }
    }
}

/// Examines what a process with this configuration would stand on.
pub async fn doctor(config: &Config) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(machine::limits(config));
    match DataDir::existing(&config.data_dir) {
        Ok(data) => {
            findings.extend(data::files(config, &data));
            findings.push(machine::disk(&data));
            findings.extend(services::stores(config, &data).await);
        }
        Err(_) => {
            let found = format!("{} is not there", config.data_dir.display());
            let advice = "nothing to do before a first start, which makes it; else give the right --data-dir";
            findings.push(Finding::warn("data directory", found, advice));
        }
    }
    findings.push(services::redis(config).await);
    findings.push(services::gateway(config).await);
    findings.extend(telemetry::told_to(config).await);
    if config.has_role(Role::Worker) {
        findings.extend(machine::sandbox(config).await);
    }
    findings.extend(machine::ports(config).await);
    findings.extend(data::tls(config));
    findings.extend(data::exposure(config));
    findings
}

/// An error with its causes, in one line.
fn told(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    text
}
