//! `frameos sandbox`: whether and how well this machine can isolate agents.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use frameos_sandbox::{Backend, DockerConfig, Language, SandboxConfig, SandboxError, Tier, check, runtime};
use serde_json::json;

use crate::{
    failure::{Failure, Result},
    local_run::LocalState,
    output,
    progress::Progress,
};

#[derive(Debug, Subcommand)]
pub enum Sandbox {
    /// Try every wall from inside: exit code 0 when all hold, or 1 and what does not or is missing
    Check(Check),
}

#[derive(Debug, Args)]
#[command(
    after_help = "Builds the runtimes that are missing, runs small programs that try to get out, and measures \
                        what a start costs. Takes some seconds and leaves nothing behind but the runtimes."
)]
pub struct Check {
    /// Where runtimes and scratch space are kept [default: ~/.cache/frameos]
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Check containers of the Docker Engine at this socket [default: Linux itself, or Docker where Linux will not do]
    #[arg(long, value_name = "FILE")]
    docker_socket: Option<PathBuf>,
    /// The OCI runtime of those containers, by the engine's name for it [default: the engine's choice]
    #[arg(long, value_name = "NAME", requires = "docker_socket")]
    oci_runtime: Option<String>,
    /// Print isolation, checks and start-up times as JSON
    #[arg(long)]
    json: bool,
}

pub async fn run(command: &Sandbox) -> Result<()> {
    let Sandbox::Check(args) = command;
    let state = LocalState::open(args.data_dir.as_deref())?;
    let report = tokio::select! {
        report = checked(&state, args) => report,
        // Leaving the check here ends its programs and removes what it made.
        _ = tokio::signal::ctrl_c() => return Err(Failure::failed("interrupted")),
    };
    let report = match report {
        Ok(report) => report,
        Err(Failure::Failed(error)) => return Err(unsupported(error, args.json)?),
        Err(other) => return Err(other),
    };
    show(&report, args.json)?;
    if report.passed() { Ok(()) } else { Err(Failure::Shown) }
}

async fn checked(state: &LocalState, args: &Check) -> Result<check::Report> {
    let backend = match &args.docker_socket {
        Some(socket) => {
            let (socket, oci_runtime) = (socket.clone(), args.oci_runtime.clone());
            Backend::Docker(DockerConfig { socket, oci_runtime })
        }
        // A machine that cannot isolate should say so before it spends time on runtimes.
        None => match state.sandbox().await?.tier() {
            Tier::Linux { .. } => Backend::Linux,
            Tier::Docker { .. } => Backend::Docker(DockerConfig::default()),
        },
    };
    let config = SandboxConfig { backend, ..state.sandbox_config() };
    let mut progress = Progress::start("checking the sandbox");
    let mut without = Vec::new();
    for language in Language::ALL {
        match runtime::ensure(&config.runtimes_dir, language, None, &mut |stage| progress.say(stage)) {
            Ok(_) => {}
            // One language is enough to have a use for the sandbox.
            Err(error @ SandboxError::InterpreterMissing { .. }) => without.push(error),
            Err(error) => return Err(error.into()),
        }
    }
    for error in &without {
        progress.suspend(|| output::note(&format!("warning: {error}")));
    }
    if without.len() == Language::ALL.len() {
        return Err(Failure::failed("no interpreter to check the sandbox with: install Node.js or Python"));
    }
    Ok(check::run(config, &mut |stage| progress.say(stage)).await?)
}

/// What is missing, one piece a line; any other error is as it was.
fn unsupported(error: anyhow::Error, as_json: bool) -> Result<Failure> {
    let Some(SandboxError::Unsupported { missing }) = error.downcast_ref() else {
        return Ok(Failure::Failed(error));
    };
    if as_json {
        let nothing =
            json!({"isolation": null, "checks": [], "startup": {}, "passed": false, "missing": missing});
        output::json(&nothing)?;
        return Ok(Failure::Shown);
    }
    let lines: String = missing.iter().map(|piece| format!("\n  {piece}")).collect();
    Ok(Failure::failed(format!("this machine cannot isolate agents; it lacks:{lines}")))
}

fn show(report: &check::Report, as_json: bool) -> Result<()> {
    if as_json {
        return output::json(&json!({
            "isolation": report.isolation, "checks": report.checks, "startup": report.startup, "passed": report.passed(),
        }));
    }
    output::line(&format!("isolation: {}\n", report.isolation))?;
    let rows = report.checks.iter().map(|check| {
        let verdict = if check.passed { "ok" } else { "FAILED" };
        [check.wall.to_owned(), check.tried.to_owned(), cut(&check.found), verdict.to_owned()]
    });
    output::table(["wall", "tried", "found", ""], rows)?;
    output::line("")?;
    let rows = report.startup.iter().map(|(language, startup)| {
        let millis = |time: Option<f64>| time.map_or_else(|| "-".to_owned(), |ms| format!("{ms:.1} ms"));
        [language.to_string(), millis(startup.cold_ms), millis(startup.warm_ms)]
    });
    output::table(["runtime", "cold start", "warm start"], rows)?;
    output::line("")?;
    let failed: Vec<_> = report.checks.iter().filter(|check| !check.passed).collect();
    for check in &failed {
        output::line(&format!("FAILED: {}: {}: {}", check.wall, check.tried, check.found))?;
    }
    match failed.len() {
        0 => output::line(&format!("all {} checks passed: agents are isolated here", report.checks.len())),
        count => output::line(&format!(
            "{count} of {} checks FAILED: do not run agents of strangers here",
            report.checks.len()
        )),
    }
}

/// What fits into a table; failures are told in full below it.
fn cut(found: &str) -> String {
    const MOST: usize = 48;
    let mut short: String = found.chars().take(MOST).collect();
    if short.len() < found.len() {
        short.push('…');
    }
    short
}
