//! Running an agent's folder on this machine, in the same sandbox, limits and judgement as on the platform.
//!
//! Invariants: only what would travel in the bundle is there when the agent runs; inputs and outputs are held to the manifest by
//! the platform's own functions; secret inputs are in no record and no log; the copy of the code is gone afterwards.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context;
use frameos_app::{
    LOG_HEAD_BYTES, bundle_write, log_head, outcome_judge, pricing_charges, pricing_meter, run_language,
    run_redactor, run_resources, run_spec,
};
use frameos_contract::execution::Execution;
use frameos_domain::{execution::RunStatus, id::ExecutionId, manifest::Manifest};
use frameos_sandbox::{DockerConfig, Outcome, RunEvent, Sandbox, SandboxConfig, runtime};
use frameos_scanner::bundle::Bundle;
use serde_json::{Map, Value};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::{
    clock, environment,
    failure::{Failure, Result},
    progress::Progress,
};

/// Where runtimes and scratch space of local runs live.
pub struct LocalState {
    root: PathBuf,
}

impl LocalState {
    /// In `dir` if given, else in the user's cache folder.
    pub fn open(dir: Option<&Path>) -> Result<Self> {
        let root = match dir {
            Some(dir) => std::path::absolute(dir)?,
            None => environment::cache_dir()
                .ok_or_else(|| Failure::usage("set HOME or XDG_CACHE_HOME, or use --data-dir"))?,
        };
        fs::create_dir_all(&root).with_context(|| format!("cannot create {}", root.display()))?;
        Ok(Self { root })
    }

    pub fn runtimes_dir(&self) -> PathBuf {
        self.root.join("runtimes")
    }

    pub fn sandbox_config(&self) -> SandboxConfig {
        SandboxConfig::new(self.root.join("sandbox"), self.runtimes_dir())
    }

    pub async fn sandbox(&self) -> Result<Sandbox> {
        Ok(Sandbox::open_or_docker(self.sandbox_config(), DockerConfig::default()).await?)
    }
}

/// One agent and what it is given.
pub struct LocalRun<'a> {
    pub bundle: &'a Bundle,
    pub manifest: &'a Manifest,
    /// Complete: defaults filled in and checked.
    pub inputs: Map<String, Value>,
    pub timeout_ms: u64,
}

/// Runs it; the runtime is built first if this machine has none yet. An agent's failure is a record, not an error.
pub async fn local_run(
    state: &LocalState,
    run: LocalRun<'_>,
    events: Option<mpsc::Sender<RunEvent>>,
    cancel: CancellationToken,
) -> Result<Execution> {
    let language = run_language(run.manifest);
    // There is something to tell only when a runtime has to be built.
    let mut progress: Option<Progress> = None;
    runtime::ensure(&state.runtimes_dir(), language, None, &mut |stage| {
        progress.get_or_insert_with(|| Progress::start(stage)).say(stage);
    })?;
    drop(progress);
    let sandbox = state.sandbox().await?;
    let id = ExecutionId::generate(clock::now());
    let code = CodeCopy::write(run.bundle, state.root.join("code").join(id.to_string()))?;

    let mut spec =
        run_spec(run.manifest, code.folder.clone(), id.to_string(), run.inputs.clone(), run.timeout_ms);
    spec.meter = run.manifest.listing.pricing.as_ref().and_then(pricing_meter);
    let started = clock::now();
    let outcome = sandbox.run(spec, events, cancel).await?;
    let completed = clock::now();
    let mut record = record(&run, &outcome);
    record.id = id.to_string();
    record.created_at = started;
    record.started_at = Some(started);
    record.completed_at = Some(completed);
    record.duration_ms = Some(completed.millis_since(started));
    Ok(record)
}

fn record(run: &LocalRun<'_>, outcome: &Outcome) -> Execution {
    let judged = outcome_judge(run.manifest, outcome, run.timeout_ms);
    let redactor = run_redactor(run.manifest, &run.inputs, None);
    let stdout = redactor.redact(&outcome.stdout.text());
    let stderr = redactor.redact(&outcome.stderr.text());
    let truncated = outcome.stdout.truncated()
        || outcome.stderr.truncated()
        || stdout.len().max(stderr.len()) > LOG_HEAD_BYTES;
    let mut inputs = run.inputs.clone();
    inputs.retain(|name, _| run.manifest.secret_inputs().all(|secret| secret != name));
    let listing = &run.manifest.listing;
    let pricing = listing.pricing.as_ref();
    let charges = pricing.map(|pricing| pricing_charges(pricing, &outcome.counts)).unwrap_or_default();
    Execution {
        id: String::new(),
        agent_id: None,
        agent_name: listing.name.clone(),
        agent_slug: listing.slug.clone(),
        version: listing.version.as_ref().map(ToString::to_string),
        deployment_id: None,
        status: judged.status,
        created_at: clock::now(),
        started_at: None,
        completed_at: None,
        elapsed_ms: None,
        duration_ms: None,
        queue_position: None,
        attempt: Some(1),
        attempts: Vec::new(),
        estimated_start_ms: None,
        waiting_for: None,
        settlement: None,
        inputs,
        outputs: judged.outputs,
        stdout: Some(log_head(&stdout)),
        stderr: Some(log_head(&stderr)),
        logs_truncated: Some(truncated),
        error_message: judged.error_message.map(|message| redactor.redact(&message)),
        failure_reason: judged.failure_reason,
        exit_code: judged.exit_code,
        resources: Some(run_resources(&outcome.resources)),
        isolation: Some(outcome.tier.clone()),
        progress: None,
        receipt_salt: None,
        max_amount: pricing
            .filter(|pricing| pricing.terms.usage.is_some())
            .map(|pricing| pricing.price.minor),
        read_token: None,
        // Of a failed run nothing is charged.
        charges: if judged.status == RunStatus::Success { charges } else { Vec::new() },
        subscription_id: None,
        payment: None,
        refunded_amount: None,
    }
}

/// The bundle's files on disk; removed when dropped.
struct CodeCopy {
    folder: PathBuf,
}

impl CodeCopy {
    fn write(bundle: &Bundle, folder: PathBuf) -> Result<Self> {
        if let Some(parent) = folder.parent() {
            fs::create_dir_all(parent).with_context(|| format!("cannot create {}", parent.display()))?;
        }
        let copy = Self { folder };
        bundle_write(bundle, &copy.folder)
            .with_context(|| format!("cannot write the agent's code to {}", copy.folder.display()))?;
        Ok(copy)
    }
}

impl Drop for CodeCopy {
    fn drop(&mut self) {
        // Left-overs cost space only; there is nobody to tell while unwinding.
        let _ = fs::remove_dir_all(&self.folder);
    }
}
