//! `frameos doctor`: whether this machine and its services have what a server needs, and what to do where they do not.

use clap::Args;
use frameos_server::{Finding, Verdict};
use serde_json::json;

use crate::{
    failure::{Failure, Result},
    output,
    server_config::ServerArgs,
};

#[derive(Debug, Args)]
#[command(
    after_help = "Exit code 0 when nothing failed, warnings or not; 1 otherwise. Runs beside a server or without one."
)]
pub struct Doctor {
    #[command(flatten)]
    server: ServerArgs,
    /// Print the findings as JSON
    #[arg(long)]
    json: bool,
}

pub async fn run(args: &Doctor) -> Result<()> {
    let findings = frameos_server::doctor(&args.server.load(&[])?).await;
    let failed = findings.iter().any(|finding| finding.verdict == Verdict::Fail);
    if args.json {
        output::json(&json!({"healthy": !failed, "findings": findings}))?;
    } else {
        show(&findings)?;
    }
    if failed { Err(Failure::Shown) } else { Ok(()) }
}

fn show(findings: &[Finding]) -> Result<()> {
    for Finding { check, verdict, found, advice } in findings {
        let word = match verdict {
            Verdict::Ok => "ok  ",
            Verdict::Warn => "warn",
            Verdict::Fail => "FAIL",
        };
        output::line(&format!("{word}  {check}: {found}"))?;
        if let Some(advice) = advice {
            output::line(&format!("      {advice}"))?;
        }
    }
    let count = |verdict| findings.iter().filter(|finding| finding.verdict == verdict).count();
    output::line(&format!("\n{} checks failed, {} warnings", count(Verdict::Fail), count(Verdict::Warn)))
}
