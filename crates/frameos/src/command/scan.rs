//! `frameos scan`: what the platform's static scan says about a folder.

use std::path::PathBuf;

use clap::Args;
use frameos_domain::scan::{Action, Finding, ScanReport, Severity, Verdict};
use frameos_scanner::SCANNER_VERSION;

use crate::{
    agent_dir::AgentDir,
    failure::{Failure, Result},
    output,
};

#[derive(Debug, Args)]
#[command(after_help = "Exit code 0 when the platform would let it pass, 1 when it would reject it.")]
pub struct Scan {
    /// The agent's folder; it needs no manifest yet
    dir: PathBuf,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Scan) -> Result<()> {
    let report = report(&AgentDir::read(&args.dir)?);
    if args.json {
        output::json(&report)?;
    } else {
        for finding in &report.findings {
            output::line(&describe(finding))?;
        }
        let verdict = match report.verdict {
            Verdict::Pass => "pass",
            Verdict::Flag => "flag (a reviewer will look at the above)",
            Verdict::Reject => "reject (publishing will be refused)",
        };
        output::line(&format!("{} files scanned, verdict: {verdict}", report.files_scanned))?;
    }
    if report.passed() { Ok(()) } else { Err(Failure::Shown) }
}

/// The scan of a folder. What breaks the rules of bundles is a finding too: it would be refused just the same.
pub fn report(dir: &AgentDir) -> ScanReport {
    match dir.bundle() {
        Ok(bundle) => frameos_scanner::scan(bundle),
        Err(problem) => {
            let finding = Finding {
                rule: "bundle-rules".into(),
                severity: Severity::High,
                action: Action::Reject,
                message: format!("{problem} ({})", problem.code()),
                ..Finding::default()
            };
            ScanReport::new(vec![finding], 0, SCANNER_VERSION)
        }
    }
}

/// A finding on one line, in the form editors jump to.
pub fn describe(finding: &Finding) -> String {
    let action = match finding.action {
        Action::Reject => "reject",
        Action::Flag => "flag",
        Action::Allow => "note",
    };
    let place = match (finding.file.as_str(), finding.line) {
        ("", _) => String::new(),
        (file, 0) => format!("{file}: "),
        (file, line) => format!("{file}:{line}:{}: ", finding.column),
    };
    format!("{place}{action}: {} [{}]", finding.message, finding.rule)
}
