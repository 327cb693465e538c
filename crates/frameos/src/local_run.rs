//! Running an agent's folder on this machine, in the same sandbox, limits and judgement as on the platform.
//!
//! Invariants: only what would travel in the bundle is there when the agent runs; inputs and outputs are held to the manifest by
//! the platform's own functions; secret inputs are in no record and no log; the copy of the code is gone afterwards.

use std::{
    fs, io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context;
use frameos_app::outcome_judge;
use frameos_contract::execution::Execution;
use frameos_domain::{
    id::ExecutionId,
    manifest::{Language, Manifest},
    receipt::Resources,
    redact::Redactor,
};
use frameos_sandbox::{Limits, Outcome, RunEvent, RunSpec, Sandbox, SandboxConfig, runtime};
use frameos_scanner::bundle::Bundle;
use serde_json::{Map, Value};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::{
    clock, environment,
    failure::{Failure, Result},
    progress::Progress,
};

/// What the execution record itself holds of each stream, as on the platform.
const LOG_HEAD_BYTES: usize = 10 * 1024;

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

    pub fn sandbox(&self) -> Result<Sandbox> {
        let config = SandboxConfig {
            state_dir: self.root.join("sandbox"),
            runtimes_dir: self.runtimes_dir(),
            jail_path: None,
        };
        Ok(Sandbox::open(config)?)
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

/// Language names as the sandbox has them.
pub const fn sandbox_language(language: Language) -> frameos_sandbox::Language {
    match language {
        Language::Nodejs => frameos_sandbox::Language::Nodejs,
        Language::Python => frameos_sandbox::Language::Python,
    }
}

/// Runs it; the runtime is built first if this machine has none yet. An agent's failure is a record, not an error.
pub async fn local_run(
    state: &LocalState,
    run: LocalRun<'_>,
    events: Option<mpsc::Sender<RunEvent>>,
    cancel: CancellationToken,
) -> Result<Execution> {
    let language = sandbox_language(run.manifest.runtime.language);
    // There is something to tell only when a runtime has to be built.
    let mut progress: Option<Progress> = None;
    runtime::ensure(&state.runtimes_dir(), language, None, &mut |stage| {
        progress.get_or_insert_with(|| Progress::start(stage)).say(stage);
    })?;
    drop(progress);
    let sandbox = state.sandbox()?;
    let id = ExecutionId::generate(clock::now());
    let code = CodeCopy::write(run.bundle, &state.root.join("code").join(id.to_string()))?;

    let mut spec = RunSpec::new(language, &code.folder, run.manifest.runtime.entrypoint.clone());
    spec.inputs = run.inputs.clone();
    spec.execution_id = id.to_string();
    spec.limits = Limits {
        wall: Duration::from_millis(run.timeout_ms),
        memory_bytes: run.manifest.runtime.memory_mb << 20,
        ..Limits::default()
    };
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

/// The secret inputs' values as text.
pub fn redactor(manifest: &Manifest, inputs: &Map<String, Value>) -> Redactor {
    let secrets: Vec<String> = manifest
        .secret_inputs()
        .filter_map(|name| inputs.get(name))
        .map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
        .collect();
    Redactor::new(secrets.iter().map(String::as_str))
}

fn record(run: &LocalRun<'_>, outcome: &Outcome) -> Execution {
    let judged = outcome_judge(run.manifest, outcome, run.timeout_ms);
    let redactor = redactor(run.manifest, &run.inputs);
    let stdout = redactor.redact(&outcome.stdout.text());
    let stderr = redactor.redact(&outcome.stderr.text());
    let truncated = outcome.stdout.truncated()
        || outcome.stderr.truncated()
        || stdout.len().max(stderr.len()) > LOG_HEAD_BYTES;
    let mut inputs = run.inputs.clone();
    inputs.retain(|name, _| run.manifest.secret_inputs().all(|secret| secret != name));
    let listing = &run.manifest.listing;
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
        inputs,
        outputs: judged.outputs,
        stdout: Some(head(&stdout)),
        stderr: Some(head(&stderr)),
        logs_truncated: Some(truncated),
        error_message: judged.error_message.map(|message| redactor.redact(&message)),
        exit_code: judged.exit_code,
        resources: Some(resources(&outcome.resources)),
        isolation: Some(outcome.tier.clone()),
        receipt_salt: None,
        payment: None,
    }
}

fn head(text: &str) -> String {
    text[..text.floor_char_boundary(LOG_HEAD_BYTES)].to_owned()
}

fn resources(used: &frameos_sandbox::Resources) -> Resources {
    let number = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
    Resources {
        wall_ms: number(used.wall_ms),
        startup_ms: number(used.startup_ms),
        cpu_user_ms: used.cpu_user_ms.map(number),
        cpu_system_ms: used.cpu_system_ms.map(number),
        throttled_ms: used.throttled_ms.map(number),
        peak_memory_bytes: used.peak_memory_bytes.map(number),
        peak_pids: used.peak_pids.map(number),
    }
}

/// The bundle's files on disk, readable by the sandbox's ids; removed when dropped.
struct CodeCopy {
    folder: PathBuf,
}

impl CodeCopy {
    fn write(bundle: &Bundle, folder: &Path) -> Result<Self> {
        let copy = Self { folder: folder.to_owned() };
        copy.fill(bundle)
            .with_context(|| format!("cannot write the agent's code to {}", folder.display()))?;
        Ok(copy)
    }

    fn fill(&self, bundle: &Bundle) -> io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        let readable = fs::Permissions::from_mode(0o755);
        fs::set_permissions(&self.folder, readable.clone())?;
        for (path, bytes) in bundle.files() {
            let mut folder = self.folder.clone();
            for part in Path::new(path).parent().into_iter().flat_map(Path::components) {
                folder.push(part);
                if !folder.exists() {
                    fs::create_dir(&folder)?;
                    fs::set_permissions(&folder, readable.clone())?;
                }
            }
            let file = self.folder.join(path);
            fs::write(&file, bytes)?;
            fs::set_permissions(&file, fs::Permissions::from_mode(0o644))?;
        }
        Ok(())
    }
}

impl Drop for CodeCopy {
    fn drop(&mut self) {
        // Left-overs cost space only; there is nobody to tell while unwinding.
        let _ = fs::remove_dir_all(&self.folder);
    }
}
