//! `frameos run`: an agent's folder, run here as the platform would run it.

use std::path::PathBuf;

use clap::Args;
use frameos_app::inputs_merge;
use frameos_contract::execution::Execution;
use frameos_domain::{
    execution::RunStatus,
    manifest::Manifest,
    scan::Action,
    usage::{Charge, charges_total},
};
use frameos_sandbox::RunEvent;
use serde_json::{Map, Value};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::scan;
use crate::{
    agent_dir::AgentDir,
    failure::{Failure, Result},
    inputs::{InputArgs, Types},
    local_run::{LocalRun, LocalState, local_run},
    output,
    progress::Progress,
    used,
};

#[derive(Debug, Args)]
#[command(after_help = "Outputs go to stdout as JSON, what the agent prints goes to stderr. \
                        Exit code 0 when the run succeeded, 1 when it did not.")]
pub struct Run {
    /// The agent's folder
    dir: PathBuf,
    #[command(flatten)]
    inputs: InputArgs,
    /// A shorter time limit than the manifest's
    #[arg(long, value_name = "MS", value_parser = clap::value_parser!(u64).range(1..))]
    timeout_ms: Option<u64>,
    /// Where runtimes and scratch space are kept [default: ~/.cache/frameos]
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Print the execution record as JSON, as the API gives it
    #[arg(long)]
    json: bool,
}

pub async fn run(args: &Run) -> Result<()> {
    let dir = AgentDir::read(&args.dir)?;
    let manifest = dir.require_manifest()?;
    for warning in &manifest.warnings {
        output::note(&format!("warning: manifest.json: {}: {}", warning.path, warning.message));
    }
    for finding in scan::report(&dir).findings.iter().filter(|finding| finding.action != Action::Allow) {
        output::note(&format!("warning: {}", scan::describe(finding)));
    }
    let inputs = checked_inputs(args, &manifest)?;
    let most = manifest.runtime.timeout_ms;
    let run = LocalRun {
        bundle: dir.require_bundle()?,
        manifest: &manifest,
        timeout_ms: args.timeout_ms.map_or(most, |asked| asked.min(most)),
        inputs,
    };
    let state = LocalState::open(args.data_dir.as_deref())?;
    // What holds a secret is shown cleared of it, and that needs the whole text.
    let live = !args.json && manifest.secret_inputs().next().is_none();
    let execution = watched(&state, run, live).await?;
    show(&execution, args.json, live)?;
    if execution.status == RunStatus::Success { Ok(()) } else { Err(Failure::Shown) }
}

fn checked_inputs(args: &Run, manifest: &Manifest) -> Result<Map<String, Value>> {
    let given = args.inputs.read(&Types::of(manifest))?;
    inputs_merge(manifest, &Map::new(), &given).map_err(|errors| {
        let lines: Vec<String> =
            errors.0.iter().map(|error| format!("\n  {}: {}", error.field, error.message)).collect();
        Failure::usage(format!("the inputs do not fit the manifest:{}", lines.concat()))
    })
}

/// Runs it, showing what it prints while it does if `live`; Ctrl-C cancels the run and leaves nothing behind.
async fn watched(state: &LocalState, run: LocalRun<'_>, live: bool) -> Result<Execution> {
    let cancel = CancellationToken::new();
    let on_interrupt = cancel.clone();
    let interrupt = tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            on_interrupt.cancel();
        }
    });
    let (sender, receiver) = mpsc::channel(256);
    let printer = live.then(|| tokio::spawn(print_events(receiver)));
    let result = local_run(state, run, live.then_some(sender), cancel).await;
    if let Some(printer) = printer {
        printer.await?;
    }
    interrupt.abort();
    result
}

async fn print_events(mut events: mpsc::Receiver<RunEvent>) {
    let mut progress: Option<Progress> = None;
    while let Some(event) = events.recv().await {
        match event {
            RunEvent::Started => {}
            RunEvent::Stdout(bytes) | RunEvent::Stderr(bytes) => match &progress {
                Some(progress) => progress.suspend(|| output::passthrough(&bytes)),
                None => output::passthrough(&bytes),
            },
            RunEvent::Progress { fraction, message } => {
                let text = format!("{:.0} % {message}", fraction * 100.0);
                progress.get_or_insert_with(|| Progress::start(&text)).say(&text);
            }
            // The same line comes on stderr.
            RunEvent::Log { .. } | RunEvent::Charge { .. } | RunEvent::Sample(_) => {}
        }
    }
}

/// What a metered run would cost its user.
fn charges_show(execution: &Execution) {
    let Some(most) = execution.max_amount.filter(|_| execution.status == RunStatus::Success) else { return };
    for Charge { event, count, unit_price, amount } in &execution.charges {
        output::note(&format!("charge: {count} {event} at {unit_price} paise = {amount} paise"));
    }
    let total = charges_total(&execution.charges);
    output::note(&format!("would be charged: {total} paise of at most {most}"));
}

fn show(execution: &Execution, json: bool, shown_live: bool) -> Result<()> {
    if json {
        return output::json(execution);
    }
    if !shown_live {
        for text in [&execution.stdout, &execution.stderr].into_iter().flatten() {
            output::passthrough(text.as_bytes());
        }
    }
    let took = execution.duration_ms.unwrap_or_default();
    let reason = execution.failure_reason.map(|reason| format!(" ({reason})")).unwrap_or_default();
    let message = execution.error_message.as_ref().map(|message| format!(": {message}")).unwrap_or_default();
    output::note(&format!("{}{reason} after {took} ms{message}", execution.status));
    charges_show(execution);
    if let Some(resources) = &execution.resources {
        output::note(&format!("used: {}", used::show(resources)));
    }
    match &execution.outputs {
        Some(outputs) => output::json(outputs),
        None => Ok(()),
    }
}
